// The search field, on the first page and above results.
#pragma once

#include <string>

#include "web/pages/html.h"

namespace parley::pages {

Html search_form(const std::string& query, const std::string& order, bool autofocus);

}  // namespace parley::pages
