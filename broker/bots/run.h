// One run, from its lease to its end: publishes what happens, and finishes the job.
#pragma once

#include <functional>
#include <memory>

#include "broker/bots/answer.h"
#include "broker/bots/builtins/builtin.h"
#include "broker/bots/output.h"
#include "broker/bots/process.h"
#include "broker/bus/client.h"
#include "broker/bus/house_settings.h"

namespace parley::bots {

struct RunContext {
    service::Reactor& reactor;
    bus::Client& client;
    const bus::HouseSettings& house;
    const service::Clock& clock;
    std::string worker;
};

class Run {
public:
    // `over` is called once, after the job was finished; it may destroy the Run.
    Run(RunContext context, bus::Job job, std::function<void()> over);
    ~Run();
    void cancel();
    const bus::EventId& id() const { return job_.requested.id; }

private:
    const bus::CommandRequested& asked() const { return std::get<bus::CommandRequested>(job_.requested.body); }
    bus::Event event(std::string_view what, std::uint64_t ordinal, bus::Body body) const;
    void start_program();
    void start_builtin();
    void flush(bool all);
    void publish(bus::RunOutput output);
    void say_which_it_is();
    void stop(bus::Outcome outcome, std::string detail);
    void finish(End end);

    RunContext context_;
    bus::Job job_;
    std::function<void()> over_;
    service::Steady started_;
    Output output_;
    std::unique_ptr<Process> process_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with answers that come too late
    std::optional<End> stopped_;  // why we ended it ourselves
    service::Reactor::Handle timeout_, kill_, flusher_, notice_;
    bool finished_ = false;
};

}  // namespace parley::bots
