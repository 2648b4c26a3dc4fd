#include "broker/service/log.h"

#include <gmock/gmock.h>

namespace parley::service::log {
namespace {

TEST(Log, WritesKeysAndValues) {
    EXPECT_EQ(line("link lost", {{"account", "libera"}, {"after_ms", 12}}), "link lost account=libera after_ms=12");
}

TEST(Log, QuotesWhatHasSpaces) { EXPECT_EQ(line("x", {{"why", "no route"}, {"empty", ""}}), "x why=\"no route\" empty=\"\""); }

TEST(Log, LetsNobodyForgeALine) {
    EXPECT_EQ(line("said", {{"text", "hi\n2026 error gone=\"1\"\x1b[2J"}}), "said text=\"hi\\n2026 error gone=\\\"1\\\"\\x1b[2J\"");
}

}  // namespace
}  // namespace parley::service::log
