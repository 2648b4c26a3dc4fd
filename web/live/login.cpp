#include "web/live/login.h"

#include "web/server/http.h"

namespace parley::live {

std::optional<bus::Event> login_answer(const bus::Event& event, const bus::HouseSettings& house,
                                       server::Sessions& sessions, service::Time now) {
    const auto* message = std::get_if<bus::Message>(&event.body);
    if (message == nullptr || event.origin.visibility != bus::Visibility::direct || event.origin.native_id.empty() ||
        event.author.bot)
        return std::nullopt;
    std::string words = message->text.plain;
    words.erase(words.find_last_not_of(" \r\n\t") + 1);
    if (words != house.prefix + "login" || event.time + std::chrono::minutes(10) < now) return std::nullopt;

    // A name that nobody vouches for stays what it is: signing in here does not make it more.
    const auto strength =
        event.author.strength == bus::Strength::nickname ? bus::Strength::nickname : bus::Strength::signed_in;
    const server::Person person{
        event.origin.room.account + "/" + event.author.id, event.author.name, strength, false, {}};
    bus::Event answer;
    answer.id = bus::derived_id({"login", event.id.view()});
    answer.time = answer.received = now;
    answer.origin = {event.origin.room, {}, bus::Visibility::direct};
    answer.author = bus::ourselves(house.name);
    answer.hops = event.hops;
    bus::Message reply;
    reply.text = "Sign in here, within ten minutes; the link works once: " + house.page + "/login/" +
                 server::encode(sessions.link_for(person));
    answer.body = std::move(reply);
    return answer;
}

}  // namespace parley::live
