// The fields of the query language: one table, which the parser, the help and the index share.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace parley::search {

enum class Field : unsigned char { from, in, platform, kind, command, outcome, before, after, on, last };

struct FieldRow {
    Field field;
    std::string_view name;     // as typed, before the colon
    std::string_view prefix;   // of its terms in the index; empty: compared with the document's time
    std::string_view example;
    std::string_view help;
    std::span<const std::string_view> values = {};  // all that it can be; empty: anything
};

std::span<const FieldRow> fields();
const FieldRow* find_field(std::string_view name);  // nullptr: there is none
const FieldRow& row_of(Field field);
// "from:alice    who said it …", a line each, and the rest of the language.
std::string query_help();

}  // namespace parley::search
