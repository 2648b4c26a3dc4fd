// Configurations of ngircd and InspIRCd for tests; see irc_server.h.
#include "tests/support/irc_server.h"

#include <pwd.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>

namespace parley::tests {

namespace fs = std::filesystem;

namespace {

constexpr const char* program_of[] = {"ngircd", "inspircd"};

}  // namespace

Certificate Certificate::make(const TempFolder& folder, const std::string& name) {
    Certificate out{folder.path() / (name + ".pem"), folder.path() / (name + "-key.pem")};
    const auto ran =
        run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
             out.key.string(), "-out", out.certificate.string()});
    if (ran.exit_code != 0) throw std::runtime_error("openssl: " + ran.output);
    fs::permissions(out.key, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read,
                    fs::perm_options::add);
    return out;
}

bool IrcServer::installed(Kind kind) { return find_program(program_of[static_cast<int>(kind)]).has_value(); }

IrcServer::IrcServer(Kind kind, Options options) : kind_(kind), folder_("parley-ircd"), port_(free_port()) {
    if (options.tls) {
        tls_port_ = free_port();
        certificate_ = Certificate::make(folder_);
    }
    // The servers give up root for a user of their own, who must be able to read and write here.
    fs::permissions(folder_.path(), fs::perms::all);
    if (kind == Kind::ngircd)
        write_ngircd(options);
    else
        write_inspircd(options);
    start();
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

void IrcServer::write_ngircd(const Options& options) {
    std::ostringstream out;
    out << "[Global]\nName = irc.test.localhost\nInfo = test\nListen = 127.0.0.1\nPorts = " << port_ << "\n"
        << "MotdPhrase = \"hello\"\nServerGID = " << ::getgid() << "\nServerUID = " << ::getuid() << "\n";
    if (!options.password.empty()) out << "Password = " << options.password << "\n";
    out << "[Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxNickLength = 30\n"
        << (options.floods_allowed ? "MaxPenaltyTime = 0\n" : "") << "PingTimeout = 120\nPongTimeout = 20\n"
        << "[Options]\nDNS = no\nIdent = no\nPAM = no\nNoticeBeforeRegistration = no\nOperCanUseMode = "
           "yes\nSyslogFacility = local7\n"
        << "[Operator]\nName = " << oper_name << "\nPassword = " << oper_password << "\n";
    if (tls_port_ != 0)
        out << "[SSL]\nCertFile = " << certificate_.certificate.string() << "\nKeyFile = " << certificate_.key.string()
            << "\nPorts = " << tls_port_ << "\n";
    folder_.write("ngircd.conf", out.str());
}

void IrcServer::write_inspircd(const Options& options) {
    std::ostringstream out;
    const auto folder = folder_.path().string();
    out << "<server name=\"irc.test.localhost\" description=\"test\" network=\"Test\" id=\"00T\">\n"
        << "<admin name=\"test\" email=\"test@localhost\" nick=\"test\">\n"
        << "<path configdir=\"" << folder << "\" datadir=\"" << folder << "\" logdir=\"" << folder << "\" runtimedir=\""
        << folder << "\">\n"
        << "<bind address=\"127.0.0.1\" port=\"" << port_ << "\" type=\"clients\">\n"
        << "<log method=\"file\" type=\"* -USERINPUT -USEROUTPUT\" level=\"default\" target=\"" << folder
        << "/inspircd.log\">\n"
        << "<connect allow=\"127.0.0.*\" timeout=\"60\" pingfreq=\"2 minutes\" fakelag=\""
        << (options.floods_allowed ? "no" : "yes") << "\" threshold=\"" << (options.floods_allowed ? 1000000 : 10)
        << "\" commandrate=\"1000000000\" recvq=\"1000000\" softsendq=\"10000000\""
        << " hardsendq=\"100000000\" localmax=\"1000\" globalmax=\"1000\" resolvehostnames=\"no\" useident=\"no\""
        << (options.password.empty() ? std::string() : " password=\"" + options.password + "\"") << ">\n"
        << "<performance netbuffersize=\"65534\" quietbursts=\"yes\">\n"
        << "<options defaultmodes=\"not\" prefixquit=\"Quit: \" syntaxhints=\"no\">\n<limits maxnick=\"30\">\n"
        << "<class name=\"All\" commands=\"*\" privs=\"*\" usermodes=\"*\" chanmodes=\"*\">\n<type name=\"Root\" "
           "classes=\"All\">\n"
        << "<oper name=\"" << oper_name << "\" password=\"" << oper_password << "\" host=\"*@*\" type=\"Root\">\n"
        << "<chanhistory maxlines=\"50\" prefixmsg=\"no\">\n";
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
            << "\">\n<bind address=\"127.0.0.1\" port=\"" << tls_port_ << "\" type=\"clients\" sslprofile=\"test\">\n";
    folder_.write("inspircd.conf", out.str());
}

}  // namespace parley::tests
