// A person on an IRC network, and a witness beside them: what the witness hears of the person was said.
#pragma once

#include <memory>

#include "tests/faults/soak/person.h"
#include "tests/support/irc_client.h"

namespace parley::soak {

class IrcPerson final : public Person {
public:
    IrcPerson(std::string name, std::string room, std::uint16_t port);
    ~IrcPerson() override { stop(); }

private:
    bool hear() override;
    void speak(Said what) override;
    void come();
    void take(const std::string& line);

    const std::uint16_t port_;
    const std::string channel_, bridge_;
    std::unique_ptr<tests::IrcClient> witness_, speaker_;
    unsigned fences_sent_ = 0, fences_passed_ = 0;
};

}  // namespace parley::soak
