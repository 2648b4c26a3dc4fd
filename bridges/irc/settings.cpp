// Reading and judging the settings of one account; see settings.h.
#include "bridges/irc/settings.h"

#include <algorithm>

#include "broker/bus/ids.h"

namespace parley::irc {

namespace {

constexpr std::int64_t plain_port = 6667, tls_port = 6697;
constexpr std::uint64_t keeper_bytes_least = 64 << 10;

bool one_word(const std::string& text) {
    return !text.empty() && text[0] != ':' &&
           std::none_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; });
}

bool good_nick(const std::string& nick) {
    return one_word(nick) && nick.size() <= 64 && nick.find_first_of("!@*?,#&+~:$.") == std::string::npos &&
           !(nick[0] >= '0' && nick[0] <= '9') && nick[0] != '-';
}

bool one_line(const std::string& text) { return text.find_first_of(std::string("\r\n\0", 3)) == std::string::npos; }

bool loopback(const std::string& server) { return server == "127.0.0.1" || server == "::1" || server == "localhost"; }

std::string secret(service::Table& table, std::string_view key) {
    auto value = table.secret(key).value_or("");
    if (!one_line(value)) table.complain(key, "the secret holds a line break or NUL", "keep it on one line");
    return value;
}

void read_sasl(service::Table table, Settings& out) {
    auto& sasl = out.sasl;
    sasl.mechanism = table.choice("mechanism", "PLAIN", {"PLAIN", "EXTERNAL"});
    sasl.user = table.text("user", out.nick);
    sasl.password = secret(table, "password");
    if (sasl.mechanism == "PLAIN" && sasl.password.empty())
        table.complain("password", "SASL PLAIN needs a password", "password = { file = \"…\" }");
    if (sasl.mechanism == "EXTERNAL" && out.certificate.empty())
        table.complain("mechanism", "SASL EXTERNAL needs our own certificate",
                       "set `certificate` of the account to a PEM file");
    if (sasl.mechanism == "PLAIN" && !out.tls && !loopback(out.server))
        table.complain("mechanism", "SASL PLAIN without TLS would show the password to the network",
                       "set tls = true");
    table.finish();
}

}  // namespace

std::string Settings::connection_name() const {
    return bus::derived_id({server, std::to_string(port), tls ? "tls" : "plain", insecure_tls ? "insecure" : "", tls_name,
                            ca_file, certificate, key, user, realname, password, sasl.mechanism, sasl.user,
                            sasl.password, nickserv_password})
        .text();
}

Settings Settings::read(service::Table& account) {
    Settings out;
    out.server = account.text("server");
    if (!out.server.empty() && !one_word(out.server))
        account.complain("server", "\"" + out.server + "\" is no host name",
                         "give a name or an address, without a port");
    out.tls = account.boolean("tls", !loopback(out.server));
    out.port = static_cast<std::uint16_t>(account.integer("port", out.tls ? tls_port : plain_port, 1, 65535));
    out.tls_name = account.text("tls_name", "");
    out.ca_file = account.file("ca_file", "").string();
    out.insecure_tls = account.boolean("insecure_tls", false);
    out.certificate = account.file("certificate", "").string();
    out.key = account.file("key", "").string();
    if (!out.key.empty() && out.certificate.empty())
        account.complain("key", "a key without a certificate", "set `certificate`");
    if (!out.tls && (!out.certificate.empty() || !out.ca_file.empty() || out.insecure_tls))
        account.complain("tls", "certificates are set, but TLS is off", "set tls = true");

    out.nick = account.text("nick", "parley");
    if (!good_nick(out.nick))
        account.complain("nick", "\"" + out.nick + "\" is no nickname",
                         "letters, digits and []{}\\|^_`-, not a digit first");
    out.user = account.text("user", "parley");
    if (!one_word(out.user) || out.user.find('@') != std::string::npos)
        account.complain("user", "\"" + out.user + "\" is no user name", "one word without \"@\"");
    out.realname = account.text("realname", "Parley");
    if (!one_line(out.realname)) account.complain("realname", "it holds a line break");
    out.password = secret(account, "password");
    out.nickserv_password = secret(account, "nickserv_password");
    if (account.has("sasl")) read_sasl(account.table("sasl"), out);

    out.pace_burst = account.integer("pacing_burst", 5, 1, 100000);
    const auto every = account.duration("pacing_every", std::chrono::seconds(2));
    if (every < std::chrono::milliseconds(0) || every > std::chrono::minutes(1))
        account.complain("pacing_every", "a line at least once a minute",
                         "\"2 s\"; \"0 s\" is no limit, for a server of your own");
    out.pace_per_second = every.count() <= 0 ? 0 : 1000.0 / static_cast<double>(every.count());
    if (account.has("pacing_per_second")) {  // the same, for fast servers
        if (account.has("pacing_every"))
            account.complain("pacing_per_second", "pacing_every is set as well", "keep one of them");
        out.pace_per_second = static_cast<double>(account.integer("pacing_per_second", 0, 0, 100000));
    }

    out.ping_after = account.duration("ping_after", out.ping_after);
    out.ping_timeout = account.duration("ping_timeout", out.ping_timeout);
    out.reconnect_after = account.duration("reconnect_after", out.reconnect_after);
    out.rejoin_after = account.duration("rejoin_after", out.rejoin_after);
    for (const auto& [name, value] :
         {std::pair("ping_after", &out.ping_after), std::pair("ping_timeout", &out.ping_timeout),
          std::pair("reconnect_after", &out.reconnect_after), std::pair("rejoin_after", &out.rejoin_after)})
        if (*value < std::chrono::milliseconds(10)) account.complain(name, "it is too short", "at least \"10 ms\"");
    out.history_max = static_cast<std::size_t>(account.integer("history_max", 2000, 0, 100000));
    out.history_age = account.duration("history_age", out.history_age);
    out.client_tags = account.boolean("client_tags", false);
    account.boolean("keeper", true);  // for `parley up`, which says --kept then
    out.keeper_bytes = account.bytes("keeper_bytes", out.keeper_bytes);
    if (out.keeper_bytes < keeper_bytes_least) account.complain("keeper_bytes", "it is too little", "at least \"64 KiB\"");
    out.keeper_age = account.duration("keeper_age", out.keeper_age);
    if (out.keeper_age < std::chrono::seconds(1)) account.complain("keeper_age", "it is too short", "at least \"1 s\"");
    out.channel_keys = account.text_map("channel_keys");
    for (const auto& [channel, key] : out.channel_keys)
        if (!one_word(channel) || !one_word(key) || key.find(',') != std::string::npos)
            account.complain("channel_keys", "the key of " + channel + " must be one word without commas");
    account.finish();
    return out;
}

}  // namespace parley::irc
