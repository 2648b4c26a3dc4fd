// Message styling (XEP-0393) <-> text with spans. Pure.
#pragma once

#include <string>
#include <string_view>

#include "broker/bus/text.h"

namespace parley::xmpp {

// *bold* _italic_ ~strike~ `code`, ``` blocks and "> " quotes. The marks are taken out of the plain text.
bus::Text from_styled(std::string_view body);

struct Styled {
    std::string body;
    bool unstyled = false;  // readers must not look for marks in it
};
// What from_styled() would read as the same text; where the marks cannot say that, the plain text, marked unstyled if
// it looks styled by accident. Links whose words are not the address get it written behind them.
Styled to_styled(const bus::Text& text);

}  // namespace parley::xmpp
