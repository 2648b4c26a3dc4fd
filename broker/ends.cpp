#include "broker/ends.h"

#include <fmt/format.h>

#include "broker/bus/codec.h"
#include "broker/bus/with_code.h"

namespace parley::broker {

using bus::Event;

Event end_of(const jobs::Job& job, bus::Outcome outcome, std::string detail, const std::string& shown, service::Time now, const std::string& bot) {
    const auto asked = bus::decode(job.requested);
    Event event;
    event.id = bus::derived_id({"end", job.run.view(), bus::name(outcome), std::to_string(job.attempt)});
    event.time = event.received = now;
    if (asked) {
        event.origin = asked->origin;
        event.origin.native_id.clear();
    }
    event.author = bus::ourselves(bot);
    event.correlation = job.run;
    bus::RunFinished finished;
    finished.run = job.run;
    finished.outcome = outcome;
    finished.detail = std::move(detail);
    finished.shown = bus::with_code(shown);
    event.body = std::move(finished);
    return event;
}

Event too_many(const Event& requested) {
    Event event = requested;
    event.id = bus::derived_id({"end", requested.id.view(), bus::name(bus::Outcome::denied)});
    event.correlation = requested.id;
    bus::RunFinished finished;
    finished.run = requested.id;
    finished.outcome = bus::Outcome::denied;
    finished.detail = fmt::format("there were already {} open runs", jobs::Jobs::open_max);
    finished.shown = bus::with_code(fmt::format("`{}` was not run: too many commands wait already. Try again later.", std::get<bus::CommandRequested>(requested.body).command));
    event.body = std::move(finished);
    return event;
}

}  // namespace parley::broker
