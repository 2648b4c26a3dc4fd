// What a follower sets aside. A process that crashes is a child that ends without a word.
#include "broker/bus/dead_letters.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/bus/temporary_folder.h"

namespace parley::bus {
namespace {

struct SetClock final : service::Clock {
    service::Time time = service::Time(std::chrono::seconds(1'790'000'000));
    service::Time now() const override { return time; }
    service::Steady steady() const override { return {}; }
};

class AFollower : public testing::Test {
protected:
    void crash_with(const EventId& event, const std::string& room) {
        const auto child = ::fork();
        if (child == 0) {
            letters().in_hand(event, room);
            ::_exit(1);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
    }
    DeadLetters letters() { return DeadLetters(folder.path / "letters", clock, 3); }
    static Event event_of(const std::string& words) {
        Event event;
        event.id = derived_id({words});
        event.time = event.received = service::Time(std::chrono::seconds(1'790'000'000));
        event.origin.room = {"lobby", "#ops"};
        event.author = ourselves("parley");
        event.body = Message{words};
        return event;
    }
    static Value asked(const char* what, const std::string& id = {}) { return Value::map({{"do", what}, {"id", id}}); }
    static service::Result<void> taken(const Event&, const std::string&) { return {}; }

    TemporaryFolder folder;
    SetClock clock;
    Event poison = event_of("poison");
};

TEST_F(AFollower, SetsAsideWhatCrashedItThreeTimes) {
    for (int i = 0; i < 2; ++i) crash_with(poison.id, "room");
    EXPECT_FALSE(letters().has(poison.id, "room"));
    crash_with(poison.id, "room");
    const auto now = letters();
    EXPECT_TRUE(now.has(poison.id, "room"));
    EXPECT_FALSE(now.has(poison.id, "another room"));
    EXPECT_EQ(now.size(), 1U);
}

TEST_F(AFollower, SetsNothingAsideThatItWasDoneWith) {
    for (int i = 0; i < 5; ++i) {
        const auto child = ::fork();
        if (child == 0) {
            auto now = letters();
            now.in_hand(poison.id);
            now.nothing_in_hand();
            ::_exit(1);
        }
        ::waitpid(child, nullptr, 0);
    }
    EXPECT_FALSE(letters().has(poison.id));
}

TEST_F(AFollower, CountsTheCrashesOfEachEventByItself) {
    const auto other = event_of("other");
    for (int i = 0; i < 2; ++i) {
        crash_with(poison.id, "");
        crash_with(other.id, "");
    }
    EXPECT_EQ(letters().size(), 0U);
    crash_with(other.id, "");
    crash_with(poison.id, "");
    EXPECT_EQ(letters().size(), 2U);
}

TEST_F(AFollower, ForgetsCrashesThatAreFarApart) {
    for (int i = 0; i < 6; ++i) {
        crash_with(poison.id, "");
        clock.time += std::chrono::hours(2);
    }
    EXPECT_EQ(letters().size(), 0U);
}

TEST_F(AFollower, FindsItsDeadLettersAfterARestartAndShowsTheEvent) {
    for (int i = 0; i < 3; ++i) crash_with(poison.id, "room");
    letters().keep(poison, "room");
    auto now = letters();
    const auto list = now.answer(asked("list"), taken);
    ASSERT_TRUE(list) << list.error().text();
    ASSERT_EQ((*list)["letters"].list().size(), 1U);
    const auto id = (*list)["letters"].list()[0]["id"].text();
    const auto shown = now.answer(asked("show", id.substr(0, 6)), taken);
    ASSERT_TRUE(shown) << shown.error().text();
    EXPECT_EQ((*shown)["said"]["text"].text(), "poison");
    EXPECT_EQ((*shown)["crashes"].number(), 3);
}

TEST_F(AFollower, GetsBackWhatIsTriedAgain) {
    for (int i = 0; i < 3; ++i) crash_with(poison.id, "room");
    auto now = letters();
    const auto id = (*now.answer(asked("list"), taken))["letters"].list()[0]["id"].text();
    EXPECT_EQ(now.answer(asked("retry", id), taken).error().code, service::Code::unavailable) << "it has not come again";
    now.keep(poison, "room");
    const auto refused = now.answer(asked("retry", id), [](const Event&, const std::string&) { return service::Result<void>(service::fail(service::Code::io, "full")); });
    EXPECT_EQ(refused.error().code, service::Code::io);
    EXPECT_TRUE(now.has(poison.id, "room"));
    std::string said;
    ASSERT_TRUE(now.answer(asked("retry", id), [&](const Event& event, const std::string& room) {
        said = room + ": " + std::get<Message>(event.body).text.plain;
        return service::Result<void>();
    }));
    EXPECT_EQ(said, "room: poison");
    EXPECT_FALSE(now.has(poison.id, "room"));
    EXPECT_EQ(letters().size(), 0U);
}

TEST_F(AFollower, LosesADeadLetterThatIsDropped) {
    for (int i = 0; i < 3; ++i) crash_with(poison.id, "");
    auto now = letters();
    const auto id = (*now.answer(asked("list"), taken))["letters"].list()[0]["id"].text();
    ASSERT_TRUE(now.answer(asked("drop", id), taken));
    EXPECT_EQ(now.answer(asked("drop", id), taken).error().code, service::Code::not_found);
    EXPECT_EQ(letters().size(), 0U);
}

TEST_F(AFollower, KeepsNoMoreDeadLettersThanTheirLimit) {
    for (int i = 0; i <= 3; ++i) {
        clock.time += std::chrono::seconds(1);
        for (int crash = 0; crash < 3; ++crash) crash_with(event_of(std::to_string(i)).id, "");
        EXPECT_LE(letters().size(), 3U);
    }
    EXPECT_FALSE(letters().has(event_of("0").id));
    EXPECT_TRUE(letters().has(event_of("1").id));
}

TEST_F(AFollower, WorksWhereNoDeadLettersCanBeWritten) {
    DeadLetters nowhere("/proc/no/such/place", clock);
    nowhere.in_hand(poison.id);
    nowhere.nothing_in_hand();
    EXPECT_FALSE(nowhere.has(poison.id));
    DeadLetters none({}, clock);
    none.in_hand(poison.id);
    none.nothing_in_hand();
    EXPECT_FALSE(none.has(poison.id));
}

}  // namespace
}  // namespace parley::bus
