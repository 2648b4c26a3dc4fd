// Just enough of a broker to talk to a client over a real socket: it numbers events, remembers ids, and can be told to
// refuse, to stay silent, or to restart. The journal outlives the restart, as on disk.
#pragma once

#include <map>
#include <set>

#include "broker/bus/codec.h"
#include "broker/bus/server.h"
#include "broker/service/random.h"
#include "tests/unit/bus/temporary_folder.h"

namespace parley::bus {

class SmallBroker {
public:
    SmallBroker(service::Reactor& reactor, std::string endpoint, Keys keys = {}, std::vector<AllowedKey> allow = {})
        : reactor_(reactor), endpoint_(std::move(endpoint)), keys_(std::move(keys)), allow_(std::move(allow)) {}

    service::Result<void> start() {
        peers.clear();
        instance_ = random_id(random_);
        auto server = Server::bind(reactor_, endpoint_, keys_, allow_,
                                   {[this](const Peer& peer, const Proof& proof, ToBroker frame) {
                                        proofs[peer] = proof;
                                        ++frames;
                                        if (!silent) std::visit([&](auto& f) { on(peer, f); }, frame);
                                    },
                                    [this](const Peer&, const service::Error& error) { malformed.push_back(error); }, [this] { ++batches; }});
        if (!server) return service::fail(server.error());
        server_ = std::move(*server);
        return {};
    }
    void stop() { server_.reset(); }
    bool send(const FromBroker& frame) {
        bool any = false;
        for (const auto& [peer, hello] : peers) any = server_->send(peer, frame) || any;
        return any;
    }

    // What it has seen.
    std::map<Peer, to_broker::Hello> peers;
    std::map<Peer, Proof> proofs;
    std::vector<std::string> journal;
    std::vector<to_broker::Follow> follows;
    std::vector<Sequence> acknowledged;
    int lost_welcomes = 0;  // so many are not sent
    std::vector<to_broker::Finish> finishes;
    std::vector<std::uint32_t> leases;
    std::set<EventId> beating;
    std::vector<service::Error> malformed;
    std::map<std::string, Peer> services;
    std::size_t frames = 0, batches = 0, publishes = 0, hellos = 0;
    // What it is told to do.
    bool silent = false, forgets_answers = false;
    bool forgets_peers = false;  // right after it welcomed them
    std::set<EventId> refused;
    service::Code refused_with = service::Code::denied;

private:
    bool knows(const Peer& peer) {
        if (peers.contains(peer)) return true;
        server_->send(peer, from_broker::Who{});
        return false;
    }
    void on(const Peer& peer, to_broker::Hello& f) {
        ++hellos;
        if (!forgets_peers) peers[peer] = f;
        if (lost_welcomes > 0) return static_cast<void>(--lost_welcomes);
        server_->send(peer, from_broker::Welcome{protocol_version, instance_});
    }
    Sequence append(const std::string& event) {
        const auto id = decode_header(event)->id;
        for (std::size_t i = 0; i < journal.size(); ++i)
            if (decode_header(journal[i])->id == id) return i + 1;
        journal.push_back(event);
        return journal.size();
    }
    void on(const Peer& peer, to_broker::Publish& f) {
        if (!knows(peer)) return;
        ++publishes;
        for (const auto& event : f.events) {
            if (!refused.contains(decode_header(event)->id)) continue;
            server_->send(peer, from_broker::Refused{f.request, {refused_with, "not this one", {}}});
            return;
        }
        from_broker::Published answer{f.request, {}};
        for (const auto& event : f.events) answer.sequences.push_back(append(event));
        if (!forgets_answers) server_->send(peer, answer);
    }
    void on(const Peer& peer, to_broker::Follow& f) {
        if (!knows(peer)) return;
        follows.push_back(f);
        from_broker::Events events;
        for (Sequence s = f.after + 1; s <= journal.size(); ++s) events.events.push_back({s, {}, journal[s - 1], {{"work", "ops"}}});
        if (!events.events.empty()) server_->send(peer, events);
    }
    void on(const Peer&, to_broker::Acknowledge& f) { acknowledged.push_back(f.sequence); }
    void on(const Peer&, to_broker::Lease& f) { leases.push_back(f.slots); }
    void on(const Peer& peer, to_broker::Heartbeat& f) {
        if (knows(peer)) beating = {f.leases.begin(), f.leases.end()};
    }
    void on(const Peer& peer, to_broker::Finish& f) {
        if (!knows(peer)) return;
        finishes.push_back(f);
        if (refused.contains(f.lease)) {
            server_->send(peer, from_broker::Refused{f.request, {service::Code::conflict, "the lease had lapsed", {}}});
        } else {
            server_->send(peer, from_broker::Finished{f.request, append(f.event)});
        }
    }
    void on(const Peer& peer, to_broker::Query& f) {
        if (!knows(peer)) return;
        if (const auto service = services.find(f.service); service != services.end()) {
            asking_ = peer;
            server_->send(service->second, from_broker::Query{f.request, f.service, f.method, f.body, f.deadline});
        }
    }
    void on(const Peer& peer, to_broker::Serve& f) { services[f.service] = peer; }
    void on(const Peer&, to_broker::Reply& f) { server_->send(asking_, from_broker::Reply{f.request, f.error, f.body}); }
    void on(const Peer& peer, to_broker::Ping&) {
        if (knows(peer)) server_->send(peer, from_broker::Pong{});
    }

    service::Reactor& reactor_;
    std::string endpoint_;
    Keys keys_;
    std::vector<AllowedKey> allow_;
    service::SystemRandom random_;
    EventId instance_;
    Peer asking_;
    std::unique_ptr<Server> server_;
};

}  // namespace parley::bus
