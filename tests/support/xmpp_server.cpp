// The settings of the test server, and its life.
#include "tests/support/xmpp_server.h"

#include <unistd.h>

#include <stdexcept>

namespace parley::tests {

bool XmppServer::available() { return find_program("prosody") && find_program("openssl"); }

XmppServer::XmppServer(std::vector<std::string> users, Made made) : port_(free_port()) {
    const auto path = folder_.path().string();
    const auto certificate = run({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                           "subjectAltName=DNS:localhost,DNS:strict.localhost", "-keyout", path + "/key.pem", "-out", path + "/cert.pem"});
    if (certificate.exit_code != 0) throw std::runtime_error("openssl made no certificate: " + certificate.output);
    folder_.write("data/strict%2elocalhost/accounts/parley.dat", "return { [\"password\"] = \"secret\" };\n");
    for (const auto& user : users) folder_.write("data/localhost/accounts/" + user + ".dat", "return { [\"password\"] = \"secret\" };\n");
    const auto port = std::to_string(port_);
    const std::string storage = made == Made::fast      ? "storage = { muc_log = \"memory\" }"
                                : made == Made::lasting ? "storage = { muc_log = \"sql\" }\nsql = { driver = \"SQLite3\", database = \"" + path + "/prosody.sqlite\" }"
                                                        : "storage = \"internal\"";
    folder_.write("prosody.cfg.lua", R"(
run_as_root = )" + std::string(geteuid() == 0 ? "true" : "false") + R"(
daemonize = false
pidfile = ")" + path + R"(/prosody.pid"
data_path = ")" + path + R"(/data"
log = { )" + std::string(made == Made::usual ? "debug" : "warn") + R"( = ")" + path + R"(/prosody.log" }
interfaces = { "127.0.0.1" }
c2s_ports = { )" + port + R"( }
c2s_direct_tls_ports = {}
modules_enabled = { "roster", "saslauth", "tls", "disco", "ping", "smacks" }
modules_disabled = { "s2s", "s2s_auth_certs" }
authentication = "internal_plain"
)" + storage + R"(
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
ssl = { key = ")" + path + R"(/key.pem", certificate = ")" + path + R"(/cert.pem" }
VirtualHost "localhost"
VirtualHost "strict.localhost"
  disable_sasl_mechanisms = { "PLAIN", "DIGEST-MD5", "OAUTHBEARER" }
Component "conference.localhost" "muc"
  modules_enabled = { "muc_mam" }
  muc_room_locking = false
  muc_room_default_persistent = true
  muc_log_by_default = true
  muc_room_default_public_jids = true
Component "plain.localhost" "muc"
  muc_room_locking = false
  muc_room_default_persistent = true
)");
    start();
}

void XmppServer::start() {
    process_.emplace(Process::Options{.argv = {"prosody", "-F", "--config", (folder_.path() / "prosody.cfg.lua").string()},
                                      .log = folder_.path() / "out.log"});
    if (!wait_connectable(port_, 20s)) throw std::runtime_error("Prosody does not listen: " + process_->output() + log());
}

void XmppServer::kill() { process_->kill(); }
void XmppServer::freeze() { process_->signal(SIGSTOP); }
void XmppServer::thaw() { process_->signal(SIGCONT); }

}  // namespace parley::tests
