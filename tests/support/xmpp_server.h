// A real Prosody on free loopback ports, in a folder of its own: accounts, a certificate, and two room services, one
// with an archive (stanza ids) and one without. The domain strict.localhost lets nobody in but by SCRAM.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace parley::tests {

class XmppServer {
public:
    // Fast, for who measures: the rooms' archives are in memory (Prosody's files get slow as they get long), and its log
    // is short. Lasting, for who talks for long: the archives are in SQLite, which survives a kill like the files and stays
    // quick.
    enum class Made { usual, fast, lasting };
    // Users get the password "secret".
    explicit XmppServer(std::vector<std::string> users = {"parley", "alice", "bob"}, Made made = Made::usual);

    static bool available();  // Prosody and openssl are installed
    void start();             // throws if it does not listen within 20 s
    void kill();              // -9
    void freeze();            // SIGSTOP: connected, but silent
    void thaw();
    std::uint16_t port() const { return port_; }
    std::string ca_file() const { return (folder_.path() / "cert.pem").string(); }
    std::string log() const { return read_file(folder_.path() / "prosody.log"); }

private:
    TempFolder folder_{"prosody"};
    std::uint16_t port_ = 0;
    std::optional<Process> process_;
};

}  // namespace parley::tests
