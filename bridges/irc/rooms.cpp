// Joins, members and coming back; see rooms.h.
#include "bridges/irc/rooms.h"

#include <algorithm>

#include "bridges/irc/author.h"
#include "bridges/irc/markup.h"

namespace parley::irc {

using bus::Membership;
using service::Code;

namespace {

constexpr std::chrono::milliseconds again_most{5 * 60 * 1000};
constexpr std::string_view ourselves = "parley";  // who tells our own state
constexpr std::size_t members_max = 100000;  // of one room; beyond it quits are not told

struct Refusal {
    std::string_view numeric;
    Code code;
    std::string_view why, hint;
};
constexpr Refusal refusals[] = {
    {"403", Code::not_found, "there is no such channel", "check the room's name"},
    {"405", Code::limit, "the server lets us join no more channels", "use a second account for some rooms"},
    {"437", Code::unavailable, "the channel is held back for now", "it is tried again"},
    {"471", Code::limit, "the channel is full (+l)", "it is tried again; ask an operator for room"},
    {"473", Code::denied, "the channel is by invitation (+i)", "ask an operator to invite us or to add +I"},
    {"474", Code::denied, "we are banned (+b)", "ask an operator to lift the ban; it is tried again"},
    {"475", Code::denied, "the channel's key is wrong (+k)", "set it in `channel_keys` of the account"},
    {"476", Code::invalid, "that is no channel name", "check the room's name"},
    {"477", Code::denied, "the channel wants a signed-in account (+r)", "set `sasl` or `nickserv_password`"},
    {"489", Code::denied, "the channel wants TLS (+z)", "set tls = true"},
    {"520", Code::denied, "the channel is for operators", "choose another room"},
};

std::string reason_text(std::string_view raw) { return to_text(raw).plain; }

}  // namespace

Rooms::Rooms(const Settings& settings, const Isupport& isupport, std::vector<std::string> rooms, MakeEvent make)
    : settings_(settings), isupport_(isupport), make_(std::move(make)), order_(std::move(rooms)) {}

Rooms::Room* Rooms::find(std::string_view channel) {
    const auto found = rooms_.find(isupport_.folded(channel));
    return found == rooms_.end() ? nullptr : &found->second;
}

bool Rooms::joined(std::string_view channel) const {
    const auto found = rooms_.find(isupport_.folded(channel));
    return found != rooms_.end() && found->second.joined;
}

std::string Rooms::spelled(std::string_view channel) const {
    const auto found = rooms_.find(isupport_.folded(channel));
    return found != rooms_.end() ? found->second.name : to_utf8(channel);
}

std::size_t Rooms::longest_name() const {
    std::size_t most = 0;
    for (const auto& name : order_) most = std::max(most, name.size());
    return most;
}

void Rooms::join_all(Effects& out) {
    rooms_.clear();
    for (const auto& name : order_) {
        if (!isupport_.is_channel(name)) continue;  // a nick: a conversation, nothing to join
        Room room;
        room.name = name;
        for (const auto& [channel, key] : settings_.channel_keys)
            if (isupport_.same(channel, name)) room.key = key;
        rooms_[isupport_.folded(name)] = room;
    }
    // Those without a key go together, as many as the server takes.
    std::string list;
    std::size_t count = 0;
    const auto flush = [&] {
        if (count > 0) out.push_back(send("JOIN", {list}));
        list.clear(), count = 0;
    };
    const std::size_t most = std::min<std::size_t>(isupport_.targets_of("JOIN", 4), 16);
    for (auto& [folded, room] : rooms_) {
        if (!room.key.empty()) {
            ask(room, out);
            continue;
        }
        if (count == most || list.size() + room.name.size() > 400) flush();
        list += (count++ > 0 ? "," : "") + room.name;
    }
    flush();
}

void Rooms::ask(Room& room, Effects& out) {
    std::vector<std::string> params{room.name};
    if (!room.key.empty()) params.push_back(room.key);
    out.push_back(send("JOIN", params));
}

void Rooms::join_missing(Effects& out) {
    for (auto& [folded, room] : rooms_)
        if (!room.joined && !room.again) ask(room, out);
}

void Rooms::tell_kept(Effects& out) const {
    for (const auto& [folded, room] : rooms_)
        if (room.joined) out.push_back(RoomChanged{room.name, true, {}, true});
}

void Rooms::state(const std::string& us, std::vector<Line>& out) const {
    constexpr std::size_t names_bytes = 400;
    const std::string nick = us.substr(0, us.find('!'));
    for (const auto& [folded, room] : rooms_) {
        if (!room.joined) continue;
        out.push_back({{}, us, "JOIN", {room.name}});
        std::string names;
        const auto flush = [&, &name = room.name] {
            if (!names.empty()) out.push_back({{}, std::string(ourselves), "353", {nick, "=", name, std::exchange(names, {})}});
        };
        for (const auto& member : room.members) {
            if (names.size() + member.size() > names_bytes) flush();
            names += (names.empty() ? "" : " ") + member;
        }
        flush();
        if (room.listed) out.push_back({{}, std::string(ourselves), "366", {nick, room.name, "."}});
    }
}

void Rooms::lost(Room& room, service::Error reason, service::Steady now, Effects& out) {
    room.joined = room.listed = false;
    room.members.clear();
    const auto doubled = settings_.rejoin_after * (1 << std::min(room.refused++, 10u));
    room.again = now + std::min<std::chrono::milliseconds>(doubled, std::max(again_most, settings_.rejoin_after));
    out.push_back(RoomChanged{room.name, false, std::move(reason)});
}

std::optional<service::Steady> Rooms::due() const {
    std::optional<service::Steady> first;
    for (const auto& [folded, room] : rooms_)
        if (room.again && (!first || *room.again < *first)) first = room.again;
    return first;
}

void Rooms::tick(service::Steady now, Effects& out) {
    for (auto& [folded, room] : rooms_) {
        if (!room.again || *room.again > now) continue;
        room.again.reset();
        ask(room, out);
    }
}

void Rooms::heard(const Line& line, const std::string& our_nick, service::Steady now, Effects& out) {
    const bool ours = isupport_.same(line.nick(), our_nick);
    if (line.command == "QUIT" || line.command == "NICK") return everywhere(line, our_nick, out);
    if (line.command == "353") return names(line, our_nick, out);
    if (line.command == "366") {
        if (Room* room = find(line.param(1))) room->listed = true;
        return;
    }
    if (line.command.size() == 3) return refused(line, now, out);
    Room* room = find(line.param(0));
    if (room == nullptr) {
        // Some servers or operators join us to channels that nobody named: leave.
        if (line.command == "JOIN" && ours) out.push_back(send("PART", {std::string(line.param(0))}));
        return;
    }
    if (line.command == "JOIN") return joined_by(line, *room, ours, out);
    if (line.command == "KICK") return kicked(line, *room, our_nick, now, out);
    if (line.command == "PART") {
        room->members.erase(isupport_.folded(line.nick()));
        if (ours)
            return lost(*room,
                        {Code::unavailable, "we were made to leave " + room->name, "we come back by ourselves"}, now,
                        out);
        member(line, *room, {Membership::Change::leave, {}, to_utf8(line.nick()), "", reason_text(line.param(1))},
               out);
    } else if (line.command == "TOPIC") {
        auto event = make_(line, room->name);
        event.body = bus::Topic{to_text(line.param(1))};
        if (!ours) out.push_back(Heard{std::move(event)});
    }
}

void Rooms::joined_by(const Line& line, Room& room, bool ours, Effects& out) {
    if (ours) {
        room.joined = true;
        room.listed = false;
        room.refused = 0;
        room.again.reset();
        room.members.clear();
        out.push_back(RoomChanged{room.name, true, {}});
        return;
    }
    if (room.members.size() < members_max) room.members.insert(isupport_.folded(line.nick()));
    const auto nick = to_utf8(line.nick());
    auto event = make_(line, room.name);
    // extended-join: the account stands beside the channel.
    if (line.params.size() >= 3) event.author = author_of(isupport_, line.nick(), line.param(1));
    event.body = Membership{Membership::Change::join, event.author.id, nick, "", ""};
    out.push_back(Heard{std::move(event)});
}

void Rooms::kicked(const Line& line, Room& room, const std::string& our_nick, service::Steady now, Effects& out) {
    const auto whom = to_utf8(line.param(1)), by = to_utf8(line.nick()), why = reason_text(line.param(2));
    room.members.erase(isupport_.folded(line.param(1)));
    if (isupport_.same(line.param(1), our_nick)) {
        return lost(room,
                    {Code::denied, by + " kicked us out of " + room.name + (why.empty() ? "" : ": " + why),
                     "we come back by ourselves"},
                    now, out);
    }
    member(line, room, {Membership::Change::kick, nick_id(isupport_, line.param(1)), whom, "", why}, out);
}

void Rooms::everywhere(const Line& line, const std::string& our_nick, Effects& out) {
    if (isupport_.same(line.nick(), our_nick) && line.command == "QUIT") return;  // the connection ends by itself
    const bool quit = line.command == "QUIT";
    const auto nick = to_utf8(line.nick());
    for (auto& [folded, room] : rooms_) {
        if (room.members.erase(isupport_.folded(line.nick())) == 0) continue;
        if (!quit) room.members.insert(isupport_.folded(line.param(0)));
        if (isupport_.same(line.nick(), our_nick)) continue;
        if (quit)
            member(line, room, {Membership::Change::leave, {}, nick, "", reason_text(line.param(0))}, out);
        else
            member(line, room, {Membership::Change::rename, {}, nick, to_utf8(line.param(0)), ""}, out);
    }
}

// 353 me = #room :@alice +bob
void Rooms::names(const Line& line, const std::string& our_nick, Effects& out) {
    Room* room = find(line.param(2));
    if (room == nullptr || !room->joined) return;
    for (auto rest = line.last(); !rest.empty();) {
        auto one = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(one.size() + 1, rest.size()));
        one.remove_prefix(std::min(one.find_first_not_of(isupport_.prefix_symbols), one.size()));
        one = one.substr(0, one.find('!'));
        if (one.empty() || room->members.size() >= members_max || !room->members.insert(isupport_.folded(one)).second)
            continue;
        if (room->listed || isupport_.same(one, our_nick)) continue;
        auto event = make_(line, room->name);
        event.author = author_of(isupport_, one, {});
        event.body = Membership{Membership::Change::present, event.author.id, event.author.name, "", ""};
        out.push_back(Heard{std::move(event)});
    }
}

void Rooms::refused(const Line& line, service::Steady now, Effects& out) {
    Room* room = find(line.param(1));
    if (room == nullptr || room->joined) return;
    for (const auto& refusal : refusals) {
        if (refusal.numeric != line.command) continue;
        return lost(*room,
                    {refusal.code,
                     room->name + ": " + std::string(refusal.why) + ", says the server: " + to_utf8(line.last()),
                     std::string(refusal.hint)},
                    now, out);
    }
}

// A change without an id is the author's own.
void Rooms::member(const Line& line, const Room& room, Membership what, Effects& out) {
    auto event = make_(line, room.name);
    if (what.id.empty()) what.id = event.author.id;
    event.body = std::move(what);
    out.push_back(Heard{std::move(event)});
}

}  // namespace parley::irc
