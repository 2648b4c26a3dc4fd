#include "tests/faults/soak/told.h"

#include <fmt/format.h>

namespace parley::soak {

namespace {

constexpr std::size_t digits = 6;
constexpr std::string_view corrected = " corrected: ";

bool letter(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

bool take(std::string_view& text, std::string_view head) {
    if (!text.starts_with(head)) return false;
    text.remove_prefix(head.size());
    return true;
}

// "carl reacted X to "alice-000017 …"", and "took back"; the excerpt ends early, but not before the id does.
std::optional<Told> reaction(std::string_view line, bool doubted) {
    const auto verb = line.find(" reacted ");
    if (verb == std::string_view::npos || line.starts_with('<') || line.find(' ') != verb) return std::nullopt;
    return Told{reaction_of(std::string(line.substr(0, verb)), last_id(line)), true, doubted};
}

}  // namespace

std::string last_id(std::string_view text) {
    for (auto dash = text.rfind('-'); dash != std::string_view::npos && dash > 0; dash = text.rfind('-', dash - 1)) {
        auto end = dash + 1;
        while (end < text.size() && digit(text[end])) ++end;
        auto begin = dash;
        while (begin > 0 && letter(text[begin - 1])) --begin;
        if (end == dash + 1 + digits && begin < dash) return std::string(text.substr(begin, end - begin));
    }
    return {};
}

std::string id_of(const std::string& person, unsigned number) { return fmt::format("{}-{:0{}}", person, number, digits); }
std::string words_of(const std::string& id) { return id + " says \"blue & grün < żółć\", it's 100% 日本 🙂 |."; }
std::string correction_of(const std::string& id, const std::string& by_id) { return id + std::string(corrected) + words_of(by_id); }
std::string corrected_in(const std::string& text) {
    const auto at = text.find(corrected);
    return at == std::string::npos ? std::string() : text.substr(0, at);
}
std::string answer_to(const std::string& id) { return "told " + id; }
std::string reaction_of(const std::string& person, const std::string& to) { return person + " on " + to; }

std::optional<Told> told(std::string_view line, const SaidById& said) {
    const bool doubted = take(line, doubt_mark);
    const auto id = last_id(line);
    if (const auto found = reaction(line, doubted)) return found;
    if (id.empty() || id.starts_with("start-")) return std::nullopt;  // said before the run, to see who is there
    if (line.starts_with("told ")) return Told{answer_to(id), line == answer_to(id), doubted};
    const auto one = said.find(id);
    if (one == said.end()) return Told{{}, false, doubted};
    const auto& what = *one->second;
    bool whole = take(line, "<" + what.by + "> ") && line.ends_with(what.text);
    if (whole) line.remove_suffix(what.text.size());
    if (what.kind == Said::Kind::edit) take(line, "(edited) ");
    const bool quotes = what.kind == Said::Kind::reply && line.find("> ") != std::string_view::npos;
    whole = whole && (line.empty() || quotes);
    return Told{id, whole, doubted};
}

std::optional<std::string> gap_told(std::string_view line) {
    const auto end = line.find(" is not available: ");
    const auto on = line.rfind(" on ", end);
    if (end == std::string_view::npos || on == std::string_view::npos) return std::nullopt;
    return std::string(line.substr(on + 4, end - on - 4));
}

std::optional<std::string> lost_run_told(std::string_view line) {
    constexpr std::string_view before = "(run ";
    const auto at = line.rfind(before);
    if (line.find(" was lost: ") == std::string_view::npos || at == std::string_view::npos) return std::nullopt;
    return std::string(line.substr(at + before.size(), line.rfind(')') - at - before.size()));
}

}  // namespace parley::soak
