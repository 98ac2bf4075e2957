#include "broker/state_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace lifesign::broker {
namespace {

using base::Code;
using base::Error;

constexpr std::string_view magic = "lifesign-broker-state 1";
// What may have been stamped after the last write: one period of writing, and as much again for a slow disk.
constexpr base::Micros write_age = std::chrono::seconds(2);

Error failed(const std::filesystem::path& path, std::string_view doing) {
  return {Code::io_failed, fmt::format("{} {}: {}", doing, path.string(), std::strerror(errno))};
}

}  // namespace

std::string write_state(const State& s) {
  return fmt::format("{}\nrun {}\nceiling {}\ntime {}\nboot {}\nboot_id {}\nrecorded {}\nrecorded_time {}\nend\n",
                     magic, s.run, s.ceiling, to_wire(s.time), s.boot.count(), s.boot_id.empty() ? "-" : s.boot_id,
                     s.recorded, to_wire(s.recorded_time));
}

base::Result<State> read_state(std::string_view text, const std::string& path) {
  std::istringstream in{std::string(text)};
  std::string first, key, last;
  std::getline(in, first);
  State s;
  std::uint64_t time = 0, recorded_time = 0;
  std::int64_t boot = 0;
  in >> key >> s.run >> key >> s.ceiling >> key >> time >> key >> boot >> key >> s.boot_id >> key >> s.recorded >>
      key >> recorded_time >> last;
  const bool read = in && time <= base::log_time_max && recorded_time <= base::log_time_max;
  s.time = base::log_time(read ? time : 0);
  s.boot = base::Micros(boot);
  s.recorded_time = base::log_time(read ? recorded_time : 0);
  if (s.boot_id == "-") s.boot_id.clear();
  // Nobody but a broker writes it, so whatever would be written otherwise is damage.
  if (!read || write_state(s) != text)
    return Error{Code::storage_failed,
                 fmt::format("{} is not a broker's state file of a version that this broker knows. If a newer Lifesign "
                             "wrote it, run that one; if it is damaged, delete it: the recorder will then tell the "
                             "broker above which seq to go on",
                             path)};
  return s;
}

std::string boot_id() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  in >> id;
  return id;
}

base::LogTime start_time(const std::optional<State>& kept, const Reading& now, const std::string& boot_id) {
  const base::LogTime wall(now.wall);
  if (!kept) return wall;
  if (!boot_id.empty() && kept->boot_id == boot_id && now.boot >= kept->boot) {
    // The old run may have leaned ahead by half a percent after it wrote this, for as long as it still lived.
    const base::Micros passed = now.boot - kept->boot;
    return kept->time + passed + std::min(passed, write_age) / 200;
  }
  return std::max(wall, kept->time + write_age);
}

base::Result<std::optional<State>> StateFile::load(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) {
    if (!std::filesystem::exists(path)) return std::optional<State>();
    return failed(path, "cannot read");
  }
  std::stringstream text;
  text << in.rdbuf();
  base::Result<State> state = read_state(text.str(), path.string());
  if (!state.ok()) return state.error();
  return std::optional<State>(std::move(state).value());
}

StateFile::StateFile(std::filesystem::path path) : path_(std::move(path)), thread_([this] { work(); }) {}

StateFile::~StateFile() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

base::Status StateFile::store(const State& state, bool last) {
  const std::lock_guard one(writing_);
  {
    const std::lock_guard lock(mutex_);
    if (!last && state.ceiling < ceiling_) return {};  // a write that waited behind a newer one
  }
  const std::string text = write_state(state);
  const std::filesystem::path beside = path_.string() + ".new";
  base::Status status;
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) {
    status = failed(beside, "cannot create");
  } else {
    if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()) || ::fsync(fd) != 0)
      status = failed(beside, "cannot write");
    ::close(fd);
  }
  if (status.ok() && ::rename(beside.c_str(), path_.c_str()) != 0) status = failed(path_, "cannot replace");
  if (status.ok()) {
    const int folder = ::open(path_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || ::fsync(folder) != 0) status = failed(path_.parent_path(), "cannot sync");
    if (folder >= 0) ::close(folder);
  }
  const std::lock_guard lock(mutex_);
  error_ = status.ok() ? std::string() : status.error().message;
  if (status.ok()) ceiling_ = state.ceiling;
  return status;
}

base::Status StateFile::write_now(const State& state) {
  return store(state, false);
}

base::Status StateFile::write_last(const State& state) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.reset();
  }
  return store(state, true);
}

void StateFile::write_later(const State& state) {
  {
    const std::lock_guard lock(mutex_);
    waiting_ = state;
  }
  wake_.notify_one();
}

std::uint64_t StateFile::ceiling() const {
  const std::lock_guard lock(mutex_);
  return ceiling_;
}

std::string StateFile::last_error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void StateFile::work() {
  for (;;) {
    State state;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || waiting_; });
      if (stop_) return;
      state = *std::exchange(waiting_, std::nullopt);
    }
    // The error is kept for last_error(); the next second's write tries again.
    [[maybe_unused]] const base::Status status = store(state, false);
  }
}

}  // namespace lifesign::broker
