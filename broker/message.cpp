#include "broker/message.h"

#include "wire/limits.h"

namespace lifesign::broker {

void Replies::add(std::string_view to, const wire::Reply& reply) {
  const auto [open, is_new] = open_.try_emplace(std::string(to), messages_.size());
  if (!is_new && messages_[open->second].bytes.size() >= wire::limits::replies_bytes) open->second = messages_.size();
  if (open->second == messages_.size()) messages_.push_back({open->first, {}, 0});
  OutgoingReplies& message = messages_[open->second];
  wire::write_reply(message.bytes, reply);
  ++message.count;
}

void Replies::clear() {
  messages_.clear();
  open_.clear();
}

}  // namespace lifesign::broker
