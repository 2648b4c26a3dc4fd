#include "tools/parley/irc_log.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "broker/service/unicode.h"

namespace parley::cli {
namespace {

using service::Time;

std::optional<Time> date_in(std::string_view name) {
    for (std::size_t at = 0; at + 10 <= name.size(); ++at) {
        const auto part = name.substr(at, 10);
        if (part[4] != '-' || part[7] != '-') continue;
        if (auto day = service::parse_iso8601(part)) return day;
    }
    return std::nullopt;
}

// Old logs mix encodings line by line: what is not UTF-8 is most often Latin-1.
std::string as_utf8(std::string_view line) {
    const bool controls = std::any_of(line.begin(), line.end(), [](unsigned char c) { return c >= 0x80 && c < 0xa0; });
    if (service::unicode::valid(line) || controls) return service::unicode::repaired(line);
    std::string out;
    for (const unsigned char c : line) service::unicode::append(out, c);
    return out;
}

std::optional<std::string_view> between(std::string_view text, std::string_view open, std::string_view close) {
    const auto begin = text.find(open);
    if (begin == std::string_view::npos) return std::nullopt;
    const auto end = text.find(close, begin + open.size());
    const auto from = begin + open.size();
    return text.substr(from, end == std::string_view::npos ? std::string_view::npos : end - from);
}

class Reading {
public:
    Reading(std::string_view file, Time day, const bus::RoomAddress& room, bus::Visibility visibility)
        : file_(as_utf8(file)), day_(day), time_(day), room_(room), visibility_(visibility) {}

    void line(std::string_view raw, std::size_t number) {
        number_ = number;
        const auto text = as_utf8(raw);
        const std::string_view view(text);
        const bool known = view.starts_with("=== ") ? server_line(view.substr(4)) : view.starts_with("[") && said_line(view);
        if (!known) ++log_.lines_skipped;
    }
    IrcLog take() { return std::move(log_); }

private:
    // "[HH:MM] rest"
    bool said_line(std::string_view text) {
        const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : 100; };
        if (text.size() < 8 || text[3] != ':' || text[6] != ']') return false;
        const int hour = digit(1) * 10 + digit(2), minute = digit(4) * 10 + digit(5);
        if (hour > 23 || minute > 59) return false;
        move_to(std::chrono::hours(hour) + std::chrono::minutes(minute));
        text.remove_prefix(7);
        if (text.starts_with(" <")) return message(text.substr(2), "> ", bus::Message::Style::plain);
        if (text.starts_with("  * ")) return message(text.substr(4), " ", bus::Message::Style::action);
        if (text.starts_with(" -")) return message(text.substr(2), "- ", bus::Message::Style::notice);
        return false;
    }

    void move_to(std::chrono::minutes of_day) {
        if (day_ + of_day + std::chrono::hours(12) < time_) day_ += std::chrono::days(1);
        time_ = std::max(day_ + of_day, time_);  // a clock set back a little does not reorder lines
    }

    bool message(std::string_view text, std::string_view border, bus::Message::Style style) {
        const auto end = text.find(border);
        const auto nick = text.substr(0, end == std::string_view::npos && text.ends_with(border.substr(0, 1)) ? text.size() - 1 : end);
        if (nick.empty() || (end == std::string_view::npos && nick.size() == text.size() && style != bus::Message::Style::action)) return false;
        bus::Message body;
        body.style = style;
        if (end != std::string_view::npos) body.text = std::string(text.substr(end + border.size()));
        add(nick, "message", std::move(body));
        return true;
    }

    bool server_line(std::string_view text) {
        using Change = bus::Membership::Change;
        const auto nick = text.substr(0, text.find(' '));
        if (nick.empty() || nick.size() == text.size()) return false;
        const auto rest = text.substr(nick.size());
        bus::Membership body{.change = Change::join, .id = std::string(nick), .name = std::string(nick), .new_name = {}, .reason = {}};
        if (const auto renamed = between(rest, " is now known as ", " ")) {
            body.change = Change::rename;
            body.new_name = std::string(*renamed);
        } else if (const auto left = rest.find(" has left "); left != std::string_view::npos || rest.find(" has quit") != std::string_view::npos) {
            body.change = Change::leave;
            const auto from = left == std::string_view::npos ? rest.find(" has quit") : left;
            body.reason = std::string(between(rest.substr(from), " [", "]").value_or(""));
        } else if (rest.find(" has joined ") == std::string_view::npos && !rest.ends_with(" has joined")) {
            return false;
        }
        add(nick, "membership", std::move(body));
        return true;
    }

    void add(std::string_view nick, std::string_view kind, bus::Body body) {
        bus::Event event;
        event.origin = {room_, file_ + ":" + std::to_string(number_), visibility_};
        event.id = bus::derived_id({room_.account, room_.room, event.origin.native_id, kind, "0"});
        event.time = event.received = time_ + std::chrono::microseconds(number_);
        event.author.id = event.author.name = std::string(nick);
        event.body = std::move(body);
        log_.events.push_back(std::move(event));
    }

    std::string file_;
    Time day_, time_;
    const bus::RoomAddress& room_;
    bus::Visibility visibility_;
    std::size_t number_ = 0;
    IrcLog log_;
};

}  // namespace

service::Result<IrcLog> parse_irc_log(std::string_view file_name, std::string_view content, const bus::RoomAddress& room, bus::Visibility visibility) {
    const auto name = file_name.substr(file_name.find_last_of('/') + 1);
    const auto day = date_in(name);
    if (!day) {
        return service::fail(service::Code::invalid, "the log's name \"" + std::string(name) + "\" has no date", "name it as in 2026-11-23.txt");
    }
    Reading reading(name, *day, room, visibility);
    std::size_t number = 0;
    while (!content.empty()) {
        const auto end = content.find('\n');
        auto line = content.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        reading.line(line, ++number);
        content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
    }
    return reading.take();
}

service::Result<std::vector<bus::Event>> read_irc_log(const std::filesystem::path& path, const bus::RoomAddress& room, bus::Visibility visibility) {
    std::ifstream file(path, std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    if (!file) return service::fail(service::Code::io, "cannot read " + path.string(), "is it there, and may it be read?");
    auto log = parse_irc_log(path.filename().string(), content, room, visibility);
    if (!log) return service::fail(std::move(log.error()));
    return std::move(log->events);
}

}  // namespace parley::cli
