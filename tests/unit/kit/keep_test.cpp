// What a bridge keeps on disk: identity map, outbox, spool; also when it is killed while it writes.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>

#include "bridges/kit/identity_map.h"
#include "bridges/kit/outbox.h"
#include "bridges/kit/pack.h"
#include "bridges/kit/spool.h"

namespace parley::kit {
namespace {

using ::testing::ElementsAre;

struct Keep : ::testing::Test {
    Keep() {
        std::string name = (std::filesystem::temp_directory_path() / "parley-kit-XXXXXX").string();
        folder = ::mkdtemp(name.data());
    }
    ~Keep() override { std::filesystem::remove_all(folder); }
    store::EnvOptions lazily() const {
        store::EnvOptions options;
        options.map_bytes = 1 << 28;
        options.sync = store::Sync::on_demand;
        return options;
    }
    static bus::Event event(const std::string& words) {
        bus::Event e;
        e.id = bus::derived_id({words});
        e.origin.room = {"a", "room"};
        e.origin.native_id = words;
        e.body = bus::Message{words};
        return e;
    }
    static std::string words(const bus::Event& e) { return std::get<bus::Message>(e.body).text.plain; }

    // Runs `work` in a child and kills it when it has said "ready" and some more. Gives the last number that it
    // reported.
    template <class Work>
    static int killed_at(const Work& work) {
        int pipe[2];
        EXPECT_EQ(::pipe(pipe), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(pipe[0]);
            work([&](int n) { return ::write(pipe[1], &n, sizeof n) == sizeof n; });
            ::_exit(0);
        }
        ::close(pipe[1]);
        int last = 0, n = 0;
        while (last < 200 && ::read(pipe[0], &n, sizeof n) == sizeof n) last = n;
        ::kill(child, SIGKILL);
        while (::read(pipe[0], &n, sizeof n) == sizeof n) last = n;
        ::waitpid(child, nullptr, 0);
        ::close(pipe[0]);
        return last;
    }
    std::filesystem::path folder;
};

TEST_F(Keep, FindsAMessageByEitherId) {
    store::Env env(folder, lazily());
    IdentityMap map(env);
    const auto id = bus::derived_id({"x"});
    {
        store::WriteTxn txn(env);
        map.put(txn, "#ops", {id, {}, "u1", "alice", "hello", true, {}});
        map.add_native(txn, "#ops", id, "n1");
        map.react(txn, "#ops", id, "x/bob", "👍", true);
        map.react(txn, "#ops", id, "x/carol", "👍", true);
        map.react(txn, "#ops", id, "x/bob", "👍", false);
        txn.commit();
    }
    const store::ReadTxn txn(env);
    EXPECT_EQ(map.event_of(txn, "#ops", "n1"), id);
    EXPECT_EQ(map.event_of(txn, "#other", "n1"), std::nullopt);
    const auto known = map.find(txn, id, "#ops");
    ASSERT_TRUE(known);
    EXPECT_THAT(known->native_ids, ElementsAre("n1"));
    EXPECT_EQ(known->author_name, "alice");
    EXPECT_TRUE(known->ours);
    EXPECT_THAT(known->reactions, ElementsAre("👍"));
}

TEST_F(Keep, SaysEachRoomsEventsInOrderAndTakesEachOnce) {
    store::Env env(folder, lazily());
    Outbox outbox(env, {100, 1});
    store::WriteTxn txn(env);
    bool full = false;
    EXPECT_TRUE(outbox.add(txn, "one", event("1"), full));
    EXPECT_FALSE(outbox.add(txn, "one", event("1"), full));
    EXPECT_TRUE(outbox.add(txn, "two", event("1"), full));
    EXPECT_TRUE(outbox.add(txn, "one", event("2"), full));
    const auto first = outbox.next(txn, "one");
    ASSERT_TRUE(first);
    EXPECT_EQ(words(first->event), "1");
    outbox.sent(txn, "one", first->ordinal);
    EXPECT_FALSE(outbox.next(txn, "one"));  // a window of one
    EXPECT_TRUE(outbox.next(txn, "two"));
    outbox.done(txn, first->ordinal);
    outbox.forget("one", first->ordinal);
    EXPECT_EQ(words(outbox.next(txn, "one")->event), "2");
}

TEST_F(Keep, SaysAgainOfWhatItRefusedThatItDid) {
    store::Env env(folder, lazily());
    Outbox outbox(env, {1, 1});
    store::WriteTxn txn(env);
    bool full = false;
    EXPECT_TRUE(outbox.add(txn, "room", event("1"), full));
    EXPECT_FALSE(full);
    for (int times = 0; times < 2; ++times) {
        EXPECT_TRUE(outbox.add(txn, "room", event("2"), full)) << "who acknowledged nothing hears of it again";
        EXPECT_TRUE(full);
        EXPECT_EQ(outbox.size("room"), 2U) << "the first, and one marker";
    }
    EXPECT_FALSE(outbox.add(txn, "room", event("1"), full));
    EXPECT_FALSE(full);
}

TEST_F(Keep, DoubtsWhatWasSentAndNotAnsweredBeforeARestart) {
    {
        store::Env env(folder, lazily());
        Outbox outbox(env);
        store::WriteTxn txn(env);
        bool full = false;
        outbox.add(txn, "room", event("1"), full);
        outbox.add(txn, "room", event("2"), full);
        const auto entry = outbox.next(txn, "room");
        outbox.sent(txn, "room", entry->ordinal);
        outbox.answered(txn, entry->ordinal, {"part 0"});
        txn.commit();
    }
    store::Env env(folder, lazily());
    Outbox outbox(env);
    store::WriteTxn txn(env);
    const auto again = outbox.next(txn, "room");
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->in_doubt);
    EXPECT_THAT(again->answered, ElementsAre("part 0"));
    outbox.sent(txn, "room", again->ordinal);
    EXPECT_FALSE(outbox.next(txn, "room")->in_doubt);
}

TEST_F(Keep, RemembersHowItWasSentFirst) {
    {
        store::Env env(folder, lazily());
        Outbox outbox(env);
        store::WriteTxn txn(env);
        bool full = false;
        outbox.add(txn, "room", event("1"), full);
        outbox.add(txn, "room", event("2"), full, true);
        const auto first = outbox.next(txn, "room")->ordinal;
        outbox.sent(txn, "room", first, {"a keeper", "by 400"});
        outbox.answered(txn, first, {"part 0"});
        outbox.sent(txn, "room", outbox.next(txn, "room")->ordinal, {"nobody knows", "by 200"});
        txn.commit();
    }
    store::Env env(folder, lazily());
    Outbox outbox(env);
    store::WriteTxn txn(env);
    const auto first = outbox.next(txn, "room");
    EXPECT_EQ(first->sent_through, "a keeper");
    EXPECT_EQ(first->cut, "by 400");
    EXPECT_THAT(first->answered, ElementsAre("part 0"));
    outbox.sent(txn, "room", first->ordinal, {"another", "by 300"});
    const auto second = outbox.next(txn, "room");
    EXPECT_EQ(second->sent_through, "") << "it was in doubt from the beginning";
    EXPECT_EQ(second->cut, "by 200");
    outbox.unanswered("room");
    EXPECT_EQ(outbox.next(txn, "room")->cut, "by 400");
    EXPECT_EQ(outbox.next(txn, "room")->attempts, 2U);
}

TEST_F(Keep, ReadsWhatAnEarlierVersionKnewOfWhatItSent) {
    store::Env env(folder, lazily());
    Outbox outbox(env);
    store::Table states(env, "outbox_states");
    {
        store::WriteTxn txn(env);
        bool full = false;
        outbox.add(txn, "room", event("1"), full);
        const auto ordinal = outbox.next(txn, "room")->ordinal;
        states.put(txn, store::key_of(ordinal), pack({"senta keeper", "part 0", "part 1"}));
        txn.commit();
    }
    outbox.reload();
    const store::ReadTxn txn(env);
    const auto entry = outbox.next(txn, "room");
    EXPECT_EQ(entry->sent_through, "a keeper");
    EXPECT_EQ(entry->cut, "");
    EXPECT_THAT(entry->answered, ElementsAre("part 0", "part 1"));
}

TEST_F(Keep, MarksWhatDidNotFitIntoTheOutbox) {
    store::Env env(folder, lazily());
    Outbox outbox(env, {2, 8});
    store::WriteTxn txn(env);
    bool full = false;
    for (int i = 0; i < 5; ++i) {
        auto e = event(std::to_string(i));
        e.time = service::Time(std::chrono::seconds(i));
        EXPECT_TRUE(outbox.add(txn, "room", e, full));
        EXPECT_EQ(full, i >= 2);
    }
    EXPECT_EQ(outbox.size("room"), 3u);
    for (int i = 0; i < 2; ++i) outbox.sent(txn, "room", outbox.next(txn, "room")->ordinal);
    const auto marker = outbox.next(txn, "room");
    ASSERT_TRUE(marker);
    const auto& gap = std::get<bus::Gap>(marker->event.body);
    EXPECT_EQ(gap.from, service::Time(std::chrono::seconds(2)));
    EXPECT_EQ(gap.to, service::Time(std::chrono::seconds(4)));
}

TEST_F(Keep, MarksForEachRoomWhatOfItDidNotFit) {
    store::Env env(folder, lazily());
    Outbox outbox(env, {1, 8});
    store::WriteTxn txn(env);
    bool full = false;
    for (int i = 0; i < 7; ++i) {
        auto e = event(std::to_string(i));
        e.origin.room.room = i % 2 == 0 ? "even" : "odd";
        e.time = service::Time(std::chrono::seconds(i));
        outbox.add(txn, "room", e, full);
    }
    ASSERT_EQ(outbox.size("room"), 3U);
    outbox.sent(txn, "room", outbox.next(txn, "room")->ordinal);
    std::map<std::string, std::pair<int, int>> marked;
    while (const auto marker = outbox.next(txn, "room")) {
        const auto& gap = std::get<bus::Gap>(marker->event.body);
        const auto seconds = [](service::Time time) { return static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count()); };
        marked[marker->event.origin.room.room] = {seconds(gap.from), seconds(gap.to)};
        outbox.sent(txn, "room", marker->ordinal);
    }
    EXPECT_EQ(marked, (std::map<std::string, std::pair<int, int>>{{"even", {2, 6}}, {"odd", {1, 5}}}));
}

TEST_F(Keep, LosesNothingFromTheSpoolWhenKilled) {
    const auto last = killed_at([&](const auto& report) {
        Spool spool(folder / "spool");
        for (int i = 1; i < 100000; ++i)
            if (!spool.add(event(std::to_string(i))) || !report(i)) return;
    });
    Spool spool(folder / "spool");
    const auto entries = spool.recover();
    ASSERT_GE(entries.size(), static_cast<std::size_t>(last));
    for (std::size_t i = 0; i < entries.size(); ++i) ASSERT_EQ(words(entries[i].event), std::to_string(i + 1));
    for (const auto& entry : entries) spool.done(entry.ordinal);
    EXPECT_EQ(spool.bytes(), 0u);
}

TEST_F(Keep, IgnoresATornLastRecordOfTheSpool) {
    {
        Spool spool(folder / "spool");
        ASSERT_TRUE(spool.add(event("1")));
        ASSERT_TRUE(spool.add(event("2")));
    }
    std::filesystem::resize_file(folder / "spool", std::filesystem::file_size(folder / "spool") - 3);
    Spool spool(folder / "spool");
    EXPECT_EQ(spool.recover().size(), 1u);
    ASSERT_TRUE(spool.add(event("3")));
    Spool again(folder / "spool");
    const auto entries = again.recover();
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(words(entries[1].event), "3");
}

TEST_F(Keep, KnowsSinceWhenAPowerCutWouldTakeSomethingFromTheSpool) {
    using std::chrono::seconds;
    const auto heard = [](const std::string& words, int at) {
        auto e = event(words);
        e.received = service::Time(seconds(at));
        return e;
    };
    Spool spool(folder / "spool");
    EXPECT_FALSE(spool.unsynced_since());
    const auto first = spool.add(heard("1", 10));
    ASSERT_TRUE(first && spool.add(heard("2", 20)));
    EXPECT_EQ(spool.unsynced_since(), service::Time(seconds(10)));
    spool.done(*first);  // the broker has it
    EXPECT_EQ(spool.unsynced_since(), service::Time(seconds(20)));
    ASSERT_TRUE(spool.sync());
    EXPECT_FALSE(spool.unsynced_since());
    auto absence = heard("3", 40);
    absence.body = bus::Gap{service::Time(seconds(30)), service::Time(seconds(40)), "away"};
    ASSERT_TRUE(spool.add(absence));  // without it all of the absence would be missing
    EXPECT_EQ(spool.unsynced_since(), service::Time(seconds(30)));
}

TEST_F(Keep, DoubtsWhatItIsToldToDoubt) {
    store::Env env(folder, lazily());
    bool full = false;
    {
        Outbox outbox(env);
        store::WriteTxn txn(env);
        outbox.add(txn, "room", event("1"), full, true);
        txn.commit();
    }
    Outbox outbox(env);
    store::WriteTxn txn(env);
    EXPECT_TRUE(outbox.next(txn, "room")->in_doubt);
    outbox.add(txn, "other", event("2"), full);
    EXPECT_FALSE(outbox.next(txn, "other")->in_doubt);
    outbox.doubt_all(txn);
    EXPECT_TRUE(outbox.next(txn, "other")->in_doubt);
}

TEST_F(Keep, RefusesWhatExceedsTheSpoolsLimit) {
    Spool spool(folder / "spool", 100);
    const auto refused = spool.add(event(std::string(200, 'x')));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, service::Code::limit);
}

TEST_F(Keep, SpoolsForEverWhereSomethingAlwaysWaits) {
    constexpr std::uint64_t bytes_max = 64 << 10;
    {
        Spool spool(folder / "spool", bytes_max);
        auto before = spool.add(event("the first"));
        for (int i = 0; i < 5000; ++i) {
            const auto now = spool.add(event(std::to_string(i)));
            ASSERT_TRUE(now) << i << ": " << now.error().text();
            spool.done(*before);
            before = now;
        }
        EXPECT_EQ(spool.waiting(), 1u);
        EXPECT_EQ(spool.bytes() + std::string_view("parley records 1\n").size(), std::filesystem::file_size(folder / "spool"));
    }
    Spool again(folder / "spool");
    const auto entries = again.recover();
    ASSERT_FALSE(entries.empty());
    EXPECT_EQ(words(entries.back().event), "4999");
}

TEST_F(Keep, LosesNothingFromTheOutboxWhenKilled) {
    const auto last = killed_at([&](const auto& report) {
        store::Env env(folder, lazily());
        Outbox outbox(env);
        for (int i = 1; i < 100000; ++i) {
            store::WriteTxn txn(env);
            bool full = false;
            outbox.add(txn, "room", event(std::to_string(i)), full);
            txn.commit();
            if (!report(i)) return;
        }
    });
    store::Env env(folder, lazily());
    Outbox outbox(env, {100000, 1000000});
    ASSERT_GE(outbox.size(), static_cast<std::size_t>(last));
    store::WriteTxn txn(env);
    for (int i = 1; i <= last; ++i) {
        const auto entry = outbox.next(txn, "room");
        ASSERT_TRUE(entry);
        EXPECT_EQ(words(entry->event), std::to_string(i));
        EXPECT_FALSE(entry->in_doubt);
        outbox.done(txn, entry->ordinal);
        outbox.forget("room", entry->ordinal);
    }
}

}  // namespace
}  // namespace parley::kit
