#include "tests/faults/soak/faults.h"

#include <stdexcept>

namespace parley::soak {

namespace {

using Faults = std::vector<Fault>;

constexpr int flood_messages = 150;
constexpr int trickle_bytes_per_second = 600;

void of_processes(Stage& stage, Faults& out) {
    for (const std::string name : {"broker", "indexer", "worker", "web", "small:irc", "large:irc", "work:xmpp", "small:irc-keeper"}) {
        out.push_back({"kill " + name, {name}, 0ms, 3000ms, [&stage, name] { stage.house.kill(name); }, [&stage, name] { stage.house.launch(name); }});
        out.push_back({"hold " + name, {name}, 200ms, 5000ms, [&stage, name] { stage.house.hold(name); }, [&stage, name] { stage.house.go_on(name); }});
    }
}

// An IRC network or Prosody, for faults that are the same on each.
struct Network {
    std::string name;
    tests::Proxy& wire;
    std::function<void()> kill, revive, freeze, thaw;
    Person& person;
};

void of_server(const Network& network, Faults& out) {
    const auto where = std::vector<std::string>{network.name};
    out.push_back({"kill server of " + network.name, where, 0ms, 3000ms, network.kill, network.revive});
    out.push_back({"freeze server of " + network.name, where, 500ms, 12000ms, network.freeze, network.thaw});
}

void of_wire(const Network& network, Faults& out) {
    const auto where = std::vector<std::string>{network.name};
    auto& wire = network.wire;
    const auto nothing = [] {};
    out.push_back({"cut wire of " + network.name, where, 0ms, 0ms, [&wire] { wire.cut(); }, nothing});
    out.push_back({"close half of " + network.name, where, 0ms, 0ms, [&wire] { wire.close_half(); }, nothing});
    out.push_back({"stop wire of " + network.name, where, 500ms, 12000ms, [&wire] { wire.freeze(true); }, [&wire] { wire.freeze(false); }});
    out.push_back({"no way to " + network.name, where, 500ms, 4000ms, [&wire] { wire.refuse(true), wire.cut(); }, [&wire] { wire.refuse(false); }});
    out.push_back({"delay wire of " + network.name, where, 2000ms, 8000ms, [&wire] { wire.delay(400ms); }, [&wire] { wire.delay(0ms); }});
    out.push_back({"slow answers of " + network.name, where, 2000ms, 8000ms, [&wire] { wire.trickle(trickle_bytes_per_second); }, [&wire] { wire.trickle(0); }});
    auto& person = network.person;
    out.push_back({"flood on " + network.name, where, 0ms, 0ms, [&person] { person.flood(flood_messages); }, nothing});
}

Network irc(Stage& stage, const std::string& name, tests::IrcServer& server, tests::Proxy& wire, IrcPerson& person) {
    return {name, wire,
            [&] { stage.kill_irc(server, wire, person); }, [&] { stage.revive_irc(server, wire, person); },
            [&] { server.freeze(); }, [&] { server.thaw(); }, person};
}

}  // namespace

Faults faults_of(Stage& stage) {
    Faults out;
    of_processes(stage, out);
    // On a machine that is busy it may not listen within its time: it is started once more.
    const auto revive = [&] {
        try {
            stage.xmpp.start();
        } catch (const std::runtime_error&) {
            stage.xmpp.start();
        }
    };
    const Network prosody{"work", stage.to_xmpp, [&] { stage.xmpp.kill(); }, revive, [&] { stage.xmpp.freeze(); }, [&] { stage.xmpp.thaw(); }, stage.carl};
    for (const auto& network : {irc(stage, "small", stage.small, stage.to_small, stage.alice), irc(stage, "large", stage.large, stage.to_large, stage.bob), prosody}) {
        of_server(network, out);
        of_wire(network, out);
    }
    return out;
}

}  // namespace parley::soak
