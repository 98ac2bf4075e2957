// The worked examples of docs/protocol.md: the page's bytes are what the codec writes, and what it reads back.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "wire/beat.h"
#include "wire/event.h"
#include "wire/ingest.h"
#include "wire/kinds.h"
#include "wire/limits.h"
#include "wire/log.h"
#include "wire/query.h"
#include "wire/registration.h"
#include "wire/writer.h"

using namespace lifesign;
using namespace lifesign::wire;

namespace {

const base::LogTime time_of_page = base::log_time(1795560947807788);

std::string page() {
  std::ifstream in(LIFESIGN_SOURCE_DIR "/docs/protocol.md");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// "```hex name" blocks: hex digits up to ';' on each line.
std::map<std::string, std::string> read_examples() {
  std::istringstream in(page());
  std::map<std::string, std::string> examples;
  std::string line, name;
  while (std::getline(in, line)) {
    if (line.starts_with("```")) {
      name = line.starts_with("```hex ") ? line.substr(7) : std::string();
      continue;
    }
    if (name.empty()) continue;
    std::istringstream digits(line.substr(0, line.find(';')));
    std::string byte;
    while (digits >> byte) examples[name] += static_cast<char>(std::stoi(byte, nullptr, 16));
  }
  return examples;
}

std::string array_of_one(auto write) {
  std::string bytes;
  Writer writer(bytes);
  writer.array(1);
  write(writer);
  return bytes;
}

std::map<std::string, std::string> written_examples() {
  std::map<std::string, std::string> all;
  all["ingest-header"] = write_ingest_header({Kind::beats, 42, Ack::recorded, 0, {}});
  all["ingest-header-options"] = write_ingest_header({Kind::command, 43, Ack::recorded, 2000, "secret"});

  Beat shortest, full, late;
  shortest.agent_id = "web-1";
  full.agent_id = "gpu-7";
  full.run = 77;
  full.run_seq = 3;
  full.interval_ms = 10'000;
  full.has_activity = true;
  full.activity = "busy";
  full.has_progress = true;
  full.progress = 12;
  full.busy_for_ms = 60'000;
  late.agent_id = "web-1";
  late.run = 77;
  late.run_seq = 2;
  late.age_ms = 90'000;
  Writer beats(all["beats"]);
  beats.array(2);
  write_beat(beats, shortest);
  write_beat(beats, full);
  all["backfill"] = array_of_one([&](Writer& w) { write_beat(w, late); });

  Registration registration;
  registration.agent_id = "web-1";
  registration.name = "Web one";
  registration.labels = std::map<std::string, std::string>{{"host", "h1"}};
  registration.interval_ms = 10'000;
  registration.missed_limit = 3;
  all["registration"] = array_of_one([&](Writer& w) { write_registration(w, registration); });
  all["goodbye"] = array_of_one([](Writer& w) { write_goodbye(w, {"web-1", 77, "done"}); });
  Command command{"agent.expected", "anna", "", {}};
  command.agent.agent_id = "web-9";
  command.agent.interval_ms = 10'000;
  all["command"] = array_of_one([&](Writer& w) { write_command(w, command); });

  write_reply(all["reply-recorded"], {.code = "recorded", .corr = 42, .first_seq = 1000, .time = time_of_page});
  write_reply(all["reply-error"], {.code = "invalid_agent_id", .corr = 42, .message = "beat 0: …"});
  write_reply(all["reply-overloaded"], {.code = "overloaded", .corr = 42, .message = "wait", .retry_after_ms = 500});

  Beat beat;
  beat.agent_id = "web-1";
  beat.run = 77;
  beat.run_seq = 3;
  all["event-beat"] = stamp_beat(beat, 1000, time_of_page, 998);
  std::string verdict;
  Writer(verdict)
      .map(7)
      .field("type", events::timeout)
      .field("agent_id", "web-1")
      .field("evidence_seq", 1000)
      .field("ordinal", 2)
      .field("as_of", 1000)
      .field("decided", to_wire(time_of_page))
      .field("cause", "silent");
  all["event-timeout"] = stamp_event(verdict, events::timeout, 1001, time_of_page, 0, false);

  all["log-start"] = write_log_request({LogRequest::Type::start, 1001, "secret", "watchdog", 1 << 20, true});
  all["log-credit"] = write_log_request({.type = LogRequest::Type::credit, .value = 65'536});
  all["log-recorded"] = write_log_request({.type = LogRequest::Type::recorded, .value = 1000});
  all["log-error"] = write_log_error({"too_old", 900, 1002, 7, "rebuild"});
  all["batch-header"] = write_batch_header({7, 1000, 1002, 999, time_of_page});
  const std::string body = array_of_one([&](Writer& w) { write_beat(w, shortest); });
  append_entry(all["entry-beats"], {Kind::beats, 1000, 1, time_of_page, 9, "127.0.0.1", body});
  append_entry(all["entry-tick"], {Kind::tick, 1002, 0, time_of_page, 0, {}, std::string_view("\x90", 1)});
  all["query-header"] = write_query_header({"agent", 5});
  all["answer-header"] = write_query_header({"ok", 5});
  return all;
}

}  // namespace

TEST_CASE("the page's bytes are what the codec writes", "[golden]") {
  const auto read = read_examples();
  const auto written = written_examples();
  for (const auto& [name, bytes] : written) {
    INFO(name);
    REQUIRE(read.contains(name));
    CHECK(read.at(name) == bytes);
  }
  CHECK(read.size() == written.size());
}

TEST_CASE("the page's bytes are read as the page says", "[golden]") {
  const auto bytes = read_examples();
  IngestHeader header;
  REQUIRE(read_ingest_header(bytes.at("ingest-header-options"), header).ok());
  CHECK(header.deadline_ms == 2000);
  CHECK(header.token == "secret");
  CHECK(check_beats(bytes.at("beats"), false).value() == 2);
  CHECK(check_beats(bytes.at("backfill"), true).value() == 1);
  Reply reply;
  Bytes replies = bytes.at("reply-overloaded");
  REQUIRE(read_reply(replies, reply).ok());
  CHECK(replies.empty());
  CHECK(reply.retry_after_ms == 500);
  CHECK(reply.message == "wait");
  replies = bytes.at("reply-recorded");
  REQUIRE(read_reply(replies, reply).ok());
  CHECK(reply.ok());
  Event event;
  REQUIRE(read_event(bytes.at("event-timeout"), event).ok());
  CHECK(event.is_verdict);
  CHECK(event.evidence_seq == 1000);
  EntryList list(bytes.at("entry-beats"));
  Entry entry;
  REQUIRE(list.next(entry));
  CHECK(entry.peer == "127.0.0.1");
  CHECK(check_beats(entry.body, false).value() == 1);
  LogRequest request;
  REQUIRE(read_log_request(bytes.at("log-start"), request).ok());
  CHECK(request.role == "watchdog");
  LogError error;
  REQUIRE(read_log_error(bytes.at("log-error"), error).ok());
  CHECK(error.oldest_seq == 900);
}

TEST_CASE("every event type and error code stands on the page", "[golden]") {
  const std::string text = page();
  for (const std::string_view type : events::all) {
    INFO(type);
    CHECK(text.find("`" + std::string(type) + "`") != std::string::npos);
  }
  for (int code = 0; code <= static_cast<int>(base::Code::storage_failed); ++code) {
    const std::string name(base::code_name(static_cast<base::Code>(code)));
    INFO(name);
    CHECK(text.find("`" + name + "`") != std::string::npos);
  }
}

TEST_CASE("the page's limits are the code's", "[golden]") {
  const std::string text = page();
  const auto says = [&](const std::string& phrase) {
    INFO(phrase);
    CHECK(text.find(phrase) != std::string::npos);
  };
  const auto grouped = [](std::uint64_t n) {
    std::string digits = std::to_string(n);
    for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
      digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
  };
  says("1 to " + grouped(limits::beats_per_message) + " [beats]");
  says("1 to " + grouped(limits::items_per_message) + " [registrations]");
  says("1 to " + std::to_string(limits::agent_id_bytes) + " bytes of UTF-8");
  says("10 to " + grouped(limits::interval_ms_max));
  says("default " + grouped(limits::interval_ms_default));
  says("at most " + grouped(limits::busy_for_ms_max));
  says("default " + grouped(limits::deadline_ms_default) + ", at most " + grouped(limits::deadline_ms_max));
  says("window of its latest " + grouped(limits::verdict_key_window));
  says("at most " + grouped(limits::beat_topics) + " topics");
  says("(default " + std::to_string(limits::page_default) + ", at most " + grouped(limits::page_max));
  says("map of ≤ " + std::to_string(limits::labels) + " str ≤ " + std::to_string(limits::short_text_bytes) + " B");
  says("array of ≤ " + std::to_string(limits::capabilities));
  says("at most " + std::to_string(limits::metrics) + " entries");
  says("≤ " + std::to_string(limits::metadata_bytes / 1024) + " KiB packed");
  says("anything of at most " + std::to_string(limits::field_depth) + " levels");
  says("1 to " + std::to_string(limits::missed_limit_max));
  says("batches of up to " + grouped(limits::batch_frame_bytes));
  says("closed at " + grouped(limits::replies_bytes));
  says("of " + std::to_string(limits::item_bytes / 1024) + " KiB for one item");
  says("over " + std::to_string(limits::depth) + " levels deep");
  says("| " + grouped(limits::message_bytes) + " B | " + grouped(limits::log_request_bytes) + " B | " +
       grouped(limits::query_bytes) + " B | " + grouped(limits::subscription_bytes) + " B |");
  says("at most " + std::to_string(limits::queries_in_flight) + " questions");
  says("topics of at most " + std::to_string(limits::topic_bytes) + " bytes");
  says("| " + grouped(limits::topics_per_subscriber) + " | the connection is closed");
  says("| " + grouped(limits::topics_in_all) + " | connections");
}
