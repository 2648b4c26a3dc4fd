// Configurations of ngircd, InspIRCd and Ergo for tests; see irc_server.h.
#include "tests/support/irc_server.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace parley::tests {

namespace fs = std::filesystem;

namespace {

// Another program in Debian is called ergo, too.
constexpr const char* program_of[] = {"ngircd", "inspircd", PARLEY_BIN_DIR "/../servers/ergo"};

// A group that is known to be good (RFC 7919): without a file ngircd looks for one of its own, which takes seconds.
fs::path diffie_hellman(const TempFolder& folder) {
    const auto file = folder.path() / "dh.pem";
    const auto ran = run({"openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048",
                          "-out", file.string()});
    if (ran.exit_code != 0) throw std::runtime_error("openssl: " + ran.output);
    fs::permissions(file, fs::perms::others_read, fs::perm_options::add);
    return file;
}

}  // namespace

Certificate Certificate::make(const TempFolder& folder, const std::string& name) {
    Certificate out{folder.path() / (name + ".pem"), folder.path() / (name + "-key.pem")};
    const auto ran =
        run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
             "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
             out.key.string(), "-out", out.certificate.string()});
    if (ran.exit_code != 0) throw std::runtime_error("openssl: " + ran.output);
    fs::permissions(out.key, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read,
                    fs::perm_options::add);
    return out;
}

bool IrcServer::installed(Kind kind) { return find_program(program_of[static_cast<int>(kind)]).has_value(); }
bool IrcServer::services_installed() { return find_program("atheme-services").has_value(); }

IrcServer::IrcServer(Kind kind, Options options) : kind_(kind), folder_("parley-ircd"), port_(free_port()) {
    if (options.tls) {
        tls_port_ = free_port();
        certificate_ = Certificate::make(folder_);
    }
    if (options.services) link_port_ = free_port();
    // The servers give up root for a user of their own, who must be able to read and write here.
    fs::permissions(folder_.path(), fs::perms::all);
    if (kind == Kind::ngircd) write_ngircd(options);
    if (kind == Kind::inspircd) write_inspircd(options);
    if (kind == Kind::ergo) write_ergo(options);
    start();
    if (!options.services) return;
    write_atheme();
    start_services();
}

IrcServer::~IrcServer() = default;

pid_t IrcServer::pid() const { return process_ ? process_->pid() : -1; }
void IrcServer::kill() {
    if (process_) process_->kill();
}
void IrcServer::freeze() { process_->signal(SIGSTOP); }
void IrcServer::thaw() { process_->signal(SIGCONT); }
std::string IrcServer::log() const { return read_file(folder_.path() / "log"); }

void IrcServer::start() {
    kill();
    Process::Options options;
    if (kind_ == Kind::ngircd)
        options.argv = {"ngircd", "-n", "-f", (folder_.path() / "ngircd.conf").string()};
    else if (kind_ == Kind::ergo)
        options.argv = {program_of[2], "run", "--conf", (folder_.path() / "ergo.yaml").string()};
    else
        options.argv = {"inspircd",    "--nofork", "--nopid",
                        "--runasroot", "--config", (folder_.path() / "inspircd.conf").string()};
    options.log = folder_.path() / "log";
    options.folder = folder_.path();
    process_ = std::make_unique<Process>(std::move(options));
    const bool up = wait_until([&] { return !process_->running() || connectable(port_); }) && process_->running() &&
                    (tls_port_ == 0 || wait_connectable(tls_port_));
    if (!up) throw std::runtime_error(std::string(program_of[static_cast<int>(kind_)]) + " does not start: " + log());
}

void IrcServer::stop_services() { services_->terminate(); }  // it saves its accounts

void IrcServer::start_services() {
    const auto log = folder_.path() / "services.log";
    Process::Options options;
    options.argv = {"atheme-services",
                    "-n",
                    "-c",
                    (folder_.path() / "atheme.conf").string(),
                    "-D",
                    folder_.path().string(),
                    "-l",
                    (folder_.path() / "atheme.log").string(),
                    "-p",
                    (folder_.path() / "atheme.pid").string()};
    options.log = log;
    fs::remove(log);
    services_ = std::make_unique<Process>(std::move(options));
    const auto linked = [&] { return read_file(log).find("finished synching with uplink") != std::string::npos; };
    if (!wait_until([&] { return !services_->running() || linked(); }) || !services_->running())
        throw std::runtime_error("atheme-services does not start: " + read_file(log));
}

void IrcServer::write_atheme() {
    std::ostringstream out;
    for (const char* module : {"protocol/inspircd", "backend/opensex", "crypto/pbkdf2v2", "nickserv/main",
                               "nickserv/register", "nickserv/identify", "nickserv/logout", "nickserv/cert",
                               "saslserv/main", "saslserv/plain", "saslserv/external"})
        out << "loadmodule \"modules/" << module << "\";\n";
    out << "serverinfo { name = \"services.test.localhost\"; desc = \"services\"; numeric = \"00S\"; recontime = 1;\n"
        << "netname = \"Test\"; hidehostsuffix = \"users.test\"; adminname = \"test\"; adminemail = "
           "\"test@example.org\";\n"
        << "registeremail = \"test@example.org\"; mta = \"/bin/true\"; loglevel = { error; info; network; };\n"
        << "maxlogins = 100; maxusers = 100; mdlimit = 30; emaillimit = 1000; emailtime = 300; auth = none;\n"
        << "casemapping = rfc1459; };\n"
        << "uplink \"irc.test.localhost\" { host = \"127.0.0.1\"; password = \"linked\"; port = " << link_port_
        << "; };\n";
    for (const char* service : {"NickServ", "SaslServ"}) {
        std::string block(service);
        for (char& c : block) c = static_cast<char>(std::tolower(c));
        out << block << " { nick = \"" << service
            << "\"; user = \"services\"; host = \"services.test\"; real = \"services\"; };\n";
    }
    out << "general { };\n";
    folder_.write("atheme.conf", out.str());
}

void IrcServer::write_ngircd(const Options& options) {
    std::ostringstream out;
    out << "[Global]\nName = irc.test.localhost\nInfo = test\nListen = 127.0.0.1\nPorts = " << port_ << "\n"
        << "MotdPhrase = \"hello\"\nServerGID = " << ::getgid() << "\nServerUID = " << ::getuid() << "\n";
    if (!options.password.empty()) out << "Password = " << options.password << "\n";
    out << "[Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxNickLength = 30\n"
        << (options.floods_allowed ? "MaxPenaltyTime = 0\n" : "") << "PingTimeout = " << options.ping_seconds << "\nPongTimeout = "
        << std::min(options.ping_seconds, 20) << "\n"
        << "[Options]\nDNS = no\nIdent = no\nPAM = no\nNoticeBeforeRegistration = no\nOperCanUseMode = "
           "yes\nSyslogFacility = local7\n"
        << "[Operator]\nName = " << oper_name << "\nPassword = " << oper_password << "\n";
    if (tls_port_ != 0)
        out << "[SSL]\nCertFile = " << certificate_.certificate.string()
            << "\nKeyFile = " << certificate_.key.string() << "\nDHFile = " << diffie_hellman(folder_).string()
            << "\nPorts = " << tls_port_ << "\n";
    folder_.write("ngircd.conf", out.str());
}

void IrcServer::write_inspircd(const Options& options) {
    std::ostringstream out;
    const auto folder = folder_.path().string();
    out << "<server name=\"irc.test.localhost\" description=\"test\" network=\"Test\" id=\"00T\">\n"
        << "<admin name=\"test\" email=\"test@localhost\" nick=\"test\">\n"
        << "<path configdir=\"" << folder << "\" datadir=\"" << folder << "\" logdir=\"" << folder
        << "\" runtimedir=\"" << folder << "\">\n"
        << "<bind address=\"127.0.0.1\" port=\"" << port_ << "\" type=\"clients\">\n"
        << "<log method=\"file\" type=\"* -USERINPUT -USEROUTPUT\" level=\"default\" target=\"" << folder
        << "/inspircd.log\">\n"
        << "<connect allow=\"127.0.0.*\" timeout=\"60\" pingfreq=\"" << options.ping_seconds << "s\" "
        // Without floods: the values of InspIRCd's example and Debian's own settings.
        << (options.floods_allowed
                ? "fakelag=\"no\" threshold=\"1000000\" commandrate=\"1000000000\" recvq=\"1000000\""
                : "fakelag=\"yes\" threshold=\"10\" commandrate=\"1000\" recvq=\"8192\"")
        << " softsendq=\"10000000\""
        << " hardsendq=\"100000000\" localmax=\"1000\" globalmax=\"1000\" resolvehostnames=\"no\" useident=\"no\""
        << (options.password.empty() ? std::string() : " password=\"" + options.password + "\"") << ">\n"
        << "<performance netbuffersize=\"65534\" quietbursts=\"yes\">\n"
        << "<options defaultmodes=\"not\" prefixquit=\"Quit: \" syntaxhints=\"no\">\n<limits maxnick=\"30\">\n"
        << "<class name=\"All\" commands=\"*\" privs=\"*\" usermodes=\"*\" chanmodes=\"*\">\n<type name=\"Root\" "
           "classes=\"All\">\n"
        << "<oper name=\"" << oper_name << "\" password=\"" << oper_password << "\" host=\"*@*\" type=\"Root\">\n"
        << "<chanhistory maxlines=\"50\" prefixmsg=\"no\">\n";
    if (link_port_ != 0) {
        out << "<bind address=\"127.0.0.1\" port=\"" << link_port_ << "\" type=\"servers\">\n"
            << "<link name=\"services.test.localhost\" ipaddr=\"127.0.0.1\" port=\"" << link_port_
            << "\" allowmask=\"127.0.0.0/8\" sendpass=\"linked\" recvpass=\"linked\">\n"
            << "<uline server=\"services.test.localhost\" silent=\"yes\">\n<sasl "
               "target=\"services.test.localhost\">\n";
        for (const char* module : {"spanningtree", "sasl", "sslinfo", "hidechans"})
            out << "<module name=\"" << module << "\">\n";
    }
    for (const char* module : {"cap",
                               "ircv3",
                               "ircv3_accounttag",
                               "ircv3_batch",
                               "ircv3_capnotify",
                               "ircv3_chghost",
                               "ircv3_ctctags",
                               "ircv3_echomessage",
                               "ircv3_labeledresponse",
                               "ircv3_msgid",
                               "ircv3_servertime",
                               "namesx",
                               "setname",
                               "services_account",
                               "chanhistory",
                               "sajoin",
                               "sakick",
                               "sanick",
                               "alias",
                               "botmode",
                               "swhois"})
        out << "<module name=\"" << module << "\">\n";
    if (tls_port_ != 0)
        out << "<module name=\"ssl_gnutls\">\n<sslprofile name=\"test\" provider=\"gnutls\" certfile=\""
            << certificate_.certificate.string() << "\" keyfile=\"" << certificate_.key.string()
            << "\" requestclientcert=\"yes\" hash=\"sha256\">\n<bind address=\"127.0.0.1\" port=\"" << tls_port_
            << "\" type=\"clients\" sslprofile=\"test\">\n";
    folder_.write("inspircd.conf", out.str());
}

void IrcServer::write_ergo(const Options& options) {
    std::ostringstream out;
    const auto folder = folder_.path().string();
    out << "network: {name: Test}\n"
        << "server:\n  name: irc.test.localhost\n  casemapping: ascii\n  enforce-utf8: true\n  max-sendq: 64m\n"
        << "  listeners:\n    \"127.0.0.1:" << port_ << "\": {}\n";
    if (tls_port_ != 0)
        out << "    \"127.0.0.1:" << tls_port_ << "\": {tls: {cert: \"" << certificate_.certificate.string() << "\", key: \""
            << certificate_.key.string() << "\"}}\n";
    out << "  ip-limits: {count: false, throttle: false}\n  ip-cloaking: {enabled: false}\n  motd-formatting: false\n"
        << "  compatibility: {force-trailing: true, send-unprefixed-sasl: true, allow-truncation: false}\n"
        << "accounts: {authentication-enabled: true, registration: {enabled: true, allow-before-connect: true},"
           " nick-reservation: {enabled: true, method: strict}, multiclient: {enabled: true, allowed-by-default: true}}\n"
        << "channels: {default-modes: +nt, max-channels-per-client: 1000, registration: {enabled: true}}\n"
        << "oper-classes: {all: {title: Root, capabilities: [kill, ban, nofakelag, sajoin, samode]}}\n"
        // The hash of oper_password.
        << "opers: {" << oper_name << ": {class: all, whois-line: root, password: \"$2a$04$A1NMliHoBQaXg3bI11j01OvW71HgeGoZP9BaIdY/HlLdjpyUIL9RG\"}}\n"
        << "logging: [{method: stderr, type: \"* -userinput -useroutput\", level: info}]\n"
        << "datastore: {path: \"" << folder << "/ircd.db\", autoupgrade: true, mysql: {enabled: false}}\n"
        << "languages: {enabled: false}\n"
        << "limits: {nicklen: 30, identlen: 20, channellen: 64, awaylen: 390, kicklen: 390, topiclen: 390, monitor-entries: 100,"
           " whowas-entries: 100, chan-list-modes: 60, registration-messages: 1024, multiline: {max-bytes: 0, max-lines: 0}}\n"
        << "fakelag: {enabled: " << (options.floods_allowed ? "false" : "true")
        << ", window: 1s, burst-limit: 5, messages-per-window: 2, cooldown: 2s}\n"
        << "history: {enabled: true, channel-length: " << options.history_lines
        << ", client-length: 256, autoresize-window: 3d, autoreplay-on-join: 0, chathistory-maxmessages: 100,"
           " znc-maxmessages: 2048, restrictions: {expire-time: 1w, query-cutoff: none, grace-period: 1h},"
           " tagmsg-storage: {default: true}}\n";
    folder_.write("ergo.yaml", out.str());
    const auto ran = run({program_of[2], "initdb", "--quiet", "--conf", folder + "/ergo.yaml"});
    if (ran.exit_code != 0) throw std::runtime_error("ergo initdb: " + ran.output);
}

}  // namespace parley::tests
