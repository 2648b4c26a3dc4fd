#include "broker/questions.h"

namespace parley::broker {

using bus::from_broker::Reply;
using service::Code;

void Questions::refuse(const bus::Peer& asker, bus::RequestNumber request, service::Error error) { send_(asker, Reply{request, std::move(error), {}}); }

void Questions::ask(const bus::Peer& asker, bus::to_broker::Query query, const bus::Peer& server, service::Steady now) {
    if (open_.size() >= open_max) return refuse(asker, query.request, {Code::limit, "too many questions wait for an answer", "try again in a moment"});
    const auto number = ++last_;
    if (!send_(server, bus::from_broker::Query{number, query.service, query.method, std::move(query.body), query.deadline})) {
        return refuse(asker, query.request, {Code::unavailable, query.service + " does not answer", "parley status shows what runs"});
    }
    open_[number] = {asker, server, query.request, now + query.deadline, query.service};
}

void Questions::answer(const bus::Peer& server, bus::to_broker::Reply reply) {
    const auto it = open_.find(reply.request);
    if (it == open_.end() || it->second.server != server) return;  // too late, or not asked
    send_(it->second.asker, Reply{it->second.request, std::move(reply.error), std::move(reply.body)});
    open_.erase(it);
}

void Questions::gone(const bus::Peer& peer) {
    for (auto it = open_.begin(); it != open_.end();) {
        const auto open = it->second;
        if (open.asker != peer && open.server != peer) {
            ++it;
            continue;
        }
        it = open_.erase(it);
        if (open.server == peer) refuse(open.asker, open.request, {Code::unavailable, open.service + " went away", "try again in a moment"});
    }
}

void Questions::expire(service::Steady now) {
    for (auto it = open_.begin(); it != open_.end();) {
        const auto open = it->second;
        if (open.deadline > now) {
            ++it;
            continue;
        }
        it = open_.erase(it);
        refuse(open.asker, open.request, {Code::timeout, open.service + " did not answer in time", "ask for less, or try again"});
    }
}

}  // namespace parley::broker
