// A whole house of real processes between real servers, under load: how late a message is, how many a second pass, what
// each process costs. Beside it, on the same servers, a bare forwarder (forwarder.cpp) and, if its program is given, another
// bridge (peer.h). Every message is counted; exits 1 if Parley lost one, doubled it or put it out of order.
#include <fmt/format.h>

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>

#include "tests/support/house.h"
#include "tests/support/irc_server.h"
#include "tests/support/xmpp_server.h"
#include "tools/measure/load.h"
#include "tools/measure/peer.h"
#include "tools/measure/processes.h"

namespace {

using namespace parley;
using namespace std::chrono_literals;
using measure::Json;
using measure::Place;

constexpr std::size_t in_flight = 64;
constexpr std::size_t ngircd_speakers = 16;  // ngircd takes three lines of one client at a time
constexpr const char* password_name = "PARLEY_MEASURE_PASSWORD";
constexpr const char* pacing = "none: pacing_per_second = 0, MaxPenaltyTime = 0 (ngircd), fakelag off (InspIRCd), no mod_limits, archives in memory (Prosody)";

struct Plan {
    double paced_seconds, full_seconds, per_second;
    int repeats;
    std::string way;   // only this one; empty: all
    std::string peer;  // matterbridge's program; empty: without it
};

using Pids = std::map<std::string, pid_t>;

using measure::Way;  // over the house, over the bare forwarder, or over the other bridge

// A name that IRC, XMPP and a file of Prosody's take as it is.
std::string letters_of(std::string name) {
    std::erase(name, '-');
    return name;
}

// One way with its people in their rooms, and the figures of each repetition.
class Measured {
public:
    Measured(const Way& way, std::function<Pids()> pids)
        : name_(way.name), pids_(std::move(pids)), crowd_(way.from, way.to, letters_of(way.name), way.speakers, way.stands) {
        if (!crowd_.reached(20s)) throw std::runtime_error(name_ + ": nothing comes through");
        quiet();
    }
    // False: messages are missing, came twice, or out of order.
    bool paced(const Plan& plan) { return one({plan.per_second, in_flight, length(plan.paced_seconds)}, paced_); }
    bool full(const Plan& plan) { return one({0, in_flight, length(plan.full_seconds)}, full_); }
    Json figures() const { return Json().add("paced", paced_).add("full", full_); }

private:
    static measure::Steady::duration length(double seconds) {
        return std::chrono::duration_cast<measure::Steady::duration>(std::chrono::duration<double>(seconds));
    }
    std::map<std::string, double> cpu() const {
        std::map<std::string, double> out;
        for (const auto& [name, pid] : pids_()) out[name] = measure::cpu_microseconds(pid);
        return out;
    }
    double cpu_of_all() const {
        double sum = 0;
        for (const auto& [name, spent] : cpu()) sum += spent;
        return sum;
    }
    // Until no process works any more: what they do for a message later is counted for it, too.
    void quiet() const {
        const auto until = measure::Steady::now() + 20s;
        for (int calm = 0; calm < 3 && measure::Steady::now() < until;) {
            const auto before = cpu_of_all();
            const auto window = measure::Steady::now() + 100ms;
            tests::wait_until([&] { return measure::Steady::now() >= window; });
            calm = cpu_of_all() - before <= 10'000 ? calm + 1 : 0;
        }
    }
    bool one(const measure::Load& load, std::vector<Json>& figures) {
        const auto before = cpu();
        const auto outcome = crowd_.run(load);
        quiet();
        Json spent;
        for (const auto& [name, now] : cpu()) spent.add(name, (now - before.at(name)) / static_cast<double>(std::max<std::size_t>(outcome.heard, 1)));
        figures.push_back(Json()
                              .add("messages", static_cast<double>(outcome.said))
                              .add("latency", measure::latency(outcome.microseconds))
                              .add("lost", static_cast<double>(outcome.lost()))
                              .add("doubled", static_cast<double>(outcome.doubled))
                              .add("disordered", static_cast<double>(outcome.disordered))
                              .add("per_second", static_cast<double>(outcome.heard) / outcome.seconds)
                              .add("cpu_us_per_message", spent)
                              .add("load_average", measure::load_average()));
        if (!outcome.good()) fmt::print(stderr, "measure_relay: {}: {}\n", name_, outcome.text());
        return outcome.good();
    }

    std::string name_;
    std::function<Pids()> pids_;
    measure::Crowd crowd_;
    std::vector<Json> paced_, full_;
};

class Relay {
public:
    explicit Relay(const Plan& plan) : plan_(plan) {}
    bool run() {
        house_.start_all({"small:irc", "large:irc", "work:xmpp"});
        wait_for_rooms();
        memory("idle");
        const auto ours = ways("", ""), bare = ways("bare-", "bare-"), peer = ways("peer-", "peer-");
        if (!plan_.peer.empty()) peer_.emplace(plan_.peer, peer);
        Json figures;
        for (std::size_t i = 0; i < ours.size(); ++i) {
            if (plan_.way.empty() || plan_.way == ours[i].name) compare(ours[i], bare[i], peer[i], figures);
        }
        memory("loaded");
        Json processes;
        for (const auto& [name, used] : memory_) processes.add(name, used);
        fmt::print("{}\n", Json().add("pacing", pacing).add("in_flight", in_flight).add("paced_per_second", plan_.per_second).add("ways", figures)
                               .add("memory", processes).text());
        return good_;
    }

private:
    std::string settings() const;
    std::vector<Way> ways(const std::string& name, const std::string& room) const;
    Pids pids() const;
    void wait_for_rooms();
    void compare(const Way& ours, const Way& bare, const Way& other, Json& figures);
    void memory(const std::string& when);

    const Plan plan_;
    tests::IrcServer small_{tests::IrcServer::Kind::ngircd};
    tests::IrcServer large_{tests::IrcServer::Kind::inspircd};
    tests::XmppServer jabber_{{"parley", "ircxmppear", "xmppirc0", "bareircxmpp", "bareircxmppear", "barexmppirc", "barexmppirc0", "peer",
                               "peerircxmppear", "peerxmppirc0"},
                              tests::XmppServer::Made::fast};
    tests::House house_{settings()};
    std::optional<measure::Peer> peer_;
    std::map<std::string, Json> memory_;
    bool good_ = true;
};

std::string Relay::settings() const {
    const auto irc = [](const char* name, std::uint16_t port) {
        return fmt::format("[account.{}]\nplatform = \"irc\"\nserver = \"127.0.0.1\"\nport = {}\nnick = \"parley\"\npacing_per_second = 0\n", name, port);
    };
    const auto xmpp = fmt::format("[account.work]\nplatform = \"xmpp\"\njid = \"parley@localhost\"\npassword = {{ env = \"{}\" }}\n"
                                  "host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n", password_name, jabber_.port());
    return irc("small", small_.port()) + irc("large", large_.port()) + xmpp +
           "[gateway.irc]\nrooms = [\"small/#irc\", \"large/#irc\"]\n"
           "[gateway.mixed]\nrooms = [\"large/#mixed\", \"work/mixed@conference.localhost\"]\n";
}

std::vector<Way> Relay::ways(const std::string& name, const std::string& room) const {
    const Place small{Place::Kind::irc, small_.port(), "#" + room + "irc"}, large{Place::Kind::irc, large_.port(), "#" + room + "irc"};
    const Place mixed{Place::Kind::irc, large_.port(), "#" + room + "mixed"}, jabber{Place::Kind::xmpp, jabber_.port(), room + "mixed@conference.localhost"};
    return {{name + "irc-irc", small, large, ngircd_speakers, measure::Person::Stands::outside}, {name + "irc-xmpp", mixed, jabber}, {name + "xmpp-irc", jabber, mixed}};
}

Pids Relay::pids() const {
    Pids out;
    for (const auto* name : {"broker", "indexer", "worker", "web", "small:irc", "large:irc", "work:xmpp"}) out[name] = house_.pid(name);
    return out;
}

void Relay::wait_for_rooms() {
    const auto joined = [&](const std::string& name, std::size_t rooms) {
        const auto log = house_.log(name);
        std::size_t count = 0;
        for (auto at = log.find(" room="); at != std::string::npos; at = log.find(" room=", at + 1)) ++count;
        return count >= rooms;
    };
    if (tests::wait_until([&] { return joined("small:irc", 1) && joined("large:irc", 2) && joined("work:xmpp", 1); }, 30s)) return;
    throw std::runtime_error("the bridges do not join their rooms\n" + house_.logs());
}

// In turn, so that a noisy minute is a noisy minute for all of them.
void Relay::compare(const Way& ours, const Way& bare, const Way& other, Json& figures) {
    const auto program = std::string(PARLEY_BIN_DIR) + "/measure_forwarder";
    const tests::Process forwarder({.argv = {program, letters_of(bare.name), bare.from.text(), bare.to.text()}, .log = house_.folder() / (bare.name + ".log")});
    Measured relay(ours, [this] { return pids(); });
    Measured floor(bare, [&] { return Pids{{"forwarder", forwarder.pid()}}; });
    std::optional<Measured> peer;
    if (peer_) peer.emplace(other, [&] { return Pids{{"peer", peer_->pid()}}; });
    for (int i = 0; i < plan_.repeats; ++i) {
        good_ = relay.paced(plan_) && good_;
        good_ = floor.paced(plan_) && good_;
        good_ = relay.full(plan_) && good_;
        good_ = floor.full(plan_) && good_;
        if (peer) peer->paced(plan_), peer->full(plan_);  // what it loses is its own figure
    }
    figures.add(ours.name, relay.figures()).add(bare.name, floor.figures());
    if (peer) figures.add(other.name, peer->figures());
}

void Relay::memory(const std::string& when) {
    for (const auto& [name, pid] : pids()) {
        const auto used = measure::memory(pid);
        memory_[name].add(when, Json().add("rss", used.resident).add("anonymous", used.anonymous).add("pss", used.proportional));
    }
}

}  // namespace

int main(int argc, char** argv) {
    measure::Options options(argc, argv, "usage: measure_relay [--paced-seconds 4] [--full-seconds 3] [--per-second 100] [--repeats 3] [--way irc-irc|irc-xmpp|xmpp-irc] [--peer MATTERBRIDGE]");
    const Plan plan{options.number("paced-seconds", 4), options.number("full-seconds", 3), options.number("per-second", 100),
                    static_cast<int>(options.number("repeats", 3)), options.text("way", ""), options.text("peer", "")};
    options.finish();
    ::setenv(password_name, "secret", 1);
    try {
        return Relay(plan).run() ? 0 : 1;
    } catch (const std::exception& error) {
        fmt::print(stderr, "measure_relay: {}\n", error.what());
        return 1;
    }
}
