#include "lifesign/subscriber.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "check.h"
#include "convert.h"
#include "net/socket.h"
#include "query_client.h"
#include "subscription.h"
#include "wait.h"
#include "wire/event.h"
#include "wire/limits.h"

namespace lifesign {
namespace {

constexpr std::size_t messages_per_turn = 1'000;
constexpr std::size_t types_most = 256;
constexpr base::Micros ask_again{50'000};  // the recorder lags by milliseconds
constexpr Millis attempt{1'500};

Status check(const SubscriberOptions& options) {
  const auto bad = [](std::string sentence) { return Error{Code::invalid_config, std::move(sentence)}; };
  if (options.types.size() > types_most)
    return bad(fmt::format("{} types; at most {}", options.types.size(), types_most));
  for (const std::string& type : options.types)
    if (type.empty() || type.size() > wire::limits::short_text_bytes || type.find('/') != std::string::npos ||
        type == wire::events::tick)
      return bad(fmt::format("'{}' is no type of event; agent.timeout is one", base::printable(type)));
  if (options.agent_ids.size() > wire::limits::beat_topics)
    return bad(fmt::format("{} agent ids; at most {}", options.agent_ids.size(), wire::limits::beat_topics));
  for (const std::string& id : options.agent_ids)
    if (Status status = sdk::check_agent_id(id); !status.ok()) return bad(status.error().message);
  if (options.held_messages == 0 || options.repeat_window == 0)
    return bad("held_messages and repeat_window start at 1");
  return {};
}

sdk::Subscription::Options inner(const SubscriberOptions& options) {
  sdk::Subscription::Options out;
  out.types = options.types;
  if (out.types.empty())
    for (const std::string_view type : wire::events::all)
      if (type != wire::events::received) out.types.emplace_back(type);
  out.agent_ids = options.agent_ids;
  out.since = options.since;
  out.held_messages = std::max<std::size_t>(options.held_messages, 1);
  out.repeat_window = std::max<std::size_t>(options.repeat_window, 1);
  return out;
}

// Those errors for which asking again is of use.
bool passes(Code code) {
  return code == Code::timed_out || code == Code::storage_failed || code == Code::overloaded || code == Code::busy;
}

}  // namespace

struct Subscriber::Impl {
  SubscriberOptions options;
  int pid = ::getpid();
  Status broken;  // what keeps it from working for good
  zmq::context_t context{1};
  zmq::socket_t socket, monitor;
  sdk::QueryClient client;
  sdk::Subscription subscription;
  std::vector<zmq::message_t> frames;
  bool filling = false;
  base::Micros ask_at{0}, give_up_at{0};

  explicit Impl(SubscriberOptions given)
      : options(std::move(given)),
        client(context, sdk::endpoint_or_default(options.query_endpoint, "LIFESIGN_QUERY", 7403), attempt),
        subscription(inner(options)) {
    broken = check(options);
    if (!broken.ok()) return;
    try {
      broken = open();
    } catch (const zmq::error_t& e) {
      broken = Error{Code::io_failed, std::string("making the events socket: ") + e.what()};
    }
  }

  Status open() {
    socket = net::make_socket(context, net::Use::events_client);
    if (::zmq_socket_monitor(socket.handle(), "inproc://monitor", ZMQ_EVENT_DISCONNECTED) != 0)
      return Error{Code::io_failed, fmt::format("cannot watch the connection: {}", ::zmq_strerror(errno))};
    monitor = zmq::socket_t(context, zmq::socket_type::pair);
    monitor.set(zmq::sockopt::linger, 0);
    monitor.connect("inproc://monitor");
    for (const std::string& topic : subscription.topics()) socket.set(zmq::sockopt::subscribe, topic);
    const std::string endpoint = sdk::endpoint_or_default(options.events_endpoint, "LIFESIGN_EVENTS", 7401);
    if (base::Status status = net::connect(socket, endpoint); !status.ok()) return sdk::to_public(status.error());
    return {};
  }

  // True: there is something to deliver.
  bool wait_for_item(Millis timeout) {
    base::Micros now = base::monotonic_now();
    const base::Micros until = now + timeout;
    while (true) {
      if (!subscription.has_items()) {
        read_live();
        advance_fill(now);
      }
      if (subscription.has_items()) return true;
      if (now >= until) return false;
      wait(now, until);
      now = base::monotonic_now();
    }
  }

  void read_live() {
    std::size_t overrun = 0;
    // First: what is read after a loss may be of another broker run.
    while (net::receive(monitor, frames, 2, overrun)) subscription.on_connection_lost();
    for (std::size_t i = 0; i < messages_per_turn && subscription.can_take(); ++i) {
      if (!net::receive(socket, frames, 2, overrun)) break;
      take(overrun);
    }
  }

  void take(bool overrun) {
    if (frames.size() != 2 || overrun) return subscription.count_bad();
    auto map = Value::parse(std::string(net::view(frames[1])));
    if (!map.ok()) return subscription.count_bad();
    if (net::view(frames[0]) == "tick//") {
      auto tick = sdk::read_tick(*map);
      return tick ? subscription.on_tick(std::move(*tick)) : subscription.count_bad();
    }
    auto incoming = sdk::read_incoming(*map);
    return incoming ? subscription.on_event(std::move(*incoming)) : subscription.count_bad();
  }

  void advance_fill(base::Micros now) {
    while (const auto* fill = subscription.fill()) {
      if (!filling) {
        filling = true;
        ask_at = now;
        give_up_at = now + options.fill_timeout;
      }
      if (!client.asking()) {
        if (now < ask_at) return;
        EventsRequest request{fill->since, fill->until, fill->types, fill->agent_id, wire::limits::page_max};
        client.ask("events", sdk::events_params(request), now, give_up_at);
      }
      auto answer = client.poll(now);
      if (!answer) return;
      if (!answer->ok()) {
        const Error error = answer->error();
        ask_at = now + ask_again;
        if (passes(error.code) && ask_at < give_up_at) return;
        fail(error);
        continue;
      }
      take_page(**answer, now);
      if (filling && now < ask_at && now >= give_up_at)
        fail({Code::timed_out, "the recorder did not get that far in time"});
      if (subscription.has_items()) return;  // deliver first
    }
  }

  void fail(Error error) {
    filling = false;
    subscription.on_fill_failed(std::move(error));
  }

  void take_page(const Value& page, base::Micros now) {
    const auto* before = subscription.fill();
    const std::uint64_t since = before->since, fetched = subscription.stats().fetched;
    const std::uint64_t filled = subscription.stats().filled;
    std::vector<sdk::Incoming> events;
    for (const Value& item : page["events"].items()) {
      if (auto incoming = sdk::read_incoming(item))
        events.push_back(std::move(*incoming));
      else
        subscription.count_bad();
    }
    if (!subscription.on_page(std::move(events), page["next"].u64(), page["recorded"].u64_or(0)))
      ask_at = now + ask_again;
    if (subscription.stats().filled != filled)
      filling = false;
    else if (subscription.fill()->since != since || subscription.stats().fetched != fetched)
      give_up_at = now + options.fill_timeout;  // it moves: a long history may take its time
  }

  void wait(base::Micros now, base::Micros until) {
    std::array<zmq::pollitem_t, 3> items{{{monitor.handle(), 0, ZMQ_POLLIN, 0}}};
    std::size_t count = 1;
    if (subscription.can_take()) items[count++] = {socket.handle(), 0, ZMQ_POLLIN, 0};
    if (filling && client.asking()) {
      until = std::min(until, client.wake_at(now));
      if (client.handle() != nullptr) items[count++] = {client.handle(), 0, ZMQ_POLLIN, 0};
    } else if (filling) {
      until = std::min(until, ask_at);
    }
    sdk::wait_on({items.data(), count}, until - now);
  }
};

Subscriber::Subscriber(SubscriberOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Subscriber::~Subscriber() {
  if (impl_ && ::getpid() != impl_->pid) (void)impl_.release();  // the parent's sockets
}
Subscriber::Subscriber(Subscriber&&) noexcept = default;
Subscriber& Subscriber::operator=(Subscriber&&) noexcept = default;

Result<std::optional<Item>> Subscriber::next(Millis timeout) {
  if (::getpid() != impl_->pid) return sdk::forked_error();
  if (!impl_->broken.ok()) return impl_->broken.error();
  try {
    std::optional<Item> item;
    if (impl_->wait_for_item(timeout)) item.emplace(impl_->subscription.pop());
    return item;
  } catch (const zmq::error_t& e) {
    return Error{Code::io_failed, std::string("reading events: ") + e.what()};
  }
}

SubscriberStats Subscriber::stats() const {
  return impl_->subscription.stats();
}

}  // namespace lifesign
