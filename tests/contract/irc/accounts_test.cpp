// Signing in, and who is believed to be whom: InspIRCd with Atheme's NickServ and SASL.
#include "tests/contract/irc/recording.h"

namespace parley::irc {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::Certificate;

constexpr const char* password = "sesame-99";

class Accounts : public ::testing::Test {
protected:
    void SetUp() override {
        if (!IrcServer::installed(IrcServer::Kind::inspircd)) GTEST_SKIP() << "inspircd is not installed";
        if (!IrcServer::services_installed()) GTEST_SKIP() << "atheme-services is not installed";
        server_ =
            std::make_unique<IrcServer>(IrcServer::Kind::inspircd, IrcServer::Options{.tls = true, .services = true});
    }
    // A person under that nick, signed in to a new account of that name.
    std::unique_ptr<IrcClient> holder(const std::string& nick,
                                      std::vector<std::string> capabilities = {"message-tags"}) {
        auto out = std::make_unique<IrcClient>(server_->port(), nick,
                                               IrcClient::Options{.capabilities = std::move(capabilities)});
        out->say("NickServ", std::string("REGISTER ") + password + " " + nick + "@example.org");
        if (out->expect(" 900 ").empty()) throw std::runtime_error("no account for " + nick + server_->log());
        return out;
    }
    // An account that nobody uses just now.
    void account(const std::string& name) { holder(name)->quit(); }

    std::string secret(const std::string& words = password) {
        return "{ file = \"" + folder_.write("secret-" + words, words + "\n").string() + "\" }";
    }
    Bot::Options plain(const std::string& words = password) {
        Bot::Options out;
        out.more = "[sasl]\nmechanism = \"PLAIN\"\nuser = \"parley\"\npassword = " + secret(words) + "\n";
        return out;
    }
    Bot::Options external(const Certificate& certificate) {
        Bot::Options out;
        out.tls = true;
        out.more = "ca_file = \"" + server_->ca_file().string() + "\"\ncertificate = \"" +
                   certificate.certificate.string() + "\"\nkey = \"" + certificate.key.string() +
                   "\"\n[sasl]\nmechanism = \"EXTERNAL\"\n";
        return out;
    }
    // The account that the server vouches for; empty: none.
    static std::string account_of(IrcClient& asker, const std::string& nick) {
        asker.raw("WHOIS " + nick);
        const auto line =
            asker.expect([](std::string_view l) { return l.find(" 330 ") != l.npos || l.find(" 318 ") != l.npos; });
        const auto parsed = parse(line);
        return parsed && parsed->command == "330" ? std::string(parsed->param(2)) : "";
    }
    static bool until_account(IrcClient& asker, const std::string& nick, const std::string& account) {
        return tests::wait_until([&] { return account_of(asker, nick) == account; });
    }

    tests::TempFolder folder_;
    std::unique_ptr<IrcServer> server_;
};

TEST_F(Accounts, SaslPlainSignsUsInBeforeWeAreSeen) {
    account("parley");
    IrcClient alice(server_->port(), "alice", {.capabilities = {"account-tag", "extended-join"}});
    alice.join("#ops");
    Bot bot(*server_, plain());
    EXPECT_THAT(alice.expect(" JOIN #ops"), HasSubstr("JOIN #ops parley :"));
    bot.say("#ops", "hello");
    ASSERT_TRUE(bot.until_answered());
    EXPECT_THAT(alice.expect("PRIVMSG #ops"), HasSubstr("account=parley"));
}

TEST_F(Accounts, AWrongPasswordIsAClearReasonAndIsTriedLessAndLessOften) {
    account("parley");
    auto wrong = plain("sesame-98");
    wrong.join = false;
    Bot bot(*server_, wrong);
    ASSERT_TRUE(bot.until([&] { return bot.host.connecting.size() >= 6; }));
    EXPECT_EQ(bot.host.link_reason.code, service::Code::denied);
    EXPECT_THAT(bot.host.link_reason.what, HasSubstr("signing in as parley failed"));
    EXPECT_THAT(bot.host.link_reason.hint, HasSubstr("check `sasl` of the account"));
    EXPECT_THAT(bot.host.link_reason.text(), Not(HasSubstr("sesame")));
    // The first wait is 100 ms; each is half to whole of twice the one before.
    for (std::size_t i = 1; i < bot.host.connecting.size(); ++i)
        EXPECT_GE(bot.host.connecting[i] - bot.host.connecting[i - 1], 50ms * (1 << (i - 1)))
            << "before attempt " << i + 1;
}

TEST_F(Accounts, SaslExternalSignsUsInByCertificate) {
    const auto certificate = Certificate::make(folder_, "client");
    const auto digest =
        tests::run({"openssl", "x509", "-in", certificate.certificate.string(), "-noout", "-fingerprint", "-sha256"})
            .output;
    std::string fingerprint;
    for (const char c : digest.substr(digest.find('=') + 1))
        if (std::isxdigit(static_cast<unsigned char>(c)) != 0) fingerprint += static_cast<char>(std::tolower(c));
    auto owner = holder("parley");
    owner->say("NickServ", "CERT ADD " + fingerprint);
    ASSERT_THAT(owner->expect("fingerprint list"), HasSubstr("Added"));
    owner->quit();

    Bot bot(*server_, external(certificate));
    IrcClient alice(server_->port(), "alice");
    EXPECT_EQ(account_of(alice, "parley"), "parley");
}

TEST_F(Accounts, ACertificateThatNobodyKnowsIsAClearReason) {
    account("parley");
    auto options = external(Certificate::make(folder_, "stranger"));
    options.join = false;
    Bot bot(*server_, options);
    ASSERT_TRUE(bot.until([&] { return bot.host.link_reason.code == service::Code::denied; }));
    EXPECT_THAT(bot.host.link_reason.what, HasSubstr("signing in as parley failed"));
}

TEST_F(Accounts, NickServIdentifiesUsWhereThereIsNoSasl) {
    account("parley");
    Bot::Options options;
    options.more = "nickserv_password = " + secret() + "\n";
    Bot bot(*server_, options);
    IrcClient alice(server_->port(), "alice");
    EXPECT_TRUE(until_account(alice, "parley", "parley"));
}

TEST_F(Accounts, NickServIdentifiesUsAlsoUnderAnotherNick) {
    account("parley");
    IrcClient squatter(server_->port(), "parley");
    Bot::Options options;
    options.more = "nickserv_password = " + secret() + "\n";
    Bot bot(*server_, options);
    EXPECT_TRUE(until_account(squatter, "parley_", "parley"));
    EXPECT_EQ(account_of(squatter, "parley"), "");
}

TEST_F(Accounts, APasswordThatNickServDoesNotTakeIsSaidButWeAreIn) {
    account("parley");
    Bot::Options options;
    options.more = "nickserv_password = " + secret("sesame-98") + "\n";
    Bot bot(*server_, options);
    ASSERT_TRUE(bot.until([&] { return !bot.host.link_reason.what.empty(); }));
    EXPECT_THAT(bot.host.link_reason.what,
                HasSubstr("NickServ has not signed us in; it says: Invalid password for parley"));
    EXPECT_THAT(bot.host.link_reason.hint, HasSubstr("nickserv_password"));
    EXPECT_EQ(bot.host.link, kit::Link::up);
}

TEST_F(Accounts, WhileServicesAreAwayTheReasonIsSaidAndWeComeInWhenTheyAreBack) {
    account("parley");
    server_->stop_services();
    IrcClient asker(server_->port(), "asker");
    ASSERT_TRUE(tests::wait_until([&] {  // the server has noticed
        asker.raw("CAP LS 302");
        return asker.expect(" LS ").find("sasl") == std::string::npos;
    }));
    auto options = plain();
    options.join = false;
    Bot bot(*server_, options);
    ASSERT_TRUE(bot.until([&] { return bot.host.link_reason.code == service::Code::denied; }));
    EXPECT_THAT(bot.host.link_reason.what, HasSubstr("signing in as parley failed: the server offers no SASL"));
    server_->start_services();
    EXPECT_TRUE(bot.until_joined());
}

TEST_F(Accounts, AnAccountIsStrongerThanItsNickAndNotTheSame) {
    auto alice = holder("alice");
    alice->join("#ops");
    Bot bot(*server_);
    alice->say("#ops", "it is me");
    ASSERT_TRUE(bot.until([&] { return bot.host.said().size() == 1; }));
    alice->change_nick("away");
    IrcClient thief(server_->port(), "alice");
    thief.join("#ops");
    thief.say("#ops", "me too");
    alice->say("#ops", "still me");
    ASSERT_TRUE(bot.until([&] { return bot.host.said().size() == 3; }));
    std::vector<std::pair<std::string, bus::Strength>> who;
    for (const auto& event : bot.host.events)
        if (std::holds_alternative<bus::Message>(event.body))
            who.emplace_back(event.author.id, event.author.strength);
    EXPECT_THAT(
        who, ElementsAre(std::pair("alice", bus::Strength::account), std::pair("nick:alice", bus::Strength::nickname),
                         std::pair("alice", bus::Strength::account)));
}

TEST_F(Accounts, WhoJoinsSignedInIsKnownByTheAccount) {
    auto bobby = holder("bobby");
    bobby->change_nick("bob");
    Bot bot(*server_);
    bobby->join("#ops");
    IrcClient carol(server_->port(), "carol");
    carol.join("#ops");
    using Change = bus::Membership::Change;
    ASSERT_TRUE(bot.until([&] { return bot.host.memberships(Change::join).size() == 2; }));
    const auto joined = bot.host.memberships(Change::join);
    EXPECT_EQ(std::get<bus::Membership>(joined[0]->body).id, "bobby");
    EXPECT_EQ(joined[0]->author.strength, bus::Strength::account);
    EXPECT_EQ(std::get<bus::Membership>(joined[1]->body).id, "nick:carol");
}

}  // namespace
}  // namespace parley::irc
