// Everything runs on the reactor's thread. The State lives as long as an operation is pending on it.
#include "bridges/kit/stream.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include "broker/service/clock.h"

namespace parley::kit {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using service::Code;
using service::Error;

namespace {

constexpr std::chrono::seconds last_words_within{1};

}  // namespace

struct Stream::State : std::enable_shared_from_this<Stream::State> {
    State(asio::io_context& io, StreamOptions o, StreamEvents e)
        : options(std::move(o)), events(std::move(e)), resolver(io), socket(io), deadline(io) {}

    StreamOptions options;
    StreamEvents events;
    tcp::resolver resolver;
    tcp::socket socket;
    asio::steady_timer deadline;  // of connecting, later of lingering or of the last words
    std::optional<ssl::context> context;
    std::optional<ssl::stream<tcp::socket&>> secure;
    std::array<char, 16384> input;
    std::string writing, waiting;  // with the system; for the next write
    bool opened = false;           // bytes may flow
    bool silent = false;           // close() was called: no callbacks
    bool dead = false;             // the socket is closed
    bool deaf = false;             // the other side takes nothing more
    bool write_posted = false, upgrade = false;
    bool held = false, read_wanted = false;  // no reading; it was its turn meanwhile

    std::string where() const { return fmt::format("{}:{}", options.host, options.port); }

    void start();
    void limit_connecting();
    void connected();
    Error prepare_tls();
    void handshake();
    void announce();
    void read();
    void received(const error_code& error, std::size_t bytes);
    void flush_soon();
    void write();
    void written(const error_code& error);
    void read_last_words(const error_code& error);
    void linger();
    void end(Error reason);
    void destroy();
    Error lost(const error_code& error) const;
    Error handshake_error(const error_code& error);
};

void Stream::State::start() {
    limit_connecting();
    const auto resolved = [self = shared_from_this()](const error_code& error,
                                                      const tcp::resolver::results_type& found) {
        if (self->dead) return;
        if (error) {
            return self->end({Code::unavailable, fmt::format("cannot find {}: {}", self->options.host, error.message()),
                              "check the server's name in the account's settings"});
        }
        asio::async_connect(self->socket, found, [self](const error_code& failed, const tcp::endpoint&) {
            if (self->dead) return;
            if (!failed) return self->connected();
            self->end({Code::unavailable, fmt::format("cannot connect to {}: {}", self->where(), failed.message()),
                       "check that the server runs, and its port in the account's settings"});
        });
    };
    resolver.async_resolve(options.host, std::to_string(options.port), resolved);
}

void Stream::State::limit_connecting() {
    deadline.expires_after(options.connect_timeout);
    deadline.async_wait([self = shared_from_this()](const error_code& error) {
        if (error || self->opened || self->dead) return;
        self->end({Code::timeout,
                   fmt::format("{} did not answer within {}", self->where(),
                               service::for_people(self->options.connect_timeout)),
                   "check server, port and tls in the account's settings"});
    });
}

void Stream::State::connected() {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    if (options.tls) return handshake();
    announce();
}

Error Stream::State::prepare_tls() {
    error_code error;
    context.emplace(ssl::context::tls_client);
    context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                             ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
                         error);
    if (!options.ca_file.empty())
        context->load_verify_file(options.ca_file, error);
    else
        context->set_default_verify_paths(error);
    if (error && !options.insecure)
        return {Code::invalid, fmt::format("cannot read ca_file {}: {}", options.ca_file, error.message()),
                "it must hold certificates in PEM"};
    error.clear();
    if (options.certificate_file.empty()) return {};
    context->use_certificate_chain_file(options.certificate_file, error);
    if (error)
        return {Code::invalid,
                fmt::format("cannot read certificate_file {}: {}", options.certificate_file, error.message()),
                "it must hold a certificate in PEM"};
    const auto& key = options.key_file.empty() ? options.certificate_file : options.key_file;
    context->use_private_key_file(key, ssl::context::pem, error);
    if (error)
        return {Code::invalid, fmt::format("cannot read the key in {}: {}", key, error.message()),
                "it must hold the certificate's key in PEM, without a password"};
    return {};
}

void Stream::State::handshake() {
    if (auto wrong = prepare_tls()) return end(std::move(wrong));
    const auto& name = options.tls_name.empty() ? options.host : options.tls_name;
    secure.emplace(socket, *context);
    error_code ignored;
    asio::ip::make_address(name, ignored);
    if (ignored) SSL_set_tlsext_host_name(secure->native_handle(), name.c_str());  // an address is not sent as a name
    secure->set_verify_mode(options.insecure ? ssl::verify_none : ssl::verify_peer, ignored);
    if (!options.insecure) secure->set_verify_callback(ssl::host_name_verification(name), ignored);
    secure->async_handshake(ssl::stream_base::client, [self = shared_from_this()](const error_code& error) {
        if (self->dead) return;
        if (error) return self->end(self->handshake_error(error));
        self->announce();
    });
}

Error Stream::State::handshake_error(const error_code& error) {
    const long verified = SSL_get_verify_result(secure->native_handle());
    if (verified != X509_V_OK) {
        return {
            Code::denied,
            fmt::format("the certificate of {} is not trusted: {}", where(), X509_verify_cert_error_string(verified)),
            "set ca_file to the authority that signed it, or insecure = true if you must"};
    }
    return {Code::unavailable, fmt::format("no TLS with {}: {}", where(), error.message()),
            "check that the port speaks TLS"};
}

void Stream::State::announce() {
    opened = true;
    deadline.cancel();
    if (!waiting.empty()) flush_soon();
    const auto self = shared_from_this();
    if (!silent && events.opened) events.opened();
    if (!dead) read();
}

void Stream::State::read() {
    if (held) {
        read_wanted = true;
        return;
    }
#ifdef TCP_QUICKACK
    // The kernel falls back to delayed acknowledgements by itself; a server that waits for ours before it writes its
    // next line (Nagle) would then stand still for 40 ms.
    const int on = 1;
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#endif
    auto done = [self = shared_from_this()](const error_code& error, std::size_t bytes) {
        self->received(error, bytes);
    };
    if (secure)
        secure->async_read_some(asio::buffer(input), std::move(done));
    else
        socket.async_read_some(asio::buffer(input), std::move(done));
}

void Stream::State::received(const error_code& error, std::size_t bytes) {
    if (dead) return;
    if (error) return end(lost(error));
    if (!silent && events.data) events.data({input.data(), bytes});
    if (dead) return;
    if (!upgrade) return read();
    upgrade = false;
    opened = false;
    limit_connecting();
    handshake();
}

Error Stream::State::lost(const error_code& error) const {
    if (error == asio::error::eof || error == ssl::error::stream_truncated)
        return {Code::unavailable, fmt::format("{} closed the connection", where()), {}};
    return {Code::unavailable, fmt::format("the connection to {} was lost: {}", where(), error.message()), {}};
}

// Posted, so that all that is sent in one turn goes out in one write.
void Stream::State::flush_soon() {
    if (write_posted || !writing.empty() || !opened) return;
    write_posted = true;
    asio::post(socket.get_executor(), [self = shared_from_this()] {
        self->write_posted = false;
        self->write();
    });
}

void Stream::State::write() {
    if (dead || deaf || !opened || !writing.empty() || waiting.empty()) return;
    writing.swap(waiting);
    auto done = [self = shared_from_this()](const error_code& error, std::size_t) { self->written(error); };
    if (secure)
        asio::async_write(*secure, asio::buffer(writing), std::move(done));
    else
        asio::async_write(socket, asio::buffer(writing), std::move(done));
}

void Stream::State::written(const error_code& error) {
    if (dead) return;
    writing.clear();
    if (error) return read_last_words(error);
    if (!waiting.empty()) return write();
    if (silent) destroy();
}

// A server that dies resets the connection, but what it said before is still here to be read: reading comes to its end by
// itself. The limit is for a system that would report nothing.
void Stream::State::read_last_words(const error_code& error) {
    if (silent) return destroy();
    deaf = true;
    waiting.clear();
    deadline.expires_after(last_words_within);
    deadline.async_wait([self = shared_from_this(), why = lost(error)](const error_code& cancelled) {
        if (!cancelled) self->end(why);
    });
}

void Stream::State::linger() {
    if (!opened || (writing.empty() && waiting.empty())) return destroy();
    deadline.expires_after(std::chrono::seconds(1));
    deadline.async_wait([self = shared_from_this()](const error_code& error) {
        if (!error) self->destroy();
    });
}

void Stream::State::end(Error reason) {
    if (dead) return;
    const auto self = shared_from_this();
    destroy();
    if (!silent && events.closed) events.closed(std::move(reason));
}

void Stream::State::destroy() {
    dead = true;
    opened = false;
    error_code ignored;
    resolver.cancel();
    deadline.cancel();
    socket.shutdown(tcp::socket::shutdown_both, ignored);
    socket.close(ignored);
}

Stream::Stream(service::Reactor& reactor, StreamOptions options, StreamEvents events)
    : state_(std::make_shared<State>(reactor.context(), std::move(options), std::move(events))) {
    asio::post(reactor.context(), [state = state_] {
        if (!state->dead) state->start();
    });
}

Stream::~Stream() { close(); }

void Stream::send(std::string_view bytes) {
    auto& s = *state_;
    if (s.dead || s.silent || s.deaf) return;
    if (pending() + bytes.size() > s.options.write_bytes_max) {
        asio::post(s.socket.get_executor(), [state = state_] {
            state->end({Code::limit,
                        fmt::format("{} does not take what we send: {} bytes wait", state->where(),
                                    state->waiting.size() + state->writing.size()),
                        {}});
        });
        return;
    }
    s.waiting += bytes;
    s.flush_soon();
}

void Stream::close() {
    if (state_->silent) return;
    state_->silent = true;
    if (!state_->dead) state_->linger();
}

void Stream::start_tls() { state_->upgrade = true; }
void Stream::hold(bool held) {
    state_->held = held;
    if (!held && std::exchange(state_->read_wanted, false) && !state_->dead) state_->read();
}
std::size_t Stream::pending() const { return state_->writing.size() + state_->waiting.size(); }
bool Stream::open() const { return state_->opened && !state_->silent; }

}  // namespace parley::kit
