#include "sim/watchdog.h"

#include <fmt/format.h>

#include "sim/broker.h"
#include "wire/ingest.h"

namespace lifesign::sim {
namespace {

constexpr Micros retry_first = 100ms;
constexpr Micros retry_most = 2s;
constexpr Micros start_every = 500ms;
constexpr Micros silence = 3s;
constexpr Micros speak_every = 10s;
constexpr std::uint64_t window = 8 << 20;
constexpr std::size_t page_rows = 100;
constexpr std::size_t per_message = wire::limits::items_per_message;

// As the query's pages carry it.
template <class T>
T through_bytes(const T& state) {
  std::string bytes;
  wire::Writer writer(bytes);
  liveness::encode(writer, state);
  wire::Reader reader(bytes);
  T back;
  const base::Status status = liveness::decode(reader, back);
  LIFESIGN_ASSERT(status.ok(), "{}", status.error().message);
  return back;
}

}  // namespace

Watchdog::Watchdog(Timeline& timeline, Random random, const Recorder& recorder, Feed::Dial log, Feed::Dial ingest,
                   Sabotage sabotage, Watch watch)
    : Process(timeline),
      random_(random),
      recorder_(recorder),
      dial_ingest_(std::move(ingest)),
      sabotage_(sabotage),
      watch_(std::move(watch)),
      log_(timeline, std::move(log), [this] { wake(now() + 1ms); }) {}

void Watchdog::start() {
  begin();
  state_ = State::waiting;
  session_ = Session::idle;
  retry_at_ = now();
  retry_after_ = retry_first;
  wake(now());
}

void Watchdog::crash(bool halt) {
  std::vector<LinkPtr> links;
  if (log_.link()) links.push_back(log_.link());
  if (ingest_) links.push_back(ingest_);
  end(links, Side::client, halt, random_);
  log_.close();
  ingest_.reset();
  if (core_) looks_ += core_->counters().looks;
  core_.reset();
}

void Watchdog::cycle() {
  if (state_ == State::waiting && now() >= retry_at_) begin_fetch();
  if (state_ == State::fetching) fetch();
  if (state_ == State::following) follow();
  wake(now() + 20ms);
}

void Watchdog::begin_fetch() {
  core_.emplace(watchdog::Watchdog::Options{});
  state_ = State::fetching;
  cursor_.clear();
  first_page_ = true;
  page_at_ = now() + random_.between(1ms, 20ms);
  recorder_life_ = recorder_.recoveries();
}

// A recorder that went and came back has other rows: its pages cannot be mixed with those before.
void Watchdog::fetch() {
  if (now() < page_at_) return;
  if (!recorder_.answers() || recorder_.recoveries() != recorder_life_) return rebuild();
  const liveness::Fold& fold = recorder_.state().fold();
  if (first_page_) {
    const base::Status loaded = core_->load_fleet(through_bytes(fold.export_fleet()));
    LIFESIGN_ASSERT(loaded.ok(), "{}", loaded.error().message);
  }
  first_page_ = false;
  recorder::Directory::Walk walk(recorder_.state().directory(), cursor_, {}, std::nullopt);
  for (std::size_t i = 0; i < page_rows && !walk.at_end(); ++i, walk.next()) {
    cursor_.assign(walk.agent_id());
    liveness::RowState row = through_bytes(fold.export_row(walk.row()));
    if (sabotage_ == Sabotage::drop_owed) row.owed.clear();
    const base::Status loaded = core_->load_row(row);
    LIFESIGN_ASSERT(loaded.ok(), "{}", loaded.error().message);
  }
  page_at_ = now() + random_.between(1ms, 20ms);
  if (!walk.at_end()) return;
  state_ = State::following;
  lost_ = false;
  run_ = 0;
  restart_session();
}

void Watchdog::restart_session() {
  log_.open();
  session_ = Session::starting;
  started_ = false;
  tried_ = now();
}

void Watchdog::intake_tick() {
  const bool broke = log_.take_lost();
  if (session_ == Session::idle) return;
  if (session_ == Session::streaming) {
    if (broke || now() - heard_ > silence) return restart_session();
    if (used_ >= window / 4 || now() - spoke_ > speak_every) {
      if (log_.send({.type = wire::LogRequest::Type::credit, .value = used_})) used_ = 0, spoke_ = now();
    }
    return;
  }
  if (now() - tried_ > start_every) restart_session();
  if (started_) return;
  started_ = log_.send({.value = core_->next_seq(), .token = token, .role = "watchdog", .credit = window});
  if (started_) used_ = 0, spoke_ = now();
}

void Watchdog::follow() {
  intake_tick();
  Message message;
  while (!lost_ && session_ != Session::idle && log_.next(message))
    if (!take(message)) break;
  if (lost_ || core_->parted()) return rebuild();
  if (core_->judging()) retry_after_ = retry_first;
  if (core_->outbox().size() > 0) send_verdicts();
}

bool Watchdog::take(const Message& message) {
  heard_ = now();
  if (!message.body) {
    wire::LogError error;
    const base::Status read = wire::read_log_error(message.head, error);
    LIFESIGN_ASSERT(read.ok(), "{}", read.error().message);
    if (error.code == "too_old" || error.code == "too_slow")
      lost_ = true;
    else if (session_ == Session::streaming)
      restart_session();
    return false;
  }
  wire::BatchHeader header;
  const base::Status read = wire::read_batch_header(message.head, header);
  LIFESIGN_ASSERT(read.ok(), "{}", read.error().message);
  used_ += message.body->size();
  if (!accept(header)) return false;
  wire::EntryList entries(*message.body);
  for (wire::Entry entry; entries.next(entry);)
    if (const base::Status applied = core_->apply(entry); !applied.ok())
      watch_.broken("the watchdog refuses an entry: " + applied.error().message);
  return true;
}

bool Watchdog::accept(const wire::BatchHeader& h) {
  const std::uint64_t next = core_->next_seq();
  const bool follows = (run_ == 0 || h.broker_run == run_) && !(h.next_seq < next && session_ == Session::starting) &&
                       h.first_seq <= next;
  if (!follows) {
    lost_ = true;
    return false;
  }
  session_ = Session::streaming;
  run_ = h.broker_run;
  return true;
}

void Watchdog::rebuild() {
  ++rebuilds_;
  log_.close();
  session_ = Session::idle;
  if (core_) looks_ += core_->counters().looks;
  core_.reset();
  state_ = State::waiting;
  retry_at_ = now() + retry_after_;
  retry_after_ = std::min(retry_after_ * 2, retry_most);
}

// Fire and forget: what is lost is sent again by the outbox, since it does not come back through the log.
void Watchdog::send_verdicts() {
  if (!ingest_) {
    ingest_ = dial_ingest_();
    if (!ingest_) return;
    ingest_->end(Side::client) = {[](const Message&) {}, [this] { ingest_.reset(); }};
  }
  std::string maps;
  std::size_t count = 0, in_flight = 0;
  const auto post = [&] {
    if (count == 0) return;
    std::string body;
    wire::Writer(body).array(count).raw(maps);
    wire::IngestHeader header;
    header.kind = wire::Kind::verdicts;
    header.corr = ++corr_;
    header.token = token;
    ingest_->send(ingest_, Side::server,
                  {wire::write_ingest_header(header), std::make_shared<const std::string>(std::move(body))});
    maps.clear();
    count = 0;
  };
  core_->flush([&](std::string_view verdict) {
    if (count == per_message || maps.size() > wire::limits::message_bytes / 4) post();
    maps.append(verdict);
    ++count;
    ++in_flight;
    return true;
  });
  post();
  if (in_flight > 2 * watchdog::in_flight_max)
    watch_.broken(fmt::format("{} verdicts went out in one round", in_flight));
}

}  // namespace lifesign::sim
