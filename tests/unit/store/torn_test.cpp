// What a death in the middle of a commit can leave of a store's file, and what later versions write. LMDB writes the pages
// of a commit first and last of all one of the two meta pages at the file's beginning, which says where the commit is.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "broker/store/store.h"
#include "tests/support/process.h"

namespace parley::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::size_t page = 4096;

class TornStore : public testing::Test {
protected:
    void put(const std::string& key, const std::string& value) {
        Env env(folder.path());
        Table table(env, "t");
        WriteTxn txn(env);
        table.put(txn, key, value);
        txn.commit();
    }
    std::optional<std::string> get(const std::string& key) {
        Env env(folder.path());
        Table table(env, "t");
        const ReadTxn txn(env);
        const auto found = table.get(txn, key);
        return found ? std::optional(std::string(*found)) : std::nullopt;
    }
    std::string bytes() const { return tests::read_file(folder.path() / "data.mdb"); }
    void write(const std::string& bytes) const { std::ofstream(folder.path() / "data.mdb", std::ios::binary | std::ios::trunc) << bytes; }

    tests::TempFolder folder{"parley-torn"};
};

TEST_F(TornStore, HasTheCommitBeforeOneThatNeverSaidWhereItIs) {
    put("first", "1");
    const auto before = bytes();
    put("second", std::string(10'000, '2'));
    write(before.substr(0, 2 * page) + bytes().substr(2 * page));
    EXPECT_EQ(get("first"), "1");
    EXPECT_EQ(get("second"), std::nullopt);
    put("third", "3");
    EXPECT_EQ(get("third"), "3");
    EXPECT_EQ(get("first"), "1");
}

TEST_F(TornStore, PassesOverPagesThatWereWrittenOnlyHalfWay) {
    put("first", "1");
    write(bytes() + std::string(3 * page + 77, '\xaa'));
    EXPECT_EQ(get("first"), "1");
    put("second", std::string(100'000, '2'));
    EXPECT_EQ(get("first"), "1");
    EXPECT_EQ(get("second"), std::string(100'000, '2'));
}

TEST_F(TornStore, SaysThatItIsDamagedAndWhatToDoAndIsLeftAsItIs) {
    put("first", "1");
    const auto torn = std::string(page, '\0') + bytes().substr(page);
    write(torn);
    try {
        Env env(folder.path());
        FAIL() << "it was opened";
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.what(), AllOf(HasSubstr(folder.path().string()), HasSubstr("restore it from a copy")));
    }
    EXPECT_EQ(bytes(), torn);
}

TEST_F(TornStore, IsNewWhereItsFileWasMadeAndNothingWritten) {
    write("");
    put("first", "1");
    EXPECT_EQ(get("first"), "1");
}

class StoreFormat : public TornStore {
protected:
    EnvOptions of(unsigned format) const {
        EnvOptions options;
        options.format = format;
        return options;
    }
};

TEST_F(StoreFormat, IsOneWhereNothingWasSaidAndIsSaidFromThenOn) {
    put("old", "data");
    EXPECT_EQ(Env(folder.path(), of(2)).format(), 1U);
    EXPECT_EQ(Env(folder.path(), of(2)).format(), 1U) << "its owner brings it up to date, and says so";
    EXPECT_EQ(get("old"), "data");
}

TEST_F(StoreFormat, OfALaterVersionIsRefusedWithWhatToDo) {
    {
        Env env(folder.path(), of(1));
        Table table(env, "format");
        WriteTxn txn(env);
        table.put(txn, "number", key_of(7));
        txn.commit();
    }
    const auto before = bytes();
    try {
        Env env(folder.path(), of(1));
        FAIL() << "it was opened";
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.what(), AllOf(HasSubstr("has format 7"), HasSubstr("knows formats up to 1"), HasSubstr("install the version that wrote it")));
    }
    EXPECT_EQ(bytes(), before);
    EXPECT_EQ(Env(folder.path(), of(7)).format(), 7U);
}

}  // namespace
}  // namespace parley::store
