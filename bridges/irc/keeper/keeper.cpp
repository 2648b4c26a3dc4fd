// Who says what when; see keeper.h and the bridge's README.
#include "bridges/irc/keeper/keeper.h"

#include <unistd.h>

#include "broker/service/log.h"
#include "broker/service/overloaded.h"

namespace parley::irc::keeper {

namespace log = service::log;
using service::Code;
using service::Error;
using service::Overloaded;

namespace {

constexpr auto at_once = std::chrono::microseconds(0);
constexpr std::chrono::seconds tick{1};
constexpr std::uint64_t ahead_lines = 500;         // told to the bridge and not taken yet
constexpr std::size_t ahead_bytes = 1 << 20;       // not even read by it
constexpr std::size_t facts_bytes_max = 16 << 20;  // a state
constexpr std::size_t sent_max = 65536;            // deliveries that are not settled
// What is taken but not yet covered by a state, beyond what may be untaken.
constexpr std::uint64_t taken_bytes_max = 16 << 20;

bool one_line(const std::string& text) {
    return text.size() <= tags_bytes_max + line_bytes_max && text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
}

}  // namespace

Keeper::Keeper(service::Reactor& reactor, const service::Clock& clock, service::Random& random,
               const std::filesystem::path& folder, const std::filesystem::path& socket)
    : reactor_(reactor),
      clock_(clock),
      random_(random),
      log_(folder / "kept"),
      name_(random.token(12)),
      away_since_(clock.steady()),
      listener_(reactor, socket, [this](int one) { let_in(one); }) {
    ticker_ = reactor_.every(tick, [this] { each_second(); });
}

void Keeper::stop() { hang_up("QUIT :Parley is going", {Code::unavailable, "the keeper was ended", {}}); }

// -- the bridge ------------------------------------------------------------------------------------------------------

// There is one bridge of an account. What the one before had said is heard to its end first.
void Keeper::let_in(int socket) {
    if (guest_) guest_->drain();
    if (guest_) gone();
    guest_.emplace(reactor_, socket,
                   kit::Channel::Events{[this](std::string_view bytes) {
                                            auto frame = decode(bytes);
                                            if (!frame) return drop(frame.error().what);
                                            if (!drop_soon_) take(std::move(*frame));
                                        },
                                        [this](const Error&) { gone(); }});
}

void Keeper::gone() {
    guest_.reset();
    drop_soon_.cancel();
    facts_.clear();
    away_since_ = clock_.steady();
    if (std::exchange(let_in_, false)) log::info("the bridge has left", {{"untaken", log_.last() - log_.taken()}});
    if (log_.there() && !connection_ && log_.taken() + 1 == log_.last()) log_.clear();  // it ended that itself
    // Nobody could go on with it.
    if ((connection_ || log_.there()) && !log_.known()) {
        hang_up({}, {Code::unavailable, "the bridge left before it was let in", {}});
        write_again_.cancel();
        unwritten_.clear();
        unwritten_end_.reset();
        log_.clear();
    }
}

// Later, since this may be inside of one of its callbacks.
void Keeper::drop(const std::string& why) {
    if (drop_soon_) return;
    log::warning("a bridge is turned away", {{"why", why}});
    drop_soon_ = reactor_.after(at_once, [this] { gone(); });
}

void Keeper::tell(const Frame& frame) {
    if (guest_ && let_in_) guest_->send(encode(frame));
}

void Keeper::take(Frame frame) {
    if (const auto* it = std::get_if<Hello>(&frame)) return hello(*it);
    if (!let_in_) return drop("it does not say hello");
    std::visit(Overloaded{[&](Connect& it) { connect(it); },
                          [&](Say& it) { say(std::move(it)); },
                          [&](Sent& it) { count(it); },
                          [&](Taken& it) {
                              if (it.line > offered_ || !log_.taken(it.line)) return drop("it takes what it was not told");
                              feed();
                          },
                          [&](State& it) {
                              stating_ = it;
                              facts_.clear();
                              facts_bytes_ = 0;
                          },
                          [&](Fact& it) { learn(std::move(it.line)); },
                          [&](Stated&) {
                              if (!log_.state(stating_.line, std::exchange(facts_, {}))) drop("it tells a state of no line");
                          },
                          [&](HangUp& it) { hang_up(it.goodbye, {Code::unavailable, "the bridge ended the connection", {}}); },
                          [&](auto& it) { drop("it says \"" + std::string(it.name) + "\""); }},
               frame);
}

void Keeper::hello(const Hello& hello) {
    if (hello.version != protocol_version) {
        guest_->send(encode(Refused{protocol_version, static_cast<std::uint64_t>(::getpid()), {}}));
        return drop("it speaks version " + std::to_string(hello.version) + ", this keeper " + std::to_string(protocol_version));
    }
    if (std::exchange(let_in_, true)) return drop("it says hello twice");
    const bool up = connection_ != nullptr;
    tell(Welcome{protocol_version, name_, ++guests_, log_.there() ? 1U : 0U, up ? 1U : 0U, micros(log_.born()), how_.settings});
    for (const auto& [delivery, sent] : sent_) tell(sent);
    if (!log_.there()) return;
    log::info("a bridge goes on", {{"untaken", log_.last() - log_.taken()}});
    log_.tell_known([this](std::string line) { tell(Known{std::move(line)}); });
    tell(Resumed{});
    offered_ = log_.taken();
    feed();
}

void Keeper::learn(std::string fact) {
    facts_bytes_ += fact.size();
    if (facts_bytes_ > facts_bytes_max) return drop("it tells too long a state");
    facts_.push_back(std::move(fact));
}

void Keeper::say(Say say) {
    if (!one_line(say.line)) return drop("it says more than one line");
    if (!connection_ || !open_) return;
    if (say.of > 0) count({say.delivery, say.lines, say.of, 1});
    connection_->send(say.line);
}

// At the limit all is forgotten under a new name: what is asked for then is in doubt.
void Keeper::count(const Sent& sent) {
    if (sent.lines == 0) return void(sent_.erase(sent.delivery));
    if (sent_.size() >= sent_max && !sent_.contains(sent.delivery)) {
        sent_.clear();
        name_ = random_.token(12);
        return drop("it settles nothing of what was sent");
    }
    sent_[sent.delivery] = {sent.delivery, sent.lines, sent.of, connection_ ? 1U : 0U};
}

void Keeper::feed() {
    if (!guest_ || !let_in_ || drop_soon_) return;
    while (offered_ < log_.taken() + ahead_lines && guest_->pending() < ahead_bytes) {
        const auto next = log_.next(offered_);
        if (!next) return;
        offered_ = next->number;
        told_until_ = next->time;
        tell(next->frame);
    }
}

void Keeper::each_second() {
    feed();
    if (guest_ && guest_->pending() < ahead_bytes)
        tell(Alive{micros(offered_ == log_.last() && unwritten_.empty() ? clock_.now() : told_until_), micros(certain_until())});
    if (!connection_) return;
    if (!guest_ && clock_.steady() - away_since_ > std::chrono::milliseconds(how_.age_max_ms))
        hang_up("QUIT :Nobody listens any more",
                {Code::limit, "the bridge was away for longer than `keeper_age`", {}});
}

// -- the server ------------------------------------------------------------------------------------------------------

void Keeper::connect(const Connect& how) {
    if (connection_ || log_.there()) return drop("it connects where there is a connection");
    how_ = how;
    settings_ = {};
    settings_.server = how.server;
    settings_.port = static_cast<std::uint16_t>(how.port);
    settings_.tls = how.tls != 0;
    settings_.insecure_tls = how.insecure_tls != 0;
    settings_.tls_name = how.tls_name;
    settings_.ca_file = how.ca_file;
    settings_.certificate = how.certificate;
    settings_.key = how.key;
    constexpr std::uint64_t wait_max_ms = 24 * 3600 * 1000;
    settings_.ping_after = std::chrono::milliseconds(std::min(how.ping_after_ms, wait_max_ms));
    settings_.ping_timeout = std::chrono::milliseconds(std::min(how.ping_timeout_ms, wait_max_ms));
    how_.age_max_ms = std::min<std::uint64_t>(how.age_max_ms, 365 * wait_max_ms);
    open_ = false;
    connection_ = std::make_unique<Connection>(
        reactor_, clock_, settings_,
        Connection::Events{[this] { opened(); },
                           [this](const Line&, std::string_view bytes) { heard(bytes); },
                           [this](Error why) { ended(std::move(why)); }});
}

service::Time Keeper::certain_until() const {
    const auto now = clock_.now();
    if (!connection_) return now;
    return now - std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - connection_->certain_until());
}

void Keeper::opened() {
    const auto born = clock_.now();
    if (const auto begun = log_.begin(born); !begun) return hang_up({}, begun.error());
    offered_ = 0;
    open_ = true;
    tell(Opened{micros(born)});
}

void Keeper::heard(std::string_view line) {
    unwritten_.push_back({std::string(line), clock_.now()});
    if (!write_again_) write_down();
}

// In the order in which it came. While it cannot be written nothing more is read: the server holds it for us as long as it
// can.
void Keeper::write_down() {
    write_again_ = {};
    while (!unwritten_.empty()) {
        const auto& next = unwritten_.front();
        if (const auto written = log_.heard(next.line, next.when); !written) {
            log::error("nothing more is taken from the server until there is room", {{"why", written.error().text()}});
            if (connection_) connection_->hold(true);
            write_again_ = reactor_.after(tick, [this] { write_down(); });
            return;
        }
        unwritten_.pop_front();
    }
    if (unwritten_end_) {
        const auto [why, when] = *unwritten_end_;
        if (!log_.closed(why, when)) {
            write_again_ = reactor_.after(tick, [this] { write_down(); });
            return;
        }
        unwritten_end_.reset();
    }
    if (connection_) connection_->hold(false);
    feed();
    if (!connection_) return;
    if (log_.untaken_bytes() > how_.bytes_max)
        hang_up("QUIT :Nobody listens any more",
                {Code::limit, "the keeper was full: the bridge was away for too long, or could take no more", "see `keeper_bytes`"});
    else if (log_.bytes() > how_.bytes_max + taken_bytes_max)
        hang_up({}, {Code::limit, "the bridge does not tell the state of the connection", {}});
}

void Keeper::hang_up(const std::string& goodbye, Error why) {
    if (!connection_) return;
    if (!goodbye.empty() && one_line(goodbye)) connection_->send(goodbye);
    connection_->close();
    ended(std::move(why));
}

// May be called from inside of the connection.
void Keeper::ended(Error why) {
    const auto until = certain_until();
    dead_ = std::move(connection_);
    bury_ = reactor_.after(at_once, [this] { dead_.reset(); });
    for (auto& [delivery, sent] : sent_) sent.now = 0;
    log::warning("the connection to the server has ended", {{"why", why.text()}});
    if (!std::exchange(open_, false))  // there is nothing to be taken
        return tell(Closed{0, micros(until), static_cast<std::uint64_t>(why.code), why.what, why.hint});
    unwritten_end_ = {std::move(why), until};
    if (!write_again_) write_down();
}

}  // namespace parley::irc::keeper
