#include "broker/bots/run.h"

#include <fmt/format.h>

#include <csignal>

#include "broker/bots/strays.h"
#include "broker/bus/with_code.h"

namespace parley::bots {

using namespace std::chrono_literals;
using bus::Outcome;

namespace {

constexpr auto flush_every = 100ms;   // output reaches the room at least so often
constexpr auto notice_after = 2s;     // a run that takes longer says how it can be stopped
constexpr auto kill_after = 2s;       // between asking a program to end and ending it

}  // namespace

Run::Run(RunContext context, bus::Job job, std::function<void()> over)
    : context_(std::move(context)), job_(std::move(job)), over_(std::move(over)), started_(context_.clock.steady()),
      output_(asked().action.output_bytes_max, asked().action.room_lines_max) {
    context_.client.publish(event("started", job_.attempt, bus::RunStarted{id(), context_.worker, job_.attempt}));
    timeout_ = context_.reactor.after(asked().action.timeout, [this] {
        stop(Outcome::timed_out, fmt::format("it took longer than {}", service::for_people(asked().action.timeout)));
    });
    if (asked().action.kind == bus::Action::Kind::exec) start_program();
    else start_builtin();
}

Run::~Run() { *alive_ = false; }

// Our events are born in the room where it was asked, and no platform has seen them yet.
bus::Event Run::event(std::string_view what, std::uint64_t ordinal, bus::Body body) const {
    bus::Event event;
    event.id = bus::derived_id({"run", id().view(), what, std::to_string(job_.attempt), std::to_string(ordinal)});
    event.time = event.received = context_.clock.now();
    event.origin = job_.requested.origin;
    event.origin.native_id.clear();
    event.author = bus::ourselves(context_.house.name);
    event.correlation = id();
    event.body = std::move(body);
    return event;
}

void Run::start_program() {
    const auto& action = asked().action;
    auto started = Process::start(context_.reactor, action.argv, action.directory, action.environment,
                                  {[this](bus::RunOutput::Stream stream, std::string_view bytes) {
                                       output_.add(stream, bytes);
                                       if (output_.much()) flush(false);
                                   },
                                   [this](int status) {
                                       auto end = stopped_ ? *stopped_ : end_from(status);
                                       if (stopped_) kill_strays_of(id().text());  // what has left the group
                                       finish(std::move(end));
                                   }});
    if (!started) {
        End end;
        end.outcome = Outcome::failed;
        end.detail = started.error().text();
        context_.reactor.post([this, alive = alive_, end] {
            if (*alive) finish(end);
        });
        return;
    }
    process_ = std::move(*started);
    flusher_ = context_.reactor.every(flush_every, [this] { flush(false); });
    notice_ = context_.reactor.after(notice_after, [this] { say_which_it_is(); });
}

void Run::start_builtin() {
    const Asked question{context_.client, context_.house, job_.requested, [this, alive = alive_](Answer answer) {
                             if (!*alive || finished_) return;
                             End end;
                             end.outcome = answer.outcome;
                             end.detail = answer.detail;
                             end.output_bytes = answer.shown.plain.size();
                             if (!answer.shown.empty()) {
                                 bus::RunOutput output;
                                 output.run = id();
                                 output.data = answer.shown.plain + "\n";
                                 output.shown = std::move(answer.shown);
                                 context_.client.publish(event("output", 0, std::move(output)));
                             }
                             finish(std::move(end));
                         }};
    const auto builtin = find_builtin(asked().command);
    if (builtin) return builtin(question);
    context_.reactor.post([this, alive = alive_] {
        if (!*alive) return;
        End end;
        end.outcome = Outcome::failed;
        end.detail = "this worker has no such command built in; are broker and worker of one version?";
        finish(std::move(end));
    });
}

void Run::flush(bool all) {
    while (auto output = output_.take(all)) publish(std::move(*output));
}

void Run::publish(bus::RunOutput output) {
    output.run = id();
    const auto ordinal = output.ordinal;
    context_.client.publish(event("output", ordinal, std::move(output)));
}

void Run::say_which_it_is() {
    if (stopped_) return;
    publish(output_.note(bus::with_code(fmt::format("`{0}` is running; `{1}cancel {2}` stops it", asked().command, context_.house.prefix, id().brief()))));
}

void Run::cancel() { stop(Outcome::cancelled, "cancelled"); }

void Run::stop(Outcome outcome, std::string detail) {
    if (stopped_ || finished_) return;
    stopped_ = End{};
    stopped_->outcome = outcome;
    stopped_->detail = std::move(detail);
    if (!process_) return finish(*stopped_);
    process_->signal(SIGTERM);
    kill_ = context_.reactor.after(kill_after, [this] { process_->signal(SIGKILL); });
}

void Run::finish(End end) {
    if (std::exchange(finished_, true)) return;
    timeout_.cancel();
    kill_.cancel();
    notice_.cancel();
    flusher_.cancel();
    flush(true);
    end.took = std::chrono::duration_cast<std::chrono::microseconds>(context_.clock.steady() - started_);
    if (process_) {
        end.output_bytes = output_.bytes();
        end.output_lines = output_.lines();
        end.hidden_lines = output_.hidden_lines();
        end.truncated = output_.truncated();
    }
    const auto shown = bus::with_code(closing_line(asked().command, end, place_of(id(), context_.house.page_for(job_.requested.origin), context_.house.prefix)));
    bus::RunFinished finished{id(), end.outcome, end.exit_code, end.took, end.detail, end.output_bytes, end.output_lines, end.truncated, shown};
    context_.client.finish(job_, event("finished", 0, std::move(finished)));
    context_.reactor.post([over = std::move(over_), alive = alive_] {
        if (*alive) over();
    });
}

}  // namespace parley::bots
