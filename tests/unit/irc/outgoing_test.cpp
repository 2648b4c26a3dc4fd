// Whether a line was said before the link died: the history of the room shows it.
#include "bridges/irc/outgoing.h"
#include "broker/service/clock.h"
#include "tests/unit/irc/played.h"

namespace parley::irc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Answers final : kit::Host {
    void link_changed(kit::Link, const service::Error&) override {}
    void received(bus::Event) override {}
    void delivered(const kit::DeliveryId& id, const kit::Receipt& receipt) override {
        receipts.emplace_back(id.part, receipt.native_id);
    }
    void refused(const kit::DeliveryId&, const service::Error& why) override { refusals.push_back(why.text()); }
    void room_changed(const std::string&, bool, const service::Error&) override {}
    std::optional<kit::Seen> last_seen(const std::string&) const override { return std::nullopt; }
    std::vector<std::pair<std::uint32_t, std::string>> receipts;
    std::vector<std::string> refusals;
};

class InDoubt : public Talk {
protected:
    void SetUp() override {
        settings_.pace_per_second = 0;
        now_.time = service::parse_iso8601("2026-11-23T12:00:00Z").value();
        up();
        hear(":s 005 parley CHATHISTORY=100 MSGREFTYPES=msgid :are supported");
        const std::string all = "batch server-time message-tags echo-message draft/chathistory";
        hear(":s CAP parley NEW :" + all);
        hear(":s CAP parley ACK :" + all);
        outgoing_.emplace(host_, *session_, settings_, clock_, wire_);
    }
    void deliver(const std::string& text, bool in_doubt) {
        outgoing_->deliver({{{}, "#Ops", part_++}, kit::Say{text, bus::Message::Style::plain, {}, {}, {}}, in_doubt});
        outgoing_->pump();
    }
    // What the server says that we said.
    void history(const std::vector<std::string>& ours) {
        hear(":s BATCH +r chathistory #ops");
        hear("@batch=r;time=2026-11-23T11:00:00.000Z;msgid=old :alice!a@h PRIVMSG #ops :old");
        hear(":s BATCH -r");
        hear(":s BATCH +p chathistory #ops");
        int id = 0;
        for (const auto& text : ours)
            hear("@batch=p;time=2026-11-23T11:30:00.000Z;msgid=m" + std::to_string(++id) + " :parley!p@h PRIVMSG #ops :" + text);
        hear(":s BATCH -p");
        outgoing_->pump();
    }

    service::SystemClock clock_;
    Answers host_;
    PlayedWire wire_;
    std::optional<Outgoing> outgoing_;
    std::uint32_t part_ = 0;
};

TEST_F(InDoubt, ALineThatTheHistoryHasIsNotSaidAgain) {
    take(session_->catch_up({"#Ops", {"x", now_.time - std::chrono::hours(1)}}, now_));
    deliver("<bob> one", true);
    deliver("<bob> two", true);
    deliver("<bob> three", false);
    EXPECT_THAT(wire_.lines, IsEmpty()) << "before the history is known";
    history({"<bob> one"});
    EXPECT_THAT(host_.receipts, ElementsAre(std::pair(0u, "m1")));
    EXPECT_THAT(wire_.lines, ElementsAre("PRIVMSG #Ops :(maybe again) <bob> two", "PRIVMSG #Ops :<bob> three"));
}

TEST_F(InDoubt, OneLineOfTheHistorySettlesOneDoubt) {
    take(session_->catch_up({"#Ops", {"x", now_.time - std::chrono::hours(1)}}, now_));
    deliver("<bob> yes", true);
    deliver("<bob> yes", true);
    history({"<bob> yes"});
    EXPECT_THAT(host_.receipts, ElementsAre(std::pair(0u, "m1")));
    EXPECT_THAT(wire_.lines, ElementsAre("PRIVMSG #Ops :(maybe again) <bob> yes"));
}

TEST_F(InDoubt, WithoutHistoryALineIsSaidAgainWithItsMark) {
    deliver("<bob> one", true);
    EXPECT_THAT(wire_.lines, ElementsAre("PRIVMSG #Ops :(maybe again) <bob> one"));
}

TEST_F(InDoubt, WhereThatIsWantedALineIsHeldUnlessTheHistoryHasIt) {
    take(session_->catch_up({"#Ops", {"x", now_.time - std::chrono::hours(1)}}, now_));
    for (const auto* text : {"<bob> one", "<bob> two"})
        outgoing_->deliver({{{}, "#Ops", part_++}, kit::Say{text, bus::Message::Style::plain, {}, {}, {}}, true, {}, true});
    deliver("<bob> three", false);
    history({"<bob> one"});
    EXPECT_THAT(host_.receipts, ElementsAre(std::pair(0u, "m1")));
    EXPECT_THAT(host_.refusals, ElementsAre(::testing::HasSubstr("held")));
    EXPECT_THAT(wire_.lines, ElementsAre("PRIVMSG #Ops :<bob> three"));
}

}  // namespace
}  // namespace parley::irc
