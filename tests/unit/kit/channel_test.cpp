// Frames between two processes over a unix socket.
#include "bridges/kit/channel.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/process.h"

namespace parley::kit {
namespace {

using ::testing::ElementsAre;

class ChannelTest : public ::testing::Test {
protected:
    Channel::Events events(std::vector<std::string>& frames, std::string& closed) {
        return {[&](std::string_view frame) { frames.emplace_back(frame); },
                [&](const service::Error& why) { closed = why.text(); }};
    }
    void connect() {
        listener.emplace(reactor, folder.path() / "run" / "socket", [this](int socket) { there.emplace(reactor, socket, events(there_heard, there_closed)); });
        const auto socket = Channel::connect(folder.path() / "run" / "socket");
        ASSERT_TRUE(socket) << socket.error().text();
        raw = *socket;
        here.emplace(reactor, *socket, events(here_heard, here_closed));
        ASSERT_TRUE(until([&] { return there.has_value(); }));
    }
    bool until(const std::function<bool()>& holds) {
        return tests::wait_until([&] { return reactor.run_for(std::chrono::milliseconds(2)), holds(); });
    }

    service::Reactor reactor;
    tests::TempFolder folder;
    std::optional<ChannelListener> listener;
    std::optional<Channel> here, there;
    std::vector<std::string> here_heard, there_heard;
    std::string here_closed, there_closed;
    int raw = -1;
};

TEST_F(ChannelTest, CarriesFramesBothWaysHoweverLarge) {
    connect();
    const std::string large(frame_bytes_max, 'x');
    for (int i = 0; i < 40; ++i) here->send(large);
    here->send("");
    there->send("answer");
    ASSERT_TRUE(until([&] { return there_heard.size() == 41 && here_heard.size() == 1; }));
    EXPECT_EQ(there_heard[39], large);
    EXPECT_EQ(there_heard[40], "");
    EXPECT_THAT(here_heard, ElementsAre("answer"));
}

TEST_F(ChannelTest, IsForItsOwnerAlone) {
    connect();
    struct stat folder_is{}, socket_is{};
    ASSERT_EQ(::stat((folder.path() / "run").c_str(), &folder_is) + ::stat((folder.path() / "run" / "socket").c_str(), &socket_is), 0);
    EXPECT_EQ(folder_is.st_mode & 0777, 0700U);
    EXPECT_EQ(socket_is.st_mode & 0777, 0600U);
}

TEST_F(ChannelTest, HearsTheLastWordsOfOneThatIsGone) {
    connect();
    here->send("last words");
    here.reset();
    there->drain();
    EXPECT_THAT(there_heard, ElementsAre("last words"));
    EXPECT_NE(there_closed, "");
}

TEST_F(ChannelTest, EndsAtAFrameThatIsTooLong) {
    connect();
    ASSERT_EQ(::send(raw, "\xff\xff\xff\xff", 4, MSG_NOSIGNAL), 4);
    ASSERT_TRUE(until([&] { return !there_closed.empty(); }));
    EXPECT_THAT(there_closed, ::testing::HasSubstr("a frame of 4294967295 bytes"));
}

TEST_F(ChannelTest, EndsWhenTheOtherSideTakesNothing) {
    connect();
    there->hold(true);
    const std::string large(frame_bytes_max, 'x');
    for (std::size_t i = 0; i < Channel::write_bytes_max / frame_bytes_max + 16; ++i) here->send(large);
    ASSERT_TRUE(until([&] { return !here_closed.empty(); }));
    EXPECT_THAT(here_closed, ::testing::HasSubstr("wait for the process at the other end"));
}

TEST_F(ChannelTest, SaysThatNobodyListens) {
    const auto socket = Channel::connect(folder.path() / "nobody");
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, service::Code::unavailable);
    const auto far = Channel::connect("/" + std::string(200, 'x'));
    ASSERT_FALSE(far);
    EXPECT_EQ(far.error().code, service::Code::invalid);
}

}  // namespace
}  // namespace parley::kit
