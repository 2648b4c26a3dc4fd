// `!help`: everything that can be asked, in few enough lines for a platform on which each is a message.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "broker/bots/builtins/builtin.h"

namespace parley::bots {
namespace {

using bus::Value;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int messages_max = 8;  // of one answer on a platform without line breaks: bridges/kit/capabilities.h

Value command(const std::string& name, bool built_in, const std::string& summary = "Does what its name says and nothing else") {
    return Value::map({{"name", name}, {"usage", "!" + name + " TARGET [--force]"}, {"summary", summary}, {"built_in", built_in}});
}

std::string shown(int declared) {
    Value::List all;
    for (const auto* name : {"cancel", "help", "last", "login", "ping", "search", "show", "status"}) all.push_back(command(name, true));
    for (int i = 0; i < declared; ++i) all.push_back(command(fmt::format("make-{}", i), false));
    return overview(Value(std::move(all)), "!", "http://page").plain;
}

long lines_of(const std::string& text) { return 1 + std::count(text.begin(), text.end(), '\n'); }

TEST(Help, ShowsDeclaredCommandsFirstAndWhatTheyAreFor) {
    const auto text = overview(Value(Value::List{command("ping", true), command("deploy", false, "Deploys")}), "!", "");
    EXPECT_EQ(text.plain, "!deploy TARGET [--force] Deploys\nBuilt in: !ping TARGET [--force]\n!help NAME says more about one");
    ASSERT_EQ(text.spans.size(), 3U);
    EXPECT_EQ(text.plain.substr(text.spans[0].begin, text.spans[0].length), "!deploy TARGET [--force]");
}

TEST(Help, NamesEveryCommandInLinesThatFit) {
    for (int count = 0; count <= 60; ++count) {
        const auto text = shown(count);
        EXPECT_LE(lines_of(text), messages_max) << text;
        for (const auto* name : {"!cancel", "!help", "!last", "!login", "!ping", "!search", "!show", "!status"}) EXPECT_THAT(text, HasSubstr(name));
        for (int i = 0; i < count; ++i) EXPECT_THAT(text, HasSubstr(fmt::format("!make-{}", i)));
        EXPECT_THAT(text, StartsWith(count > 0 ? "!make-0" : "!cancel"));
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);) EXPECT_LE(line.size(), 300U) << line;
    }
}

TEST(Help, SaysWhereTheRestIsOfMoreCommandsThanFit) {
    const auto text = shown(500);
    EXPECT_LE(lines_of(text), messages_max);
    EXPECT_THAT(text, HasSubstr("… and more: http://page/commands"));
}

}  // namespace
}  // namespace parley::bots
