#include "watchdog/snapshot_client.h"

#include <fmt/format.h>

#include "base/text.h"
#include "net/socket.h"
#include "wire/event.h"
#include "wire/query.h"
#include "wire/writer.h"

namespace lifesign::watchdog {
namespace {

constexpr base::Micros patience = std::chrono::seconds(5);                 // for one page
constexpr base::Micros connect_patience = std::chrono::milliseconds(300);  // the recorder may listen elsewhere by now

base::Error bad(std::string_view what) {
  return {base::Code::bad_message, fmt::format("snapshot: {}", what)};
}

}  // namespace

void SnapshotClient::begin(base::Micros now) {
  socket_.emplace(net::make_socket(context_, net::Use::query_client));
  progress_ = Progress::fetching;
  error_.clear();
  cursor_.clear();
  asked_ = has_fleet_ = false;
  rows_ = 0;
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
  writer.map(cursor_.empty() ? 0 : 1);
  if (!cursor_.empty()) writer.field("cursor", std::string_view(cursor_));
  return net::send(*socket_, {wire::write_query_header({"snapshot", ++corr_}), params});
}

SnapshotClient::Progress SnapshotClient::poll(const Sink& sink, base::Micros now) {
  if (progress_ != Progress::fetching) return progress_;
  if (!asked_) {
    asked_ = ask();
    if (asked_) asked_at_ = now;
  }
  bool overrun = false;
  while (asked_ && net::receive(*socket_, frames_, 2, overrun)) {
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
    if (const auto status = take(result, sink); !status.ok()) return fail(status.error().message);
    if (!more_) {
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

base::Status SnapshotClient::take(wire::Bytes result, const Sink& sink) {
  wire::Reader reader(result);
  std::uint32_t pairs = 0;
  if (!reader.map(pairs)) return bad("a page is no map");
  wire::Bytes rows;
  std::string_view cursor;
  more_ = false;
  for (std::uint32_t i = 0; i < pairs; ++i) {
    std::string_view key;
    if (!reader.text(key)) return bad("a page is damaged");
    if (key == "fleet") {
      liveness::FleetState fleet;
      if (auto s = liveness::decode(reader, fleet); !s.ok()) return s;
      if (auto s = sink.fleet(fleet); !s.ok()) return s;
      has_fleet_ = true;
    } else if (key == "rows") {
      if (!reader.raw(rows)) return bad("a page is damaged");
    } else if (key == "cursor") {
      if (reader.nil()) continue;
      if (!reader.text(cursor)) return bad("the cursor is no text");
      more_ = !cursor.empty();
    } else if (!reader.skip()) {
      return bad("a page is damaged");
    }
  }
  if (!has_fleet_) return bad("the first page lacks the fleet");
  // The fleet must be loaded before the rows, wherever it stood in the page.
  wire::Reader row_reader(rows);
  std::uint32_t n = 0;
  if (!row_reader.array(n)) return bad("a page lacks its rows");
  for (std::uint32_t i = 0; i < n; ++i) {
    liveness::RowState row;
    if (auto s = liveness::decode(row_reader, row); !s.ok()) return s;
    if (auto s = sink.row(row); !s.ok()) return s;
    ++rows_;
  }
  cursor_ = cursor;
  return {};
}

}  // namespace lifesign::watchdog
