// From the platform to the broker: what was received gets its id, is spooled, published, and forgotten when the broker
// has it on disk. Echoes and what was seen before are dropped here.
#pragma once

#include <deque>
#include <map>
#include <unordered_set>

#include "bridges/kit/identity_map.h"
#include "bridges/kit/spool.h"
#include "broker/bus/client.h"
#include "broker/bus/house_settings.h"

namespace parley::kit {

class Intake {
public:
    struct Parts {  // all outlive the intake
        service::Reactor& reactor;
        const service::Clock& clock;
        service::Random& random;
        bus::Client& client;
        store::Env& env;
        IdentityMap& identities;
        const bus::HouseSettings& house;
    };
    Intake(Parts parts, std::string account, std::filesystem::path spool_file, std::uint64_t spool_bytes_max);

    void publish_recovered();  // what an earlier process left in the spool
    void received(bus::Event event);
    // False: it could not be kept, and will be said later.
    bool gap(const std::string& room, service::Time from, service::Time to, std::string why);
    void receipt(const bus::EventId& event, const std::string& room, bus::Visibility visibility,
                 std::vector<std::string> native_ids, std::string refusal);

    std::optional<Seen> last_seen(const std::string& room) const;
    void save(store::WriteTxn& txn);  // the last_seen that have moved
    std::size_t waiting() const { return spool_.waiting(); }
    std::uint64_t echoes() const { return echoes_; }

private:
    void resolve(bus::Event& event, const store::Txn& txn) const;
    bool is_echo(const bus::Event& event, const store::Txn& txn) const;
    void remember(const bus::Event& event);
    bool submit(const bus::Event& event);
    void publish(std::uint64_t ordinal, const bus::Event& event);
    void published(std::uint64_t ordinal, const bus::Event& event);
    void not_published(std::uint64_t ordinal, const bus::Event& event, const service::Error& why);
    void no_room(const bus::Event& event, const service::Error& why);
    void say_what_was_lost();
    void try_again_soon();

    Parts parts_;
    std::string account_;
    Spool spool_;
    store::Table seen_table_;
    std::map<std::string, Seen> seen_;
    std::unordered_set<std::string> moved_;    // rooms whose seen_ is not saved yet
    std::unordered_set<bus::EventId> recent_;  // accepted by this process
    std::deque<bus::EventId> recent_order_;
    struct Lost {
        service::Time from, to;
    };
    std::map<std::string, Lost> lost_;             // could not be spooled; a gap says so when it is possible again
    std::map<std::uint64_t, bus::Event> refused_;  // to be published again
    service::Error last_refusal_;
    service::Reactor::Handle again_;
    std::uint64_t echoes_ = 0;
};

}  // namespace parley::kit
