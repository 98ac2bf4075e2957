// Every bound of the protocol, with its reason. tests/unit/wire compares this file with docs/protocol.md.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lifesign::wire::limits {

inline constexpr std::uint64_t version = 1;

inline constexpr std::size_t message_bytes = 1 << 20;  // one frame; ZeroMQ closes a connection that sends more
inline constexpr std::size_t batch_bytes = 64 * 1024;  // where the broker cuts a batch of the log
// A batch may hold one message more than fits it. What clients of ours take:
inline constexpr std::size_t batch_frame_bytes = message_bytes + batch_bytes + 1024;
// Where the broker closes a message of replies: some fifty of them. Small, as a client that never reads holds many.
inline constexpr std::size_t replies_bytes = 2048;
inline constexpr std::size_t item_bytes = 32 * 1024;    // one registration, goodbye, verdict or command
inline constexpr std::size_t frames_past_request = 64;  // so many more than a request has, and its connection is closed
// What is sent to the other sockets is small.
inline constexpr std::size_t query_bytes = 64 * 1024;       // a frame of a query
inline constexpr std::size_t log_request_bytes = 4 * 1024;  // a frame to the log feed
inline constexpr std::size_t subscription_bytes = 1024;     // a frame to the events socket, and ZMTP's own there
inline constexpr int queries_in_flight = 64;                // of one connection, answers included
inline constexpr std::size_t depth = 16;                    // nesting that a reader follows
inline constexpr std::size_t field_depth = 12;          // of one field's value: rows, events and answers go round it
inline constexpr std::size_t beats_per_message = 4096;  // keeps one message under a millisecond of work
inline constexpr std::size_t items_per_message = 1024;  // registrations, verdicts, commands: heavier than beats

inline constexpr std::size_t agent_id_bytes = 128;
inline constexpr std::size_t short_text_bytes = 64;  // activity, capability, label key, metric name, time zone
inline constexpr std::size_t text_bytes = 256;       // task, name, type, reason, label value, schedule
inline constexpr std::size_t by_bytes = 128;
inline constexpr std::size_t topic_bytes = short_text_bytes + 1 + agent_id_bytes + 1;  // `<type>/<agent_id>/`
inline constexpr std::size_t metrics = 32;
inline constexpr std::size_t labels = 32;
inline constexpr std::size_t capabilities = 64;
inline constexpr std::size_t metadata_bytes = 16 * 1024;

inline constexpr std::uint64_t interval_ms_min = 10;              // two broker ticks: less could not be judged
inline constexpr std::uint64_t interval_ms_max = 31'622'400'000;  // 366 days
inline constexpr std::uint64_t interval_ms_default = 30'000;
inline constexpr std::uint64_t grace_ms_max = interval_ms_max;
inline constexpr std::uint64_t schedule_grace_ms_default = 60'000;
inline constexpr std::uint64_t stall_ms_max = interval_ms_max;
inline constexpr std::uint64_t missed_limit_max = 100;
inline constexpr std::uint64_t missed_limit_default = 2;
inline constexpr std::uint64_t busy_for_ms_max = 86'400'000;  // a day: a declared wait must not hide a death for ever

inline constexpr std::uint64_t deadline_ms_default = 5'000;
inline constexpr std::uint64_t deadline_ms_max = 60'000;

inline constexpr std::size_t page_default = 100;
inline constexpr std::size_t page_max = 1000;

inline constexpr std::size_t verdict_key_window = 65'536;
inline constexpr std::size_t beat_topics = 10'000;
// Subscriptions stay in the broker's memory for as long as their connection: 10,000 agents and every type for each,
// and for all together what comes to some hundred megabytes at worst.
inline constexpr std::size_t topics_per_subscriber = beat_topics + 500;
inline constexpr std::size_t topics_in_all = 100'000;
inline constexpr std::size_t closed_connections = 65'536;  // how many closed connections the liveness fold remembers

static_assert(missed_limit_default <= missed_limit_max);
static_assert(interval_ms_min < interval_ms_default && interval_ms_default < interval_ms_max);
static_assert(metadata_bytes < item_bytes && item_bytes * 16 < message_bytes, "items must fit a message many times");

}  // namespace lifesign::wire::limits
