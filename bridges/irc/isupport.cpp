// Reading ISUPPORT tokens and folding names; see isupport.h.
#include "bridges/irc/isupport.h"

#include <algorithm>
#include <charconv>

namespace parley::irc {

namespace {

constexpr std::size_t tokens_max = 256, token_bytes_max = 300;

std::size_t number(std::string_view text, std::size_t fallback, std::size_t most) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::min(value, most) : fallback;
}

// Whether a list with commas holds the word.
bool listed(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const auto one = list.substr(0, list.find(','));
        if (one == word) return true;
        list.remove_prefix(std::min(one.size() + 1, list.size()));
    }
    return false;
}

}  // namespace

void Isupport::apply(std::string_view token) {
    const bool taken_back = token.starts_with('-');
    if (taken_back) token.remove_prefix(1);
    const auto equals = std::min(token.find('='), token.size());
    const auto key = token.substr(0, equals);
    const auto value = taken_back ? std::string_view() : token.substr(std::min(equals + 1, token.size()));
    const Isupport standard;
    if (taken_back)
        said.erase(std::string(key));
    else if (token.size() <= token_bytes_max && said.size() < tokens_max)
        said[std::string(key)] = token;
    if (key == "CASEMAPPING") {
        casemapping = value == "ascii"            ? Casemapping::ascii
                      : value == "strict-rfc1459" ? Casemapping::rfc1459_strict
                                                  : Casemapping::rfc1459;
    } else if (key == "CHANTYPES") {
        channel_types = taken_back ? standard.channel_types : std::string(value);
    } else if (key == "PREFIX") {
        const auto close = value.find(')');
        if (value.starts_with('(') && close != std::string_view::npos && value.size() - close - 1 == close - 1) {
            prefix_modes = value.substr(1, close - 1);
            prefix_symbols = value.substr(close + 1);
        }
    } else if (key == "STATUSMSG") {
        status_message = value;
    } else if (key == "NICKLEN" || key == "MAXNICKLEN") {
        nick_length = number(value, 0, 128);
    } else if (key == "LINELEN") {
        line_length =
            std::max<std::size_t>(number(value, 512, 512), 128);  // longer lines are not used: 512 always works
    } else if (key == "TOPICLEN") {
        topic_length = number(value, 0, 4096);
    } else if (key == "MODES") {
        modes = number(value, standard.modes, 64);
    } else if (key == "CHATHISTORY" || key == "draft/CHATHISTORY") {
        history_limit = number(value, 0, 100000);
        // Before there was MSGREFTYPES, to have history was to know it by id.
        if (key.starts_with("draft/") && !said.contains("MSGREFTYPES")) history_by_id = !taken_back;
    } else if (key == "MSGREFTYPES") {
        history_by_id = listed(value, "msgid");
    } else if (key == "CLIENTTAGDENY") {
        tags_denied = value;
    } else if (key == "TARGMAX") {
        for (auto rest = value; !rest.empty();) {
            const auto one = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(one.size() + 1, rest.size()));
            const auto colon = std::min(one.find(':'), one.size());
            targets_max[std::string(one.substr(0, colon))] =
                number(one.substr(std::min(colon + 1, one.size())), 0, 1000);
        }
    }
}

std::string Isupport::folded(std::string_view name) const {
    std::string out(name);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c + 32);
        else if (casemapping == Casemapping::ascii)
            continue;
        else if (c == '[')
            c = '{';
        else if (c == ']')
            c = '}';
        else if (c == '\\')
            c = '|';
        else if (c == '~' && casemapping == Casemapping::rfc1459)
            c = '^';
    }
    return out;
}

bool Isupport::passes_tag(std::string_view client_tag) const {
    if (listed(tags_denied, client_tag)) return false;
    return !listed(tags_denied, "*") || listed(tags_denied, "-" + std::string(client_tag));
}

bool Isupport::is_channel(std::string_view name) const {
    return !name.empty() && channel_types.find(name[0]) != std::string::npos;
}

std::size_t Isupport::targets_of(std::string_view command, std::size_t unsaid) const {
    const auto found = targets_max.find(std::string(command));
    if (found == targets_max.end()) return unsaid;
    return found->second == 0 ? 16 : found->second;  // "no limit": a number that fits a line
}

}  // namespace parley::irc
