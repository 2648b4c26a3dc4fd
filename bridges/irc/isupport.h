// What a server says about itself (005 RPL_ISUPPORT), and how its names compare. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace parley::irc {

struct Isupport {
    enum class Casemapping { ascii, rfc1459, rfc1459_strict };
    Casemapping casemapping = Casemapping::rfc1459;
    std::string channel_types = "#&";
    std::string prefix_modes = "ov", prefix_symbols = "@+";
    std::string status_message;   // symbols that may stand before a channel: "@#ops"
    std::size_t nick_length = 0;  // 0: not said
    std::size_t line_length = 512;
    std::size_t topic_length = 0;                    // 0: not said
    std::size_t modes = 3;                           // mode changes in one line
    std::map<std::string, std::size_t> targets_max;  // by command; 0: no limit
    std::size_t history_limit = 0;                   // of one CHATHISTORY; 0: no limit, or not said
    bool history_by_id = false;                      // its messages have ids, and the history knows them
    std::string tags_denied;                         // of client-only tags: "*,-draft/reply"

    std::map<std::string, std::string> said;         // each token that stands, by its key; to tell it again

    void apply(std::string_view token);  // "NICKLEN=30", "-NICKLEN"; what is unknown or odd is passed over

    std::string folded(std::string_view name) const;
    bool same(std::string_view a, std::string_view b) const { return folded(a) == folded(b); }
    bool is_channel(std::string_view name) const;
    bool passes_tag(std::string_view client_tag) const;  // "draft/reply", without the plus
    std::size_t targets_of(std::string_view command, std::size_t unsaid) const;
};

}  // namespace parley::irc
