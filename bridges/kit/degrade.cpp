// The ladders, one for each kind of event: native where the platform has it, else words.
#include "bridges/kit/degrade.h"

#include <fmt/format.h>

#include <algorithm>

#include "bridges/kit/split.h"

namespace parley::kit {
namespace {

using bus::Event;
using bus::Message;
using bus::Span;
using bus::Text;

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t least_room = 16;  // units left for the text beside a name, at least

std::string clock_text(service::Time time, bool with_day) {
    const auto iso = service::iso8601(time);
    return with_day ? iso.substr(0, 10) + " " + iso.substr(11, 5) : iso.substr(11, 5);
}

class Degrading {
public:
    Degrading(const Event& event, const std::string& room, const Capabilities& can, const Lookup& lookup,
              const Names& names)
        : event_(event), room_(room), can_(can), lookup_(lookup), names_(names) {}

    std::vector<Delivery> run() {
        std::visit([this](const auto& body) { on(body); }, event_.body);
        return std::move(out_);
    }

private:
    bool ours() const { return event_.author.strength == bus::Strength::ourselves; }
    std::string who() const {
        const auto name = excerpt(event_.author.name.empty() ? event_.author.id : event_.author.name, name_bytes_max);
        return name.empty() ? "?" : name;
    }
    std::string speaker(Message::Style style) const {
        if (ours() || can_.puppets) return {};
        return style == Message::Style::action ? fmt::format("* {} ", who()) : fmt::format("<{}> ", who());
    }
    std::optional<Known> known(const bus::EventId& id) const { return id && lookup_ ? lookup_(id) : std::nullopt; }

    template <class What>
    void add(What what) {
        out_.push_back({{event_.id, room_, static_cast<std::uint32_t>(out_.size())}, std::move(what), false});
    }

    std::vector<Text> pieces(const Text& text, const std::string& prefix) const {
        const auto taken = measure(prefix, can_.text_unit);
        const auto most = std::max(can_.text_max, taken + least_room) - taken;
        auto parts = split(cleaned(text), most, can_.text_unit, can_.multiline);
        const auto parts_max = std::max<std::size_t>(can_.parts_max, 1);
        if (parts.size() <= parts_max) return parts;
        const auto left_out = parts.size() - (parts_max - 1);
        parts.resize(parts_max - 1);
        const auto words = fmt::format("… {} more {}", left_out, can_.multiline ? "parts" : "lines");
        // The page shows such talk to nobody (HouseSettings::page_for), and no event of the page's own comes here from there.
        if (names_.page.empty() || event_.origin.visibility >= bus::Visibility::closed)
            parts.emplace_back(words + " are not shown here");
        else
            parts.emplace_back(fmt::format("{}: {}/m/{}", words, names_.page, event_.id.text()));
        return parts;
    }

    void say(const Text& text, Message::Style style, const std::string& prefix, const Say& like = {}) {
        for (auto& piece : pieces(text, prefix)) {
            Say what = like;
            what.text = Text(prefix).append(piece);
            what.style = style == Message::Style::action && !can_.puppets && !ours() ? Message::Style::plain : style;
            what.speaker = event_.author;
            if (!out_.empty()) what.reply_to.clear();  // only the first part answers
            add(std::move(what));
        }
    }
    // Something that we say about what someone did.
    void line(std::string words) { say(Text(std::move(words)), Message::Style::notice, {}); }

    void on(const Message& message) {
        Text text;
        Say like;
        if (const auto to = known(message.reply_to.event)) {
            like.reply_to_author = to->author_name;
            if (can_.replies && !to->native_ids.empty()) {
                like.reply_to = to->native_ids.front();
            } else if (!to->excerpt.empty()) {
                const auto quoted = excerpt(to->excerpt, 60);
                text.append(fmt::format("{}: ", excerpt(to->author_name, name_bytes_max)));
                text.append("> " + quoted, Span::Kind::quote);
                text.append(can_.multiline ? "\n" : " — ");
            }
        }
        text.append(message.text);
        for (const auto& file : message.attachments) {
            const auto name = one_line(file.name);
            if (!text.empty()) text.append("\n");
            if (!name.empty() && file.url.find(name) == std::string::npos) text.append(name + ": ");
            text.append(one_line(file.url), Span::Kind::link, one_line(file.url));
        }
        say(text, message.style, speaker(message.style), like);
    }

    void on(const bus::Edit& edit) {
        const auto prefix = speaker(Message::Style::plain);
        const auto to = known(edit.target.event);
        const auto parts = pieces(edit.text, prefix);
        if (can_.edits && to && to->ours && to->native_ids.size() == 1 && !to->native_ids[0].empty() &&
            parts.size() == 1) {
            return add(Correct{to->native_ids[0], Text(prefix).append(parts[0])});
        }
        say(edit.text, Message::Style::plain, ours() ? "(edited) " : fmt::format("<{}> (edited) ", who()));
    }

    void on(const bus::Redaction& redaction) {
        const auto to = known(redaction.target.event);
        if (can_.redactions && to && to->ours && !to->native_ids.empty() && !to->native_ids[0].empty()) {
            for (const auto& native_id : to->native_ids) add(Retract{native_id, one_line(redaction.reason)});
            return;
        }
        auto words = fmt::format("{} removed a message", who());
        if (to && !to->excerpt.empty()) words += fmt::format(": \"{}\"", to->excerpt);
        if (!redaction.reason.empty()) words += fmt::format(" ({})", excerpt(redaction.reason));
        line(std::move(words));
    }

    void on(const bus::Reaction& reaction) {
        const auto to = known(reaction.target.event);
        const auto emoji = one_line(reaction.emoji);
        if (can_.reactions && to && !to->native_ids.empty() && !to->native_ids[0].empty()) {
            auto all = to->reactions;
            if (reaction.added && std::find(all.begin(), all.end(), emoji) == all.end()) all.push_back(emoji);
            return add(React{to->native_ids[0], std::move(all), emoji, reaction.added});
        }
        const auto what = to && !to->excerpt.empty() ? fmt::format("\"{}\"", to->excerpt) : std::string("a message");
        line(reaction.added ? fmt::format("{} reacted {} to {}", who(), emoji, what)
                            : fmt::format("{} took back {} from {}", who(), emoji, what));
    }

    void on(const bus::Topic& topic) {
        if (!can_.topics) return line(fmt::format("{} set the topic: {}", who(), one_line(topic.text.plain)));
        auto text = cleaned(topic.text);
        if (!can_.multiline) std::replace(text.plain.begin(), text.plain.end(), '\n', ' ');
        add(SetTopic{std::move(text)});
    }

    void on(const bus::RunOutput& output) { say(output.shown, Message::Style::plain, {}); }
    void on(const bus::RunFinished& finished) { say(finished.shown, Message::Style::plain, {}); }

    void on(const bus::Gap& gap) {
        const bool days = service::iso8601(gap.from).substr(0, 10) != service::iso8601(gap.to).substr(0, 10);
        line(fmt::format("{}-{} on {} is not available: {}", clock_text(gap.from, days), clock_text(gap.to, days),
                         one_line(event_.origin.room.text()), one_line(gap.why)));
    }

    template <class Other>
    void on(const Other&) {}  // not for rooms

    const Event& event_;
    const std::string& room_;
    const Capabilities& can_;
    const Lookup& lookup_;
    const Names& names_;
    std::vector<Delivery> out_;
};

}  // namespace

std::vector<Delivery> degrade(const Event& event, const std::string& room, const Capabilities& capabilities,
                              const Lookup& lookup, const Names& names) {
    return Degrading(event, room, capabilities, lookup, names).run();
}

service::Error not_known() {
    return {service::Code::unavailable, "held: it may have been said already before the link or the process died, and nobody can tell",
            "look into the room, and say it again if it is not there (on_doubt = \"hold\")"};
}

bus::EventId target_of(const Event& event) {
    if (const auto* message = std::get_if<Message>(&event.body)) return message->reply_to.event;
    if (const auto* edit = std::get_if<bus::Edit>(&event.body)) return edit->target.event;
    if (const auto* redaction = std::get_if<bus::Redaction>(&event.body)) return redaction->target.event;
    if (const auto* reaction = std::get_if<bus::Reaction>(&event.body)) return reaction->target.event;
    return {};
}

}  // namespace parley::kit
