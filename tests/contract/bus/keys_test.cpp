// The real broker on tcp://: each key is one process, and no other gets in.
#include <gmock/gmock.h>

#include "broker/bus/client.h"
#include "tests/support/process.h"

namespace parley {
namespace {

using namespace std::chrono_literals;

struct KeysOverTcp : testing::Test {
    void SetUp() override {
        const auto lobby = bus::make_keys();
        ASSERT_TRUE(bus::write_keys(keys(), "broker", bus::make_keys()));
        ASSERT_TRUE(bus::write_keys(keys(), "lobby", lobby));
        ASSERT_TRUE(bus::write_keys(keys(), "stranger", bus::make_keys()));
        endpoint = "tcp://127.0.0.1:" + std::to_string(tests::free_port());
        const auto settings = folder.write("parley.toml", "[parley]\ndata = \"" + (folder.path() / "var").string() + "\"\n[bus]\nendpoint = \"" + endpoint +
                                                              "\"\nkeys = \"" + keys().string() + "\"\n[[bus.allow]]\nname = \"lobby\"\nrole = \"bridge\"\nkey = '''" +
                                                              lobby.own_public + "'''\n[account.lobby]\nplatform = \"none\"\n");
        broker = std::make_unique<tests::Process>(tests::Process::Options{
            .argv = {std::string(PARLEY_BIN_DIR) + "/parley-broker", "--settings", settings.string()}, .log = log()});
    }
    std::filesystem::path keys() const { return folder.path() / "keys"; }
    std::filesystem::path log() const { return folder.path() / "broker.log"; }
    std::unique_ptr<bus::Client> client(std::string_view key, std::string name, bus::Role role) {
        return std::make_unique<bus::Client>(reactor, bus::ClientOptions{.endpoint = endpoint, .name = std::move(name), .role = role, .keys = *bus::read_keys(keys(), key)});
    }
    static bus::Event topic(std::string account, std::string_view id) {
        bus::Event event;
        event.id = bus::derived_id({id});
        event.origin.room = {std::move(account), "#ops"};
        event.origin.native_id = "t1";
        event.body = bus::Topic{bus::Text("releases")};
        return event;
    }
    template <class Condition>
    bool until(Condition done) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) return false;
            reactor.run_for(2ms);
        }
        return true;
    }

    tests::TempFolder folder;
    std::string endpoint;
    service::Reactor reactor;
    std::unique_ptr<tests::Process> broker;
};

TEST_F(KeysOverTcp, LetAProcessInAsItselfAndNobodyElse) {
    const auto lobby = client("lobby", "lobby", bus::Role::bridge);
    ASSERT_TRUE(until([&] { return lobby->linked(); })) << tests::read_file(log());
    const auto stranger = client("stranger", "lobby", bus::Role::bridge);
    ASSERT_TRUE(until([&] { return tests::read_file(log()).find("a key that is not allowed") != std::string::npos; }));
    EXPECT_FALSE(stranger->linked());

    const auto pretender = client("lobby", "work", bus::Role::operator_);
    bool outlived = false;
    const auto patience = reactor.after(300ms, [&] { outlived = true; });
    ASSERT_TRUE(until([&] { return outlived; }));
    EXPECT_FALSE(pretender->linked()) << "its key belongs to lobby";
    EXPECT_TRUE(lobby->linked());
}

TEST_F(KeysOverTcp, ABridgePublishesOnlyAsItself) {
    const auto lobby = client("lobby", "lobby", bus::Role::bridge);
    std::optional<service::Result<bus::Sequence>> own, foreign;
    lobby->publish(topic("lobby", "own"), [&](auto s) { own = s; });
    lobby->publish(topic("web", "foreign"), [&](auto s) { foreign = s; });
    ASSERT_TRUE(until([&] { return own && foreign; })) << tests::read_file(log());
    EXPECT_TRUE(*own);
    ASSERT_FALSE(*foreign);
    EXPECT_EQ(foreign->error().code, service::Code::denied);
    EXPECT_EQ(foreign->error().what, "lobby may not speak for web");
}

}  // namespace
}  // namespace parley
