#include "indexer/query/desk.h"

namespace parley::query {

using service::Code;
using service::Result;

Desk::Desk(service::Reactor& reactor, Answer answer) : reactor_(reactor), answer_(std::move(answer)), thread_([this] { work(); }) {}

Desk::~Desk() {
    {
        const std::lock_guard hold(mutex_);
        ending_ = true;
    }
    arrived_.notify_one();
    thread_.join();
}

void Desk::ask(std::string method, std::string request, std::chrono::milliseconds deadline, Reply reply) {
    {
        const std::lock_guard hold(mutex_);
        if (waiting_.size() < waiting_max) {
            waiting_.push_back({std::move(method), std::move(request), std::chrono::steady_clock::now() + deadline, std::move(reply)});
            arrived_.notify_one();
            return;
        }
    }
    reply(service::fail(Code::limit, "too many questions wait for the archive", "ask again in a moment"));
}

void Desk::work() {
    for (;;) {
        std::unique_lock hold(mutex_);
        arrived_.wait(hold, [this] { return ending_ || !waiting_.empty(); });
        if (ending_) return;
        auto question = std::move(waiting_.front());
        waiting_.pop_front();
        hold.unlock();
        auto result = answer(question);
        reactor_.post([reply = std::move(question.reply), result = std::move(result)]() mutable { reply(std::move(result)); });
    }
}

Result<std::string> Desk::answer(const Question& question) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(question.until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return service::fail(Code::timeout, "the archive was too busy to answer in time", "ask again in a moment");
    try {
        return answer_(question.method, question.request, left);
    } catch (const std::exception& error) {
        return service::fail(Code::io, std::string("the archive cannot be read: ") + error.what());
    }
}

}  // namespace parley::query
