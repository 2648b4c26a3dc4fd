// A person in a room on Prosody, who also corrects, answers and reacts. The room shows them their own words: those were said.
#pragma once

#include <memory>

#include "tests/faults/soak/person.h"
#include "tests/support/xmpp_client.h"

namespace parley::soak {

class XmppPerson final : public Person {
public:
    XmppPerson(std::string name, std::string room, std::uint16_t port);
    ~XmppPerson() override { stop(); }

private:
    bool hear() override;
    void speak(Said what) override;
    Said::Kind kind_of(unsigned number) const override;
    void come();
    void take(const tests::XmlNode& stanza);
    // What was heard last in this session of something that can be answered: the room's id for it, and its own.
    struct Heard {
        std::string stanza_id, id;
    };

    const std::uint16_t port_;
    const std::string muc_;
    std::unique_ptr<tests::XmppClient> client_;
    Heard last_heard_;
    Heard last_said_;  // by its own id on the wire
    std::string reacted_to_;
    unsigned fences_sent_ = 0;
};

}  // namespace parley::soak
