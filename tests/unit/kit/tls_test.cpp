// The stream over TLS, against a server with a certificate that nobody signed but itself.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>

#include "bridges/kit/stream.h"

namespace parley::kit {
namespace {

using namespace std::chrono_literals;

// Writes key and certificate of "localhost" into one PEM file.
void write_certificate(const std::string& path) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    auto* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* also = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate, also, -1);
    X509_EXTENSION_free(also);
    X509_sign(certificate, key, EVP_sha256());
    std::FILE* file = std::fopen(path.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    PEM_write_X509(file, certificate);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

// Takes one connection and sends back what it hears until the other side closes. With `ask_first`, TLS begins after a
// first word in the clear.
class EchoServer {
public:
    EchoServer(const std::string& pem, bool ask_first) {
        listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 1) != 0) std::abort();
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port = ntohs(address.sin_port);
        thread_ = std::thread([this, pem, ask_first] { serve(pem, ask_first); });
    }
    ~EchoServer() {
        ::shutdown(listener_, SHUT_RDWR);  // ends an accept that nobody came to
        thread_.join();
        ::close(listener_);
    }
    std::uint16_t port = 0;

private:
    void serve(const std::string& pem, bool ask_first) const {
        const int peer = ::accept(listener_, nullptr, nullptr);
        if (peer < 0) return;
        const timeval patience{5, 0};
        ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        char buffer[1024];
        if (ask_first && (::recv(peer, buffer, sizeof buffer, 0) <= 0 || ::send(peer, "go", 2, MSG_NOSIGNAL) != 2)) return;
        SSL_CTX* context = SSL_CTX_new(TLS_server_method());
        SSL_CTX_use_certificate_chain_file(context, pem.c_str());
        SSL_CTX_use_PrivateKey_file(context, pem.c_str(), SSL_FILETYPE_PEM);
        SSL* tls = SSL_new(context);
        SSL_set_fd(tls, peer);
        if (SSL_accept(tls) == 1) {
            for (int n = 0; (n = SSL_read(tls, buffer, sizeof buffer)) > 0;) SSL_write(tls, buffer, n);
        }
        SSL_free(tls);
        SSL_CTX_free(context);
        ::close(peer);
    }
    int listener_ = -1;
    std::thread thread_;
};

class Tls : public ::testing::Test {
protected:
    Tls() {
        std::signal(SIGPIPE, SIG_IGN);
        std::string name = "/tmp/parley-tls-XXXXXX";
        folder = ::mkdtemp(name.data());
        pem = (folder / "server.pem").string();
        write_certificate(pem);
    }
    ~Tls() override { std::filesystem::remove_all(folder); }
    StreamOptions to(const EchoServer& server) const {
        StreamOptions options;
        options.host = "127.0.0.1";
        options.port = server.port;
        options.tls = true;
        options.tls_name = "localhost";
        return options;
    }
    StreamEvents events() {
        return {[this] { ++opened; }, [this](std::string_view bytes) { heard += bytes; },
                [this](service::Error why) { closed = std::move(why); }};
    }
    bool wait(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + 5s;
        while (!done() && std::chrono::steady_clock::now() < deadline) reactor.run_for(2ms);
        return done();
    }
    service::Reactor reactor;
    std::filesystem::path folder;
    std::string pem, heard;
    int opened = 0;
    std::optional<service::Error> closed;
};

TEST_F(Tls, CarriesBytesToAServerThatItTrusts) {
    EchoServer server(pem, false);
    auto options = to(server);
    options.ca_file = pem;
    Stream stream(reactor, options, events());
    stream.send("hello");
    EXPECT_TRUE(wait([&] { return heard == "hello"; })) << (closed ? closed->text() : "");
}

TEST_F(Tls, RefusesACertificateThatNobodySigned) {
    EchoServer server(pem, false);
    Stream stream(reactor, to(server), events());
    ASSERT_TRUE(wait([&] { return closed.has_value(); }));
    EXPECT_EQ(closed->code, service::Code::denied) << closed->text();
    EXPECT_NE(closed->hint.find("ca_file"), std::string::npos);
    EXPECT_EQ(opened, 0);
}

TEST_F(Tls, RefusesACertificateOfAnotherName) {
    EchoServer server(pem, false);
    auto options = to(server);
    options.ca_file = pem;
    options.tls_name = "example.org";
    Stream stream(reactor, options, events());
    ASSERT_TRUE(wait([&] { return closed.has_value(); }));
    EXPECT_EQ(opened, 0);
}

TEST_F(Tls, TakesAnyCertificateIfToldTo) {
    EchoServer server(pem, false);
    auto options = to(server);
    options.insecure = true;
    Stream stream(reactor, options, events());
    stream.send("hello");
    EXPECT_TRUE(wait([&] { return heard == "hello"; }));
}

TEST_F(Tls, BeginsInTheMiddleOfAStream) {
    EchoServer server(pem, true);
    auto options = to(server);
    options.tls = false;
    options.ca_file = pem;
    std::optional<Stream> stream;
    auto e = events();
    e.data = [&](std::string_view bytes) {
        heard += bytes;
        if (heard == "go") stream->start_tls();
    };
    e.opened = [&] {
        if (++opened == 1) stream->send("starttls");
        else stream->send("secret");
    };
    stream.emplace(reactor, options, e);
    EXPECT_TRUE(wait([&] { return heard == "gosecret"; })) << (closed ? closed->text() : "");
    EXPECT_EQ(opened, 2);
}

}  // namespace
}  // namespace parley::kit
