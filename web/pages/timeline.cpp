#include "web/pages/timeline.h"

#include <map>
#include <optional>

#include "web/pages/layout.h"
#include "web/pages/rich_text.h"

namespace parley::pages {
namespace {

using bus::Value;

struct Line {
    const Value* event = nullptr;
    Html text;
    bool edited = false, redacted = false;
    std::map<std::string, std::map<std::string, std::string>> reactions;  // emoji → who, by account and id → name
    std::string run, outcome;  // of the command that it asked for
    const Line* reply = nullptr;
};

std::string room_of(const Value& event) { return event["account"].text() + "/" + event["room"].text(); }

// References arrive as {event, native_id}, or as the id alone.
std::string target_id(const Value& reference) {
    return reference.is_text() ? reference.text() : reference["event"].text();
}

std::optional<Html> words_of(const Value& event) {
    const auto kind = event["kind"].text();
    const auto name = event["author"]["name"].text();
    if (kind == "message") return rich_text(text_of(event));
    if (kind == "run_output" || kind == "run_finished") {
        const auto shown = text_of(event, "shown");
        if (shown.empty()) return std::nullopt;
        // A program's columns stand in columns.
        const bool columns = kind == "run_output" && shown.plain.find("  ") != std::string::npos;
        return columns ? markup("<code class=\"block\">{}</code>", {rich_text(shown)}) : rich_text(shown);
    }
    if (kind == "topic") return markup("{} set the topic: {}", {name, rich_text(text_of(event))});
    if (kind == "gap") return markup("Something is missing here: {}", {event["why"].text()});
    if (kind == "membership") {
        const auto change = event["change"].text();
        const auto who = event["member_name"].text(event["author"]["name"].text());
        if (change == "join") return markup("{} joined", {who});
        if (change == "leave") return markup("{} left", {who});
        if (change == "rename") return markup("{} is now {}", {who, event["new_name"].text()});
        if (change == "kick" || change == "ban") return markup("{} was removed", {who});
    }
    return std::nullopt;
}

bool spoken(std::string_view kind) { return kind == "message" || kind == "run_output" || kind == "run_finished"; }

// Who somebody is, for counting a reaction once.
std::string who_of(const Value& event) { return event["account"].text() + "/" + event["author"]["id"].text(); }

bool own(const Value& event, const TimelineOptions& options) {
    return !options.own_id.empty() && event["account"].text() == options.own_account &&
           event["author"]["id"].text() == options.own_id;
}

// One button each: how often, by whom, and pressed if it is the reader's own.
Html reactions_of(const Line& line, const TimelineOptions& options) {
    Html out;
    for (const auto& [emoji, people] : line.reactions) {
        if (people.empty()) continue;
        Value by_who = Value::map({});
        std::string names;
        for (const auto& [who, name] : people) {
            by_who.set(who, name);
            names += (names.empty() ? "" : ", ") + name;
        }
        const bool pressed = !options.own_id.empty() && people.contains(options.own_account + "/" + options.own_id);
        out += markup("<button class=\"reaction\" type=\"button\" data-emoji=\"{}\" data-people=\"{}\" title=\"{}\" "
                      "aria-pressed=\"{}\">{} <span>{}</span></button>",
                      {emoji, by_who.json(), names, pressed ? "true" : "false", emoji, people.size()});
    }
    return out;
}

Html run_chip(std::string_view run, std::string_view outcome) {
    if (run.empty()) return {};
    return markup("<a class=\"chip\" data-run=\"{}\" href=\"{}\">{}</a>",
                  {run, run_address(run), badge(outcome.empty() ? "running" : outcome)});
}

Html actions(const Value& event, const TimelineOptions& options) {
    return markup(
        "<div class=\"actions\"><a class=\"link\" href=\"/m/{}\" title=\"Permalink\">#</a>"
        "<button type=\"button\" data-do=\"reply\" title=\"Reply\">↩</button><button type=\"button\" "
        "data-do=\"react\" title=\"React\" aria-haspopup=\"true\">👍</button>{}</div>",
        {event["id"].text(),
         own(event, options) && event["kind"].text() == "message"
             ? trusted("<button type=\"button\" data-do=\"edit\" title=\"Edit\">Edit</button>"
                       "<button type=\"button\" data-do=\"redact\" title=\"Delete\">Delete</button>")
             : Html()});
}

std::string key_of(const Value& event) {
    return event["author"]["id"].text() + "\n" + room_of(event) + "\n" + event["author"]["name"].text();
}

Html item(const Line& line, const TimelineOptions& options, bool same) {
    const Value& event = *line.event;
    const auto kind = event["kind"].text();
    const auto id = event["id"].text();
    const auto time = event["time_us"].number();
    const Html data =
        markup("id=\"m-{}\" data-id=\"{}\" data-sequence=\"{}\" data-native=\"{}\" data-key=\"{}\" data-day=\"{}\"",
               {id, id, event["sequence"].number(), native_key(event, event["native_id"].text()), key_of(event),
                day_of(time)});
    if (!spoken(kind))
        return markup("<li class=\"aside {}\" {}>{}<span>{}</span></li>\n", {kind, data, when(time), line.text});

    std::string classes = "message";
    if (same) classes += " same";
    if (line.redacted) classes += " redacted";
    if (event["author"]["bot"].boolean() || kind != "message") classes += " bot";
    if (event["style"].text() == "action") classes += " act";
    if (options.marked != 0 && event["sequence"].number() == options.marked) classes += " marked";
    const auto name = event["author"]["name"].text();
    Html quote;
    if (line.reply != nullptr) {
        quote = markup("<a class=\"reply\" href=\"#m-{}\"><b>{}</b> {}</a>",
                       {(*line.reply->event)["id"].text(), (*line.reply->event)["author"]["name"].text(),
                        text_of(*line.reply->event).plain.substr(0, 400)});
    }
    const Html where = options.rooms ? markup(" <span class=\"via\">{}</span>", {event["account"].text()}) : Html();
    const Html text = line.redacted ? markup("<span class=\"text gone\">deleted</span>")
                                    : markup("<span class=\"text\">{}</span>", {line.text});
    const auto run = kind == "message" ? line.run : event["run"].text();
    const Html chip = kind == "message" ? run_chip(line.run, line.outcome)
                                        : markup("<a class=\"more\" href=\"{}\">run</a>", {run_address(run)});
    return markup(
        "<li class=\"{}\" {}>{}<div class=\"body\"><div class=\"head\"><b class=\"name\">{}</b>{} {}</div>{}<div "
        "class=\"said\">{}{}{}</div>"
        "<div class=\"reactions\">{}</div></div>{}</li>\n",
        {classes, data, avatar(name), name, where, when(time), quote, text,
         line.edited && !line.redacted ? trusted(" <span class=\"edited\">edited</span>") : Html(), chip,
         line.redacted ? Html() : reactions_of(line, options), line.redacted ? Html() : actions(event, options)});
}

// The lines of a stretch of talk, and how the later events find the earlier.
class Folding {
public:
    explicit Folding(const std::vector<Value>& events) {
        lines_.reserve(events.size());  // pointers into it are kept
        for (const Value& event : events) take(event);
    }
    const std::vector<Line>& lines() const { return lines_; }

private:
    Line* find(const Value& event, const Value& reference) {
        if (const auto known = by_id_.find(target_id(reference)); known != by_id_.end()) return known->second;
        const auto native = by_native_.find(native_key(event, reference["native_id"].text()));
        return native == by_native_.end() ? nullptr : native->second;
    }

    void take(const Value& event) {
        const auto kind = event["kind"].text();
        if (kind == "edit") {
            Line* line = find(event, event["target"]);
            if (line == nullptr) return;
            line->edited = true;
            // The archive tells a message as it stands now; an edit in this stretch may not be its last.
            if (!(*line->event)["edited"].is_bool()) line->text = rich_text(text_of(event));
        } else if (kind == "redaction") {
            if (Line* line = find(event, event["target"])) line->redacted = true;
        } else if (kind == "reaction") {
            if (Line* line = find(event, event["target"])) react(*line, event);
        } else if (kind == "command_requested") {
            if (Line* line = find(event, event["asked_by"])) line->run = event["id"].text(), asked_[line->run] = line;
        } else if (auto words = words_of(event)) {
            add(event, std::move(*words));
        }
        if (kind == "run_finished") {
            if (const auto asked = asked_.find(event["run"].text()); asked != asked_.end())
                asked->second->outcome = event["outcome"].text();
        }
    }

    static void react(Line& line, const Value& event) {
        auto& people = line.reactions[event["emoji"].text()];
        if (event["added"].boolean(true))
            people[who_of(event)] = event["author"]["name"].text();
        else
            people.erase(who_of(event));
    }

    void add(const Value& event, Html words) {
        Line line;
        line.event = &event;
        line.text = std::move(words);
        line.redacted = event["redacted"].boolean();
        line.edited = event["edited"].boolean();
        if (event["reply_to"].is_map() || event["reply_to"].is_text()) line.reply = find(event, event["reply_to"]);
        lines_.push_back(std::move(line));
        by_id_[event["id"].text()] = &lines_.back();
        if (const auto native = event["native_id"].text(); !native.empty())
            by_native_[native_key(event, native)] = &lines_.back();
    }

    std::vector<Line> lines_;
    std::map<std::string, Line*> by_id_, by_native_, asked_;
};

}  // namespace

std::string native_key(const Value& event, std::string_view native_id) {
    return native_id.empty() ? std::string() : room_of(event) + "\n" + std::string(native_id);
}

Html timeline(const std::vector<Value>& events, const TimelineOptions& options) {
    Html out;
    std::string day, key;
    const Folding folding(events);
    for (const Line& line : folding.lines()) {
        const Value& event = *line.event;
        const auto time = event["time_us"].number();
        if (const auto today = day_of(time); today != day) {
            day = today;
            key.clear();
            out += markup("<li class=\"day\" data-day=\"{}\"><span>{}</span></li>\n", {day, long_day(time)});
        }
        const auto kind = event["kind"].text();
        const auto here = spoken(kind) ? key_of(event) : std::string();
        out += item(line, options, !here.empty() && here == key && line.reply == nullptr);
        key = here;
    }
    return out;
}

Value live_change(const Value& event, const TimelineOptions& options) {
    const auto kind = event["kind"].text();
    Value change = Value::map({{"sequence", event["sequence"]}, {"kind", kind}});
    const auto aim = [&](const char* type, const Value& reference) {
        change.set("type", type);
        change.set("target", target_id(reference));
        change.set("native", native_key(event, reference["native_id"].text()));
    };
    if (kind == "edit") {
        aim("edit", event["target"]);
        change.set("html", rich_text(text_of(event)).text());
    } else if (kind == "redaction") {
        aim("redact", event["target"]);
    } else if (kind == "reaction") {
        aim("react", event["target"]);
        change.set("emoji", event["emoji"]);
        change.set("added", event["added"].boolean(true));
        change.set("who", who_of(event));
        change.set("name", event["author"]["name"]);
        change.set("own", own(event, options));
    } else if (kind == "command_requested") {
        aim("run", event["asked_by"]);
        change.set("html", run_chip(event["id"].text(), "").text());
    } else if (auto words = words_of(event)) {
        Line line;
        line.event = &event;
        line.text = std::move(*words);
        change.set("type", "add");
        change.set("html", item(line, options, false).text());
        change.set("day", long_day(event["time_us"].number()));
        if (const auto& reply = event["reply_to"]; reply.is_map() || reply.is_text()) {
            change.set("reply", target_id(reply));
            change.set("reply_native", native_key(event, reply["native_id"].text()));
        }
    } else if (kind != "run_finished") {
        return {};
    }
    if (kind == "run_finished") {
        change.set("run", event["run"]);
        change.set("chip", run_chip(event["run"].text(), event["outcome"].text()).text());
        if (change["type"].is_nil()) change.set("type", "ran");
    }
    return change;
}

}  // namespace parley::pages
