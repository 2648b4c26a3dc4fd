// A session without a server: a host that records, a clock that stands, and a room to be in.
#pragma once

#include "bridges/xmpp/session.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace parley::xmpp {

using namespace std::chrono_literals;

struct TestClock final : service::Clock {
    service::Steady at{};
    service::Time now() const override { return service::Time(1'000'000s) + std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()); }
    service::Steady steady() const override { return at; }
};

struct RecordingHost final : kit::Host {
    std::vector<bus::Event> events;
    std::vector<std::string> delivered_ids;
    std::vector<std::string> known_ids;  // before they were asked for again
    std::vector<service::Error> refusals;
    bool in = false;
    service::Error why;
    void link_changed(kit::Link, const service::Error&) override {}
    void received(bus::Event e) override { events.push_back(std::move(e)); }
    void delivered(const kit::DeliveryId&, const kit::Receipt& r) override { delivered_ids.push_back(r.native_id); }
    void known_as(const kit::DeliveryId&, const std::string& native_id) override { known_ids.push_back(native_id); }
    void refused(const kit::DeliveryId&, const service::Error& e) override { refusals.push_back(e); }
    void room_changed(const std::string&, bool joined, const service::Error& e) override { in = joined, why = e; }
    std::optional<kit::Seen> seen;
    std::optional<kit::Seen> last_seen(const std::string&) const override { return seen; }
};

class XmppSession : public testing::Test {
protected:
    RecordingHost host;
    TestClock clock;
    service::SeededRandom random{7};
    std::vector<Element> sent;
    service::Error gave_up;
    bool gave_up_session = false;
    Session session{{host, clock, random, [this](const Element& e) { sent.push_back(e); }, [this](const service::Error& e, bool session_too) { gave_up = e, gave_up_session = session_too; }},
                    "parley", {"ops@r"}, ""};
    kit::Delivery hello{{bus::derived_id({"hello"}), "ops@r", 0}, kit::Say{bus::Text("hello"), {}, {}, {}, {}}, false};

    Element from(const std::string& nick) { return element("message").set("from", "ops@r/" + nick).set("type", "groupchat"); }
    // The room says what it can do, as it is asked before a room is entered again.
    void features(bool archive) {
        auto query = element("query", "http://jabber.org/protocol/disco#info");
        if (archive) query.add(element("feature").set("var", "urn:xmpp:mam:2"));
        session.handle(element("iq").set("from", "ops@r").set("type", "result").set("id", last("iq")["id"]).add(query));
    }
    // The latest stanza of that name to the room.
    Element last(const std::string& name) const {
        const auto it = std::find_if(sent.rbegin(), sent.rend(), [&](const Element& e) { return e.name == name && e["to"].starts_with("ops@r"); });
        return it == sent.rend() ? Element{} : *it;
    }
    void enter() {
        session.handle(element("presence").set("from", "ops@r/parley").add(element("x", "http://jabber.org/protocol/muc#user").add(element("status").set("code", "110"))));
        session.handle(element("message").set("from", "ops@r").set("type", "groupchat").add(element("subject")));
    }
    void SetUp() override {
        session.link_up("parley@x/1");
        enter();
        ASSERT_TRUE(host.in);
    }
    Element reflection(const std::string& native) {
        auto out = from("parley").set("id", Session::message_id(hello.id)).add(element("body").say("hello"));
        return out.add(element("stanza-id", "urn:xmpp:sid:0").set("id", native).set("by", "ops@r"));
    }
    int said() const {
        return static_cast<int>(std::count_if(sent.begin(), sent.end(), [](const Element& e) { return e.child("body") != nullptr; }));
    }
};

}  // namespace parley::xmpp
