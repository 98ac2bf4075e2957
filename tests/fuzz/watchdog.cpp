// The watchdog: a snapshot in pages, then batches of the log, of any bytes. They are refused or folded; the rows go out
// and come back the same; and every verdict that it makes of them is one that the broker takes.
#include "watchdog/watchdog.h"

#include "broker/body_check.h"
#include "target.h"
#include "watchdog/snapshot_reader.h"
#include "wire/writer.h"

namespace lifesign::fuzz {
namespace {

void must_be_taken(std::string_view verdict) {
  std::string body;
  wire::Writer(body).array(1).raw(verdict);
  const auto checked = broker::check_body(wire::Kind::verdicts, body);
  LIFESIGN_ASSERT(checked.ok(), "the broker refuses a verdict: {}", checked.error().message);
}

void must_come_back(const liveness::Fold& fold) {
  for (std::uint32_t row = 0; row < fold.row_end(); ++row) {
    if (!fold.in_use(row)) continue;
    std::string encoded;
    wire::Writer writer(encoded);
    liveness::encode(writer, fold.export_row(row));
    wire::Reader reader(encoded);
    liveness::RowState again;
    const base::Status status = liveness::decode(reader, again);
    LIFESIGN_ASSERT(status.ok(), "a row that went out cannot be read: {}", status.error().message);
    LIFESIGN_ASSERT(again == fold.export_row(row), "a row came back as another");
  }
}

}  // namespace

void run(std::string_view input) {
  Input parts(input);
  watchdog::Watchdog watchdog({.max_agents = 1000});
  const int pages = parts.byte() % 4;
  watchdog::SnapshotReader reader;
  const watchdog::SnapshotReader::Sink sink{[&](const auto& fleet) { return watchdog.load_fleet(fleet); },
                                            [&](const auto& row) { return watchdog.load_row(row); }};
  for (int page = 0; page < pages; ++page)
    if (!reader.take(parts.part(), sink).ok()) return;
  must_come_back(watchdog.fold());
  while (!parts.empty()) {
    wire::EntryList entries(parts.part());
    for (wire::Entry entry; entries.next(entry);)
      if (!watchdog.apply(entry).ok()) return;
    watchdog.flush([](std::string_view verdict) {
      must_be_taken(verdict);
      return true;
    });
    must_come_back(watchdog.fold());
  }
}

}  // namespace lifesign::fuzz
