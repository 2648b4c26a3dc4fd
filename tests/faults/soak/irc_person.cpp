#include "tests/faults/soak/irc_person.h"

#include <fmt/format.h>

#include <stdexcept>

namespace parley::soak {

using namespace std::chrono_literals;

constexpr auto short_while = 2ms;  // a client that waits for less than a millisecond reads nothing

IrcPerson::IrcPerson(std::string name, std::string room, std::uint16_t port)
    : Person(std::move(name), std::move(room)), port_(port), channel_(this->room().substr(this->room().find('/') + 1)), bridge_("parley") {}

// The witness comes first: it must not miss what the person says.
void IrcPerson::come() {
    try {
        witness_ = std::make_unique<tests::IrcClient>(port_, name() + "-eye");
        witness_->join(channel_);
        speaker_ = std::make_unique<tests::IrcClient>(port_, name());
        speaker_->join(channel_);
        fences_sent_ = fences_passed_ = fences_wanted();
        fenced(fences_passed_);
        came();
    } catch (const std::runtime_error&) {  // the server is away, or not awake yet
        witness_.reset();
        speaker_.reset();
        pause(100ms);
    }
}

bool IrcPerson::hear() {
    if (witness_ == nullptr) {
        come();
        return false;
    }
    // One after the other, so that each is a turn of the server's loop.
    if (fences_sent_ < fences_wanted() && fences_sent_ == fences_passed_) witness_->raw(fmt::format("PING fence-{}", ++fences_sent_));
    witness_->expect([this](std::string_view line) {
        take(std::string(line));
        return false;
    }, floods() ? short_while : 10ms);
    speaker_->expect([](std::string_view) { return false; }, short_while);  // it answers the server's PING
    if (!witness_->gone() && !speaker_->gone()) return true;
    left();
    witness_.reset();
    speaker_.reset();
    return false;
}

void IrcPerson::take(const std::string& line) {
    if (line.find(" PONG ") != std::string::npos && line.find(fmt::format("fence-{}", fences_sent_)) != std::string::npos) return fenced(fences_passed_ = fences_sent_);
    const auto bang = line.find('!'), text = line.find(" :");
    const bool says = line.find(" PRIVMSG " + channel_ + " ") < text || line.find(" NOTICE " + channel_ + " ") < text;
    if (!line.starts_with(':') || bang == std::string::npos || text == std::string::npos || !says) return;
    const auto nick = line.substr(1, bang - 1);
    if (nick == name()) showed(line.substr(text + 2));
    else if (nick.starts_with(bridge_)) line_heard(line.substr(text + 2));
}

void IrcPerson::speak(Said what) {
    note(what);
    speaker_->say(channel_, what.text);
}

}  // namespace parley::soak
