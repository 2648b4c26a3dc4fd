// Whatever a server and the people in its rooms send, in whatever order: what we send is well-formed and within limits,
// what we tell can be published, and a delivery is answered once each time it is handed over.
// Input: stanzas, in which an attribute "?" stands for the id of our latest question to the room; and between them <say to=…>, <react>, <topic>, <again/>, <later/>, <lost/> for what happens on our side.
#include <map>

#include "bridges/xmpp/markup.h"
#include "bridges/xmpp/session.h"
#include "broker/service/random.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/xmpp/xml.h"

using namespace parley;
using fuzz::invariant;

namespace {

struct Told final : kit::Host {
    std::map<kit::DeliveryId, int> open;  // handed over and not answered
    void link_changed(kit::Link, const service::Error&) override {}
    void received(bus::Event event) override {
        invariant(!event.origin.room.room.empty(), "an event says where it is from");
        const bool gap = event.kind() == bus::Kind::gap;  // nobody's, and the kit names it
        invariant(gap || !event.origin.native_id.empty(), "an event has the name that its platform gave it");
        invariant(gap || (!event.author.id.empty() && !event.author.name.empty()), "an event says who");
        if (const auto* message = std::get_if<bus::Message>(&event.body)) fuzz::good_text(message->text);
        if (const auto* edit = std::get_if<bus::Edit>(&event.body)) fuzz::good_text(edit->text);
        fuzz::survives(event);
    }
    void answered(const kit::DeliveryId& id) { invariant(--open.at(id) >= 0, "a delivery is answered once"); }
    void delivered(const kit::DeliveryId& id, const kit::Receipt&) override { answered(id); }
    void refused(const kit::DeliveryId& id, const service::Error& why) override {
        invariant(!why.what.empty(), "a refusal says why");
        answered(id);
    }
    void room_changed(const std::string& room, bool, const service::Error&) override { invariant(room == "ops@rooms.example", "only our rooms change"); }
    std::optional<kit::Seen> last_seen(const std::string&) const override { return std::nullopt; }
};

class Life {
public:
    Life() { session_.link_up("parley@example/1"); }

    void take(const xmpp::Element& e) {
        if (e.name == "say") deliver(e, kit::Say{xmpp::from_styled(e.text), {}, {}, e["reply"], e["author"]});
        else if (e.name == "edit") deliver(e, kit::Correct{e["id"], bus::Text(e.text)});
        else if (e.name == "retract") deliver(e, kit::Retract{e["id"], {}});
        else if (e.name == "react") deliver(e, kit::React{e["id"], {e.text, e["other"]}, e.text, true});
        else if (e.name == "topic") deliver(e, kit::SetTopic{bus::Text(e.text)});
        else if (e.name == "again") for (const auto& one : std::vector(handed_)) hand_over(one);
        else if (e.name == "later") later();
        else if (e.name == "lost") lost();
        else session_.handle(answering(e));
    }

private:
    xmpp::Element answering(xmpp::Element e) const {
        for (auto& [key, value] : e.attributes)
            if (value == "?") value = asked_;
        for (auto& child : e.children) child = answering(std::move(child));
        return e;
    }
    void later() {
        clock_.at += std::chrono::seconds(20);
        session_.tick();
        if (std::exchange(dead_, false)) lost();
    }
    // What was not answered before the link went down is handed over again by the kit.
    void lost() {
        session_.link_lost();
        for (auto& [id, count] : told_.open) count = 0;
        session_.link_up("parley@example/2");
    }
    template <class What>
    void deliver(const xmpp::Element& e, What what) {
        if (handed_.size() >= 64) return;
        const auto to = e["to"].empty() ? "ops@rooms.example" : e["to"];
        handed_.push_back({{bus::derived_id({std::to_string(handed_.size())}), to, 0}, std::move(what), false});
        hand_over(handed_.back());
    }
    void hand_over(const kit::Delivery& delivery) {
        auto& open = told_.open[delivery.id];
        if (open > 0) return;  // still on its way
        open = 1;
        session_.deliver(delivery);
    }
    void check(const xmpp::Element& stanza) {
        bool good = false;
        const auto again = fuzz::read_again(stanza, good);
        invariant(good && again.size() == 1, "what is sent is well-formed");
        if (stanza.name == "iq" && stanza["to"] == "ops@rooms.example") asked_ = stanza["id"];
        if (stanza.name == "message") invariant(xmpp::to_xml(stanza).size() <= xmpp::stanza_bytes_max, "a message keeps to the limit");
    }

    Told told_;
    fuzz::StoppedClock clock_;
    service::SeededRandom random_{7};
    bool dead_ = false;
    std::string asked_;
    std::vector<kit::Delivery> handed_;
    xmpp::Session session_{{told_, clock_, random_, [this](const xmpp::Element& stanza) { check(stanza); }, [this](const service::Error&, bool) { dead_ = true; }},
                           "parley", {"ops@rooms.example", "carol@example/phone"}, ""};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::be_quiet();
    Life life;
    fuzz::Stream stream([&life](const xmpp::Element& stanza) { life.take(stanza); });
    stream.feed(fuzz::text_of(data, size));
    return 0;
}
