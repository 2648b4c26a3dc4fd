// A text cut into pieces that each fit a platform. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "bridges/kit/capabilities.h"
#include "broker/bus/text.h"

namespace parley::kit {

// How much of a platform's limit a text takes.
std::size_t measure(std::string_view text, Unit unit);

// Pieces of at most `most` units (a single code point may be more), cut between lines if possible, else between
// words, else between graphemes; links, mentions, code and emoji stay whole where they fit. Without `multiline` every
// line is a piece of its own. White space at the cuts and empty lines between pieces are left out, nothing else.
std::vector<bus::Text> split(const bus::Text& text, std::size_t most, Unit unit, bool multiline);

// Control characters become spaces; line breaks become "\n".
bus::Text cleaned(bus::Text text);
// For names and excerpts: one line, no control characters.
std::string one_line(std::string_view text);
// The beginning of a text on one line, at most `bytes_max` bytes, with "…" where it was cut.
std::string excerpt(std::string_view text, std::size_t bytes_max = 80);

}  // namespace parley::kit
