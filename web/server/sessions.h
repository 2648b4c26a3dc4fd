// Who is signed in: session cookies and one-time links. Tokens are kept only as hashes; the file is replaced as a
// whole, so that a crash leaves the old or the new one. Any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "broker/bus/event.h"
#include "broker/service/clock.h"
#include "broker/service/random.h"
#include "broker/service/result.h"

namespace parley::server {

struct Person {
    std::string id;    // "operator", or "account/native-id" of who asked for the link
    std::string name;  // as shown
    bus::Strength strength = bus::Strength::signed_in;
    bool operator_ = false;
    std::string mark;  // the session's hash, to end or rename it; empty: no session
    friend bool operator==(const Person&, const Person&) = default;
};

struct SessionLimits {
    std::size_t sessions_max = 10000;    // beyond it the longest unused ends
    std::chrono::hours unused{24 * 30};  // a session unused for so long ends
    std::chrono::hours rotated{24};      // a token older than this is replaced
    std::chrono::seconds grace{60};      // and still good for so long: requests may be on the way
    std::size_t links_max = 1000;        // one-time links not yet used; beyond it the oldest lapses
    std::chrono::minutes link_good{10};
};

class Sessions {
public:
    // An empty path keeps them in memory only. An unreadable file is an error; a missing one is not.
    static service::Result<std::unique_ptr<Sessions>> load(std::filesystem::path file, const service::Clock& clock,
                                                           service::Random& random, SessionLimits limits = {});

    std::string open(Person person);  // the token for the cookie
    std::optional<Person> find(const std::string& token);
    // A new token if this one is due; the caller sets the cookie.
    std::optional<std::string> rotated(const std::string& token);
    void rename(const std::string& token, std::string name);
    void end(const std::string& token);

    std::string link_for(Person person);  // the code of a one-time link
    std::optional<Person> peek(const std::string& code) const;
    std::optional<Person> redeem(const std::string& code);

private:
    struct Session {
        Person person;
        service::Time opened{}, used{}, until{};  // until: when a replaced token ends; zero: not replaced
    };
    struct Link {
        Person person;
        service::Time until{};
    };
    Sessions(std::filesystem::path file, const service::Clock& clock, service::Random& random, SessionLimits limits);
    service::Result<void> read();
    void save();
    void forget_old();

    std::filesystem::path file_;
    const service::Clock& clock_;
    service::Random& random_;
    SessionLimits limits_;
    mutable std::mutex mutex_;
    std::map<std::string, Session> sessions_;  // by the token's hash
    std::map<std::string, Link> links_;        // by the code's hash; not saved: ten minutes are short
};

}  // namespace parley::server
