// parley tail: the journal, as it is written.

#include <fmt/format.h>

#include <cstdio>
#include <variant>

#include "broker/bus/event_value.h"
#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {
namespace {

std::string words(const bus::Event& event) {
    if (const auto* message = std::get_if<bus::Message>(&event.body)) return message->text.plain;
    if (const auto* edit = std::get_if<bus::Edit>(&event.body)) return edit->text.plain;
    if (const auto* reaction = std::get_if<bus::Reaction>(&event.body)) return (reaction->added ? "+" : "-") + reaction->emoji;
    if (const auto* topic = std::get_if<bus::Topic>(&event.body)) return topic->text.plain;
    if (const auto* member = std::get_if<bus::Membership>(&event.body)) return member->name;
    if (const auto* command = std::get_if<bus::CommandRequested>(&event.body)) return command->raw;
    if (const auto* output = std::get_if<bus::RunOutput>(&event.body)) return output->data;
    if (const auto* finished = std::get_if<bus::RunFinished>(&event.body)) return fmt::format("{} {}", bus::name(finished->outcome), finished->detail);
    if (const auto* gap = std::get_if<bus::Gap>(&event.body)) return gap->why;
    return {};
}

}  // namespace

service::Program tail() {
    service::Program program{"parley tail", "Print what happens, as it happens (Ctrl-C ends it)",
                             {{"--from", "beginning|now", "where to start (now)"}, {"--room", "ACCOUNT/ROOM", "only what was said there"},
                              {"--json", "", "a line of JSON for each event"}}, {}, {},
                             "  parley tail --from beginning --room libera/#ops\n"
                             "  parley tail --json | jq .text\n\n"
                             "It goes on by itself when the broker was away, and says that it waits; without a broker it does not begin."};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings& settings) -> Result<void> {
        bus::FollowOptions follow;
        const auto from = service::option(arguments, "--from", "now");
        if (from != "now" && from != "beginning") return fail(Code::invalid, fmt::format("--from {} is not understood", from), "use beginning or now");
        follow.start = from == "now" ? bus::FollowOptions::Start::now : bus::FollowOptions::Start::beginning;
        if (const auto room = service::option(arguments, "--room"); !room.empty()) {
            const auto address = bus::RoomAddress::from_text(room);
            if (!address) return fail(Code::invalid, fmt::format("--room {} is no room", room), "write it like libera/#ops");
            follow.filter.rooms.push_back(*address);
        }
        const bool json = service::flag(arguments, "--json");
        Session session(settings);
        session.client().follow(follow, [&](std::vector<bus::Followed> events) {
            for (const auto& [event, recipients] : events) {
                if (json) fmt::print("{}\n", bus::to_value(event).json());
                else fmt::print("{} {} {} {:<17} <{}> {}\n", service::iso8601(event.time), event.id.brief(), for_terminal(event.origin.room.text()),
                                bus::name(event.kind()), for_terminal(event.author.name), for_terminal(words(event)));
            }
            std::fflush(stdout);
            session.client().acknowledge(events.back().event.sequence);
        });
        return session.wait(std::chrono::milliseconds(0));
    });
    return program;
}

}  // namespace parley::cli
