// The search field, on the first page and above results.
#pragma once

#include <string>

#include "web/pages/html.h"

namespace parley::pages {

Html search_form(const std::string& query, const std::string& order, bool autofocus);
// The query with these days as its after: and before:, instead of any that it had; empty: without.
std::string with_days(const std::string& query, const std::string& after, const std::string& before);

}  // namespace parley::pages
