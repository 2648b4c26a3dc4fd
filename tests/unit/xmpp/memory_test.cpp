// What is remembered of messages, in life and over a restart.
#include "bridges/xmpp/memory.h"

#include <gmock/gmock.h>

#include "tests/support/no_more_than.h"
#include "tests/support/process.h"

namespace parley::xmpp {
namespace {

TEST(XmppMemory, SurvivesARestart) {
    const tests::TempFolder folder("memory");
    {
        Memory memory(folder.path().string());
        memory.add({"ops", "s1", "m1", "alice@x", "alice", 0});
        memory.corrected(*memory.by_native_id("ops", "s1"), {"ops", "s2", {}, "alice@x", "alice", 0});
    }
    Memory memory(folder.path().string());
    ASSERT_TRUE(memory.by_message_id("ops", "m1"));
    EXPECT_EQ(memory.by_message_id("ops", "m1")->native_id, "s1");
    EXPECT_EQ(memory.by_message_id("ops", "m1")->revision, 1u);
    EXPECT_FALSE(memory.by_message_id("other", "m1"));
}

TEST(XmppMemory, KnowsWhichReactionsStandAfterARestart) {
    const tests::TempFolder folder("memory");
    {
        Memory memory(folder.path().string());
        memory.react("ops", "s1", "alice@x", {"👍", "🎉"});
        memory.react("ops", "s2", "alice@x", {"👍"});
        memory.react("ops", "s2", "alice@x", {});
    }
    Memory memory(folder.path().string());
    EXPECT_THAT(memory.reactions("ops", "s1", "alice@x"), testing::ElementsAre("👍", "🎉"));
    EXPECT_THAT(memory.reactions("ops", "s2", "alice@x"), testing::IsEmpty());
    EXPECT_THAT(memory.reactions("ops", "s1", "bob@x"), testing::IsEmpty());
}

TEST(XmppMemory, KeepsAllOfItWhenThereIsRoomAgainOnAFullDisk) {
    const tests::TempFolder folder("memory");
    {
        Memory memory(folder.path().string());
        memory.add({"ops", "before", "m1", "alice@x", "alice", 0});
        {
            const support::NoMoreThan limit(100);
            for (int i = 0; i < 20; ++i) memory.add({"ops", "s" + std::to_string(i), "", "alice@x", "alice", 0});
        }
        memory.add({"ops", "after", "", "alice@x", "alice", 0});
    }
    {
        const support::NoMoreThan limit(100);
        const Memory started_on_a_full_disk(folder.path().string());
    }
    Memory memory(folder.path().string());
    for (const auto* id : {"before", "s0", "s19", "after"}) EXPECT_TRUE(memory.by_native_id("ops", id)) << id;
}

TEST(XmppMemory, NobodyTakesAMessageOverByRepeatingItsId) {
    Memory memory("");
    memory.add({"ops", "s1", "m1", "alice@x", "alice", 0});
    memory.add({"ops", "s2", "m1", "mallory@x", "mallory", 0});
    EXPECT_EQ(memory.by_message_id("ops", "m1")->author_id, "alice@x");
}

TEST(XmppMemory, ForgetsTheOldestFirst) {
    Memory memory("");
    for (std::size_t i = 0; i <= Memory::messages_max; ++i) {
        const auto n = std::to_string(i);
        memory.add({"ops", "s" + n, "m" + n, "a", "a", 0});
    }
    EXPECT_FALSE(memory.by_native_id("ops", "s0"));
    EXPECT_FALSE(memory.by_message_id("ops", "m0"));
    EXPECT_TRUE(memory.by_native_id("ops", "s1"));
}

}  // namespace
}  // namespace parley::xmpp
