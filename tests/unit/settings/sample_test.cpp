// The sample in docs/ is true: the house's readers take it without a word.
#include <gmock/gmock.h>

#include <cstdlib>

#include "broker/broker.h"
#include "broker/dispatch/settings.h"

namespace parley {
namespace {

TEST(SampleSettings, AreReadWithoutAProblem) {
    ::setenv("PARLEY_SAMPLE_PASSWORD", "x", 1);
    auto file = service::SettingsFile::load(std::string(PARLEY_SOURCE_DIR) + "/docs/parley.sample.toml");
    ASSERT_TRUE(file) << file.error().text();
    const auto settings = broker::read_settings(file->root());
    const auto commands = dispatch::read_settings(file->root(), settings.house);
    EXPECT_TRUE(file->good()) << file->good().error().text();
    EXPECT_EQ(settings.house.gateways.size(), 1U);
    EXPECT_EQ(commands.commands.at("deploy").parameters.size(), 2U);
}

TEST(SampleSettings, NameTheNearestOfATypo) {
    auto file = service::SettingsFile::parse("[parley]\nprefx = \"!\"\n", "parley.toml");
    ASSERT_TRUE(file);
    broker::read_settings(file->root());
    ASSERT_EQ(file->problems().size(), 1U);
    EXPECT_EQ(file->problems()[0].text(), "parley.toml:2: parley.prefx: is not a known setting (did you mean prefix?)");
}

}  // namespace
}  // namespace parley
