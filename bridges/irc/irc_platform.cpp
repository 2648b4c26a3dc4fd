// What happens when; see irc_platform.h.
#include "bridges/irc/irc_platform.h"

#include "bridges/irc/capabilities.h"
#include "broker/service/log.h"
#include "broker/service/overloaded.h"

namespace parley::irc {

using service::Error;
using service::Overloaded;

namespace {

constexpr std::chrono::seconds steady_link{30};  // up for that long: the next wait is short again

}  // namespace

IrcPlatform::Life::Life(IrcPlatform& owner)
    : session(owner.settings_, owner.context_.rooms, owner.now()),
      outgoing(owner.context_.host, session, owner.settings_, owner.context_.clock,
               [this](const Line& line) { connection.send(line); }),
      connection(owner.context_.reactor, owner.settings_,
                 {[this, &owner] { owner.carry_out(session.start()); },
                  [this, &owner](const Line& line) {
                      owner.heard_at_ = owner.context_.clock.steady();
                      owner.carry_out(session.receive(line, owner.now()));
                      if (line.command == "CAP") owner.learn_capabilities();
                      if (line.command == "BATCH" || line.command == "FAIL") owner.pump();  // a room may be caught up
                  },
                  [&owner](Error why) { owner.lost(std::move(why)); }}) {}

IrcPlatform::IrcPlatform(Settings settings, kit::Context context)
    : settings_(std::move(settings)),
      context_(std::move(context)),
      capabilities_(capabilities_of(nullptr)),
      backoff_(context_.random,
               {settings_.reconnect_after,
                std::max<std::chrono::milliseconds>(settings_.reconnect_after, std::chrono::minutes(5)), 2}) {}

IrcPlatform::~IrcPlatform() {
    if (life_) life_->connection.close();
}

void IrcPlatform::connect() {
    if (std::exchange(wanted_, true)) return;
    open();
}

void IrcPlatform::disconnect() {
    if (!std::exchange(wanted_, false)) return;
    retry_.cancel();
    if (life_) {
        life_->connection.send({{}, {}, "QUIT", {"Parley is going"}});
        end_life();
    }
    context_.host.link_changed(kit::Link::down);
}

// A server holds back for a reader that is slow. If it loses patience, we see that when we read again; a new link is
// made only then.
void IrcPlatform::hold(bool held) {
    held_ = held;
    if (life_) {
        if (life_->session.up()) life_->connection.hold(held);
    } else if (!held && wanted_ && !retry_) {
        open();
    }
}

void IrcPlatform::open() {
    retry_ = {};
    if (held_) return;
    context_.host.link_changed(kit::Link::connecting);
    life_ = std::make_unique<Life>(*this);
}

void IrcPlatform::deliver(const kit::Delivery& delivery) {
    if (!life_ || !life_->session.up()) return;  // the link is down: the kit delivers it again
    life_->outgoing.deliver(delivery);
    pump_soon();
}

void IrcPlatform::backfill(const kit::BackfillRequest& request) {
    if (life_) carry_out(life_->session.catch_up(request, now()));
}

void IrcPlatform::carry_out(Effects effects) {
    for (auto& effect : effects) {
        if (!life_) return;
        std::visit(Overloaded{
                       [&](Send& send) { life_->connection.send(send.line); },
                       [&](Up&) {
                           up_since_ = context_.clock.steady();
                           learn_capabilities();
                           context_.host.link_changed(kit::Link::up);
                           if (held_) life_->connection.hold(true);
                       },
                       [&](Fail& fail) { lost(std::move(fail.reason)); },
                       [&](Complain& complain) {
                           service::log::warning("not as wanted", {{"why", complain.reason.text()}});
                           context_.host.link_changed(kit::Link::up, complain.reason);
                       },
                       [&](RoomChanged& room) {
                           if (room.joined) learn_capabilities();  // our prefix is known now
                           context_.host.room_changed(room.room, room.joined, room.reason);
                           if (room.joined) pump();
                       },
                       [&](Heard& heard) { context_.host.received(std::move(heard.event)); },
                       [&](Answer& answer) { life_->outgoing.answer(answer.line); },
                   },
                   effect);
    }
    schedule();
}

std::chrono::microseconds IrcPlatform::silent_for() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(context_.clock.steady() - heard_at_);
}

void IrcPlatform::learn_capabilities() {
    if (life_ && life_->session.up()) capabilities_ = capabilities_of(&life_->session);
}

void IrcPlatform::lost(Error reason) {
    const bool was_steady = life_ && life_->session.up() && context_.clock.steady() - up_since_ > steady_link;
    if (was_steady) backoff_.reset();
    end_life();
    const auto wait = backoff_.next();
    service::log::warning("link lost", {{"why", reason.text()}, {"again_ms", wait.count()}});
    context_.host.link_changed(kit::Link::down, reason);
    if (wanted_) retry_ = context_.reactor.after(wait, [this] { open(); });
}

// A life may end inside a callback of its own connection, so it is only put aside here.
void IrcPlatform::end_life() {
    session_timer_.cancel();
    pace_timer_.cancel();
    pump_soon_.cancel();
    if (!life_) return;
    life_->connection.close();
    dead_.push_back(std::move(life_));
    bury_ = context_.reactor.after(std::chrono::microseconds(0), [this] { dead_.clear(); });
}

// What is delivered in one turn goes out as one burst, with one fence behind it.
void IrcPlatform::pump_soon() {
    if (!pump_soon_) pump_soon_ = context_.reactor.after(std::chrono::microseconds(0), [this] { pump(); });
}

void IrcPlatform::pump() {
    pump_soon_.cancel();
    if (!life_) return;
    const auto wait = life_->outgoing.pump();
    if (wait) pace_timer_ = context_.reactor.after(*wait, [this] { pump(); });
}

void IrcPlatform::schedule() {
    if (!life_) return;
    const auto due = life_->session.due();
    if (!due) return session_timer_.cancel();
    const auto wait = std::chrono::duration_cast<std::chrono::microseconds>(*due - context_.clock.steady());
    session_timer_ = context_.reactor.after(std::max(wait, std::chrono::microseconds(0)), [this] {
        carry_out(life_->session.tick(now()));
        pump();
    });
}

std::unique_ptr<kit::Platform> make_platform(service::Table account, kit::Context context) {
    auto settings = Settings::read(account);
    return std::make_unique<IrcPlatform>(std::move(settings), std::move(context));
}

}  // namespace parley::irc
