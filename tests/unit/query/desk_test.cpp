// Questions wait in order, and not for ever.
#include "indexer/query/desk.h"

#include <gtest/gtest.h>

#include <future>

namespace parley::query {
namespace {

using namespace std::chrono_literals;

TEST(Desk, AnswersInOrderOnTheReactorsThread) {
    service::Reactor reactor;
    Desk desk(reactor, [](const std::string& method, const std::string& request, std::chrono::milliseconds) { return service::Result<std::string>(method + request); });
    std::vector<std::string> answers;
    const auto here = std::this_thread::get_id();
    for (const char* request : {"1", "2", "3"}) {
        desk.ask("q", request, 5s, [&](service::Result<std::string> reply) {
            EXPECT_EQ(std::this_thread::get_id(), here);
            answers.push_back(reply.value());
            if (answers.size() == 3) reactor.stop();
        });
    }
    EXPECT_TRUE(reactor.run_for(5s));
    EXPECT_EQ(answers, (std::vector<std::string>{"q1", "q2", "q3"}));
}

// The desk is held by one question, so that it takes none of the others before all of them have been asked.
TEST(Desk, RefusesMoreThanItsLimitAndWhoWaitedTooLong) {
    service::Reactor reactor;
    std::promise<void> begun, open;
    Desk desk(reactor, [&begun, gate = open.get_future().share()](const std::string&, const std::string&, std::chrono::milliseconds) {
        begun.set_value();
        gate.wait();
        return service::Result<std::string>("in time");
    });
    std::size_t limited = 0, late = 0, answered = 0;
    const auto count = [&](service::Result<std::string> reply) {
        if (reply) ++answered;
        else if (reply.error().code == service::Code::limit) ++limited;
        else if (reply.error().code == service::Code::timeout) ++late;
        if (answered + late == 1 + Desk::waiting_max) reactor.stop();
    };
    desk.ask("q", "", 1h, count);
    begun.get_future().wait();
    for (std::size_t i = 0; i < Desk::waiting_max + 10; ++i) desk.ask("q", "", 0ms, count);
    EXPECT_EQ(limited, 10U);  // at once, and nothing else yet
    EXPECT_EQ(answered + late, 0U);
    open.set_value();
    EXPECT_TRUE(reactor.run_for(5s));
    EXPECT_EQ(answered, 1U);
    EXPECT_EQ(late, Desk::waiting_max);
    EXPECT_EQ(limited, 10U);
}

TEST(Desk, TurnsAnExceptionIntoAnAnswer) {
    service::Reactor reactor;
    Desk desk(reactor, [](const std::string&, const std::string&, std::chrono::milliseconds) -> service::Result<std::string> { throw std::runtime_error("broken page"); });
    std::string what;
    desk.ask("q", "", 5s, [&](service::Result<std::string> reply) { what = reply.error().what, reactor.stop(); });
    EXPECT_TRUE(reactor.run_for(5s));
    EXPECT_NE(what.find("broken page"), std::string::npos);
}

}  // namespace
}  // namespace parley::query
