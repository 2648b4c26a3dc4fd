// What happens when; see irc_platform.h.
#include "bridges/irc/irc_platform.h"

#include "bridges/irc/capabilities.h"
#include "bridges/irc/connection.h"
#include "bridges/irc/kept.h"
#include "broker/service/log.h"
#include "broker/service/overloaded.h"

namespace parley::irc {

using service::Error;
using service::Overloaded;

namespace {

constexpr std::chrono::hours not_known{24};  // longer than anything that is asked about
constexpr std::chrono::seconds steady_link{30};  // up for that long: the next wait is short again

}  // namespace

IrcPlatform::Life::Life(IrcPlatform& owner)
    : session(owner.settings_, owner.context_.rooms, owner.now()),
      wire(owner.context_.keeper.empty() ? owner.connection(*this) : owner.kept(*this)),
      outgoing(owner.context_.host, session, owner.settings_, owner.context_.clock, *wire) {}

std::unique_ptr<Wire> IrcPlatform::connection(Life& life) {
    return std::make_unique<Connection>(
        context_.reactor, context_.clock, settings_,
        Connection::Events{[this, &life] { carry_out(life.session.start()); },
                           [this](const Line& line, std::string_view) { heard(line, now()); },
                           [this](Error why) { lost(std::move(why)); }});
}

std::unique_ptr<Wire> IrcPlatform::kept(Life& life) {
    Kept::Events events;
    events.opened = [this, &life](service::Time born) {
        life.session.named(born);
        carry_out(life.session.start());
    };
    events.resumed = [this, &life](service::Time born, const std::vector<Line>& lines) {
        life.session.named(born);
        carry_out(life.session.resume(lines, now()));
        pump_soon();
    };
    events.line = [this](const Line& line, std::uint64_t number, service::Time when) {
        heard_until_ = when;
        heard(line, {when, context_.clock.steady(), number});
        return line.command == "JOIN";  // what waits for the room is handed to us first: this may be about it
    };
    events.heard_until = [this](service::Time came, service::Time said) {
        heard_until_ = came;
        certain_until_ = said;
    };
    events.safe = [this, &life] { return context_.host.all_safe() && !life.session.history().busy(); };
    events.state = [&life]() -> std::optional<std::vector<std::string>> {
        const auto lines = life.session.state();
        if (!lines) return std::nullopt;
        std::vector<std::string> out;
        for (const auto& line : *lines) out.push_back(format(line));
        return out;
    };
    events.closed = [this](Error why, std::optional<service::Time> when) {
        if (when) heard_until_ = certain_until_ = when;
        lost(std::move(why));
    };
    return std::make_unique<Kept>(context_.reactor, context_.keeper, settings_, std::move(events));
}

void IrcPlatform::heard(const Line& line, Now when) {
    carry_out(life_->session.receive(line, when));
    if (line.command == "CAP") learn_capabilities();
    if (line.command == "BATCH" || line.command == "FAIL") pump();  // a room may be caught up
}

IrcPlatform::IrcPlatform(Settings settings, kit::Context context)
    : settings_(std::move(settings)),
      context_(std::move(context)),
      capabilities_(capabilities_of(nullptr)),
      backoff_(context_.random,
               {settings_.reconnect_after,
                std::max<std::chrono::milliseconds>(settings_.reconnect_after, std::chrono::minutes(5)), 2}) {
    if (!context_.keeper.empty()) heard_until_ = service::Time{};  // nothing yet
}

IrcPlatform::~IrcPlatform() {
    if (life_) life_->wire->leave("Parley is going");
}

void IrcPlatform::connect() {
    if (std::exchange(wanted_, true)) return;
    open();
}

void IrcPlatform::disconnect() {
    if (!std::exchange(wanted_, false)) return;
    retry_.cancel();
    if (life_) {
        life_->wire->leave("Parley is going");
        end_life();
    }
    context_.host.link_changed(kit::Link::down);
}

// A server holds back for a reader that is slow. If it loses patience, we see that when we read again; a new link is
// made only then.
void IrcPlatform::hold(bool held) {
    held_ = held;
    if (life_) {
        if (life_->session.up()) life_->wire->hold(held);
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
    if (!life_ || !life_->session.up() || !life_->wire->up()) return;  // the link is down: the kit delivers it again
    life_->outgoing.deliver(delivery);
    pump_soon();
}

void IrcPlatform::backfill(const kit::BackfillRequest& request) {
    if (life_) carry_out(life_->session.catch_up(request, now()));
}

void IrcPlatform::settled(const kit::DeliveryId& id) {
    if (context_.keeper.empty()) return;
    settled_.push_back(id);
    pump_soon();
}

std::string IrcPlatform::sent_through() const { return life_ ? life_->wire->sent().keeper : std::string(); }

void IrcPlatform::carry_out(Effects effects) {
    for (auto& effect : effects) {
        if (!life_) return;
        std::visit(Overloaded{
                       [&](Send& send) { life_->wire->send(send.line); },
                       [&](Up&) {
                           up_since_ = context_.clock.steady();
                           learn_capabilities();
                           context_.host.link_changed(kit::Link::up);
                           if (held_) life_->wire->hold(true);
                       },
                       [&](Fail& fail) {
                           // A connection that is told of after its end: why it ended comes last.
                           if (life_->wire->up()) lost(std::move(fail.reason));
                       },
                       [&](Complain& complain) {
                           service::log::warning("not as wanted", {{"why", complain.reason.text()}});
                           context_.host.link_changed(kit::Link::up, complain.reason);
                       },
                       [&](RoomChanged& room) {
                           if (room.joined) learn_capabilities();  // our prefix is known now
                           if (room.kept)
                               context_.host.room_kept(room.room);
                           else
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
    using std::chrono::duration_cast, std::chrono::microseconds;
    if (certain_until_) return context_.clock.now() - *certain_until_;
    if (heard_until_) return not_known;  // a keeper that has not told yet
    const auto until = life_ ? life_->wire->certain_until() : certain_at_end_;
    return duration_cast<microseconds>(context_.clock.steady() - until);
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
    certain_at_end_ = life_->wire->certain_until();
    life_->wire->close();
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
    if (life_->wire->up())
        for (const auto& id : std::exchange(settled_, {})) life_->outgoing.settled(id);
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
