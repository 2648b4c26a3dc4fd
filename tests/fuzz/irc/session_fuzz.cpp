// Whatever a server says in whatever order: what we answer is lines, what we tell is events that can be published, and
// each delivery is answered at most once. Input lines: ">text" is something for us to say, "~" lets time pass.
#include <map>
#include <memory>

#include "bridges/irc/markup.h"
#include "bridges/irc/outgoing.h"
#include "bridges/irc/wire.h"
#include "tests/fuzz/properties.h"

using namespace parley;
using fuzz::invariant;

namespace {

struct Answers final : kit::Host {
    std::map<kit::DeliveryId, int> of;
    void link_changed(kit::Link, const service::Error&) override {}
    void received(bus::Event) override {}
    void delivered(const kit::DeliveryId& id, const kit::Receipt& receipt) override {
        invariant(fuzz::valid(receipt.native_id), "a receipt is UTF-8");
        invariant(++of.at(id) == 1, "a delivery is answered once");
    }
    void refused(const kit::DeliveryId& id, const service::Error& why) override {
        invariant(!why.what.empty(), "a refusal says why");
        invariant(++of.at(id) == 1, "a delivery is answered once");
    }
    void room_changed(const std::string&, bool, const service::Error&) override {}
    std::optional<kit::Seen> last_seen(const std::string&) const override { return std::nullopt; }
};

irc::Settings settings_of(unsigned choice) {
    irc::Settings settings;
    settings.nick = settings.user = "parley";
    settings.realname = "Parley";
    settings.pace_per_second = 0;
    if ((choice & 1) != 0) settings.sasl = {"PLAIN", "parley", "sesame"};
    if ((choice & 2) != 0) settings.nickserv_password = "sesame";
    if ((choice & 4) != 0) settings.channel_keys["#lab"] = "key";
    return settings;
}

class Talk {
    struct Checked final : irc::Wire {
        void send(const irc::Line& line, const irc::SentAs&) override { write(line); }
        void close() override {}
        void leave(const std::string&) override {}
        void hold(bool) override {}
    };

public:
    explicit Talk(unsigned choice)
        : settings_(settings_of(choice)), session_(settings_, {"#Ops", "#lab", "carol"}, now()),
          outgoing_(answers_, session_, settings_, clock_, wire_) {
        carry_out(session_.start());
    }

    bool hear(std::string_view bytes) {
        if (bytes.starts_with('>')) {
            say(bytes.substr(1));
        } else if (bytes.starts_with('~')) {
            clock_.at += std::chrono::seconds(30);
            if (session_.due() && *session_.due() <= clock_.at) carry_out(session_.tick(now()));
        } else if (const auto line = irc::parse(bytes)) {
            carry_out(session_.receive(*line, now()));
        }
        if (session_.up()) outgoing_.pump();
        return !failed_;
    }

private:
    irc::Now now() const { return {clock_.now(), clock_.at}; }

    void say(std::string_view what) {
        if (!session_.up()) return;
        kit::Delivery delivery;
        const auto choice = what.empty() ? 'a' : what.front();
        delivery.id = {bus::derived_id({std::to_string(++said_)}), choice == '@' ? "carol" : choice == '?' ? std::string(what) : "#ops", 0};
        kit::Say words{irc::to_text(what), choice == '*' ? bus::Message::Style::action : bus::Message::Style::plain, {}, {}, {}};
        if (choice == '=') delivery.what = kit::SetTopic{words.text};
        else delivery.what = std::move(words);
        delivery.in_doubt = choice == '!';
        answers_.of[delivery.id] = 0;
        outgoing_.deliver(delivery);
    }

    void carry_out(const irc::Effects& effects) {
        for (const auto& effect : effects) {
            if (const auto* send = std::get_if<irc::Send>(&effect)) write(send->line);
            if (std::get_if<irc::Fail>(&effect) != nullptr) failed_ = true;  // the connection ends here
            if (const auto* heard = std::get_if<irc::Heard>(&effect)) check(heard->event);
            if (const auto* answer = std::get_if<irc::Answer>(&effect)) outgoing_.answer(answer->line);
        }
    }

    void check(const bus::Event& event) {
        invariant(!event.origin.room.room.empty() && !event.origin.native_id.empty(), "an event says where it is from");
        invariant(!event.author.id.empty() && !event.author.name.empty(), "an event says who");
        if (const auto* message = std::get_if<bus::Message>(&event.body)) fuzz::good_text(message->text);
        fuzz::survives(event);
    }

    static void write(const irc::Line& line) {
        const auto bytes = irc::format(line);
        invariant(fuzz::one_line(bytes), "what is sent is one line");
        const auto again = irc::parse(bytes);
        invariant(again && again->command == line.command && again->params.size() == line.params.size(), "what is sent has our parameters and no others");
        if (line.command == "PRIVMSG" || line.command == "TOPIC") {
            invariant(fuzz::valid(line.last()) && again->last() == line.last(), "nothing is cut off what is said");
        }
    }

    const irc::Settings settings_;
    fuzz::StoppedClock clock_;
    Answers answers_;
    irc::Session session_;
    Checked wire_;
    irc::Outgoing outgoing_;
    unsigned said_ = 0;
    bool failed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::be_quiet();
    auto rest = fuzz::text_of(data, size);
    Talk talk(fuzz::take_byte(rest));
    irc::LineReader reader;
    reader.feed(rest, [&](std::string_view line) { return talk.hear(line); });
    return 0;
}
