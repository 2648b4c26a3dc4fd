// The hash of a room's name, as the tables of a bridge use it: asked for several times for each message, so the rooms that
// were asked for last are remembered.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker/bus/ids.h"

namespace parley::kit {

class RoomKeys {
public:
    // 16 bytes; good until the next call.
    const std::string& of(std::string_view room) {
        if (const auto known = known_.find(room); known != known_.end()) return known->second;
        if (known_.size() >= rooms_max) known_.clear();
        return known_.emplace(room, bus::derived_id({"room", room}).view()).first->second;
    }

private:
    static constexpr std::size_t rooms_max = 4096;
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    std::unordered_map<std::string, std::string, Hash, std::equal_to<>> known_;
};

}  // namespace parley::kit
