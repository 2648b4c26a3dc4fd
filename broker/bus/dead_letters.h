// Events that a follower cannot work on: each time it did, its process crashed. After the third time the event is set
// aside here, the rest moves on, and an operator may look at it and try again (`parley dead-letters`).
//
// Which event is in hand stands in a page that a file is mapped to: a note is a few stores, costs no system call, and
// outlives the process (not a power cut, which is no crash). One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "broker/bus/event.h"
#include "broker/bus/value.h"
#include "broker/service/clock.h"

namespace parley::bus {

class DeadLetters {
public:
    static constexpr std::uint32_t crashes_max = 3;     // with the same event in hand, and it is set aside
    static constexpr std::chrono::hours suspected_for{1};  // crashes further apart than this count from one again

    // Reads what is there and counts what the last process had in hand at its end. The folder is made when it is needed;
    // without a name nothing is noted. A folder that cannot be used is said in the log: then nothing is noted, either.
    // Beyond `letters_max` the oldest letter goes; its event stays in the archive.
    DeadLetters(std::filesystem::path folder, const service::Clock& clock, std::size_t letters_max = 1000);
    ~DeadLetters();
    DeadLetters(const DeadLetters&) = delete;
    DeadLetters& operator=(const DeadLetters&) = delete;

    // Around the work on an event, for one room where rooms are worked on one by one. Not over a wait for the disk.
    void in_hand(const EventId& event, std::string_view room = {});
    void nothing_in_hand();

    bool has(const EventId& event, std::string_view room = {}) const { return aside_ > 0 && set_aside(event, room); }
    void keep(const Event& event, std::string_view room = {});  // one that has() knows: for whoever looks at it
    static std::string why();                                   // for a receipt that refuses it
    std::size_t size() const { return aside_; }

    // {do: list, show, retry or drop; id: a letter's}. `again` takes the event back; then the letter is gone.
    using Again = std::function<service::Result<void>(const Event& event, const std::string& room)>;
    service::Result<Value> answer(const Value& request, const Again& again);

private:
    struct Letter {
        EventId event;
        std::string room;
        std::uint32_t crashes = 0;  // fewer than crashes_max: only suspected
        service::Time first{}, last{};
        std::string bytes;  // of the event; empty until it came again
        bool is_aside() const { return crashes >= crashes_max; }
    };
    using Letters = std::map<std::string, Letter>;  // by the letter's id

    void open_page();
    void read_letters();
    void count_crash();
    void make_room();
    bool save(const std::string& id, const Letter& letter);
    void remove(Letters::iterator letter);
    bool set_aside(const EventId& event, std::string_view room) const;
    service::Result<Letters::iterator> find(const std::string& id);
    static Value shown(const std::string& id, const Letter& letter);
    std::filesystem::path file_of(const std::string& id) const;

    std::filesystem::path folder_;
    const service::Clock& clock_;
    std::size_t letters_max_;
    unsigned char* page_ = nullptr;  // see the .cpp
    Letters letters_;
    std::size_t aside_ = 0;
};

}  // namespace parley::bus
