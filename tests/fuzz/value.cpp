// Values of the library: any bytes are refused or can be walked to the end, and come out as JSON.
#include "lifesign/value.h"

#include <nlohmann/json.hpp>

#include "cli/json.h"
#include "target.h"

namespace lifesign::fuzz {
namespace {

std::size_t walk(const Value& value) {
  std::size_t values = 1;
  LIFESIGN_ASSERT(value.exists(), "a value without bytes");
  for (const Value& item : value.items()) values += walk(item);
  for (const auto& [key, item] : value.pairs()) values += walk(item);
  if (value.type() == Value::Type::map || value.type() == Value::Type::array)
    LIFESIGN_ASSERT(value.size() == value.items().size() + value.pairs().size(), "{} elements", value.size());
  return values;
}

}  // namespace

void run(std::string_view input) {
  Input parts(input);
  const std::string_view bytes = parts.rest();
  const auto value = Value::parse(std::string(bytes));
  const auto json = cli::to_json(bytes);
  if (!value.ok()) return;
  LIFESIGN_ASSERT(walk(*value) <= bytes.size(), "more values than bytes");
  const std::string line = to_json(*value);
  LIFESIGN_ASSERT(nlohmann::json::accept(line), "this is no JSON: {}", line);
  LIFESIGN_ASSERT(line.find('\n') == std::string::npos, "the JSON has several lines");
  if (json.ok()) LIFESIGN_ASSERT(nlohmann::json::accept(cli::line_of(*json)), "the command writes no JSON");
}

}  // namespace lifesign::fuzz
