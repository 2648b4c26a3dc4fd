#include "broker/store/store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace parley::store {
namespace {

class Store : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/parley-store-XXXXXX";
        folder_ = ::mkdtemp(name);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path folder_;
};

TEST_F(Store, KeepsWhatWasCommittedAndForgetsTheRest) {
    {
        Env env(folder_ / "a");
        Table table(env, "t");
        WriteTxn kept(env);
        table.put(kept, "k", "v");
        kept.commit();
        WriteTxn dropped(env);
        table.put(dropped, "k", "other");
    }
    Env env(folder_ / "a");
    Table table(env, "t");
    const ReadTxn read(env);
    EXPECT_EQ(table.get(read, "k"), "v");
    EXPECT_EQ(table.get(read, "absent"), std::nullopt);
}

// In KiB: pages of files that are mapped and in memory.
long mapped_now() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("RssFile:")) return std::atol(line.c_str() + 8);
    }
    return 0;
}

TEST_F(Store, GivesPagesBackThatItLookedAt) {
    constexpr int records = 300;
    Env env(folder_ / "a");
    Table table(env, "t");
    const std::string value(100'000, 'v');
    for (int i = 0; i < records; ++i) {
        WriteTxn txn(env);
        table.append(txn, key_of(static_cast<std::uint64_t>(i)), value);
        txn.commit();
    }
    const auto read_all = [&] {
        const ReadTxn txn(env);
        std::size_t same = 0;
        each_with_prefix(txn, table, {}, [&](std::string_view key, std::string_view read) {
            same += key != "small" && read == value;
            return true;
        });
        return same;
    };
    const auto before = mapped_now();
    ASSERT_EQ(read_all(), records + 0U);
    ASSERT_GT(mapped_now(), before + 20'000);
    for (int i = 0; i < records; ++i) {
        WriteTxn txn(env);
        table.put(txn, "small", std::to_string(i));
        txn.commit();
    }
    EXPECT_LT(mapped_now(), before + 10'000);
    EXPECT_EQ(read_all(), records + 0U);  // and they are still there
}

TEST_F(Store, IsNobodyElsesToRead) {
    const Env env(folder_ / "a");
    struct stat info {};
    ASSERT_EQ(::stat((folder_ / "a").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_F(Store, WalksInKeyOrderBothWays) {
    Env env(folder_ / "a");
    Table table(env, "t");
    WriteTxn txn(env);
    for (const std::uint64_t n : {1, 256, 70000}) table.append(txn, key_of(n), std::to_string(n));
    Cursor cursor(txn, table);
    ASSERT_TRUE(cursor.seek(key_of(2)));
    EXPECT_EQ(number_of(cursor.key()), 256U);
    ASSERT_TRUE(cursor.seek_before(key_of(256)));
    EXPECT_EQ(cursor.value(), "1");
    EXPECT_FALSE(cursor.previous());
    ASSERT_TRUE(cursor.seek_before(key_of(99999)));
    EXPECT_EQ(cursor.value(), "70000");
    EXPECT_FALSE(cursor.seek(key_of(70001)));
}

TEST_F(Store, PutsNewOnlyOnce) {
    Env env(folder_ / "a");
    Table table(env, "t");
    WriteTxn txn(env);
    EXPECT_TRUE(table.put_new(txn, "k", "1"));
    EXPECT_FALSE(table.put_new(txn, "k", "2"));
    EXPECT_EQ(table.get(txn, "k"), "1");
    EXPECT_TRUE(table.erase(txn, "k"));
    EXPECT_FALSE(table.erase(txn, "k"));
    EXPECT_EQ(table.size(txn), 0U);
}

TEST_F(Store, VisitsAPrefixOnly) {
    Env env(folder_ / "a");
    Table table(env, "t");
    WriteTxn txn(env);
    for (const auto* key : {"a1", "a2", "b1"}) table.put(txn, key, "");
    std::string seen;
    each_with_prefix(txn, table, "a", [&](std::string_view key, std::string_view) {
        seen += key;
        return true;
    });
    EXPECT_EQ(seen, "a1a2");
}

TEST_F(Store, SaysThatItIsFullAndGoesOnReading) {
    EnvOptions small;
    small.map_bytes = 64 << 10;
    Env env(folder_ / "a", small);
    Table table(env, "t");
    {
        WriteTxn txn(env);
        table.put(txn, "first", "here");
        txn.commit();
    }
    try {
        WriteTxn txn(env);
        for (std::uint64_t n = 0; n < 1000; ++n) table.put(txn, key_of(n), std::string(1000, 'x'));
        txn.commit();
        FAIL() << "64 KiB held a megabyte";
    } catch (const Failure& failure) {
        EXPECT_TRUE(failure.full());
        EXPECT_THAT(failure.what(), testing::HasSubstr("size limit"));
    }
    const ReadTxn read(env);
    EXPECT_EQ(table.get(read, "first"), "here");
}

TEST_F(Store, OutlivesAKilledWriterEvenWithoutSync) {
    EnvOptions lazy;
    lazy.sync = Sync::on_demand;
    const pid_t child = ::fork();
    if (child == 0) {
        Env env(folder_ / "a", lazy);
        Table table(env, "t");
        WriteTxn txn(env);
        table.put(txn, "k", "v");
        txn.commit();
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    Env env(folder_ / "a", lazy);
    Table table(env, "t");
    const ReadTxn read(env);
    EXPECT_EQ(table.get(read, "k"), "v");
}

}  // namespace
}  // namespace parley::store
