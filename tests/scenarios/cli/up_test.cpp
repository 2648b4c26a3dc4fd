// `parley up`: starts what the settings name, starts again what dies, and ends with all of it.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <regex>

#include "tests/scenarios/cli/cli.h"
#include "tests/support/irc_server.h"

namespace parley::tests {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

class Up : public testing::Test {
protected:
    void write(const std::string& more) {
        settings_ = folder_.write("parley.toml", fmt::format("[parley]\ndata = \"{}\"\n[worker]\nworkers = 1\n[web]\nlisten = \"127.0.0.1:{}\"\n{}",
                                                             (folder_.path() / "data").string(), page_, more));
    }
    void start() {
        up_ = std::make_unique<Process>(Process::Options{.argv = {PARLEY_BIN_DIR "/parley", "up", "--settings", settings_.string()}, .log = folder_.path() / "log"});
    }
    Said ask(const std::string& verb) { return parley({verb, "--settings", settings_.string()}); }
    bool all_answers() {
        return wait_until([&] { return ask("status").code == good; }, 30s);
    }
    std::vector<std::string> programs() {
        std::vector<std::string> out;
        for (const auto& child : children_of(up_->pid())) out.push_back(child.program);
        return out;
    }
    std::string log() { return up_->output(); }

    TempFolder folder_{"parley-up"};
    std::uint16_t page_ = free_port();
    std::filesystem::path settings_;
    std::unique_ptr<Process> up_;
};

TEST_F(Up, StartsWhatTheSettingsName) {
    const IrcServer irc(IrcServer::Kind::ngircd);
    write(irc_account("lobby", irc.port()) + "[gateway.ops]\nrooms = [\"lobby/#ops\", \"web/ops\"]\n");
    start();
    ASSERT_TRUE(all_answers()) << log();
    EXPECT_THAT(programs(), UnorderedElementsAre("parley-broker", "parley-indexer", "parley-worker", "parley-web", "parley-irc-keeper", "parley-irc"));
    EXPECT_TRUE(connectable(page_));
    EXPECT_TRUE(wait_until([&] { return ask("status").out.find("room=#ops  joined=true") != std::string::npos; })) << ask("status").out << log();
}

TEST_F(Up, StartsAgainEachOfThemThatIsKilled) {
    write("");
    start();
    ASSERT_TRUE(all_answers()) << log();
    for (const auto* program : {"parley-broker", "parley-indexer", "parley-worker", "parley-web"}) {
        const auto before = child_named(up_->pid(), program);
        ASSERT_GT(before, 0) << program << log();
        ::kill(before, SIGKILL);
        EXPECT_TRUE(wait_until([&] {
            const auto now = child_named(up_->pid(), program);
            return now > 0 && now != before;
        })) << program << log();
    }
    EXPECT_TRUE(all_answers()) << log();
}

TEST_F(Up, WaitsLongerEachTimeForWhatDiesAgain) {
    const auto waits = [this] {
        std::vector<int> out;
        const auto text = log();
        const std::regex line("will be started again what=workers in_ms=([0-9]+)\n");
        for (std::sregex_iterator it(text.begin(), text.end(), line), end; it != end; ++it) out.push_back(std::stoi((*it)[1]));
        return out;
    };
    write("");
    start();
    // The check before the start has a child of that name, too.
    ASSERT_TRUE(wait_until([&] { return log().find("started what=workers") != std::string::npos; }, 20s)) << log();
    for (int i = 0; i < 4; ++i) {
        ASSERT_TRUE(wait_until([&] { return child_named(up_->pid(), "parley-worker") > 0; }, 20s)) << log();
        const auto worker = child_named(up_->pid(), "parley-worker");
        ::kill(worker, SIGKILL);
        ASSERT_TRUE(wait_until([&] { return waits().size() == static_cast<std::size_t>(i) + 1; })) << log();
    }
    const auto text = log();
    int whole = 200;
    for (const int wait : waits()) {
        EXPECT_GE(wait, whole / 2) << text;
        EXPECT_LE(wait, whole) << text;
        whole *= 2;
    }
}

class UpEnds : public Up, public testing::WithParamInterface<int> {};

TEST_P(UpEnds, WithAllThatItStarted) {
    write("");
    start();
    ASSERT_TRUE(all_answers()) << log();
    auto all = children_of(up_->pid());
    for (const auto& child : children_of(child_named(up_->pid(), "parley-worker"))) all.push_back(child);
    ASSERT_GE(all.size(), 5U);
    up_->signal(GetParam());
    EXPECT_EQ(up_->wait(20s), GetParam() == SIGKILL ? 128 + SIGKILL : 0) << log();
    for (const auto& child : all) EXPECT_TRUE(wait_until([&] { return ended(child.pid); })) << child.program << " lives on\n" << log();
}

INSTANTIATE_TEST_SUITE_P(On, UpEnds, testing::Values(SIGINT, SIGTERM, SIGKILL), [](const auto& made) {
    return made.param == SIGINT ? "CtrlC" : made.param == SIGTERM ? "Sigterm" : "Sigkill";
});

// Holds a port as another program would.
class Squatter {
public:
    explicit Squatter(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd_, 1) != 0) throw std::runtime_error("cannot take the port");
    }
    ~Squatter() { ::close(fd_); }
    Squatter(const Squatter&) = delete;
    Squatter& operator=(const Squatter&) = delete;

private:
    int fd_;
};

TEST_F(Up, SaysWhosePortIsTakenAndTakesItWhenItIsFree) {
    auto squatter = std::make_unique<Squatter>(page_);
    write("");
    start();
    EXPECT_TRUE(wait_until([&] { return log().find(fmt::format("127.0.0.1:{}", page_)) != std::string::npos && log().find("[web] listen") != std::string::npos; })) << log();
    EXPECT_TRUE(wait_until([&] { return log().find("will be started again what=page") != std::string::npos; })) << log();
    EXPECT_TRUE(all_answers()) << "the others run: " << log();
    squatter.reset();
    EXPECT_TRUE(wait_until([&] { return connectable(page_); }, 60s)) << log();
}

TEST_F(Up, SaysWhichPortOfTheBrokerIsTaken) {
    const auto port = free_port();
    const auto keys = (folder_.path() / "keys").string();
    for (const auto* name : {"broker", "indexer", "web", "worker-1", "operator"}) ASSERT_EQ(parley({"keys", name, "--folder", keys}).code, good);
    const Squatter squatter(port);
    write(fmt::format("[bus]\nendpoint = \"tcp://127.0.0.1:{}\"\nkeys = \"{}\"\n", port, keys));
    start();
    EXPECT_TRUE(wait_until([&] { return log().find(fmt::format("cannot listen at tcp://127.0.0.1:{}", port)) != std::string::npos; })) << log();
    EXPECT_THAT(log(), HasSubstr("another program uses it: stop that, or set another [bus] endpoint"));
    EXPECT_TRUE(up_->running());
}

TEST_F(Up, StartsNothingWithBadSettings) {
    write("[indexer]\ncommit_evry = \"1 s\"\n");
    const auto said = ask("up");
    EXPECT_EQ(said.code, settings);
    EXPECT_THAT(said.err, HasSubstr("did you mean commit_every?"));
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data"));
}

TEST_F(Up, OnlyChecksIfToldTo) {
    write("");
    const auto said = parley({"up", "--check", "--settings", settings_.string()});
    EXPECT_EQ(said.code, good) << said.err;
    EXPECT_EQ(said.out, "The settings are good.\n");
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data"));
}

}  // namespace
}  // namespace parley::tests
