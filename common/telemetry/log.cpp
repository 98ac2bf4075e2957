#include "telemetry/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "base/text.h"
#include "telemetry/log_line.h"

namespace lifesign::telemetry {
namespace {

// One write per line: several processes share a terminal under `lifesign up`, and their lines must not mix.
class StderrSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  StderrSink(Format format, bool colour) : format_(format), colour_(colour) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    format_line(message, format_, colour_, line);
    const char* at = line.data();
    std::size_t left = line.size();
    while (left > 0) {
      const ssize_t written = ::write(STDERR_FILENO, at, left);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;  // Nobody can be told that stderr is gone.
      at += written;
      left -= static_cast<std::size_t>(written);
    }
  }
  void flush_() override {}

 private:
  Format format_;
  bool colour_;
};

std::optional<spdlog::level::level_enum> parse_level(std::string_view text) {
  for (auto level : {spdlog::level::trace, spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                     spdlog::level::err, spdlog::level::off}) {
    if (text == level_word(level)) return level;
  }
  return std::nullopt;
}

bool wants_colour() {
  const char* no_color = std::getenv("NO_COLOR");
  return ::isatty(STDERR_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

base::Result<std::shared_ptr<Log>> make_log(std::string name, std::string_view level, std::string_view format) {
  const auto parsed = parse_level(level);
  if (!parsed) {
    return base::Error{
        base::Code::invalid_config,
        fmt::format("log_level is \"{}\" but must be trace, debug, info, warn, error or off", base::printable(level))};
  }
  if (format != "text" && format != "json") {
    return base::Error{base::Code::invalid_config,
                       fmt::format("log_format is \"{}\" but must be text or json", base::printable(format))};
  }
  const bool json = format == "json";
  auto sink = std::make_shared<StderrSink>(json ? Format::json : Format::text, !json && wants_colour());
  auto log = std::make_shared<Log>(std::move(name), std::move(sink));
  log->set_level(*parsed);
  return log;
}

bool RateLimit::allow(base::Micros now, std::uint64_t& held_back) {
  if (now < next_) {
    ++held_back_;
    return false;
  }
  held_back = held_back_;
  held_back_ = 0;
  next_ = now + every_;
  return true;
}

}  // namespace lifesign::telemetry
