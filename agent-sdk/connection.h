// Connection: a DEALER to the broker that knows whether anybody is there. Of one thread, except for wake().
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "base/error.h"
#include "base/time.h"

namespace lifesign::sdk {

class Connection {
 public:
  // Connects in the background. `linger`: how long the destructor lets sent messages leave.
  static base::Result<std::unique_ptr<Connection>> open(const std::string& endpoint, base::Millis linger);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Until something can be received, the connection changes, wake() is called or the time is over.
  void wait(base::Micros at_most);
  void wake();  // from any thread; also before wait(), which then returns at once

  // What happened to the connection since the last call, in order; true: it came, false: it went. (A change back and
  // forth must be seen: what was in flight is lost.)
  std::vector<bool> changes();

  void set_linger(base::Millis linger);

  // False: nobody is there or the queue is full; nothing was sent.
  bool send(std::string_view header, std::string_view body);
  // One message of replies, which is one frame; false: there is none. A message of another form comes as an empty one.
  bool receive(zmq::message_t& out);

 private:
  Connection() = default;

  zmq::context_t context_{1};
  zmq::socket_t socket_;
  zmq::socket_t monitor_;
  int wake_fd_ = -1;
  std::vector<zmq::message_t> frames_;
};

}  // namespace lifesign::sdk
