#include "wire/reader.h"

#include <catch2/catch.hpp>
#include <random>

#include "wire/beat.h"
#include "wire/event.h"
#include "wire/ingest.h"
#include "wire/limits.h"
#include "wire/log.h"
#include "wire/query.h"
#include "wire/registration.h"
#include "wire/writer.h"

using namespace lifesign::wire;

TEST_CASE("integers come back at every width and sign", "[wire]") {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{255},
                                    std::uint64_t{256}, std::uint64_t{65535}, std::uint64_t{65536},
                                    std::uint64_t{0xFFFFFFFF}, std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
    std::string bytes;
    Writer(bytes).u64(value);
    Reader reader(bytes);
    std::uint64_t read = 1;
    REQUIRE(reader.u64(read));
    CHECK(read == value);
    CHECK(reader.at_end());
  }
  for (const std::int64_t value : {std::int64_t{-1}, std::int64_t{-32}, std::int64_t{-33}, std::int64_t{-129},
                                   std::int64_t{-40000}, INT64_MIN, INT64_MAX}) {
    std::string bytes;
    Writer(bytes).i64(value);
    Reader reader(bytes);
    std::int64_t read = 1;
    REQUIRE(reader.i64(read));
    CHECK(read == value);
  }
}

TEST_CASE("a positive number written as a signed one is read as it is", "[wire]") {
  std::uint64_t value = 0;
  Reader reader(std::string_view("\xD1\x01\x00", 3));  // int 16
  REQUIRE(reader.u64(value));
  CHECK(value == 256);
  Reader negative("\xFF");
  CHECK_FALSE(negative.u64(value));
  CHECK_FALSE(negative.ok());
}

TEST_CASE("a length that the bytes cannot hold is refused before anything is believed", "[wire]") {
  std::uint32_t n = 7;
  Reader map(std::string_view("\xDF\xFF\xFF\xFF\xFF", 5));
  CHECK_FALSE(map.map(n));
  Reader array(std::string_view("\xDD\x7F\xFF\xFF\xFF", 5));
  CHECK_FALSE(array.array(n));
  CHECK(n == 7);
  std::string_view text;
  Reader cut("\xA5hi");
  CHECK_FALSE(cut.text(text));
}

TEST_CASE("nesting is followed to its limit and no further", "[wire]") {
  const std::string fine(limits::depth, '\x91');
  const std::string deep(limits::depth + 1, '\x91');
  Reader good(std::string_view(fine + "\xC0").substr(0));
  const std::string good_bytes = fine + "\xC0";
  const std::string deep_bytes = deep + "\xC0";
  CHECK(Reader(good_bytes).skip());
  CHECK_FALSE(Reader(deep_bytes).skip());
  CHECK_FALSE(Reader(std::string(100'000, '\x91')).skip());
}

TEST_CASE("raw covers exactly one value", "[wire]") {
  std::string bytes;
  Writer(bytes).map(2).field("a", 1).text("b").array(2).real(2.5).binary("xy").boolean(true);
  Reader reader(bytes);
  Bytes raw;
  REQUIRE(reader.raw(raw));
  CHECK(raw.size() == bytes.size() - 1);
  bool flag = false;
  CHECK(reader.boolean(flag));
  CHECK(flag);
}

namespace {

// Every decoder on the same bytes: none may crash, hang or read outside (the sanitizer builds watch).
void decode_all(std::string_view bytes) {
  Reader beat_reader(bytes), goodbye_reader(bytes), registration_reader(bytes), command_reader(bytes);
  Beat beat;
  Goodbye goodbye;
  Registration registration;
  Command command;
  Event event;
  IngestHeader header;
  Reply reply;
  BatchHeader batch;
  LogRequest request;
  LogError error;
  QueryHeader query;
  Entry entry;
  (void)read_beat(beat_reader, beat).ok();
  (void)check_beats(bytes, true).ok();
  (void)read_goodbye(goodbye_reader, goodbye).ok();
  (void)read_registration(registration_reader, registration).ok();
  (void)read_command(command_reader, command).ok();
  if (read_event(bytes, event).ok()) (void)stamp_event(event.map, event.type, 1, {}, 0, true);
  (void)read_ingest_header(bytes, header).ok();
  for (Bytes replies = bytes; !replies.empty() && read_reply(replies, reply).ok();) continue;
  (void)read_batch_header(bytes, batch).ok();
  (void)read_log_request(bytes, request).ok();
  (void)read_log_error(bytes, error).ok();
  (void)read_query_header(bytes, query).ok();
  for (EntryList list(bytes); list.next(entry);) {
  }
}

std::string a_beat() {
  std::string bytes;
  Writer writer(bytes);
  Beat beat;
  beat.agent_id = "web-1";
  beat.run = 77;
  beat.run_seq = 3;
  beat.interval_ms = 500;
  beat.has_progress = true;
  beat.progress = 9;
  write_beat(writer, beat);
  return bytes;
}

}  // namespace

TEST_CASE("random bytes never crash a decoder", "[wire][property]") {
  std::mt19937_64 random(20261124);
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes(random() % 64, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    decode_all(bytes);
  }
}

TEST_CASE("damaged messages never crash a decoder", "[wire][property]") {
  std::mt19937_64 random(7);
  const std::string whole = a_beat();
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes = whole.substr(0, random() % (whole.size() + 1));
    for (int flips = 0; flips < 3 && !bytes.empty(); ++flips)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    decode_all(bytes);
    decode_all("\x91" + bytes);
  }
}

TEST_CASE("a beat of random fields comes back equal", "[wire][property]") {
  std::mt19937_64 random(99);
  for (int round = 0; round < 2'000; ++round) {
    Beat beat;
    const std::string id = "agent-" + std::to_string(random() % 1000), activity = "a" + std::to_string(random() % 9);
    beat.agent_id = id;
    if (random() % 2) beat.run = random(), beat.run_seq = random();
    if (random() % 2) beat.interval_ms = 10 + random() % 100'000;
    if (random() % 2) beat.has_activity = true, beat.activity = activity;
    if (random() % 2) beat.has_task = true, beat.task = "";
    if (random() % 2) beat.has_progress = true, beat.progress = random() >> (random() % 64);
    if (random() % 2) beat.busy_for_ms = 1 + random() % limits::busy_for_ms_max;
    if (random() % 2) beat.has_error_count = true, beat.error_count = random();
    std::string bytes;
    Writer writer(bytes);
    write_beat(writer, beat);
    Reader reader(bytes);
    Beat read;
    REQUIRE(read_beat(reader, read).ok());
    CHECK(reader.at_end());
    CHECK(read.agent_id == beat.agent_id);
    CHECK((read.run == beat.run || count_fields(beat) == 0));
    CHECK(read.interval_ms == beat.interval_ms);
    CHECK(read.has_activity == beat.has_activity);
    CHECK(read.activity == beat.activity);
    CHECK(read.has_task == beat.has_task);
    CHECK(read.progress == beat.progress);
    CHECK(read.busy_for_ms == beat.busy_for_ms);
    CHECK(read.error_count == beat.error_count);
  }
}
