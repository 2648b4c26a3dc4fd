// A chat network of the simulated world: rooms, the people in them, and one login of ours. What people say there and what
// they see of us is the truth that the checker goes by. Our connection has its own delays and dies on its own.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bridges/kit/capabilities.h"
#include "bridges/kit/delivery.h"
#include "tests/faults/simulation/world.h"

namespace parley::simulation {

class StrawPlatform;

// What networks differ in.
struct Habits {
    kit::Capabilities can;
    bool names_things = false;  // messages have native ids
    // When it is in doubt whether something was said: the server knows it by its key, or tells what it heard from us, or neither.
    enum class Doubt { key, memory, none } doubt = Doubt::none;
    double repeats = 0;    // how often it tells something twice
    double reorders = 0;   // how often a message waits and lets others pass
    double refuses = 0;    // how often it does not let us speak
    Micros answers_most = 0;  // how long it thinks about what we say, at most
};

// What a person does.
struct Utterance {
    std::size_t number = 0;
    std::string account, room;
    bus::Event event;      // as the platform tells it
    std::string text;      // unlike any other: how it is found again
    Micros said = 0;
    std::optional<Micros> handed;  // to the kit, for the first time
    std::size_t handed_as = 0;     // the order of that
    std::optional<Micros> missed;  // when the network lost it for us; the latest
};

// Something of ours, as people in the room see it.
struct Shown {
    kit::DeliveryId id;
    std::string native_id, text;
    bool marked = false;   // as perhaps said before
    bool refused = false;  // at first; then our link went before we heard of it, and we asked again
};

class ChatServer {
public:
    ChatServer(World& world, std::string account, Habits habits, Process& bridge) : world_(world), account_(std::move(account)), habits_(std::move(habits)), bridge_(bridge) {}

    void say(Utterance& utterance);

    // Faults.
    void cut();
    void stall(Micros how_long) { stalled_until_ = world_.now() + how_long; }
    void close_for(Micros how_long);  // it is down, and comes back
    void kick(const std::string& room, Micros how_long);
    void heal();

    // Our login's side.
    bool connect(StrawPlatform& platform);
    void disconnect();
    void hold(bool held);
    void join(const std::string& room);
    void ping(service::Steady asked);
    void history(const std::string& room, const kit::Seen& after);
    void post(const kit::Delivery& delivery);

    const Habits& habits() const { return habits_; }
    const std::string& account() const { return account_; }
    const std::vector<Shown>& shown(const std::string& room) { return rooms_[room].shown; }
    bool quiet() const;  // nothing that somebody said is on its way
    std::string fresh_id() { return account_ + "-" + std::to_string(++last_id_); }
    std::size_t handed() { return ++handed_; }

private:
    struct Entry {
        Micros at = 0;
        Utterance* utterance = nullptr;
    };
    struct Room {
        std::vector<Entry> log;
        std::vector<Shown> shown;
        std::map<std::string, std::string> keys;  // of what we said: native ids
        std::set<std::string> refused;  // keys
        bool member = false;
        Micros closed_until = 0;  // to us: kicked
    };
    struct Parcel {
        std::function<void()> open;
        Utterance* carries = nullptr;
    };
    void tell(std::function<void()> what, Utterance* carries = nullptr);
    void ask(std::function<void()> what);
    void next_to_us();
    void next_to_server();
    void miss(Utterance& utterance);
    void show(const kit::Delivery& delivery);

    World& world_;
    std::string account_;
    Habits habits_;
    Process& bridge_;
    std::map<std::string, Room> rooms_;
    StrawPlatform* platform_ = nullptr;  // while it is connected
    std::uint64_t link_ = 0;             // another after each connection
    std::deque<Parcel> to_us_;
    std::deque<std::function<void()>> to_server_;
    Micros last_[2] = {};
    Micros stalled_until_ = 0, down_until_ = 0;
    bool held_ = false;
    std::size_t last_id_ = 0, handed_ = 0, fetching_ = 0;
};

}  // namespace parley::simulation
