#include "broker/pusher.h"

#include <algorithm>

#include "broker/service/log.h"

namespace parley::broker {

using service::Error;

namespace {

constexpr std::size_t frame_events_max = 256;
constexpr std::size_t frame_bytes_target = 512 << 10;
// Events looked at in one go for one follower; the rest waits for its next turn, so that none holds up the others.
constexpr std::size_t looked_at_max = 16'384;

}  // namespace

Error Pusher::begin(Session& session, bus::to_broker::Follow frame, service::Time now) {
    Following following;
    following.options = std::move(frame.options);
    following.options.credit = std::clamp<std::uint32_t>(following.options.credit, 1, credit_max);
    const auto& options = following.options;
    const auto last = journal_.last();
    bus::Sequence done = options.start == bus::FollowOptions::Start::now ? last : journal_.first() - 1;
    if (!options.cursor.empty()) {
        if (const auto place = journal_.cursor(options.cursor)) {
            if (options.start == bus::FollowOptions::Start::cursor) done = place->sequence;
        } else if (auto made = journal_.create_cursor(options.cursor, done, now); !made) {
            return made.error();
        }
    }
    // After a reconnect it still works on what it got: not sent again, and not done with either.
    if (frame.after > done) {
        done = std::min(frame.after, last);
        following.unacked.push_back(done);
    }
    following.next = std::max(done + 1, journal_.first());
    session.following = std::move(following);
    return {};
}

void Pusher::acknowledge(Session& session, bus::Sequence sequence) {
    if (!session.following) return;
    auto& following = *session.following;
    bool any = false;
    while (!following.unacked.empty() && following.unacked.front() <= sequence) {
        following.unacked.pop_front();
        any = true;
    }
    if (!any || following.options.cursor.empty()) return;
    // With nothing on its way it is done with all that it was spared, too.
    moved_[following.options.cursor] = following.unacked.empty() ? following.next - 1 : sequence;
}

bool Pusher::wants(const bus::FollowOptions& options, const bus::EventHeader& header, std::vector<bus::RoomAddress>& recipients) const {
    const auto& filter = options.filter;
    if (!filter.kinds.empty() && std::find(filter.kinds.begin(), filter.kinds.end(), static_cast<bus::Kind>(header.kind)) == filter.kinds.end()) return false;
    if (!filter.rooms.empty() || !filter.gateways.empty()) {
        const bus::RoomAddress room{std::string(header.account), std::string(header.room)};
        if (!filter.rooms.empty() && std::find(filter.rooms.begin(), filter.rooms.end(), room) == filter.rooms.end()) return false;
        const auto in = [&](const std::string& gateway) { return router_.in_gateway(room, gateway); };
        if (!filter.gateways.empty() && std::none_of(filter.gateways.begin(), filter.gateways.end(), in)) return false;
    }
    if (filter.deliver_to.empty()) return true;
    recipients = router_.recipients(header, filter.deliver_to);
    return !recipients.empty();
}

void Pusher::push(Session& session) {
    if (!session.following) return;
    auto& following = *session.following;
    if (following.next > journal_.last()) return;
    const store::ReadTxn txn(journal_.env());
    bus::from_broker::Events frame;
    std::size_t bytes = 0, looked_at = 0;
    bool broken = false;
    const auto flush = [&] {
        if (frame.events.empty()) return;
        if (!send_(session.peer, frame)) {  // it does not read: from here again when it comes back
            following.next = frame.events.front().sequence;
            while (!following.unacked.empty() && following.unacked.back() >= following.next) following.unacked.pop_back();
            broken = true;
        }
        frame.events.clear();
        bytes = 0;
    };
    journal_.each(txn, following.next, [&](const journal::Record& record) {
        if (following.unacked.size() >= following.options.credit || ++looked_at > looked_at_max) return false;
        const auto header = bus::decode_header(record.bytes);
        std::vector<bus::RoomAddress> recipients;
        following.next = record.sequence + 1;
        if (!header || !wants(following.options, *header, recipients)) return true;
        frame.events.push_back({record.sequence, record.journaled, std::string(record.bytes), std::move(recipients)});
        following.unacked.push_back(record.sequence);
        bytes += record.bytes.size();
        if (frame.events.size() >= frame_events_max || bytes >= frame_bytes_target) flush();
        return !broken;
    });
    flush();
    if (following.unacked.empty() && !following.options.cursor.empty()) moved_[following.options.cursor] = following.next - 1;
}

void Pusher::push_soon(Session& session) {
    if (!session.following || session.following->options.patience <= std::chrono::milliseconds(0)) return push(session);
    if (session.push_later || session.following->next > journal_.last()) return;
    session.push_later = reactor_.after(std::min(session.following->options.patience, patience_max), [this, peer = session.peer] {
        const auto later = sessions_.find(peer);
        if (later == sessions_.end()) return;
        later->second.push_later = {};
        push(later->second);
    });
}

void Pusher::push_all(const std::set<bus::Peer>& spoke, const std::function<void()>& between) {
    for (auto& [peer, session] : sessions_)
        if (!spoke.contains(peer)) push_soon(session);
    between();
    for (const auto& peer : spoke)
        if (const auto session = sessions_.find(peer); session != sessions_.end()) push_soon(session->second);
}

}  // namespace parley::broker
