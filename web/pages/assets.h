// The files that pages refer to, compiled in from assets/. Their address carries a version, so browsers may keep
// them.
#pragma once

#include <optional>
#include <string_view>

namespace parley::pages {

struct Asset {
    std::string_view name, type, content;
};
std::optional<Asset> asset(std::string_view name);
std::string_view asset_version();  // changes whenever one of them does

}  // namespace parley::pages
