// Records in a file: what was appended is there after a death, whole or not at all.
#include "bridges/kit/records.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/process.h"

namespace parley::kit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RecordsTest : public ::testing::Test {
protected:
    std::vector<std::string> found() {
        std::vector<std::string> out;
        for (auto& [place, record] : Records(file).recover()) out.push_back(std::move(record));
        return out;
    }
    tests::TempFolder folder;
    std::filesystem::path file = folder.path() / "records";
};

TEST_F(RecordsTest, AreFoundInOrderAndWhereTheyAre) {
    {
        Records records(file);
        const auto one = records.append("one"), nothing = records.append(""), two = records.append("two");
        ASSERT_TRUE(one && nothing && two);
        EXPECT_EQ(records.read(*two).value(), "two");
        EXPECT_EQ(records.read(*one).value(), "one");
    }
    EXPECT_THAT(found(), ElementsAre("one", "", "two"));
}

TEST_F(RecordsTest, EndBeforeOneThatIsTornOrDamaged) {
    {
        Records records(file);
        ASSERT_TRUE(records.append("one") && records.append("two") && records.append("three"));
    }
    const auto whole = tests::read_file(file);
    std::ofstream(file) << whole.substr(0, whole.size() - 1);
    EXPECT_THAT(found(), ElementsAre("one", "two"));
    auto damaged = whole;
    damaged[damaged.find("two")] = 'T';
    std::ofstream(file) << damaged;
    EXPECT_THAT(found(), ElementsAre("one"));
    Records records(file);
    ASSERT_TRUE(records.append("four"));
    EXPECT_THAT(found(), ElementsAre("one", "four"));
}

// Before files said their format.
TEST_F(RecordsTest, OfAFileWithoutAMarkAreFoundAndItIsWrittenOn) {
    const std::string mark = "parley records 1\n";
    {
        Records records(file);
        ASSERT_TRUE(records.append("one") && records.append("two"));
    }
    const auto whole = tests::read_file(file);
    ASSERT_TRUE(whole.starts_with(mark));
    std::ofstream(file) << whole.substr(mark.size());
    {
        Records records(file);
        const auto three = records.append("three");
        ASSERT_TRUE(three);
        EXPECT_EQ(records.read(*three).value(), "three");
    }
    EXPECT_THAT(found(), ElementsAre("one", "two", "three"));
    {
        Records records(file);
        records.clear();
        ASSERT_TRUE(records.append("four"));
    }
    EXPECT_THAT(found(), ElementsAre("four"));
}

TEST_F(RecordsTest, OfALaterVersionAreRefusedAndLeftAsTheyAre) {
    std::ofstream(file) << "parley records 2\nwhatever";
    try {
        const Records records(file);
        FAIL() << "it was taken";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), ::testing::HasSubstr("written by a later version"));
    }
    EXPECT_EQ(tests::read_file(file), "parley records 2\nwhatever");
}

TEST_F(RecordsTest, AreTakenAfterAMarkThatIsTorn) {
    std::ofstream(file) << "parley rec";
    Records records(file);
    ASSERT_TRUE(records.append("one"));
    EXPECT_THAT(found(), ElementsAre("one"));
}

TEST_F(RecordsTest, AreWrittenAnewWithWhatIsKept) {
    {
        Records records(file);
        const auto one = records.append("one"), two = records.append("two");
        ASSERT_TRUE(one && two);
        const auto places = records.rewrite({"fresh"}, {*two});
        ASSERT_TRUE(places);
        EXPECT_EQ(records.read(places->at(1)).value(), "two");
        ASSERT_TRUE(records.append("three"));
    }
    EXPECT_THAT(found(), ElementsAre("fresh", "two", "three"));
    Records(file).clear();
    EXPECT_THAT(found(), IsEmpty());
}

}  // namespace
}  // namespace parley::kit
