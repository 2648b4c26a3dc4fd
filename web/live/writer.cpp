#include "web/live/writer.h"

#include <algorithm>

#include "broker/bus/event_value.h"
#include "broker/service/unicode.h"

namespace parley::live {
namespace {

using bus::Value;
using service::Code;
using service::fail;
using service::Result;

constexpr std::chrono::seconds durable_within{10};
constexpr double burst = 20, each_second = 2;  // messages of one person; beyond it Code::limit
constexpr std::size_t people_max = 10000;      // paces remembered; then all start afresh

}  // namespace

Result<bus::Text> clean_text(const std::string& text) {
    if (text.size() > message_bytes_max) {
        return fail(Code::limit,
                    "the message has " + std::to_string(text.size()) + " bytes; " +
                        std::to_string(message_bytes_max) + " is the most",
                    "send it in parts");
    }
    std::string out;
    for (const char c : service::unicode::repaired(text)) {
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
    }
    out.erase(out.find_last_not_of(" \n\t") + 1);
    out.erase(0, out.find_first_not_of("\n"));
    if (out.empty()) return fail(Code::invalid, "the message is empty", "write something");
    return bus::Text(std::move(out));
}

Writer::Writer(server::Bus& bus, const Hub& hub, const bus::HouseSettings& house, const service::Clock& clock)
    : bus_(bus), hub_(hub), house_(house), clock_(clock) {}

Result<void> Writer::allowed_now(const server::Person& person) {
    const std::lock_guard hold(mutex_);
    if (paces_.size() > people_max) paces_.clear();
    const auto now = clock_.steady();
    auto [found, fresh] = paces_.try_emplace(person.id, Pace{burst, now});
    Pace& pace = found->second;
    pace.tokens =
        std::min(burst, pace.tokens + each_second * std::chrono::duration<double>(now - pace.since).count());
    pace.since = now;
    if (pace.tokens < 1) return fail(Code::limit, "too many messages at once", "wait a few seconds");
    pace.tokens -= 1;
    return {};
}

Result<bus::RoomAddress> Writer::own_room(const std::string& room) const {
    const auto address = bus::RoomAddress::from_text(room);
    const auto ours = web_rooms(house_);
    if (!address || std::find(ours.begin(), ours.end(), *address) == ours.end()) {
        return fail(Code::denied, "\"" + room + "\" is not a room of this page", "name a room that begins with web/");
    }
    return *address;
}

Result<Written> Writer::publish(const server::Person& person, const bus::RoomAddress& room, const std::string& client,
                                bus::Body body) {
    if (client.empty() || client.size() > 64)
        return fail(Code::invalid, "client_id must have 1 to 64 bytes", "use a random one for each message");
    bus::Event event;
    event.body = std::move(body);
    event.id = bus::derived_id({web_account, room.room, client, bus::name(event.kind()), "0"});
    event.time = event.received = clock_.now();
    event.origin = {room, client, house_.visibility(room)};
    event.author = {person.id, person.name, person.strength, false, {}};
    const auto id = event.id;
    const auto sequence = bus_.publish(std::move(event), durable_within);
    if (!sequence) return fail(sequence.error());
    return Written{id, *sequence};
}

Result<Written> Writer::say(const server::Person& person, const std::string& room, const std::string& client,
                            const std::string& text, const std::string& reply_to) {
    if (auto now = allowed_now(person); !now) return fail(now.error());
    auto address = own_room(room);
    if (!address) return fail(address.error());
    auto words = clean_text(text);
    if (!words) return fail(words.error());
    bus::Message message;
    if (words->plain.starts_with("/me ")) {
        message.style = bus::Message::Style::action;
        words->plain.erase(0, 4);
    }
    message.text = std::move(*words);
    if (const auto target = bus::EventId::from_text(reply_to)) message.reply_to.event = *target;
    return publish(person, *address, client, std::move(message));
}

Result<Value> Writer::own_message(const server::Person& person, const std::string& target) const {
    const auto id = bus::EventId::from_text(target);
    if (!id) return fail(Code::invalid, "\"" + target + "\" is not an event's id");
    Value message;
    if (const auto recent = hub_.find(*id)) {
        message = recent->value();
    } else {
        auto answer = bus_.ask("archive", "event", Value::map({{"id", target}, {"viewer", viewer(house_, person)}}),
                               durable_within);
        if (!answer) return fail(answer.error());
        message = std::move(*answer);
    }
    if (message["account"].text() != web_account || message["author"]["id"].text() != person.id ||
        message["kind"].text() != "message") {
        return fail(Code::denied, "this is not your message");
    }
    return message;
}

Result<Written> Writer::edit(const server::Person& person, const std::string& client, const std::string& target,
                             const std::string& text) {
    if (auto now = allowed_now(person); !now) return fail(now.error());
    auto message = own_message(person, target);
    if (!message) return fail(message.error());
    auto words = clean_text(text);
    if (!words) return fail(words.error());
    const auto id = *bus::EventId::from_text(target);
    std::uint32_t revision = hub_.revisions_of(id);
    for (const Value& version : (*message)["versions"].list())
        revision = std::max(revision, static_cast<std::uint32_t>(version["revision"].number()));
    return publish(person, {std::string(web_account), (*message)["room"].text()}, client,
                   bus::Edit{{id, (*message)["native_id"].text()}, revision + 1, std::move(*words)});
}

Result<Written> Writer::redact(const server::Person& person, const std::string& client, const std::string& target) {
    if (auto now = allowed_now(person); !now) return fail(now.error());
    auto message = own_message(person, target);
    if (!message) return fail(message.error());
    return publish(person, {std::string(web_account), (*message)["room"].text()}, client,
                   bus::Redaction{{*bus::EventId::from_text(target), (*message)["native_id"].text()}, {}});
}

Result<Written> Writer::react(const server::Person& person, const std::string& room, const std::string& client,
                              const std::string& target, const std::string& emoji, bool added) {
    if (auto now = allowed_now(person); !now) return fail(now.error());
    const auto address = own_room(room);
    if (!address) return fail(address.error());
    const auto id = bus::EventId::from_text(target);
    if (!id) return fail(Code::invalid, "\"" + target + "\" is not an event's id");
    const auto sign = clean_text(emoji);
    if (!sign || sign->plain.size() > 64) return fail(Code::invalid, "a reaction is one emoji");
    return publish(person, *address, client, bus::Reaction{{*id, {}}, sign->plain, added});
}

}  // namespace parley::live
