// Queries on their way: who asked, who is to answer, until when.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "broker/bus/frames.h"
#include "broker/bus/server.h"

namespace parley::broker {

class Questions {
public:
    static constexpr std::size_t open_max = 1024;
    using Send = std::function<bool(const bus::Peer&, const bus::FromBroker&)>;
    explicit Questions(Send send) : send_(std::move(send)) {}

    // Passes the query on to `server`. Says Code::limit or Code::unavailable to the asker where it cannot.
    void ask(const bus::Peer& asker, bus::to_broker::Query query, const bus::Peer& server, service::Steady now);
    void answer(const bus::Peer& server, bus::to_broker::Reply reply);
    void refuse(const bus::Peer& asker, bus::RequestNumber request, service::Error error);
    void gone(const bus::Peer& peer);     // its questions are dropped, those to it refused
    void expire(service::Steady now);     // Code::timeout to who waited too long

private:
    struct Open {
        bus::Peer asker, server;
        bus::RequestNumber request;
        service::Steady deadline;
        std::string service;
    };
    Send send_;
    std::map<bus::RequestNumber, Open> open_;
    bus::RequestNumber last_ = 0;
};

}  // namespace parley::broker
