// Settings of an account, good and bad.
#include "bridges/irc/settings.h"

#include <gmock/gmock.h>

namespace parley::irc {
namespace {

using ::testing::HasSubstr;

std::string problems(const std::string& toml) {
    auto file = service::SettingsFile::parse(toml);
    if (!file) return file.error().text();
    Settings::read(file->root());
    const auto good = file->good();
    return good ? "" : good.error().text();
}

TEST(IrcSettings, TheLeastIsAServer) { EXPECT_EQ(problems("server = \"irc.example.org\""), ""); }

TEST(IrcSettings, TlsIsOnButOnLoopback) {
    auto away = service::SettingsFile::parse("server = \"irc.example.org\"");
    auto here = service::SettingsFile::parse("server = \"127.0.0.1\"");
    const auto far = Settings::read(away->root()), near = Settings::read(here->root());
    EXPECT_TRUE(far.tls);
    EXPECT_EQ(far.port, 6697);
    EXPECT_FALSE(near.tls);
    EXPECT_EQ(near.port, 6667);
}

TEST(IrcSettings, EachBadValueIsSaid) {
    const std::string server = "server = \"irc.example.org\"\n";
    EXPECT_THAT(problems(""), HasSubstr("server"));
    EXPECT_THAT(problems("server = \"two words\""), HasSubstr("no host name"));
    EXPECT_THAT(problems(server + "port = 70000"), HasSubstr("port"));
    EXPECT_THAT(problems(server + "nick = \"a b\""), HasSubstr("no nickname"));
    EXPECT_THAT(problems(server + "nick = \"x\\r\\nQUIT\""), HasSubstr("no nickname"));
    EXPECT_THAT(problems(server + "user = \"a@b\""), HasSubstr("no user name"));
    EXPECT_THAT(problems(server + "nik = \"x\""), HasSubstr("nick"));
    EXPECT_THAT(problems(server + "key = \"k.pem\""), HasSubstr("certificate"));
    EXPECT_THAT(problems(server + "sasl = { mechanism = \"EXTERNAL\" }"), HasSubstr("certificate"));
    EXPECT_THAT(problems(server + "sasl = { mechanism = \"PLAIN\" }"), HasSubstr("needs a password"));
    EXPECT_THAT(problems(server + "pacing_every = \"2 h\""), HasSubstr("at least once a minute"));
    EXPECT_THAT(problems(server + "channel_keys = { \"#a\" = \"x y\" }"), HasSubstr("one word"));
}

}  // namespace
}  // namespace parley::irc
