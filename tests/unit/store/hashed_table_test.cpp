// Keys that are hashes, in generations: what was put is found, wherever it lies, whatever ended in between.
#include "broker/store/hashed_table.h"

#include <gmock/gmock.h>

#include <atomic>
#include <bit>
#include <map>
#include <random>
#include <thread>

#include "tests/support/process.h"

namespace parley::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

constexpr std::size_t generation = 4, block = generation * Filter::generations;  // keys

std::string key(std::uint64_t number) {  // 16 bytes as a hash has them
    std::mt19937_64 bits(number);
    return key_of(bits()) + key_of(bits());
}

class Hashed : public testing::Test {
protected:
    void put(std::uint64_t from, std::uint64_t to, const std::string& value = "v") {
        for (auto number = from; number < to; ++number) {
            WriteTxn txn(*env);
            table->put(txn, key(number), value + std::to_string(number));
            txn.commit();
        }
    }
    std::optional<std::string> get(std::uint64_t number) const {
        const ReadTxn txn(*env);
        const auto found = table->get(txn, key(number));
        return found ? std::optional(std::string(*found)) : std::nullopt;
    }
    std::vector<std::uint64_t> missing(std::uint64_t from, std::uint64_t to, const std::string& value = "v") const {
        std::vector<std::uint64_t> out;
        for (auto number = from; number < to; ++number)
            if (get(number) != value + std::to_string(number)) out.push_back(number);
        return out;
    }
    std::uint64_t filters() {
        const Table raw(*env, "t.filters");
        const ReadTxn txn(*env);
        return raw.size(txn);
    }
    void again() {
        table.reset();
        env.emplace(folder.path() / "store", options);
        table.emplace(*env, "t", generation);
    }
    void open_logged() {
        table.reset();
        env.reset();
        options.logged = true;
        env.emplace(folder.path() / "store", options);
        table.emplace(*env, "t", generation);
    }

    tests::TempFolder folder;
    EnvOptions options;
    std::optional<Env> env{std::in_place, folder.path() / "store", options};
    std::optional<HashedTable> table{std::in_place, *env, "t", generation};
};

TEST_F(Hashed, FindsWhatWasPutInAnyGeneration) {
    put(0, 3 * block);
    EXPECT_THAT(missing(0, 3 * block), IsEmpty());
    for (std::uint64_t other = 3 * block; other < 4 * block; ++other) EXPECT_EQ(get(other), std::nullopt);
    EXPECT_EQ(filters(), 2U) << "the last block's is in memory";
}

TEST_F(Hashed, FindsItAfterARestart) {
    put(0, 2 * block + 3);
    env.reset();
    again();
    EXPECT_THAT(missing(0, 2 * block + 3), IsEmpty());
    put(2 * block + 3, 4 * block);
    EXPECT_THAT(missing(0, 4 * block), IsEmpty());
}

TEST_F(Hashed, GivesWhatWasPutLast) {
    put(0, block);
    put(0, block, "w");
    EXPECT_THAT(missing(0, block, "w"), IsEmpty());
    env.reset();
    again();
    EXPECT_THAT(missing(0, block, "w"), IsEmpty());
}

TEST_F(Hashed, PutsNothingNewOverWhatIsThere) {
    put(0, 2 * block);
    WriteTxn txn(*env);
    EXPECT_FALSE(table->put_new(txn, key(1), "other"));
    EXPECT_TRUE(table->put_new(txn, key(2 * block), "other"));
    EXPECT_THAT(table->get(txn, key(1)), Optional(std::string_view("v1")));
    EXPECT_THAT(table->get(txn, key(2 * block)), Optional(std::string_view("other")));
}

TEST_F(Hashed, ErasesEveryVersion) {
    put(0, block);
    put(0, 10, "w");
    {
        WriteTxn txn(*env);
        for (std::uint64_t number = 0; number < 10; ++number) EXPECT_TRUE(table->erase(txn, key(number)));
        EXPECT_FALSE(table->erase(txn, key(0)));
        EXPECT_FALSE(table->erase(txn, key(10 * block)));
        txn.commit();
    }
    for (std::uint64_t number = 0; number < 10; ++number) EXPECT_EQ(get(number), std::nullopt);
    EXPECT_THAT(missing(10, block), IsEmpty());
}

TEST_F(Hashed, KeepsNoFilterOfWhatIsAllErased) {
    put(0, 2 * block);
    {
        WriteTxn txn(*env);
        for (std::uint64_t number = 0; number < 2 * block - generation; ++number) table->erase(txn, key(number));
        txn.commit();
    }
    put(2 * block, 3 * block + 1);
    EXPECT_EQ(filters(), 2U) << "of the second block and the third";
    EXPECT_THAT(missing(2 * block - generation, 3 * block + 1), IsEmpty());
}

TEST_F(Hashed, FindsWhatBeginsTheSame) {
    for (std::uint64_t number = 0; number < 2 * block; ++number) {
        WriteTxn txn(*env);
        table->put(txn, key(number % 100) + key_of(number), "");
        txn.commit();
    }
    const auto found = [&](std::string_view prefix) {
        std::vector<std::uint64_t> out;
        const ReadTxn txn(*env);
        table->each_with_prefix(txn, prefix, [&](std::string_view here, std::string_view) { return out.push_back(number_of(here.substr(16))), true; });
        return out;
    };
    EXPECT_THAT(found(key(7)), ElementsAre(7, 107, 207, 307, 407, 507));
    EXPECT_THAT(found(key(7).substr(0, 5)), ElementsAre(7, 107, 207, 307, 407, 507));
    EXPECT_THAT(found(""), SizeIs(2 * block));
    EXPECT_THAT(found(key(1000)), IsEmpty());
}

TEST_F(Hashed, FindsWhatAnEarlierVersionPut) {
    {
        Table earlier(*env, "t");
        WriteTxn txn(*env);
        for (std::uint64_t number = 0; number < 100; ++number) earlier.put(txn, key(number), "v" + std::to_string(number));
        txn.commit();
    }
    again();
    put(100, 200);
    EXPECT_THAT(missing(0, 200), IsEmpty());
    put(0, 50, "w");
    EXPECT_THAT(missing(0, 50, "w"), IsEmpty());
    WriteTxn txn(*env);
    EXPECT_TRUE(table->erase(txn, key(0)));
    EXPECT_EQ(table->get(txn, key(0)), std::nullopt);
    EXPECT_TRUE(table->erase(txn, key(99)));
    std::size_t all = 0;
    table->each_with_prefix(txn, "", [&](std::string_view, std::string_view) { return ++all, true; });
    EXPECT_EQ(all, 98U + 100 + 49) << "what was put over is there twice";
}

// A transaction that was to write a filter comes to nothing.
TEST_F(Hashed, FindsAllOfABlockWhoseFilterIsMissing) {
    put(0, block);
    {
        WriteTxn txn(*env);
        table->put(txn, key(block), "given up");
    }
    EXPECT_EQ(filters(), 0U);
    EXPECT_THAT(missing(0, block), IsEmpty());
    EXPECT_EQ(get(block), std::nullopt);
    put(block, 2 * block);
    EXPECT_EQ(filters(), 1U) << "of the second block, which had one key less for what was given up";
    EXPECT_THAT(missing(0, 2 * block), IsEmpty());
    env.reset();
    again();
    EXPECT_EQ(filters(), 2U) << "made good at the start";
    EXPECT_THAT(missing(0, 2 * block), IsEmpty());
}

TEST_F(Hashed, RefusesAStoreWhoseNumbersNobodyCanHaveWritten) {
    {
        Table raw(*env, "t.generations");
        WriteTxn txn(*env);
        raw.put(txn, std::string(4, '\0') + key(1), "");
        raw.put(txn, std::string(4, '\xff') + key(1), "");
        txn.commit();
    }
    EXPECT_THROW(HashedTable(*env, "t", generation), Failure);
}

TEST_F(Hashed, IsFoundByReadersWhileItGrows) {
    std::atomic<std::uint64_t> there = 0;
    std::atomic<std::uint64_t> lost = 0;
    {
        std::vector<std::jthread> readers;
        for (int i = 0; i < 2; ++i) {
            readers.emplace_back([&, i](const std::stop_token& stop) {
                std::mt19937_64 bits(static_cast<std::uint64_t>(i));
                while (!stop.stop_requested()) {
                    const auto known = there.load();
                    if (known == 0) continue;
                    const auto number = bits() % 4 == 0 ? known - 1 : bits() % known;
                    if (get(number) != "v" + std::to_string(number)) ++lost;
                }
            });
        }
        options.sync = Sync::on_demand;
        for (std::uint64_t number = 0; number < 3 * block; ++number) {
            put(number, number + 1);
            there = number + 1;
        }
    }
    EXPECT_EQ(lost, 0U);
}

// Against a map, with restarts, and transactions that come to nothing.
class AgainstAMap : public Hashed, public testing::WithParamInterface<bool> {};

TEST_P(AgainstAMap, HoldsTheSame) {
    if (GetParam()) open_logged();
    const auto seed = std::random_device{}();
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 bits(seed);
    std::map<std::string, std::string> truth;
    for (int round = 0; round < 400; ++round) {
        auto after = truth;
        {
            WriteTxn txn(*env);
            for (auto changes = bits() % 12; changes > 0; --changes) {
                const auto one = key(bits() % 2000);
                const auto value = std::to_string(bits() % 1000);
                const auto what = bits() % 10;
                if (what == 0) EXPECT_EQ(table->erase(txn, one), after.erase(one) > 0);
                else if (what < 4) EXPECT_EQ(table->put_new(txn, one, value), after.emplace(one, value).second);
                else table->put(txn, one, value), after[one] = value;
            }
            if (bits() % 5 != 0) {
                txn.commit();
                truth = std::move(after);
            }
        }
        if (bits() % 50 == 0) {
            table.reset();
            env.reset();
            again();
        }
    }
    const ReadTxn txn(*env);
    for (std::uint64_t number = 0; number < 2000; ++number) {
        const auto known = truth.find(key(number));
        const auto found = table->get(txn, key(number));
        EXPECT_EQ(found, known == truth.end() ? std::nullopt : std::optional<std::string_view>(known->second)) << number;
    }
}

INSTANTIATE_TEST_SUITE_P(OfAStore, AgainstAMap, testing::Bool(), [](const auto& made) { return made.param ? "WithALog" : "WithoutOne"; });

// Of a generation that is full, once in eight thousand; so that a key that is not there costs little.
TEST(AFilter, SaysYesToFewThatWereNotAdded) {
    constexpr std::size_t keys = 1024;
    Filter filter(keys);
    for (std::uint64_t number = 0; number < keys * Filter::generations; ++number) filter.add(Hash::of(key(number)), static_cast<unsigned>(number / keys));
    for (std::uint64_t number = 0; number < keys * Filter::generations; number += 97)
        ASSERT_NE(filter.may_hold(Hash::of(key(number))) >> (number / keys) & 1U, 0U) << number;
    std::uint64_t wrong = 0;
    constexpr std::uint64_t asked = 10'000;
    const auto stored = filter.bytes();
    for (std::uint64_t number = 0; number < asked; ++number) {
        const auto hash = Hash::of(key(1'000'000 + number));
        EXPECT_EQ(Filter::may_hold(stored, hash), filter.may_hold(hash));
        wrong += static_cast<std::uint64_t>(std::popcount(filter.may_hold(hash)));
    }
    EXPECT_LT(static_cast<double>(wrong) / static_cast<double>(asked * Filter::generations), 0.0003);
}

}  // namespace
}  // namespace parley::store
