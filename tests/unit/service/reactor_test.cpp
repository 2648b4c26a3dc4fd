#include "broker/service/reactor.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

namespace parley::service {
namespace {

using namespace std::chrono_literals;

TEST(Reactor, RunsPostedWorkInOrder) {
    Reactor reactor;
    std::string order;
    reactor.post([&] { order += 'a'; });
    reactor.post([&] { order += 'b'; });
    reactor.post([&] { reactor.stop(); });
    EXPECT_TRUE(reactor.run_for(5s));
    EXPECT_EQ(order, "ab");
}

TEST(Reactor, DoesNotCallACancelledTimer) {
    Reactor reactor;
    bool called = false;
    auto handle = reactor.after(1ms, [&] { called = true; });
    handle.cancel();
    auto end = reactor.after(20ms, [&] { reactor.stop(); });
    EXPECT_TRUE(reactor.run_for(5s));
    EXPECT_FALSE(called);
}

TEST(Reactor, LetsATimerCancelItselfFromItsOwnCallback) {
    Reactor reactor;
    int calls = 0;
    Reactor::Handle handle;
    handle = reactor.every(1ms, [&] {
        if (++calls < 3) return;
        handle.cancel();
        reactor.stop();
    });
    EXPECT_TRUE(reactor.run_for(5s));
    EXPECT_EQ(calls, 3);
}

TEST(Reactor, WatchesOneDescriptorForBothDirections) {
    Reactor reactor;
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    bool writable = false;
    std::string got;
    Reactor::Handle write = reactor.on_writable(pair[0], [&] {
        writable = true;
        write.cancel();
        ASSERT_EQ(::write(pair[1], "x", 1), 1);
    });
    auto read = reactor.on_readable(pair[0], [&] {
        char c = 0;
        if (::read(pair[0], &c, 1) == 1) got += c;
        if (got.size() < 2) ASSERT_EQ(::write(pair[1], "y", 1), 1);
        else reactor.stop();
    });
    EXPECT_TRUE(reactor.run_for(5s));
    EXPECT_TRUE(writable);
    EXPECT_EQ(got, "xy");
    ::close(pair[0]);
    ::close(pair[1]);
}

TEST(Reactor, HearsSignals) {
    Reactor reactor;
    int heard = 0;
    auto handle = reactor.on_signal({SIGUSR1}, [&](int signal) {
        heard = signal;
        reactor.stop();
    });
    reactor.post([] { ::raise(SIGUSR1); });
    EXPECT_TRUE(reactor.run_for(5s));
    EXPECT_EQ(heard, SIGUSR1);
}

}  // namespace
}  // namespace parley::service
