// See author.h.
#include "bridges/irc/author.h"

#include "bridges/irc/markup.h"

namespace parley::irc {

namespace {

constexpr std::string_view nick_mark = "nick:";  // services take no account's name with a colon

}  // namespace

std::string nick_id(const Isupport& isupport, std::string_view nick) {
    return std::string(nick_mark) + to_utf8(isupport.folded(nick));
}

bus::Author author_of(const Isupport& isupport, std::string_view nick, std::string_view account) {
    bus::Author out;
    out.name = to_utf8(nick);
    if (account.empty() || account == "*" || account.starts_with(nick_mark)) {
        out.id = nick_id(isupport, nick);
        return out;
    }
    out.id = to_utf8(account);
    out.strength = bus::Strength::account;
    return out;
}

}  // namespace parley::irc
