#include "tests/faults/soak/xmpp_person.h"

#include <fmt/format.h>

#include <stdexcept>

#include "tests/faults/soak/told.h"

namespace parley::soak {

using namespace std::chrono_literals;

XmppPerson::XmppPerson(std::string name, std::string room, std::uint16_t port)
    : Person(std::move(name), std::move(room)), port_(port), muc_(this->room().substr(this->room().find('/') + 1)) {}

Said::Kind XmppPerson::kind_of(unsigned number) const {
    switch (number % 12) {
        case 3: return Said::Kind::edit;
        case 6: return Said::Kind::reply;
        case 9: return Said::Kind::reaction;
        default: return Person::kind_of(number);
    }
}

void XmppPerson::come() {
    try {
        client_ = std::make_unique<tests::XmppClient>(port_, name());
        if (!client_->join(muc_, name())) throw std::runtime_error("cannot join");
        client_->take(1ms);  // the room's history
        last_heard_ = {};
        last_said_ = {};
        came();
    } catch (const std::runtime_error&) {
        client_.reset();
        pause(100ms);
    }
}

bool XmppPerson::hear() {
    if (client_ == nullptr) {
        come();
        return false;
    }
    fenced(fences_wanted());  // not needed: what Prosody has taken is in the room's archive
    for (const auto& stanza : client_->take(floods() ? 2ms : 10ms)) take(stanza);
    if (!client_->gone()) return true;
    left();
    client_.reset();
    return false;
}

void XmppPerson::take(const tests::XmlNode& stanza) {
    if (stanza.name != "message" || stanza["type"] != "groupchat" || !stanza["from"].starts_with(muc_ + "/")) return;
    const auto body = stanza.child_text("body");
    if (stanza["from"] == muc_ + "/" + name()) {
        const auto* reactions = stanza.child("reactions");
        if (reactions == nullptr) showed(body);
        else if (stanza.child("delay") == nullptr) showed(reacted_to_);
        return;
    }
    line_heard(body);
    const auto id = last_id(body);
    const auto stanza_id = tests::XmppClient::stanza_id(stanza);
    if (!id.empty() && !stanza_id.empty() && body.ends_with(words_of(id))) last_heard_ = {stanza_id, id};
}

void XmppPerson::speak(Said what) {
    if ((what.kind == Said::Kind::edit && last_said_.id.empty()) || (what.kind == Said::Kind::reply && last_heard_.id.empty())) what.kind = Said::Kind::message;
    if (what.kind == Said::Kind::reaction) {
        if (last_heard_.id.empty() || last_heard_.id == reacted_to_) return;  // its number is not used
        what.id = reacted_to_ = last_heard_.id;
        what.text.clear();
    }
    if (what.kind == Said::Kind::edit) what.text = correction_of(last_said_.id, what.id);
    note(what);
    try {
        switch (what.kind) {
            case Said::Kind::edit: client_->correct(muc_, last_said_.stanza_id, what.text); break;
            case Said::Kind::reply: client_->reply(muc_, last_heard_.stanza_id, last_heard_.id, what.text); break;
            case Said::Kind::reaction: client_->react(muc_, last_heard_.stanza_id, {"👍"}); break;
            case Said::Kind::command: client_->say(muc_, what.text); break;
            default: last_said_ = {client_->say(muc_, what.text), what.id};
        }
    } catch (const std::runtime_error&) {  // the stream is gone: what was said last may be lost, and is not sure
        left();
        client_.reset();
    }
}

}  // namespace parley::soak
