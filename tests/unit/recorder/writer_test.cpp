#include "recorder/writer.h"

#include <condition_variable>
#include <mutex>

#include "tests/unit/recorder/fixture.h"

namespace lifesign::recorder::test {
namespace {

// Answers commits as it is told to, and lets a test wait for them.
class FakeSink : public CommitSink {
 public:
  explicit FakeSink(std::deque<Fault> faults) : faults_(std::move(faults)) {}
  CommitResult commit(const std::deque<Work>& works) override {
    const std::lock_guard lock(mutex_);
    sizes_.push_back(works.size());
    last_ = works.back().position.seq;
    Fault fault = Fault::none;
    if (!faults_.empty()) {
      fault = faults_.front();
      faults_.pop_front();
    }
    return {fault, fault == Fault::none ? "" : "the reason"};
  }
  std::size_t commits() const {
    const std::lock_guard lock(mutex_);
    return sizes_.size();
  }
  std::uint64_t last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<Fault> faults_;
  std::vector<std::size_t> sizes_;
  std::uint64_t last_ = 0;
};

class Told {
 public:
  std::function<void()> tell() {
    return [this] {
      const std::lock_guard lock(mutex_);
      ++count_;
      changed_.notify_all();
    };
  }
  bool wait(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

Work work_at(std::uint64_t seq) {
  Work work;
  work.first_seq = seq;
  work.next_seq = seq + 1;
  work.entries = "x";
  work.position.seq = seq;
  return work;
}

}  // namespace

TEST_CASE("the watermark rises only after a commit", "[recorder]") {
  FakeSink sink({});
  Told told;
  Writer writer(sink, 4, std::chrono::seconds(1), told.tell());
  CHECK(writer.report().durable == 4);
  writer.push(work_at(5));
  REQUIRE(told.wait(1));
  CHECK(writer.report().durable == 5);
  CHECK(writer.report().queued_bytes == 0);
}

TEST_CASE("a full disk is tried again with the same works until it has room", "[recorder]") {
  FakeSink sink({Fault::full, Fault::full});
  Told told;
  Writer writer(sink, 0, std::chrono::milliseconds(1), told.tell());
  writer.push(work_at(1));
  REQUIRE(told.wait(3));
  CHECK(writer.report().durable == 1);
  CHECK_FALSE(writer.report().full);
  CHECK(writer.report().storage_errors == 2);
  CHECK(sink.commits() == 3);
}

TEST_CASE("while the disk is full, works wait and count against the bound", "[recorder]") {
  FakeSink sink({Fault::full});
  Told told;
  Writer writer(sink, 0, std::chrono::hours(1), told.tell());
  writer.push(work_at(1));
  REQUIRE(told.wait(1));
  writer.push(work_at(2));
  const auto report = writer.report();
  CHECK(report.full);
  CHECK(report.durable == 0);
  CHECK(report.queued_bytes >= 2 * sizeof(Work));
  writer.stop();  // tries once more, and there is room
  CHECK(writer.report().durable == 2);
}

TEST_CASE("after a failed fsync nothing is acknowledged and nothing is tried again", "[recorder]") {
  FakeSink sink({Fault::none, Fault::fatal});
  Told told;
  Writer writer(sink, 0, std::chrono::milliseconds(1), told.tell());
  writer.push(work_at(1));
  REQUIRE(told.wait(1));
  writer.push(work_at(2));
  REQUIRE(told.wait(2));
  writer.push(work_at(3));
  writer.stop();
  CHECK(writer.report().failed);
  CHECK(writer.report().message == "the reason");
  CHECK(writer.report().durable == 1);
  CHECK(sink.last() == 2);
  CHECK(sink.commits() == 2);
}

TEST_CASE("what LMDB returns is full, or fatal", "[recorder]") {
  CHECK(fault_of(0) == Fault::none);
  CHECK(fault_of(ENOSPC) == Fault::full);
  CHECK(fault_of(EDQUOT) == Fault::full);
  CHECK(fault_of(MDB_MAP_FULL) == Fault::full);
  CHECK(fault_of(EIO) == Fault::fatal);
  CHECK(fault_of(MDB_PANIC) == Fault::fatal);
}

}  // namespace lifesign::recorder::test
