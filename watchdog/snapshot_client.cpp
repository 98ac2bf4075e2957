#include "watchdog/snapshot_client.h"

#include <fmt/format.h>

#include "base/text.h"
#include "net/socket.h"
#include "wire/event.h"
#include "wire/query.h"
#include "wire/writer.h"

namespace lifesign::watchdog {
namespace {

constexpr base::Micros patience = std::chrono::seconds(5);  // for one page
constexpr int answers_per_turn = 64;  // to questions that were not asked: they must not hold us up
constexpr base::Micros connect_patience = std::chrono::milliseconds(300);  // the recorder may listen elsewhere by now

}  // namespace

void SnapshotClient::begin(base::Micros now) {
  socket_.emplace(net::make_socket(context_, net::Use::query_client));
  progress_ = Progress::fetching;
  error_.clear();
  reader_ = {};
  asked_ = false;
  asked_at_ = now;
  endpoint_ = endpoint_of_();
  if (const auto status = net::connect(*socket_, endpoint_); !status.ok()) fail(status.error().message);
}

SnapshotClient::Progress SnapshotClient::fail(std::string why) {
  error_ = std::move(why);
  socket_.reset();
  return progress_ = Progress::failed;
}

bool SnapshotClient::ask() {
  std::string params;
  wire::Writer writer(params);
  writer.map(reader_.cursor().empty() ? 0 : 1);
  if (!reader_.cursor().empty()) writer.field("cursor", std::string_view(reader_.cursor()));
  return net::send(*socket_, {wire::write_query_header({"snapshot", ++corr_}), params});
}

SnapshotClient::Progress SnapshotClient::poll(const Sink& sink, base::Micros now) {
  if (progress_ != Progress::fetching) return progress_;
  if (!asked_) {
    asked_ = ask();
    if (asked_) asked_at_ = now;
  }
  std::size_t overrun = 0;
  for (int i = 0; i < answers_per_turn && asked_ && net::receive(*socket_, frames_, 2, overrun); ++i) {
    wire::QueryHeader header;
    if (overrun || frames_.size() != 2 || !wire::read_query_header(net::view(frames_[0]), header).ok())
      return fail("the recorder's answer can't be read");
    if (header.corr != corr_) continue;
    const wire::Bytes result = net::view(frames_[1]);
    if (header.name != "ok") {
      std::string_view message;
      wire::find_text(result, "message", message);
      return fail(fmt::format("the recorder refuses: {} ({})", base::printable(message, 256), header.name));
    }
    if (const auto status = reader_.take(result, sink); !status.ok()) return fail(status.error().message);
    if (reader_.cursor().empty()) {
      socket_.reset();
      return progress_ = Progress::done;
    }
    asked_ = ask();
    asked_at_ = now;
  }
  if (now - asked_at_ > (asked_ ? patience : connect_patience))
    return fail(fmt::format("the recorder did not answer at {}", endpoint_));
  return progress_;
}

}  // namespace lifesign::watchdog
