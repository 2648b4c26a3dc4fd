// mIRC's control codes (bold, colours …) to and from the house's text. Pure.
#pragma once

#include <string>
#include <string_view>

#include "broker/bus/text.h"

namespace parley::irc {

// What people see, with spans. Bytes that are not UTF-8 are read as Windows' Latin-1, as old clients write it; a
// character that the server cut in two at the end of a line is left out. No control characters come through.
bus::Text to_text(std::string_view bytes);

// With control codes; the plain text's own control characters become spaces, but "\n" stays (see split()); CR and NUL
// go. Spans without a code (quote, mention, emoji) add nothing; a link adds its address if the text does not hold it.
std::string to_irc(const bus::Text& text);

// UTF-8 as described for to_text, control codes kept.
std::string to_utf8(std::string_view bytes);

}  // namespace parley::irc
