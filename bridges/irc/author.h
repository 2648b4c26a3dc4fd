// Who said something: the services account where the server vouches for it, else the nick, which anyone may take. The
// two never share an id.
#pragma once

#include <string>
#include <string_view>

#include "bridges/irc/isupport.h"
#include "broker/bus/event.h"

namespace parley::irc {

// "nick:alice": folded, since a server takes "Alice" for the same.
std::string nick_id(const Isupport& isupport, std::string_view nick);
// `account`: as the server gives it, empty where it gives none. Its id is the account's name itself.
bus::Author author_of(const Isupport& isupport, std::string_view nick, std::string_view account);

}  // namespace parley::irc
