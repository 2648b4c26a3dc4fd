// libstrophe, driven by the reactor: its descriptor is watched, and xmpp_run_once() never waits.
#include "bridges/xmpp/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strophe.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "bridges/xmpp/resolve.h"
#include "broker/service/log.h"

namespace parley::xmpp {

using service::Code;
using service::Error;
using namespace std::chrono_literals;

struct Connection::State {
    service::Reactor& reactor;
    Settings settings;
    Listener listener;
    xmpp_log_t log{};
    xmpp_ctx_t* context = nullptr;
    xmpp_conn_t* conn = nullptr;
    xmpp_sm_state_t* resumable = nullptr;  // of the last stream, to go on with
    std::string bound_jid;                 // of the session that it belongs to
    bool refused = false;                  // this stream asked to resume, and was given a new session
    int fd = -1;  // our own copy of the descriptor, so that watching it ends before it can be used for something else
    service::Reactor::Handle readable, writable, tick, posted;
    bool running = false, up = false, closing = false, abandoned = false, ended = false, connected = false;
    std::optional<Resolve> resolve;
    std::size_t attempt = 0;  // since a stream was up: each tries the next address
    std::string problem;      // the latest words of the library about what went wrong
    std::string certificate_problem;
    std::size_t unfinished_bytes = 0;  // read since the last whole stanza
    bool unreadable = false;           // what came is no XML
    bool poisoned = false;             // we gave the session up, not the stream alone
    Error reason;

    State(service::Reactor& r, const Settings& s, Listener l) : reactor(r), settings(s), listener(std::move(l)) {}
    void connect(const std::string& resource, const Address& address);
    void release();
    void keep_resumable(xmpp_conn_t* old);
    void forget_session();
    void drop_watch();
    void pump();
    void pump_soon();
    void finish();
    void give_up(Error why);
    Error explain(int error, xmpp_stream_error_t* stream) const;
};

namespace {

using State = Connection::State;
constexpr int depth_max = 32;
constexpr std::size_t stanza_bytes_max = 1 << 20;  // servers themselves allow 256 KiB to a client, 512 KiB between them
constexpr std::size_t pass_bytes = 4096;           // what the library reads at once
constexpr auto tell_them = "the link is made again; if it happens again, tell who runs the server";

// Two of the library's callbacks carry no user data, only the connection: this finds our side of it.
std::unordered_map<const xmpp_conn_t*, State*>& states() {
    thread_local std::unordered_map<const xmpp_conn_t*, State*> all;
    return all;
}

State* state_of(const xmpp_conn_t* conn) {
    const auto it = states().find(conn);
    return it == states().end() ? nullptr : it->second;
}

void quick_ack(int fd) {
    // Prosody leaves Nagle's algorithm on: without quick acknowledgements its answers wait up to 40 ms.
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

int on_socket(xmpp_conn_t* conn, void* socket) {
    auto* state = state_of(conn);
    if (!state) return 0;
    const int fd = *static_cast<int*>(socket);
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    state->drop_watch();
    state->fd = dup(fd);
    return 0;
}

int on_bad_certificate(const xmpp_tlscert_t* certificate, const char* const message) {
    if (auto* state = state_of(xmpp_tlscert_get_conn(certificate))) state->certificate_problem = message ? message : "not trusted";
    return 0;
}

void on_log(void* user, xmpp_log_level_t level, const char* area, const char* message) {
    auto* state = static_cast<State*>(user);
    if (level >= XMPP_LEVEL_ERROR) state->problem = message;
    // A chain that ends in nobody known is told in no other way.
    const std::string_view words = message, failed = "Certificate verification FAILED, result=";
    if (words.starts_with(failed)) state->certificate_problem = words.substr(failed.size());
    // Nor is XML that does not parse: the library only asks the server to hang up, and waits.
    if (words.starts_with("parse error")) state->unreadable = true;
    if (level >= XMPP_LEVEL_WARN) service::log::debug("xmpp library", {{"area", area}, {"message", message}});
}

Element convert(xmpp_stanza_t* stanza, int depth) {
    Element out;
    if (const auto* name = xmpp_stanza_get_name(stanza)) out.name = name;
    if (const auto* ns = xmpp_stanza_get_ns(stanza)) out.ns = ns;
    const int count = xmpp_stanza_get_attribute_count(stanza);
    if (count > 0) {
        std::vector<const char*> pairs(static_cast<std::size_t>(count) * 2);
        const int got = xmpp_stanza_get_attributes(stanza, pairs.data(), count * 2);
        for (int i = 0; i + 1 < got; i += 2)
            if (std::string_view(pairs[static_cast<std::size_t>(i)]) != "xmlns")
                out.set(pairs[static_cast<std::size_t>(i)], pairs[static_cast<std::size_t>(i) + 1]);
    }
    for (auto* c = xmpp_stanza_get_children(stanza); c; c = xmpp_stanza_get_next(c)) {
        if (xmpp_stanza_is_text(c)) {
            if (const auto* text = xmpp_stanza_get_text_ptr(c)) out.text += text;
        } else if (depth < depth_max) {
            out.children.push_back(convert(c, depth + 1));
            if (out.children.back().ns.empty()) out.children.back().ns = out.ns;
        }
    }
    return out;
}

int on_stanza(xmpp_conn_t*, xmpp_stanza_t* stanza, void* user) {
    auto* state = static_cast<State*>(user);
    state->unfinished_bytes = 0;
    if (state->up && !state->ended) state->listener.stanza(convert(stanza, 0));
    return 1;
}

void on_event(xmpp_conn_t* conn, xmpp_conn_event_t event, int error, xmpp_stream_error_t* stream, void* user) {
    auto* state = static_cast<State*>(user);
    if (event == XMPP_CONN_CONNECT) {
        if (state->settings.tls != Tls::none && !xmpp_conn_is_secured(conn)) {
            state->reason = {Code::denied, "the server offers no encryption", "it must offer STARTTLS, or set tls = \"direct\""};
            xmpp_disconnect(conn);
            return;
        }
        state->up = true;
        state->attempt = 0;
        const auto* bound = xmpp_conn_get_bound_jid(conn);
        const std::string jid = bound ? bound : state->settings.jid;
        const auto before = std::exchange(state->bound_jid, jid);
        // Each stream asks for a resource of its own: the same address again is the same session.
        const bool resumed = jid == before;
        state->refused = !resumed && !before.empty();
        state->listener.up(jid, resumed);
        return;
    }
    if (event == XMPP_CONN_RAW_CONNECT) return;
    state->ended = true;
    state->drop_watch();
    if (!state->reason) state->reason = state->explain(error, stream);
    state->up = false;
    state->pump_soon();  // the library is still inside its loop: released from outside
}

}  // namespace

Error State::explain(int error, xmpp_stream_error_t* stream) const {
    if (closing) return {};
    if (!certificate_problem.empty() && !settings.insecure_tls && !up)
        return {Code::denied, "the server's certificate is not trusted: " + certificate_problem, "set ca_file, or mend the server's certificate"};
    if (stream) {
        const std::string text = stream->text ? stream->text : "";
        if (stream->type == XMPP_SE_CONFLICT) return {Code::conflict, "the server ended the stream: another session took our place", ""};
        if (stream->type == XMPP_SE_HOST_UNKNOWN) return {Code::invalid, "the server does not know the domain of " + settings.jid, "check jid and host"};
        return {Code::unavailable, "the server ended the stream" + (text.empty() ? "" : ": " + text), ""};
    }
    if (problem.find("SASL") != std::string::npos || problem.find("authenticat") != std::string::npos ||
        problem.find("Authenticat") != std::string::npos)
        return {Code::denied, "the server refused the password of " + settings.jid, "check jid and password"};
    const auto where = settings.host.empty() ? settings.jid.substr(settings.jid.find('@') + 1) : settings.host;
    if (!connected) return {Code::unavailable, "cannot connect to " + where + (error > 0 ? ": " + std::string(strerror(error)) : ""), ""};
    return {Code::unavailable, "the connection to " + where + " was lost" + (problem.empty() ? "" : ": " + problem), ""};
}

void State::drop_watch() {
    readable.cancel();
    writable.cancel();
    if (fd >= 0) ::close(fd);
    fd = -1;
}

void State::release() {
    drop_watch();
    resolve.reset();
    tick.cancel();
    if (!conn) return;
    ended = true;
    auto* old = conn;
    conn = nullptr;
    keep_resumable(old);
    xmpp_conn_release(old);
    states().erase(old);
}

// What made us give up would come again with the session.
// After a refusal the library's queue still holds what the old session had not heard confirmed: resumed once more, it
// would say it twice.
void State::keep_resumable(xmpp_conn_t* old) {
    auto* latest = xmpp_conn_get_sm_state(old);
    if (!latest) return;
    if (resumable) xmpp_free_sm_state(resumable);
    resumable = latest;
    if (refused || closing || poisoned) forget_session();
}

void State::forget_session() {
    if (resumable) xmpp_free_sm_state(resumable);
    resumable = nullptr;
    bound_jid.clear();
}

void State::pump_soon() {
    if (posted) return;
    posted = reactor.after(0us, [this] {
        posted.cancel();
        pump();
    });
}

void State::finish() {
    if (!conn) return;
    const auto why = reason;
    release();
    listener.down(why);
}

void State::give_up(Error why) {
    if (ended) return;
    reason = std::move(why);
    up = false;
    ended = poisoned = true;
}

void State::pump() {
    if (running || !conn) return;
    running = true;
    // Bounded: each pass reads at most 4 KiB; TLS may hold more than the descriptor shows, hence some passes at the end.
    for (int pass = 0, more = 4; pass < 64 && !ended; ++pass) {
        int waiting = 0;
        if (fd >= 0 && ioctl(fd, FIONREAD, &waiting) == 0) unfinished_bytes += std::min(static_cast<std::size_t>(waiting), pass_bytes);
        xmpp_run_once(context, 0);
        // The library would gather a stanza without an end until the memory is full.
        if (unfinished_bytes > stanza_bytes_max) give_up({Code::limit, "the server sent a stanza larger than 1 MiB", tell_them});
        if (unreadable) give_up({Code::invalid, "the server sent what is no XML", tell_them});
        if (fd >= 0 && ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0 && up) continue;
        if (--more == 0 || !up || settings.tls == Tls::none) break;
    }
    running = false;
    if (abandoned) ended = true;
    if (ended) return finish();
    if (fd < 0) return;
    quick_ack(fd);
    if (!connected && xmpp_conn_is_connected(conn)) connected = true;
    if (!readable && connected) readable = reactor.on_readable(fd, [this] { pump(); });
    if (xmpp_conn_send_queue_len(conn) > 0) {
        if (!writable) writable = reactor.on_writable(fd, [this] { pump(); });
    } else {
        writable.cancel();
    }
}

// The library takes a stanza apart by recursion, and in 1 MiB there is room for 350,000 elements in each other. The stack
// of the first thread grows as far as this allows.
static void allow_deep_recursion() {
    constexpr rlim_t stack_bytes = 128 << 20;
    rlimit limit{};
    if (::getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= stack_bytes) return;
    limit.rlim_cur = std::min(stack_bytes, limit.rlim_max);
    ::setrlimit(RLIMIT_STACK, &limit);
}

Connection::Connection(service::Reactor& reactor, const Settings& settings, Listener listener)
    : state_(std::make_unique<State>(reactor, settings, std::move(listener))) {
    static std::once_flag once;
    std::call_once(once, [] {
        xmpp_initialize();
        allow_deep_recursion();
    });
}

Connection::~Connection() {
    state_->listener = {[](auto&, bool) {}, [](auto&) {}, [](auto&) {}};
    state_->release();
    state_->forget_session();
    if (state_->context) xmpp_ctx_free(state_->context);
}

void Connection::open(const std::string& resource) {
    auto& s = *state_;
    s.release();
    const auto domain = s.settings.jid.substr(s.settings.jid.find('@') + 1);
    const Service where{domain, s.settings.host, s.settings.port, s.settings.tls == Tls::direct};
    s.resolve.emplace(s.reactor, where, [&s, resource](const service::Result<std::vector<Address>>& found) {
        if (!found) return s.listener.down(found.error());
        s.connect(resource, (*found)[s.attempt++ % found->size()]);
    });
}

void State::connect(const std::string& resource, const Address& address) {
    up = closing = abandoned = ended = connected = refused = false;
    problem.clear();
    certificate_problem.clear();
    unfinished_bytes = 0;
    unreadable = poisoned = false;
    reason = {};
    log = {on_log, this};
    if (!context) context = xmpp_ctx_new(nullptr, &log);
    conn = xmpp_conn_new(context);
    states()[conn] = this;
    long flags = settings.tls == Tls::none ? XMPP_CONN_FLAG_DISABLE_TLS
                 : settings.tls == Tls::direct ? XMPP_CONN_FLAG_LEGACY_SSL : XMPP_CONN_FLAG_MANDATORY_TLS;
    if (settings.insecure_tls && settings.tls != Tls::none) flags |= XMPP_CONN_FLAG_TRUST_TLS;
    xmpp_conn_set_flags(conn, flags);
    xmpp_conn_set_jid(conn, (settings.jid + '/' + resource).c_str());
    xmpp_conn_set_pass(conn, settings.password.c_str());
    if (!settings.ca_file.empty()) xmpp_conn_set_cafile(conn, settings.ca_file.c_str());
    xmpp_conn_set_certfail_handler(conn, on_bad_certificate);
    xmpp_conn_set_sockopt_callback(conn, on_socket);
    if (resumable && xmpp_conn_set_sm_state(conn, resumable) != XMPP_EOK) forget_session();
    resumable = nullptr;  // it is the connection's now
    // Once for all: the library takes the same function a second time for a mistake.
    xmpp_handler_add(conn, on_stanza, nullptr, nullptr, nullptr, this);
    if (xmpp_connect_client(conn, address.ip.c_str(), address.port, on_event, this) != XMPP_EOK && !ended) {
        reason = explain(0, nullptr);
        ended = true;
    }
    // Connecting and the library's own timers need a beat; once up, the descriptor wakes us.
    tick = reactor.every(10ms, [this, slow = 0]() mutable {
        if (up && !ended && ++slow % 20 != 0) return;
        pump();
    });
    pump_soon();
}

void Connection::send(const Element& stanza) {
    if (!state_->conn || !state_->up) return;
    const auto xml = to_xml(stanza);
    xmpp_send_raw(state_->conn, xml.data(), xml.size());
    state_->pump_soon();
}

void Connection::close() {
    auto& s = *state_;
    s.resolve.reset();
    if (!s.conn) return;
    s.closing = true;
    if (s.up) {
        xmpp_disconnect(s.conn);
        s.pump_soon();
    } else {
        s.ended = true;
        s.pump_soon();
    }
}

void Connection::abandon(const Error& reason, bool session_too) {
    auto& s = *state_;
    if (!s.conn || s.ended) return;
    s.reason = reason;
    s.poisoned = session_too;
    // The library sees the end of the stream, and keeps what is needed to resume it.
    if (s.fd >= 0) ::shutdown(s.fd, SHUT_RDWR);
    s.abandoned = true;
    s.pump_soon();
}

}  // namespace parley::xmpp
