// SIGKILL of broker, recorder and watchdog in random order, while beats are sent and acknowledged: what was recorded is
// there, once. LIFESIGN_SEED replays a failure; LIFESIGN_KILLS makes it longer.
#include <signal.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <thread>

#include "net/socket.h"
#include "support/system.h"
#include "wire/beat.h"
#include "wire/ingest.h"

using namespace lifesign;
using namespace lifesign::tests;
using namespace std::chrono_literals;

namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

// A client that sends each beat until it is told that it is recorded, with the same run_seq: the plainest one that the
// protocol page allows.
class RecordedBeats {
 public:
  RecordedBeats(std::string id, std::string endpoint) : id_(std::move(id)), endpoint_(std::move(endpoint)) {
    thread_ = std::thread([this] { work(); });
  }
  ~RecordedBeats() { finish(); }
  void finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::uint64_t recorded() const { return recorded_; }
  const std::string& id() const { return id_; }

 private:
  void work() {
    zmq::context_t context;
    std::optional<zmq::socket_t> socket;
    std::uint64_t corr = 0;
    while (!stop_) {
      if (!socket) {
        socket.emplace(net::make_socket(context, net::Use::ingest_client));
        if (!net::connect(*socket, endpoint_).ok()) return;
      }
      wire::Beat beat;
      beat.agent_id = id_;
      beat.run = 4711;
      beat.run_seq = recorded_ + 1;
      beat.interval_ms = 5000;  // a repeat keeps nothing alive, and the recorder may be away for a while
      std::string body;
      wire::Writer writer(body);
      writer.array(1);
      wire::write_beat(writer, beat);
      const std::string header = wire::write_ingest_header({wire::Kind::beats, ++corr, wire::Ack::recorded, 1000, {}});
      if (!net::send(*socket, {header, body})) {
        poll(*socket, ZMQ_POLLOUT, 50ms);
        continue;
      }
      if (answered(*socket, corr))
        ++recorded_;
      else
        socket.reset();  // an answer that comes too late must not be taken for the next one's
    }
  }

  bool answered(zmq::socket_t& socket, std::uint64_t corr) {
    std::vector<zmq::message_t> frames;
    bool overrun = false;
    for (const auto until = std::chrono::steady_clock::now() + 1s; std::chrono::steady_clock::now() < until;) {
      if (!net::receive(socket, frames, 1, overrun)) {
        poll(socket, ZMQ_POLLIN, 20ms);
        continue;
      }
      wire::Reply reply;
      for (wire::Bytes rest = net::view(frames[0]); !rest.empty() && wire::read_reply(rest, reply).ok();)
        if (reply.corr == corr) return reply.code == "recorded";
    }
    return false;
  }

  static void poll(zmq::socket_t& socket, short events, std::chrono::milliseconds most) {
    zmq::pollitem_t item{socket.handle(), 0, events, 0};
    zmq::poll(&item, 1, most);
  }

  const std::string id_, endpoint_;
  std::atomic<std::uint64_t> recorded_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("what was acknowledged as recorded is there once, whichever process is killed when", "[process][crash]") {
  const std::uint64_t seed = from_environment("LIFESIGN_SEED", 20261124);
  const std::uint64_t kills = from_environment("LIFESIGN_KILLS", 10);
  INFO("replay with LIFESIGN_SEED=" << seed << " LIFESIGN_KILLS=" << kills);
  std::mt19937_64 random(seed);
  System system("crash");
  system.start();
  {
    std::vector<std::unique_ptr<RecordedBeats>> clients;
    for (int i = 0; i < 4; ++i)
      clients.push_back(std::make_unique<RecordedBeats>("c-" + std::to_string(i), system.endpoint("ingest")));
    const auto sum = [&] {
      std::uint64_t n = 0;
      for (const auto& client : clients) n += client->recorded();
      return n;
    };
    for (std::uint64_t kill = 0; kill < kills; ++kill) {
      const char* processes[] = {"broker", "recorder", "watchdog"};
      const char* process = processes[random() % 3];
      const std::uint64_t target = sum() + 1 + random() % 200;
      INFO("kill " << kill << " of " << process);
      REQUIRE(eventually([&] { return sum() >= target; }));
      system.kill(process);
      system.start(process);
    }
    const std::uint64_t last = sum() + 20;
    REQUIRE(eventually([&] { return sum() >= last; }));
    // They beat without a pause until now: nobody was timed out.
    CHECK(system.events({"agent.timeout"}).empty());
    for (auto& client : clients) client->finish();

    Query query = system.query();
    for (const auto& client : clients) {
      std::multiset<std::uint64_t> seen;
      for (BeatsRequest request{.agent_id = client->id(), .limit = 1000};;) {
        const auto page = query.beats(request);
        REQUIRE(page.ok());
        for (const Value& beat : (*page)["beats"].items()) seen.insert(beat["run_seq"].u64_or(0));
        request.cursor = (*page)["cursor"];
        if (!request.cursor.exists() || request.cursor.type() == Value::Type::nil) break;
      }
      INFO(client->id() << ": " << client->recorded() << " recorded, " << seen.size() << " in the history");
      for (std::uint64_t n = 1; n <= client->recorded(); ++n) REQUIRE(seen.count(n) == 1);
      // The last one may have been sequenced and never acknowledged.
      CHECK(seen.size() <= client->recorded() + 1);
      CHECK(system.total_heartbeats(client->id()) == seen.size());
    }
  }
}
