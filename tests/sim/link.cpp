#include "sim/link.h"

#include <algorithm>

namespace lifesign::sim {

void Link::send(const std::shared_ptr<Link>& self, Side to, Message message) {
  if (cut_) return;
  Micros& arrived = arrived_[static_cast<std::size_t>(to)];
  arrived = std::max(arrived, timeline_.now() + random_.between(delay_ / 4, delay_));
  timeline_.at(arrived, [self, to, message = std::move(message)] {
    if (!self->cut_ && self->end(to).receive) self->end(to).receive(message);
  });
}

void Link::cut(const std::shared_ptr<Link>& self, Micros client_notices, Micros server_notices) {
  if (cut_) return;
  cut_ = true;
  const auto tell = [&](Side side, Micros after) {
    timeline_.after(after, [self, side] {
      if (self->end(side).lost) self->end(side).lost();
    });
  };
  tell(Side::client, client_notices);
  tell(Side::server, server_notices);
}

}  // namespace lifesign::sim
