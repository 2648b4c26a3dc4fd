// From the platform to the broker: what was received gets its id, is spooled, published, and forgotten when the broker
// has it on disk. Echoes and what was seen before are dropped here.
//
// If it cannot be spooled (the disk is full, or the broker was away for too long), the platform is asked to hold; what
// it had handed over by then waits in memory, up to a limit, and goes first when there is room. What exceeds the limit
// becomes a gap, said as soon as possible.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <unordered_set>
#include <vector>

#include "bridges/kit/identity_map.h"
#include "bridges/kit/spool.h"
#include "broker/bus/client.h"
#include "broker/bus/house_settings.h"

namespace parley::kit {

using bus::Delivered;

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
    struct Limits {
        std::uint64_t spool_bytes_max, held_bytes_max;
    };
    Intake(Parts parts, std::string account, std::filesystem::path spool_file, Limits limits);

    // Called, not from inside received(), with true when nothing more can be taken and with false when it can again.
    void on_hold(std::function<void(bool held)> hold) { hold_ = std::move(hold); }

    void publish_recovered();  // what an earlier process left in the spool
    void received(bus::Event event);
    static bool refers(const bus::Event& event);  // to another, by its native id
    // False: it could not be kept, and will be said later.
    bool gap(const std::string& room, service::Time from, service::Time to, std::string why);
    // How many of them, from the first, are kept; the others could not be written, and are to be said again.
    std::size_t receipts(const std::string& room, bus::Visibility visibility, std::vector<Delivered> delivered);
    // False: it could not be written; it is to be said again. Its native ids: of the parts that were taken all the same.
    bool refusal(const std::string& room, bus::Visibility visibility, Delivered refused, std::string why);

    void sync();  // what waits for the broker outlives a power cut when it returns; throws store::Failure

    std::optional<Seen> last_seen(const std::string& room) const;
    void begins(const std::string& room, service::Time time);  // nobody has spoken yet, but from here on we are there
    void save(store::WriteTxn& txn);  // the last_seen that have moved
    std::size_t waiting() const { return spool_.waiting(); }
    // Up to when what was received would outlive a power cut: at the broker, or synced here if it has waited for `most`.
    service::Time kept_until(service::Time now, std::chrono::milliseconds most);
    std::uint64_t echoes() const { return echoes_; }
    bool holding() const { return unwritten_ || !held_.empty(); }
    const service::Error& trouble() const { return trouble_; }  // why we hold

private:
    void keep_order(bus::Event& event);
    void resolve(bus::Event& event, const store::Txn& txn) const;
    bool is_echo(const bus::Event& event, const store::Txn& txn) const;
    void remember(const bus::Event& event);
    bool write_remembered();
    void write(store::WriteTxn& txn, const bus::Event& event);
    bool keep_receipt(const std::string& room, bus::Visibility visibility, bus::Receipt receipt);
    void publish_receipts();
    bool submit(bus::Event event);
    service::Result<void> keep(bus::Event& event);
    bool hold_on(bus::Event event, const service::Error& why);
    void let_go();
    void hold_changed(const service::Error& why);
    void publish(std::uint64_t ordinal, std::string bytes);
    void published(std::uint64_t ordinal);
    void not_published(std::uint64_t ordinal, const service::Error& why);
    void no_room(const bus::Event& event, const service::Error& why);
    void say_what_was_lost();
    void try_again_soon();

    Parts parts_;
    std::string account_;
    Spool spool_;
    store::Table seen_table_;
    std::map<std::string, Seen> seen_;
    std::map<std::string, service::Time> said_last_;  // by room; never ahead of our own clock
    std::unordered_set<std::string> moved_;    // rooms whose seen_ is not saved yet
    std::unordered_set<bus::EventId> recent_;  // accepted by this process
    std::deque<bus::EventId> recent_order_;
    std::map<std::uint64_t, bus::Event> under_way_;  // in the spool, and not yet in the journal; by ordinal
    // What a turn of the reactor brought is written in one transaction; a moment's receipts are published together.
    std::vector<bus::Event> remembered_;
    bool unwritten_ = false;  // that could not be done: tried again
    std::vector<std::pair<std::uint64_t, std::string>> receipts_;
    service::Reactor::Handle remember_soon_, receipts_soon_;
    struct Lost {
        service::Time from, to;
    };
    std::map<std::string, Lost> lost_;             // could not be spooled; a gap says so when it is possible again
    std::set<std::uint64_t> refused_;              // of those under way: to be published again
    service::Error last_refusal_;
    std::uint64_t held_bytes_max_;
    std::deque<bus::Event> held_;  // to be spooled again
    std::uint64_t held_bytes_ = 0;
    service::Error trouble_;
    std::function<void(bool)> hold_;
    service::Reactor::Handle again_, tell_;
    std::uint64_t echoes_ = 0;
};

}  // namespace parley::kit
