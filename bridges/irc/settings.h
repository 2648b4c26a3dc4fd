// [account.NAME] of a bridge to IRC. docs/settings.md and README.md describe each key.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "broker/service/settings.h"

namespace parley::irc {

struct Settings {
    std::string server;
    std::uint16_t port = 0;
    bool tls = true;  // the default is off for a server on loopback
    std::string tls_name, ca_file, certificate, key;
    bool insecure_tls = false;

    std::string nick, user, realname, password;

    struct Sasl {
        std::string mechanism;  // "PLAIN", "EXTERNAL", or empty: none
        std::string user, password;
    } sasl;
    std::string nickserv_password;

    // How fast we speak; a second's number of 0 is no limit.
    double pace_per_second = 0.5;
    std::int64_t pace_burst = 5;

    std::chrono::milliseconds ping_after{60000};      // of silence: ask whether the server is there
    std::chrono::milliseconds ping_timeout{30000};    // no word since then: the link is down
    std::chrono::milliseconds reconnect_after{1000};  // the first wait; it doubles, up to five minutes
    std::chrono::milliseconds rejoin_after{5000};     // a kick or a refused join: the first wait, likewise
    std::map<std::string, std::string> channel_keys;  // by channel

    // Where the server keeps history: how much of what was missed is fetched for one room.
    std::size_t history_max = 2000;
    std::chrono::milliseconds history_age{std::chrono::hours(24 * 7)};
    bool client_tags = false;  // replies and reactions as tags where they pass, which many clients do not show; else as words

    // What a keeper may keep that no bridge has taken; beyond it the connection is ended.
    std::uint64_t keeper_bytes = 16 << 20;
    std::chrono::milliseconds keeper_age{std::chrono::hours(24)};

    // Which connection this is: one that was made with other values is not gone on with.
    std::string connection_name() const;
    // What is wrong is said through the table.
    static Settings read(service::Table& account);
};

}  // namespace parley::irc
