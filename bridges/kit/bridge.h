// One account's bridge: the platform on one side, the bus on the other. What comes in is in intake.h, what goes out in
// courier.h; here is the link: rooms, absence, health.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "bridges/kit/courier.h"
#include "bridges/kit/intake.h"
#include "broker/bus/dead_letters.h"
#include "broker/bus/value.h"
#include "broker/service/metrics.h"

namespace parley::kit {

struct BridgeOptions {
    std::string account;
    std::filesystem::path folder;  // DATA/bridges/ACCOUNT; made if it is missing
    bus::HouseSettings house;
    bus::Keys keys;
    OutboxLimits outbox;
    std::uint64_t spool_bytes_max = 64 << 20;
    std::uint64_t held_bytes_max = 4 << 20;  // in memory, while the spool takes no more
    std::string boot;  // service::boot_id(): after another one the files hold only what was synced; empty: not known
    std::filesystem::path dead_letters = {};  // what crashes the process is set aside there; empty: it is not
};

class Bridge final : public Host {
public:
    using Make = std::function<std::unique_ptr<Platform>(Host&)>;

    Bridge(service::Reactor& reactor, const service::Clock& clock, service::Random& random, BridgeOptions options);
    ~Bridge();

    // Makes the platform, joins the bus and connects.
    void start(const Make& make);
    // Leaves the platform; what it still says is kept. The reactor may be stopped a moment later.
    void stop();
    bus::Value status() const;

    void link_changed(Link link, const service::Error& reason = {}) override;
    void received(bus::Event event) override;
    void delivered(const DeliveryId& id, const Receipt& receipt) override;
    void known_as(const DeliveryId& id, const std::string& native_id) override { courier_.known_as(id, native_id); }
    void refused(const DeliveryId& id, const service::Error& reason) override;
    void room_changed(const std::string& room, bool joined, const service::Error& reason = {}) override;
    void room_kept(const std::string& room) override;
    bool all_safe() const override { return !intake_.holding(); }
    std::optional<Seen> last_seen(const std::string& room) const override;

private:
    std::optional<service::Time> heard_until() const;
    bool speakable(const std::string& room) const;
    void follow();
    void follow_from(bus::FollowOptions::Start start, std::function<void(std::vector<bus::Followed>)> take);
    void ask_where_to_begin();
    void serve_status();
    service::Result<std::string> answer(const std::string& method, const std::string& request);
    void begin_from(const std::string& status);
    void note(std::string_view key, std::string_view value);
    void hold(bool held);
    void came_back(const std::string& room);
    void save();
    std::string trouble() const;
    std::string metrics() const;
    service::Metrics::Value& counted(const char* name, const char* help, const char* label = nullptr, std::string value = {});

    service::Reactor& reactor_;
    const service::Clock& clock_;
    BridgeOptions options_;
    std::set<std::string> rooms_;  // that the settings name
    store::Env env_;
    store::Table alive_table_, meta_;
    IdentityMap identities_;
    bus::Client client_;
    bus::DeadLetters dead_letters_;
    Intake intake_;
    Courier courier_;
    std::unique_ptr<Platform> platform_;
    service::Metrics metrics_;
    Link link_ = Link::down;
    bool is_new_ = false;      // the account has not followed yet
    bool lost_power_ = false;  // since it was last here, without having been told to stop
    bool held_ = false;       // the platform was told to hold
    service::Error link_reason_;
    std::set<std::string> joined_;
    std::map<std::string, service::Error> room_reasons_;
    std::map<std::string, service::Time> alive_;       // when a room was last with us
    std::map<std::string, service::Time> gone_since_;  // and when it was before we came back
    std::string save_trouble_;
    service::Steady ticked_{};
    service::Reactor::Handle ticker_, ask_again_;
};

}  // namespace parley::kit
