// Where questions wait and are answered, one after another, on a thread of their own: a slow search holds up no writing.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "broker/service/reactor.h"
#include "broker/service/result.h"

namespace parley::query {

class Desk {
public:
    using Answer = std::function<service::Result<std::string>(const std::string& method, const std::string& request, std::chrono::milliseconds left)>;
    using Reply = std::function<void(service::Result<std::string>)>;

    // `answer` is called on the desk's thread; replies on the reactor's.
    Desk(service::Reactor& reactor, Answer answer);
    ~Desk();  // waits for the question at hand; those that wait are not answered
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    // At most waiting_max wait; more are refused with Code::limit. Who waited past its deadline gets Code::timeout.
    void ask(std::string method, std::string request, std::chrono::milliseconds deadline, Reply reply);

    static constexpr std::size_t waiting_max = 256;

private:
    struct Question {
        std::string method, request;
        std::chrono::steady_clock::time_point until;
        Reply reply;
    };
    void work();
    service::Result<std::string> answer(const Question& question);

    service::Reactor& reactor_;
    Answer answer_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Question> waiting_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace parley::query
