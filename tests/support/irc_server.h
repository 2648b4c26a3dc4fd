// Real IRC servers for tests: ngircd, InspIRCd and Ergo on free loopback ports, each in a folder of its own, and Atheme
// for accounts (NickServ, SASL) on InspIRCd. Ergo alone has draft/chathistory; tools/install_ergo builds it.
#pragma once

#include <memory>
#include <string>

#include "tests/support/process.h"

namespace parley::tests {

// A throw-away certificate for 127.0.0.1 and localhost, made by openssl.
struct Certificate {
    std::filesystem::path certificate, key;
    static Certificate make(const TempFolder& folder, const std::string& name = "server");
};

class IrcServer {
public:
    enum class Kind { ngircd, inspircd, ergo };
    static constexpr const char* oper_name = "root";
    static constexpr const char* oper_password = "let-me";

    struct Options {
        bool tls = false;           // beside the plain port
        std::string password = {};  // of the server
        bool floods_allowed = true;
        bool services = false;  // InspIRCd only: NickServ and SASL, by Atheme
        int history_lines = 2048;  // Ergo only: what it keeps of a room, in memory
        int ping_seconds = 120;  // of silence, then it asks; about as long again, then it hangs up
    };
    static bool installed(Kind kind);
    static bool services_installed();
    // Configured, started and accepting. Throws std::runtime_error with the server's own words if it does not.
    IrcServer(Kind kind, Options options);
    explicit IrcServer(Kind kind) : IrcServer(kind, Options{}) {}
    ~IrcServer();

    std::uint16_t port() const { return port_; }
    std::uint16_t tls_port() const { return tls_port_; }
    std::filesystem::path ca_file() const { return certificate_.certificate; }
    pid_t pid() const;
    void kill();    // at once, as a crash
    void start();   // again, on the same ports
    void freeze();  // SIGSTOP: connected, but silent
    void thaw();
    std::string log() const;
    void stop_services();  // accounts can be had no more, and SASL is no more offered
    void start_services();

private:
    void write_ngircd(const Options& options);
    void write_inspircd(const Options& options);
    void write_ergo(const Options& options);
    void write_atheme();

    Kind kind_;
    TempFolder folder_;
    std::uint16_t port_, tls_port_ = 0, link_port_ = 0;  // link: for the services
    Certificate certificate_;
    std::unique_ptr<Process> process_, services_;
};

}  // namespace parley::tests
