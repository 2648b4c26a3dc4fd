// parley send ROOM TEXT…: say something as Parley itself, and see whether it was said.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {
namespace {

constexpr std::chrono::seconds receipts_within{10};

// The rooms that will hear it from a bridge, which answers each with a receipt. The page's own read the journal.
std::vector<bus::RoomAddress> rooms_behind_bridges(const bus::HouseSettings& settings, const bus::RoomAddress& room) {
    std::vector<bus::RoomAddress> out{room};
    for (const auto& gateway : settings.gateways) {
        const bool mirrored = std::find(gateway.rooms.begin(), gateway.rooms.end(), room) != gateway.rooms.end();
        if (!mirrored || settings.visibility(room) >= bus::Visibility::closed) continue;
        for (const auto& other : gateway.rooms) {
            if (std::find(out.begin(), out.end(), other) == out.end()) out.push_back(other);
        }
    }
    std::erase_if(out, [&](const bus::RoomAddress& one) { return settings.accounts.at(one.account) == "web"; });
    return out;
}

// One message on its way: what became of it in each room.
class Sending {
public:
    Sending(Session& session, bus::Event event, std::vector<bus::RoomAddress> rooms) : session_(session), event_(std::move(event)), open_(std::move(rooms)) {}

    Result<void> run() {
        if (!open_.empty()) follow();
        session_.client().publish(event_, [this](Result<bus::Sequence> sequence) {
            if (sequence) fmt::print("{} is number {} in the journal\n", event_.id.brief(), *sequence);
            session_.done(sequence ? Result<void>{} : fail(sequence.error()));
        });
        if (auto published = session_.wait(std::chrono::seconds(5)); !published) return published;
        leave_out_the_absent();
        waiting_ = true;
        if (!open_.empty()) {
            const auto waited = session_.wait(receipts_within);
            if (!waited && waited.error().code != Code::timeout) return waited;
        }
        for (const auto& room : open_) fmt::print("{}: queued; its bridge has not said yet whether it could\n", for_terminal(room.text()));
        if (refused_.empty()) return {};
        return fail(Code::denied, refused_, "parley status says in which rooms the bot is, and why not");
    }

private:
    void follow() {
        bus::FollowOptions options;
        options.start = bus::FollowOptions::Start::now;
        options.filter.kinds = {bus::Kind::receipt};
        options.filter.rooms = open_;
        session_.client().follow(options, [this](std::vector<bus::Followed> events) {
            for (const auto& one : events) take(one.event);
            session_.client().acknowledge(events.back().event.sequence);
            if (waiting_ && open_.empty()) session_.done();
        });
    }

    void take(const bus::Event& event) {
        const auto& receipt = std::get<bus::Receipt>(event.body);
        if (bus::native_ids_of(receipt, event_.id) == nullptr || std::erase(open_, event.origin.room) == 0) return;
        const auto room = for_terminal(event.origin.room.text());
        if (receipt.refusal.empty()) fmt::print("{} has it\n", room);
        else refused_ += fmt::format("{}{} refused it: {}", refused_.empty() ? "" : "; ", room, for_terminal(receipt.refusal));
    }

    // Where nobody can speak now nothing is to be waited for.
    void leave_out_the_absent() {
        std::map<std::string, Result<bus::Value>> bridges;
        for (const auto& room : std::vector(open_)) {
            if (!bridges.contains(room.account)) bridges.emplace(room.account, session_.ask("account." + room.account, "status", bus::Value::map({}), std::chrono::seconds(2)));
            const auto why = absence(bridges.at(room.account), room.room);
            if (!why.empty() && std::erase(open_, room) > 0) fmt::print("{}: queued; {}\n", for_terminal(room.text()), for_terminal(why));
        }
    }

    static std::string absence(const Result<bus::Value>& bridge, const std::string& room) {
        if (!bridge) return "its bridge does not answer";
        const auto because = [](const std::string& reason) { return reason.empty() ? std::string() : ": " + reason; };
        if ((*bridge)["link"].text() != "up") return "the link is " + (*bridge)["link"].text("down") + because((*bridge)["reason"].text());
        for (const auto& one : (*bridge)["rooms"].list()) {
            if (one["room"].text() == room && !one["joined"].boolean()) return "the bot is not in the room" + because(one["reason"].text());
        }
        return {};
    }

    Session& session_;
    bus::Event event_;
    std::vector<bus::RoomAddress> open_;  // not heard of yet
    std::string refused_;
    bool waiting_ = false;
};

bus::Event event_of(const bus::HouseSettings& settings, const bus::RoomAddress& room, const std::string& text) {
    service::SystemRandom random;
    bus::Event event;
    event.id = bus::random_id(random);
    event.time = event.received = service::SystemClock().now();
    event.origin.room = room;
    event.origin.visibility = settings.visibility(room);
    event.author = bus::ourselves(settings.name);
    bus::Message message;
    message.text = text;
    message.text.normalise();
    event.body = std::move(message);
    return event;
}

}  // namespace

service::Program send() {
    service::Program program{"parley send", "Say something in a room and all its mirrors", {}, {}, "ACCOUNT/ROOM TEXT…",
                             "  parley send web/ops the deploy begins at noon\n\n"
                             "Waits up to ten seconds for each room to have it. A room that refuses it is named with the reason, and the\n"
                             "exit code is 1. \"queued\" means that the journal has it and the room hears it when its bridge is back."};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings& settings) -> Result<void> {
        if (arguments.words.size() < 2) return fail(Code::invalid, "send needs a room and a text", "parley send libera/#ops hello");
        const auto room = bus::RoomAddress::from_text(arguments.words[0]);
        if (!room || !settings.accounts.contains(room->account)) {
            return fail(Code::not_found, fmt::format("no account has the room {}", arguments.words[0]), "write it as ACCOUNT/ROOM, with an account of the settings");
        }
        std::string text;
        for (std::size_t i = 1; i < arguments.words.size(); ++i) text += (i > 1 ? " " : "") + arguments.words[i];
        Session session(settings);
        return Sending(session, event_of(settings, *room, text), rooms_behind_bridges(settings, *room)).run();
    });
    return program;
}

}  // namespace parley::cli
