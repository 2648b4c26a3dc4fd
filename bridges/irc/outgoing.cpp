// Lines, pace and receipts; see outgoing.h.
#include "bridges/irc/outgoing.h"

#include <algorithm>
#include <charconv>

#include "bridges/irc/markup.h"

namespace parley::irc {

using service::Code;
using service::Error;

namespace {

constexpr std::string_view fence_word = "parley-";

std::string key_of(const kit::DeliveryId& id) {
    return bus::derived_id({id.event.view(), id.room, std::to_string(id.part)}).text();
}

// While more waits: each is one more command for the server.
constexpr std::uint64_t fence_every = 5;
constexpr std::size_t action_bytes = 9;  // "\1ACTION " and "\1"

bool good_target(std::string_view target) {
    return !target.empty() && target.size() <= 200 && target[0] != ':' && target[0] != '$' &&
           std::none_of(target.begin(), target.end(), [](unsigned char c) {
               return c <= ' ' || c == ',' || c == '*' || c == '?' || c == '!' || c == 0x7f;
           });
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view name) {
    if (!text.starts_with(name)) return std::nullopt;
    text.remove_prefix(name.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

Outgoing::Outgoing(kit::Host& host, const Session& session, const Settings& settings, const service::Clock& clock,
                   Wire& wire)
    : host_(host), session_(session), clock_(clock), wire_(wire) {
    if (settings.pace_per_second > 0)
        pace_.emplace(clock_, settings.pace_per_second, static_cast<double>(settings.pace_burst));
}

bool Outgoing::lines_of(const kit::Delivery& delivery, Item& item, Error& why) const {
    const std::string& room = delivery.id.room;
    const bool channel = session_.isupport().is_channel(room);
    if (!good_target(room) || (!channel && room.find('@') != std::string::npos)) {
        why = {Code::invalid, "\"" + room + "\" is neither a channel nor a nick", "check the room's name"};
        return false;
    }
    if (channel && !session_.rooms().knows(room)) {
        why = {Code::not_found, "we are not to be in " + room, "name it in a gateway or as a [room] of the settings"};
        return false;
    }
    if (const auto* topic = std::get_if<kit::SetTopic>(&delivery.what)) {
        auto text = split(to_irc(topic->text), std::min(session_.text_max(room.size()),
                                                        std::max<std::size_t>(session_.isupport().topic_length, 64)));
        item.lines.push_back({{}, {}, "TOPIC", {room, text.empty() ? "" : text[0]}});
        return true;
    }
    if (const auto* react = std::get_if<kit::React>(&delivery.what)) {
        item.lines.push_back(
            {{{"+draft/reply", react->native_id}, {react->added ? "+draft/react" : "+draft/unreact", react->emoji}},
             {},
             "TAGMSG",
             {room}});
        return true;
    }
    if (const auto* retract = std::get_if<kit::Retract>(&delivery.what)) {
        item.lines.push_back({{}, {}, "REDACT", {room, retract->native_id}});
        if (!retract->reason.empty()) item.lines.back().params.push_back(retract->reason);
        return true;
    }
    const auto* say = std::get_if<kit::Say>(&delivery.what);
    if (say == nullptr) {
        why = {Code::unsupported, "IRC has no corrections of its own", ""};
        return false;
    }
    item.lines = spoken(*say, room, {});
    // The link died before an answer, and IRC cannot be asked: whoever reads it twice sees why.
    if (delivery.in_doubt) item.marked = spoken(*say, room, kit::doubt_mark);
    item.hold = delivery.hold_in_doubt;
    if (item.lines.empty()) why = {Code::invalid, "there is no text to say", ""};
    return !item.lines.empty();
}

std::vector<Line> Outgoing::spoken(const kit::Say& say, const std::string& room, std::string_view mark) const {
    std::vector<Line> out;
    const bool action = say.style == bus::Message::Style::action;
    const std::size_t most = session_.text_max(room.size()) - (action ? action_bytes : 0);
    const std::string command = say.style == bus::Message::Style::notice ? "NOTICE" : "PRIVMSG";
    for (auto& piece : split(std::string(mark) + to_irc(say.text), most)) {
        if (piece.find_first_not_of(' ') == std::string::npos) continue;
        if (!action) std::replace(piece.begin(), piece.end(), '\1', ' ');
        out.push_back({{}, {}, command, {room, action ? format_ctcp("ACTION", piece) : piece}});
    }
    if (!out.empty() && !say.reply_to.empty()) out[0].tags.emplace_back("+draft/reply", say.reply_to);
    return out;
}

void Outgoing::deliver(const kit::Delivery& delivery) {
    // We react for many people: what one of them takes back may still stand for another.
    if (const auto* react = std::get_if<kit::React>(&delivery.what);
        react != nullptr && !react->added &&
        std::find(react->emojis.begin(), react->emojis.end(), react->emoji) != react->emojis.end())
        return host_.delivered(delivery.id, kit::unconfirmed);
    auto item = std::make_unique<Item>();
    item->id = delivery.id;
    item->key = key_of(delivery.id);
    Error why;
    if (!lines_of(delivery, *item, why)) return host_.refused(delivery.id, why);
    if (delivery.in_doubt) look_up(delivery, *item);
    if (item->sent < item->lines.size()) queue_.push_back(item.get());
    items_.push_back(std::move(item));
}

// A keeper knows what reached the connection: what never did was not said, and what is on the one that is still there is
// answered by it. On an earlier one it may have been said or not.
void Outgoing::look_up(const kit::Delivery& delivery, Item& item) {
    const auto& sent = wire_.sent();
    const auto found = sent.of.find(item.key);
    if (found == sent.of.end()) {
        if (!sent.keeper.empty() && delivery.sent_through == sent.keeper) item.marked.clear();
        return;
    }
    const auto& progress = found->second;
    if (!progress.now) return;
    if (progress.of != item.lines.size() && progress.of == item.marked.size()) item.lines = item.marked;
    if (progress.of != item.lines.size()) return;  // another version of us cut it otherwise
    item.marked.clear();
    while (item.sent < std::min<std::size_t>(progress.lines, item.lines.size())) fly(item);
}

void Outgoing::settled(const kit::DeliveryId& id) { wire_.correct({key_of(id), 0, 0}); }

// A channel that we were kicked out of waits until we are back, and until what was said there meanwhile is known: it
// may show that a line in doubt was said.
bool Outgoing::ready(const std::string& room) const {
    if (!session_.isupport().is_channel(room)) return true;
    return session_.rooms().joined(room) && !session_.history().busy(room);
}

// Order is kept within a room.
Outgoing::Item* Outgoing::next() {
    for (std::size_t i = 0; i < queue_.size();) {
        Item* item = queue_[i];
        if (!ready(item->id.room))
            ++i;
        else if (!found_in_history(*item))
            return item;
    }
    return nullptr;
}

// A line in doubt that the history has was said; without that it is said again with its mark, or not at all, as its
// gateway wants it. True: it is gone.
bool Outgoing::found_in_history(Item& item) {
    if (item.marked.empty()) return false;
    std::vector<std::string> found;
    for (const auto& line : item.lines) {
        for (auto& id : session_.history().ids_of(item.id.room, line.last())) {
            if (recognised_.contains(id) || std::find(found.begin(), found.end(), id) != found.end()) continue;
            found.push_back(std::move(id));
            break;
        }
    }
    if (found.size() < item.lines.size() && item.hold) {
        refuse(item, kit::not_known());
        return true;
    }
    if (found.size() < item.lines.size()) {
        item.lines = std::exchange(item.marked, {});
        return false;
    }
    recognised_.insert(found.begin(), found.end());
    const auto id = item.id;
    std::erase(queue_, &item);
    erase(item);
    host_.delivered(id, {found[0]});
    return true;
}

std::optional<std::chrono::microseconds> Outgoing::pump() {
    Item* item = next();
    for (; item != nullptr; item = next()) {
        if (pace_ && !pace_->take()) break;
        transmit(*item);
        if (item->sent == item->lines.size()) std::erase(queue_, item);
    }
    const bool due = item == nullptr || (!session_.has("echo-message") && number_ - fence_ >= fence_every);
    if (number_ > fence_ && !flying_.empty() && due) fence();
    if (item == nullptr) return std::nullopt;
    return std::max(pace_->wait(), std::chrono::microseconds(1000));
}

void Outgoing::fly(Item& item) {
    const auto& line = item.lines[item.sent++];
    flying_.push_back({++number_, &item, std::string(line.param(0)), std::string(line.last())});
}

void Outgoing::transmit(Item& item) {
    Line line = item.lines[item.sent];
    fly(item);
    if (session_.has("labeled-response")) line.tags.emplace_back("label", fence_name() + std::to_string(number_));
    wire_.send(line, {item.key, item.sent, item.lines.size()});
}

// What answers a bridge that was here before us must not pass for ours.
std::string Outgoing::fence_name() const {
    const auto guests = wire_.sent().guests;
    return guests == 0 ? std::string(fence_word) : std::string(fence_word) + std::to_string(guests) + "-";
}

void Outgoing::fence() {
    fence_ = number_;
    if (pace_) pace_->take();  // it counts as a line for the server, too; never waited for
    wire_.send({{}, {}, "PING", {fence_name() + std::to_string(fence_)}});
}

void Outgoing::answer(const Line& line) {
    if (line.command == "PONG") {
        if (const auto number = number_after(line.last(), fence_name())) fenced(*number);
    } else if (line.command == "PRIVMSG" || line.command == "NOTICE" || line.command == "TOPIC" ||
               line.command == "TAGMSG" || line.command == "REDACT") {
        echoed(line);
    } else if (line.command != "ACK") {
        failed(line);
    }
}

std::deque<Outgoing::Flying>::iterator Outgoing::by_label(const Line& line) {
    const auto label = line.tag("label");
    const auto number = label ? number_after(*label, fence_name()) : std::nullopt;
    if (!number) return flying_.end();
    return std::find_if(flying_.begin(), flying_.end(), [&](const Flying& f) { return f.number == *number; });
}

void Outgoing::echoed(const Line& line) {
    auto found = by_label(line);
    if (found == flying_.end()) {
        found = std::find_if(flying_.begin(), flying_.end(), [&](const Flying& f) {
            return f.text == line.last() && session_.isupport().same(f.target, line.param(0));
        });
    }
    if (found == flying_.end()) return;
    const auto id = line.tag("msgid");
    taken(found, id ? to_utf8(*id) : std::string());
}

void Outgoing::fenced(std::uint64_t number) {
    while (!flying_.empty() && flying_.front().number <= number) taken(flying_.begin(), {});
}

void Outgoing::taken(std::deque<Flying>::iterator flying, std::string native_id) {
    Item* item = flying->item;
    flying_.erase(flying);
    if (item == nullptr) return;
    if (item->taken++ == 0) item->native_id = std::move(native_id);
    if (item->taken < item->lines.size()) return;
    const auto id = item->id;
    const kit::Receipt receipt{item->native_id};
    erase(*item);
    host_.delivered(id, receipt);
}

// 404 me #room :Cannot send to channel
void Outgoing::failed(const Line& line) {
    static constexpr std::string_view known[] = {"401", "403", "404", "407", "408", "411", "412", "413", "414",
                                                 "415", "442", "477", "482", "486", "489", "492", "531", "FAIL"};
    auto found = by_label(line);
    if (found == flying_.end()) {
        if (std::find(std::begin(known), std::end(known), line.command) == std::end(known)) return;
        found = std::find_if(flying_.begin(), flying_.end(), [&](const Flying& f) {
            return f.item != nullptr && session_.isupport().same(f.target, line.param(1));
        });
    }
    if (found == flying_.end() || found->item == nullptr) return;
    const bool absent = line.command == "401" || line.command == "403";
    Item& item = *found->item;
    flying_.erase(found);
    if (session_.rooms().knows(item.id.room) && !session_.rooms().joined(item.id.room)) return again(item);
    refuse(item, {absent ? Code::not_found : Code::denied,
                  "the server does not pass it on to " + item.id.room + ": " + to_text(line.last()).plain,
                  absent ? "" : "ask an operator of the channel for voice (+v)"});
}

// It crossed our being kicked out: what was not taken goes again when we are back.
void Outgoing::again(Item& item) {
    for (auto& flying : flying_)
        if (flying.item == &item) flying.item = nullptr;
    item.sent = item.taken;
    wire_.correct({item.key, item.sent, item.lines.size()});
    queue_.clear();
    for (const auto& held : items_)
        if (held->sent < held->lines.size()) queue_.push_back(held.get());
}

void Outgoing::refuse(Item& item, const Error& why) {
    const auto id = item.id;
    std::erase(queue_, &item);
    erase(item);
    host_.refused(id, why);
}

void Outgoing::erase(Item& item) {
    for (auto& flying : flying_)
        if (flying.item == &item) flying.item = nullptr;
    std::erase_if(items_, [&](const auto& held) { return held.get() == &item; });
}

}  // namespace parley::irc
