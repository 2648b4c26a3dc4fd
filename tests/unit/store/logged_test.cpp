// A store with a log in front: what a death at any moment, a torn end, a full disk and a transaction that was given up leave.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <random>

#include "broker/store/log_file.h"
#include "broker/store/store.h"
#include "tests/support/process.h"

namespace parley::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

using Content = std::map<std::string, std::string>;

EnvOptions logged(Sync sync = Sync::full) {
    EnvOptions options;
    options.logged = true;
    options.sync = sync;
    return options;
}

class LoggedStore : public testing::Test {
protected:
    static void put(Env& env, Table& table, const std::string& key, const std::string& value) {
        WriteTxn txn(env);
        table.put(txn, key, value);
        txn.commit();
    }
    static Content all(Env& env, const Table& table) {
        const ReadTxn txn(env);
        Content out;
        each_with_prefix(txn, table, {}, [&](std::string_view key, std::string_view value) {
            out.emplace(key, value);
            return true;
        });
        return out;
    }
    // As the next process would find it.
    static Content found_in(const std::filesystem::path& where, Sync sync = Sync::full) {
        Env env(where, logged(sync));
        Table table(env, "t");
        return all(env, table);
    }
    // The files as a death now would leave them.
    std::filesystem::path copied() {
        const auto copy = folder.path() / ("copy" + std::to_string(++copies_));
        std::filesystem::copy(store, copy, std::filesystem::copy_options::recursive);
        return copy;
    }
    static std::string log_of(const std::filesystem::path& where) { return tests::read_file(where / "changes.log"); }
    static void write_log(const std::filesystem::path& where, const std::string& bytes) {
        std::ofstream(where / "changes.log", std::ios::binary | std::ios::trunc) << bytes;
    }

    tests::TempFolder folder{"parley-logged"};
    std::filesystem::path store = folder.path() / "store";

private:
    int copies_ = 0;
};

TEST_F(LoggedStore, HasEveryCommitAfterADeathAndNothingThatWasGivenUp) {
    Env env(store, logged());
    Table table(env, "t");
    put(env, table, "a", "1");
    {
        WriteTxn given_up(env);
        table.put(given_up, "a", "2");
        table.put(given_up, "b", "2");
    }
    EXPECT_THAT(all(env, table), ElementsAre(Pair("a", "1")));
    put(env, table, "c", "3");
    {
        WriteTxn txn(env);
        EXPECT_TRUE(table.erase(txn, "a"));
        EXPECT_FALSE(table.erase(txn, "nothing"));
        EXPECT_FALSE(table.put_new(txn, "c", "4"));
        EXPECT_TRUE(table.put_new(txn, "d", "4"));
        table.append(txn, "e", "5");
        txn.commit();
    }
    const Content expected{{"c", "3"}, {"d", "4"}, {"e", "5"}};
    EXPECT_EQ(all(env, table), expected);
    EXPECT_EQ(found_in(copied()), expected);
}

TEST_F(LoggedStore, IsAPlainStoreOnceItWasClosed) {
    {
        Env env(store, logged());
        Table table(env, "t");
        put(env, table, "a", "1");
    }
    Env env(store);
    Table table(env, "t");
    EXPECT_THAT(all(env, table), ElementsAre(Pair("a", "1")));
}

TEST_F(LoggedStore, TakesOverAPlainOneAndGivesItTheNewNumberIfItIsTheSame) {
    {
        EnvOptions plain;
        plain.format = 1;
        Env env(store, plain);
        Table table(env, "t");
        put(env, table, "a", "1");
    }
    auto options = logged();
    options.format = 2;
    options.same_from = 1;
    {
        Env env(store, options);
        EXPECT_EQ(env.format(), 1U) << "that it was found in";
        Table table(env, "t");
        EXPECT_THAT(all(env, table), ElementsAre(Pair("a", "1")));
    }
    EXPECT_EQ(Env(store, options).format(), 2U);
    EnvOptions older;
    older.format = 1;
    EXPECT_THROW(Env(store, older), Failure);
}

TEST_F(LoggedStore, IsOneWritersAlone) {
    const Env env(store, logged());
    try {
        const Env other(store, logged());
        FAIL() << "it was opened twice";
    } catch (const Failure& failure) {
        EXPECT_TRUE(failure.busy()) << failure.what();
    }
}

// Some thousand transactions of many kinds, the files looked at after each as a next process would: against a map.
TEST_F(LoggedStore, IsWhatAMapWouldBeWheneverTheProcessDies) {
    std::mt19937 random(11);
    const auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
    std::optional<Env> env;
    std::optional<Table> table;
    const auto open = [&] {
        table.reset();
        env.reset();
        env.emplace(store, logged(Sync::on_demand));
        table.emplace(*env, "t");
    };
    open();
    Content expected;
    for (int round = 0; round < 3000; ++round) {
        auto changed = expected;
        {
            WriteTxn txn(*env);
            for (auto changes = below(12); changes > 0; --changes) {
                const auto key = "key " + std::to_string(below(300));
                const std::string value(below(below(20) == 0 ? 9000 : 60), static_cast<char>('a' + below(26)));
                if (below(4) == 0) {
                    EXPECT_EQ(table->erase(txn, key), changed.erase(key) == 1);
                } else if (below(3) == 0) {
                    EXPECT_EQ(table->put_new(txn, key, value), changed.emplace(key, value).second);
                } else {
                    table->put(txn, key, value);
                    changed[key] = value;
                }
            }
            if (below(8) != 0) {
                txn.commit();
                expected = changed;
            }
        }
        if (below(40) == 0) {
            EXPECT_EQ(found_in(copied(), Sync::on_demand), expected) << round;
        }
        if (below(100) == 0) env->sync();
        if (below(200) == 0) open();
    }
    EXPECT_EQ(all(*env, *table), expected);
}

// A frame cut at every byte: it is there as a whole or not at all, and what comes after it stands in its place.
TEST_F(LoggedStore, PassesOverAFrameThatIsCutAnywhere) {
    std::filesystem::path before, after;
    {
        Env env(store, logged());
        Table table(env, "t");
        put(env, table, "a", "1");
        before = copied();
        put(env, table, "b", std::string(50, '2'));
        after = copied();
    }
    const auto whole = log_of(after), half = log_of(before);
    ASSERT_EQ(whole.size(), half.size()) << "it has room ahead";
    std::size_t from = 0, to = whole.size();
    while (whole[from] == half[from]) ++from;
    while (whole[to - 1] == half[to - 1]) --to;
    ASSERT_GT(to - from, 80U);
    for (auto cut = from; cut < to; cut += 3) {
        write_log(after, whole.substr(0, cut) + half.substr(cut));
        const auto copy = after.string() + "-" + std::to_string(cut);
        std::filesystem::copy(after, copy, std::filesystem::copy_options::recursive);
        {
            Env env(copy, logged());
            Table table(env, "t");
            EXPECT_THAT(all(env, table), ElementsAre(Pair("a", "1"))) << cut;
            put(env, table, "b", std::string(50, '3'));
        }
        EXPECT_THAT(found_in(copy), ElementsAre(Pair("a", "1"), Pair("b", std::string(50, '3')))) << cut;
    }
    write_log(after, whole);
    EXPECT_THAT(found_in(after), ElementsAre(Pair("a", "1"), Pair("b", std::string(50, '2'))));
}

TEST_F(LoggedStore, SaysThatItIsDamagedIfAFrameInTheMiddleIs) {
    Env env(store, logged());
    Table table(env, "t");
    for (int i = 0; i < 5; ++i) put(env, table, "key " + std::to_string(i), "value " + std::to_string(i));
    const auto copy = copied();
    auto bytes = log_of(copy);
    bytes.at(bytes.find("value 2")) ^= 1;
    write_log(copy, bytes);
    try {
        const Env broken(copy, logged());
        FAIL() << "it was opened";
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.what(), HasSubstr("changes.log is torn in its middle"));
        EXPECT_THAT(failure.what(), HasSubstr("restore it from a copy"));
    }
    EXPECT_EQ(log_of(copy), bytes) << "and it is left as it is";
    // Without a sync behind each commit it is what a power cut leaves: up to there, all is there.
    EXPECT_EQ(found_in(copy, Sync::on_demand).size(), 2U);
}

// Whoever knows how a frame looks cannot say one in a room: it takes the store's key.
TEST_F(LoggedStore, TakesNoFrameThatSomebodyElseMade) {
    const auto forge = [&](std::uint64_t epoch, std::uint64_t number) {
        LogFile forged(folder.path() / "forged", {});
        forged.begin(epoch);
        for (std::uint64_t i = 0; i <= number; ++i) forged.append("p");
        const auto bytes = tests::read_file(folder.path() / "forged");
        return bytes.substr(number * (LogFile::head_bytes + 1), LogFile::head_bytes + 1);
    };
    Env env(store, logged());
    Table table(env, "t");
    put(env, table, "a", "1");
    const auto copy = copied();
    auto bytes = log_of(copy);
    const auto end = bytes.find_last_not_of('\0') + 1;
    for (std::uint64_t epoch = 1; epoch < 4; ++epoch) {
        bytes.replace(end, LogFile::head_bytes + 1, forge(epoch, 1));
        bytes.replace(end + 100, LogFile::head_bytes + 1, forge(epoch, 2));
        write_log(copy, bytes);
        const auto again = copy.string() + std::to_string(epoch);
        std::filesystem::copy(copy, again, std::filesystem::copy_options::recursive);
        EXPECT_THAT(found_in(again), ElementsAre(Pair("a", "1"))) << epoch;
    }
}

// The system's limit on a file's length stands for a full disk: a write that goes half way, then one that does not go at all.
TEST_F(LoggedStore, WritesNothingOnAFullDiskAndGoesOnWhenThereIsRoom) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    Env env(store, logged());
    Table table(env, "t");
    put(env, table, "a", "1");
    const auto limit_to = [&](rlim_t bytes) {
        const rlimit limit{bytes, before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    };
    const auto length = std::filesystem::file_size(store / "changes.log");
    limit_to(length);
    const std::string large(length + 10'000, 'x');
    for (int i = 0; i < 2; ++i) {
        try {
            put(env, table, "large", large);
            ADD_FAILURE() << "it was taken";
        } catch (const Failure& failure) {
            EXPECT_TRUE(failure.full()) << failure.what();
        }
        limit_to(length + 5000);
    }
    put(env, table, "small", "2");
    EXPECT_THAT(all(env, table), ElementsAre(Pair("a", "1"), Pair("small", "2")));
    EXPECT_EQ(found_in(copied()).size(), 2U);
    limit_to(before.rlim_cur);
    put(env, table, "large", large);
    EXPECT_EQ(all(env, table).at("large"), large);
    EXPECT_EQ(found_in(copied()).size(), 3U);
}

// The tables' file may not grow, then the log neither: it takes what is said as long as there is room, and a restart finds it.
TEST_F(LoggedStore, KeepsInTheLogWhatTheTablesHaveNoRoomFor) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    {
        Env env(store, logged(Sync::on_demand));
        Table table(env, "t");
        put(env, table, "large", std::string(8 << 20, 'x'));
    }
    Env env(store, logged(Sync::on_demand));
    Table table(env, "t");
    const rlimit limit{std::filesystem::file_size(store / "data.mdb"), before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::size_t taken = 0, refused = 0;
    for (int i = 0; refused < 3 && i < 200'000; ++i) {
        try {
            put(env, table, "key " + std::to_string(i), std::string(100, 'v'));
            ++taken;
        } catch (const Failure& failure) {
            EXPECT_TRUE(failure.full()) << failure.what();
            ++refused;
        }
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_GT(taken, 16'384U) << "more than the tables are brought up to date after";
    EXPECT_EQ(refused, 3U) << "the log may not grow for ever";
    EXPECT_EQ(all(env, table).size(), 1 + taken);
    EXPECT_EQ(found_in(copied(), Sync::on_demand).size(), 1 + taken);
    put(env, table, "b", "2");
    EXPECT_EQ(all(env, table).size(), 2 + taken);
}

TEST_F(LoggedStore, SurvivesBeingKilledInTheMiddleOfWriting) {
    for (int round = 0; round < 20; ++round) {
        int told[2];
        ASSERT_EQ(::pipe(told), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            Env env(store, logged(Sync::on_demand));
            Table table(env, "t");
            for (std::uint64_t i = 0;; ++i) {
                put(env, table, "round " + std::to_string(round) + " " + std::to_string(i), std::string(i % 300, 'x'));
                if (::write(told[1], &i, sizeof i) < 0) ::_exit(1);
            }
        }
        ::close(told[1]);
        std::uint64_t last = 0, one = 0;
        for (int i = 0; i < 50 + round * 300 && ::read(told[0], &one, sizeof one) == sizeof one; ++i) last = one;
        ::kill(child, SIGKILL);
        while (::read(told[0], &one, sizeof one) == sizeof one) last = one;
        ::close(told[0]);
        ::waitpid(child, nullptr, 0);
        const auto found = found_in(store, Sync::on_demand);
        std::uint64_t there = 0;
        while (found.contains("round " + std::to_string(round) + " " + std::to_string(there))) ++there;
        EXPECT_GE(there, last + 1) << round;
        EXPECT_LE(there, last + 2) << round;
    }
}

}  // namespace
}  // namespace parley::store
