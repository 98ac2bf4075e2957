// Parameters of queries: within their bounds or refused, and the cursors in them read only as what they are.
#include "recorder/query_params.h"

#include "base/text.h"
#include "target.h"

namespace lifesign::fuzz {

void run(std::string_view input) {
  Input parts(input);
  recorder::QueryParams params;
  if (!recorder::read_query_params(parts.rest(), params).ok()) return;
  LIFESIGN_ASSERT(params.limit >= 1 && params.limit <= wire::limits::page_max, "limit {}", params.limit);
  LIFESIGN_ASSERT(params.agent_id.empty() || base::is_agent_id(params.agent_id), "agent id");
  LIFESIGN_ASSERT(params.labels.size() <= wire::limits::labels, "{} labels", params.labels.size());
  LIFESIGN_ASSERT(params.types.size() <= recorder::QueryParams::most_types, "{} types", params.types.size());
  LIFESIGN_ASSERT(params.to <= recorder::QueryParams::no_bound && params.until <= recorder::QueryParams::no_bound,
                  "to");
  LIFESIGN_ASSERT(base::is_utf8(params.prefix) && base::is_utf8(params.cursor), "text that is none");
}

}  // namespace lifesign::fuzz
