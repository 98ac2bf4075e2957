#include "net/data_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "net/socket.h"

using namespace lifesign;
using namespace lifesign::net;

namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("lifesign-net-" + std::to_string(::getpid()));
  ~Folder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("all who start at once read the same token, and only its owner may", "[net]") {
  Folder folder;
  const auto dir = DataDir::open(folder.path).value();
  std::vector<std::string> tokens(8);
  std::vector<std::thread> threads;
  for (std::string& token : tokens) threads.emplace_back([&dir, &token] { token = dir.token().value(); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& token : tokens) CHECK(token == tokens[0]);
  CHECK(tokens[0].size() == 64);
  struct stat info {};
  REQUIRE(::stat((folder.path / "token").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("a damaged token is an error that says what to do", "[net]") {
  Folder folder;
  const auto dir = DataDir::open(folder.path).value();
  std::ofstream(folder.path / "token") << "short";
  const auto token = dir.token();
  REQUIRE_FALSE(token.ok());
  CHECK(token.error().message.find("deleted") != std::string::npos);
}

TEST_CASE("a lock is held by one and its holder is named", "[net]") {
  Folder folder;
  const auto dir = DataDir::open(folder.path).value();
  {
    const auto lock = ProcessLock::take(dir, "recorder");
    REQUIRE(lock.ok());
    const auto second = ProcessLock::take(dir, "recorder");
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().message.find(std::to_string(::getpid())) != std::string::npos);
    CHECK(ProcessLock::take(dir, "broker").ok());
  }
  CHECK(ProcessLock::take(dir, "recorder").ok());
}

TEST_CASE("endpoints are found where they were written, else at their default", "[net]") {
  Folder folder;
  const auto dir = DataDir::open(folder.path).value();
  CHECK(endpoint_of(dir, "ingest", "") == "tcp://127.0.0.1:7400");
  CHECK(endpoint_of(dir, "query", "") == "tcp://127.0.0.1:7403");
  REQUIRE(dir.write_endpoints("broker", {{"ingest", "tcp://127.0.0.1:5000"}}).ok());
  CHECK(endpoint_of(dir, "ingest", "") == "tcp://127.0.0.1:5000");
  CHECK(endpoint_of(dir, "ingest", "ipc:///x") == "ipc:///x");
  CHECK(bind_endpoint(dir, "broker", "ingest", "", 0) == "tcp://127.0.0.1:5000");  // the same again after a restart
  CHECK(bind_endpoint(dir, "broker", "log", "", 0) == "tcp://127.0.0.1:*");
  CHECK(bind_endpoint(dir, "broker", "log", "", 9000) == "tcp://127.0.0.1:9002");
}

TEST_CASE("a taken port is named with its holder", "[net]") {
  zmq::context_t context;
  auto first = make_socket(context, Use::ingest_server);
  const std::string endpoint = net::bind(first, "tcp://127.0.0.1:*", "--ingest").value();
  auto second = make_socket(context, Use::ingest_server);
  const auto result = net::bind(second, endpoint, "--ingest");
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == base::Code::busy);
  CHECK(result.error().message.find("pid " + std::to_string(::getpid())) != std::string::npos);
  CHECK(result.error().message.find("--ingest") != std::string::npos);
}

TEST_CASE("an endpoint is local by its address, not by a name that looks like one", "[net]") {
  for (const char* endpoint : {"tcp://127.0.0.1:7400", "tcp://127.1.2.3:*", "tcp://localhost:0", "tcp://[::1]:7400",
                               "ipc:///run/x", "inproc://x"}) {
    INFO(endpoint);
    CHECK(is_local(endpoint));
  }
  for (const char* endpoint : {"tcp://127.example.com:7400", "tcp://127.:7400", "tcp://127.0.0.1", "tcp://:7400",
                               "tcp:", "tcp://localhost.example.com:7400", ""}) {
    INFO(endpoint);
    CHECK_FALSE(is_local(endpoint));
  }
}

TEST_CASE("only loopback and ipc may be bound", "[net]") {
  zmq::context_t context;
  for (const char* endpoint :
       {"tcp://0.0.0.0:0", "tcp://*:7400", "tcp://192.168.1.1:7400", "udp://127.0.0.1:1", "tcp://127.example.com:7400",
        "tcp://127.0.0.1.example.com:7400", "tcp://128.0.0.1:0", "tcp://127.0.0.1;192.168.1.1:7400"}) {
    auto socket = make_socket(context, Use::ingest_server);
    const auto result = net::bind(socket, endpoint, "--ingest");
    INFO(endpoint);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == base::Code::invalid_config);
  }
  auto socket = make_socket(context, Use::ingest_server);
  CHECK_FALSE(net::bind(socket, "ipc://" + std::string(108, 'x'), "--ingest").ok());
}

TEST_CASE("an ipc path that somebody listens on is not taken over", "[net]") {
  Folder folder;
  std::filesystem::create_directories(folder.path);
  zmq::context_t context;
  const std::string endpoint = "ipc://" + (folder.path / "ingest").string();
  auto first = make_socket(context, Use::ingest_server);
  REQUIRE(net::bind(first, endpoint, "--ingest").ok());
  auto second = make_socket(context, Use::ingest_server);
  const auto result = net::bind(second, endpoint, "--ingest");
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == base::Code::busy);
}
