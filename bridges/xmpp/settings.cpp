// The account's settings, and what is wrong with them.
#include "bridges/xmpp/settings.h"

namespace parley::xmpp {

Settings read_settings(service::Table& account) {
    Settings out;
    if (account.has("platform")) account.text("platform");
    out.jid = account.text("jid");
    if (const auto at = out.jid.find('@'); at == std::string::npos || at == 0 || out.jid.find('/') != std::string::npos)
        account.complain("jid", "\"" + out.jid + "\" is not an account's address", "write it as name@domain, without a resource");
    const auto password = account.secret("password");
    if (!password) account.complain("password", "is missing", "password = { file = \"…\" } or { env = \"…\" }");
    out.password = password.value_or("");
    out.host = account.text("host", "");
    out.port = static_cast<std::uint16_t>(account.integer("port", 0, 0, 65535));
    const auto tls = account.choice("tls", "starttls", {"starttls", "direct", "none"});
    out.tls = tls == "none" ? Tls::none : tls == "direct" ? Tls::direct : Tls::starttls;
    out.insecure_tls = account.boolean("insecure_tls", false);
    out.ca_file = account.file("ca_file", "").string();
    out.nick = account.text("nick", out.jid.substr(0, out.jid.find('@')));
    out.resource = account.text("resource", "parley");
    out.ping_after = account.duration("ping_after", out.ping_after);
    out.ping_timeout = account.duration("ping_timeout", out.ping_timeout);
    for (const auto& [key, value] : {std::pair("ping_after", out.ping_after), std::pair("ping_timeout", out.ping_timeout)})
        if (value < std::chrono::seconds(1)) account.complain(key, "it is too short", "at least \"1 s\"");
    if (out.tls == Tls::none && out.host != "127.0.0.1" && out.host != "::1" && out.host != "localhost")
        account.complain("tls", "\"none\" would show the password to the network", "only a host on this machine may go without TLS");
    account.finish();
    return out;
}

}  // namespace parley::xmpp
