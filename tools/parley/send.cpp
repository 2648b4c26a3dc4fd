// parley send ROOM TEXT…: say something as Parley itself.

#include <fmt/format.h>

#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program send() {
    service::Program program{"parley send", "Say something in a room and all its mirrors", {}, {}, "ACCOUNT/ROOM TEXT…",
                             "  parley send web/ops the deploy begins at noon\n\n"
                             "Returns when the journal has it; rooms that are away hear it when they are back."};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings& settings) -> Result<void> {
        if (arguments.words.size() < 2) return fail(Code::invalid, "send needs a room and a text", "parley send libera/#ops hello");
        const auto room = bus::RoomAddress::from_text(arguments.words[0]);
        if (!room || !settings.accounts.contains(room->account)) {
            return fail(Code::not_found, fmt::format("no account has the room {}", arguments.words[0]), "write it as ACCOUNT/ROOM, with an account of the settings");
        }
        std::string text;
        for (std::size_t i = 1; i < arguments.words.size(); ++i) text += (i > 1 ? " " : "") + arguments.words[i];
        service::SystemRandom random;
        bus::Event event;
        event.id = bus::random_id(random);
        event.time = event.received = service::SystemClock().now();
        event.origin.room = *room;
        event.origin.visibility = settings.visibility(*room);
        event.author = bus::ourselves(settings.name);
        bus::Message message;
        message.text = text;
        message.text.normalise();
        event.body = std::move(message);
        Session session(settings);
        session.client().publish(event, [&](Result<bus::Sequence> sequence) {
            if (sequence) fmt::print("{} is number {} in the journal\n", event.id.brief(), *sequence);
            session.done(sequence ? Result<void>{} : fail(sequence.error()));
        });
        return session.wait(std::chrono::seconds(5));
    });
    return program;
}

}  // namespace parley::cli
