// parley import irc-log FILE…: bring real logs into the journal, and so into the archive. Doing it twice changes nothing.

#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "tools/parley/ask.h"
#include "tools/parley/irc_log.h"
#include "tools/parley/verb.h"

namespace parley::cli {
namespace {

constexpr std::size_t in_flight_max = 4096;

// Publishes events one after another, `in_flight_max` at a time, and says how far it is.
class Import {
public:
    Import(Session& session, std::vector<bus::Event> events) : session_(session), events_(std::move(events)) { push(); }
    std::size_t size() const { return events_.size(); }

private:
    void push() {
        while (next_ < events_.size() && next_ - done_ < in_flight_max) {
            session_.client().publish(events_[next_++], [this](Result<bus::Sequence> sequence) {
                if (!sequence) return session_.done(fail(sequence.error()));
                ++done_;
                if (done_ % 5000 == 0 || done_ == events_.size()) fmt::print(stderr, "\r{} of {} events", done_, events_.size());
                if (done_ == events_.size()) session_.done();
                else push();
            });
        }
    }
    Session& session_;
    std::vector<bus::Event> events_;
    std::size_t next_ = 0, done_ = 0;
};

}  // namespace

service::Program import() {
    service::Program program{"parley import", "Bring logs into the archive",
                             {{"--room", "ACCOUNT/ROOM", "the room that the logs are of"}}, {}, "irc-log FILE…",
                             "  parley import irc-log --room libera/#ubuntu logs/2004-11-15*.txt\n\n"
                             "irc-log: \"[09:36] <nick> text\", a file for each day, its name with the date. Who may find it is what the\n"
                             "settings say of the room. Doing it twice changes nothing."};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings& settings) -> Result<void> {
        if (arguments.words.size() < 2 || arguments.words[0] != "irc-log") {
            return fail(Code::invalid, "import needs a format and files", "parley import irc-log --room libera/#ubuntu 2004-11-15*.txt");
        }
        const auto room = bus::RoomAddress::from_text(service::option(arguments, "--room"));
        if (!room) return fail(Code::invalid, "--room is missing or is no room", "write it like --room libera/#ubuntu");
        std::vector<bus::Event> events;
        for (std::size_t i = 1; i < arguments.words.size(); ++i) {
            auto read = read_irc_log(arguments.words[i], *room, settings.visibility(*room));
            if (!read) return fail(read.error());
            events.insert(events.end(), std::make_move_iterator(read->begin()), std::make_move_iterator(read->end()));
        }
        if (events.empty()) return fail(Code::invalid, "there is nothing in these files", "is it really the irc-log format?");
        Session session(settings);
        const Import importing(session, std::move(events));
        const auto imported = session.wait(std::chrono::minutes(30));
        fmt::print(stderr, "\n");
        return imported;
    });
    return program;
}

}  // namespace parley::cli
