// Fetches the fleet's state from the recorder, page by page, without waiting. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "base/time.h"
#include "watchdog/snapshot_reader.h"

namespace lifesign::watchdog {

class SnapshotClient {
 public:
  using Endpoint = std::function<std::string()>;
  using Sink = SnapshotReader::Sink;  // an error ends the attempt
  enum class Progress : std::uint8_t { idle, fetching, done, failed };

  SnapshotClient(zmq::context_t& context, Endpoint endpoint) : context_(context), endpoint_of_(std::move(endpoint)) {}

  // Begins anew, whatever was under way. `now` is monotonic.
  void begin(base::Micros now);
  // Takes pages that have come and asks for the next.
  Progress poll(const Sink& sink, base::Micros now);

  const std::string& error() const { return error_; }  // after `failed`
  std::uint64_t rows() const { return reader_.rows(); }
  // To poll for reading; null when nothing is under way.
  void* handle() { return socket_ ? socket_->handle() : nullptr; }

 private:
  Progress fail(std::string why);
  bool ask();

  zmq::context_t& context_;
  const Endpoint endpoint_of_;
  std::string endpoint_;
  std::optional<zmq::socket_t> socket_;
  std::vector<zmq::message_t> frames_;
  Progress progress_ = Progress::idle;
  SnapshotReader reader_;
  std::string error_;
  bool asked_ = false;
  std::uint64_t corr_ = 0;
  base::Micros asked_at_{0};
};

}  // namespace lifesign::watchdog
