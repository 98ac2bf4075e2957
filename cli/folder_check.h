// Whether the data folder says what a subcommand needs of it, before anything is asked. A folder that does not must
// not end at the default ports: another Lifesign may answer there.
#pragma once

#include <string_view>
#include <system_error>
#include <vector>

#include "cli/context.h"

namespace lifesign::cli {

// The endpoints that a subcommand asks; none for those that ask nobody.
std::vector<std::string_view> endpoints_of(std::string_view subcommand);

// The folder is there and can be read. Endpoints that an option or a variable gives need no folder, and where there is
// no default folder the default ports are meant. not_found: there is none; io_failed: the file system's reason.
base::Status check_folder(const Context& context, const std::vector<std::string_view>& endpoints);
// As check_folder, and the folder says where `endpoint` is. not_found: it does not.
base::Status check_endpoint(const Context& context, std::string_view endpoint);

// What the file system's error means for whoever named `folder`.
base::Error folder_error(const std::string& folder, std::error_code error);

}  // namespace lifesign::cli
