// See recording.h.
#include "tests/contract/irc/recording.h"

namespace parley::irc {

std::vector<std::string> Recording::said() const {
    std::vector<std::string> out;
    for (const auto& event : events) {
        const auto* message = std::get_if<bus::Message>(&event.body);
        if (message == nullptr) continue;
        const bool action = message->style == bus::Message::Style::action;
        out.push_back(event.origin.room.room +
                      (action ? " * " + event.author.name + " " : " <" + event.author.name + "> ") +
                      message->text.plain);
    }
    return out;
}

std::vector<const bus::Event*> Recording::memberships(bus::Membership::Change change) const {
    std::vector<const bus::Event*> out;
    for (const auto& event : events) {
        const auto* membership = std::get_if<bus::Membership>(&event.body);
        if (membership != nullptr && membership->change == change) out.push_back(&event);
    }
    return out;
}

Bot::Bot(const IrcServer& server, Options options) {
    std::string toml = "server = \"127.0.0.1\"\nnick = \"parley\"\nport = " +
                       std::to_string(options.tls ? server.tls_port() : server.port()) +
                       (options.paced ? "\n" : "\npacing_per_second = 0\n") +
                       "reconnect_after = \"100 ms\"\nrejoin_after = \"100 ms\"\n";
    if (options.tls) toml += "tls = true\n";
    auto file = service::SettingsFile::parse(toml + options.more);
    if (!file) throw std::runtime_error(file.error().text());
    auto settings = Settings::read(file->root());
    if (const auto good = file->good(); !good) throw std::runtime_error(good.error().text());
    platform_ = std::make_unique<IrcPlatform>(
        settings, kit::Context{reactor, host, clock_, random_, "test", options.rooms, "", options.keeper});
    platform_->connect();
    if (!options.join) return;
    for (const auto& room : options.rooms)
        if (!until_joined(room))
            throw std::runtime_error("not in " + room + ": " + host.link_reason.text() + server.log());
}

Bot::~Bot() { platform_->disconnect(); }

bool Bot::until(const std::function<bool()>& holds, std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) return false;
        reactor.run_for(std::chrono::milliseconds(5));
    }
    return true;
}

kit::DeliveryId Bot::deliver(kit::Delivery delivery) {
    delivery.id.event.bytes[0] = ++asked_;
    const auto id = delivery.id;
    platform_->deliver(delivery);
    return id;
}

kit::DeliveryId Bot::say(const std::string& room, bus::Text text, bus::Message::Style style) {
    return deliver({{{}, room, 0}, kit::Say{std::move(text), style, {}, {}, {}}, false});
}

}  // namespace parley::irc
