#include "tests/faults/soak/collect.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "tests/faults/soak/told.h"
#include "tests/support/process.h"

namespace parley::soak {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

std::string text_in(const json& event, const char* name) {
    const auto found = event.find(name);
    return found != event.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string author_of(const json& event) { return event.contains("author") ? text_in(event["author"], "name") : std::string(); }

// A message that was corrected is shown with its newest text; that names it, and comes itself with the correction.
std::string text_of(const json& event) {
    const auto text = text_in(event, "text");
    const auto id = event.value("edited", false) ? corrected_in(text) : std::string();
    return id.empty() ? text : words_of(id);
}

// Messages by their events' ids and by the native ids that they have in any room.
class Texts {
public:
    void add(const json& event) {
        const auto id = text_in(event, "id");
        texts_[id] = text_of(event);
        if (const auto native = text_in(event, "native_id"); !native.empty()) events_[native] = id;
        if (text_in(event, "kind") == "receipt")
            for (const auto& native : event["native_ids"]) events_[native.get<std::string>()] = text_in(event, "delivered");
    }
    std::string target_of(const json& event) const {
        if (!event.contains("target") || !event["target"].is_object()) return {};
        auto id = text_in(event["target"], "event");
        const auto by_native = events_.find(text_in(event["target"], "native_id"));
        if (id.empty() && by_native != events_.end()) id = by_native->second;
        const auto found = texts_.find(id);
        return found == texts_.end() ? std::string() : found->second;
    }

private:
    std::map<std::string, std::string> texts_, events_;
};

// As a bridge would say it, so that one reader reads all.
std::string reaction_line(const json& event, const Texts& texts) {
    return fmt::format("{} reacted {} to \"{}\"", author_of(event), text_in(event, "emoji"), texts.target_of(event));
}

}  // namespace

std::vector<Archived> exported(const tests::House& house) {
    const tests::TempFolder folder;
    const auto file = folder.path() / "archive";
    const auto ran = tests::run({"/bin/sh", "-c", "\"$1\" export --settings \"$2\" > \"$3\"", "sh", std::string(PARLEY_BIN_DIR) + "/parley",
                                 house.settings_file().string(), file.string()}, 120s);
    if (ran.exit_code != 0) throw std::runtime_error("parley export: " + ran.output);
    std::vector<Archived> out;
    Texts texts;
    std::vector<json> events;
    std::istringstream in(tests::read_file(file));
    for (std::string line; std::getline(in, line);) texts.add(events.emplace_back(json::parse(line)));
    for (const auto& event : events) {
        Archived one;
        one.sequence = event.value("sequence", std::int64_t{});
        one.kind = text_in(event, "kind");
        one.room = text_in(event, "account") + "/" + text_in(event, "room");
        one.by = author_of(event);
        one.text = text_of(event) + text_in(event, "shown") + text_in(event, "raw");
        one.run = one.kind == "command_requested" ? text_in(event, "id") : text_in(event, "run");
        one.outcome = text_in(event, "outcome");
        one.from = event.value("from_us", Micros{});
        one.to = event.value("to_us", Micros{});
        if (one.kind == "reaction") one.text = reaction_line(event, texts);
        out.push_back(std::move(one));
    }
    return out;
}

Ear page_talk(const tests::House& house, const std::string& room) {
    Ear ear{room, {}, false};
    Texts texts;
    std::vector<json> events;
    constexpr int pages_max = 10'000;
    for (std::int64_t before = -1, pages = 0; pages < pages_max; ++pages) {
        const auto path = "/api/rooms/" + tests::url_encoded(room) + "/messages?limit=500" + (before < 0 ? "" : fmt::format("&before={}", before));
        const auto answer = json::parse(house.get(path).body, nullptr, false);
        if (!answer.is_object() || !answer.contains("events")) throw std::runtime_error("the page does not show " + room);
        const auto& some = answer["events"];
        if (some.empty()) break;
        events.insert(events.begin(), some.begin(), some.end());
        before = some.front().value("sequence", std::int64_t{});
        if (!answer.value("more", false)) break;
    }
    for (const auto& event : events) texts.add(event);
    for (const auto& event : events) {
        const auto kind = text_in(event, "kind"), from = text_in(event, "account") + "/" + text_in(event, "room");
        if (kind == "run_output" || kind == "run_finished") ear.lines.push_back(text_in(event, "shown"));
        if (from == room) continue;
        if (kind == "message" || kind == "edit") ear.lines.push_back(fmt::format("<{}> {}", author_of(event), text_of(event)));
        if (kind == "reaction") ear.lines.push_back(reaction_line(event, texts));
        if (kind == "gap") ear.lines.push_back(fmt::format("{}-{} on {} is not available: {}", text_in(event, "from"), text_in(event, "to"), from, text_in(event, "why")));
    }
    return ear;
}

std::map<std::string, int> counted(const std::string& notes) {
    std::map<std::string, int> out;
    std::istringstream in(notes);
    for (std::string line; std::getline(in, line);) ++out[line];
    return out;
}

}  // namespace parley::soak
