// From what a person typed to words: auto-links and typographic quotes undone, then quoting as in a shell.
// Pure; nothing here knows which commands there are (see call.h, parameters.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker/service/result.h"

namespace parley::dispatch {

struct Word {
    std::string text;
    std::size_t begin = 0;  // where it starts in the text that was split, in bytes
    bool bare = true;       // its first character was neither quoted nor escaped: it may be an option
    friend bool operator==(const Word&, const Word&) = default;
};

// What chat programs make of a typed address, back to what was typed:
//   "<http://x.org|x.org>" and "[x.org](http://x.org)" -> "x.org", "<https://x/y>" -> "https://x/y".
// A link that a person named ("[the page](http://x)") becomes its address.
std::string without_auto_links(std::string_view text);

// Typographic double quotes as plain ones: for what is passed on as typed.
std::string with_plain_quotes(std::string_view text);

// Words, separated by white space and line breaks. 'single' and "double" quotes and \ work as in a shell,
// typographic quotes as the plain ones; a dash that a phone made of "--" is "--" again where a word begins
// with it. There is no expansion of any kind. Code::invalid says at which character an open quote stands.
service::Result<std::vector<Word>> split(std::string_view text);

}  // namespace parley::dispatch
