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

TEST(Desk, RefusesMoreThanItsLimitAndWhoWaitedTooLong) {
    service::Reactor reactor;
    std::promise<void> open;
    auto gate = open.get_future().share();
    Desk desk(reactor, [gate](const std::string&, const std::string&, std::chrono::milliseconds) { return gate.wait(), service::Result<std::string>("late"); });
    std::size_t limited = 0, late = 0, answered = 0;
    const auto count = [&](service::Result<std::string> reply) {
        if (reply) ++answered;
        else if (reply.error().code == service::Code::limit) ++limited;
        else if (reply.error().code == service::Code::timeout) ++late;
        if (answered + late == Desk::waiting_max) reactor.stop();
    };
    for (std::size_t i = 0; i < Desk::waiting_max + 10; ++i) desk.ask("q", "", 0ms, count);
    open.set_value();
    reactor.run_for(5s);
    EXPECT_GE(limited, 9U);
    EXPECT_GT(late, 0U);
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
