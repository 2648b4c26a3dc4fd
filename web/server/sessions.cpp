#include "web/server/sessions.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "broker/service/log.h"
#include "web/server/json.h"

namespace parley::server {
namespace {

using bus::Value;
using service::Code;
using service::fail;
using service::Result;
using service::Time;

std::string mark_of(const std::string& token) { return bus::derived_id({"web session", token}).text(); }

std::int64_t number(Time time) { return time.time_since_epoch().count(); }
Time time_of(const Value& value) { return Time(std::chrono::microseconds(value.number())); }

template <class Map, class Age>
void drop_oldest(Map& map, Age age) {
    map.erase(std::min_element(map.begin(), map.end(),
                               [&](const auto& a, const auto& b) { return age(a.second) < age(b.second); }));
}

Result<void> replace_file(const std::filesystem::path& file, const std::string& content) {
    std::error_code ignored;  // a folder that is not there is said by what follows
    std::filesystem::create_directories(file.parent_path(), ignored);
    const auto fresh = file.string() + ".new";
    const int fd = ::open(fresh.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    const bool written = fd >= 0 &&
                         ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
                         ::fsync(fd) == 0;
    const int why = errno;
    if (fd >= 0) ::close(fd);
    if (!written || ::rename(fresh.c_str(), file.c_str()) != 0) {
        const int code = written ? errno : why;
        ::unlink(fresh.c_str());
        return fail(Code::io, "cannot write " + file.string() + ": " + std::strerror(code),
                    "free some space, or check who owns the folder; until then new sign-ins last only until a restart");
    }
    return {};
}

}  // namespace

Sessions::Sessions(std::filesystem::path file, const service::Clock& clock, service::Random& random,
                   SessionLimits limits)
    : file_(std::move(file)), clock_(clock), random_(random), limits_(limits) {}

Result<std::unique_ptr<Sessions>> Sessions::load(std::filesystem::path file, const service::Clock& clock,
                                                 service::Random& random, SessionLimits limits) {
    auto sessions = std::unique_ptr<Sessions>(new Sessions(std::move(file), clock, random, limits));
    if (auto good = sessions->read(); !good) return fail(good.error());
    return sessions;
}

Result<void> Sessions::read() {
    if (file_.empty() || !std::filesystem::exists(file_)) return {};
    std::ostringstream content;
    content << std::ifstream(file_).rdbuf();
    const auto all = parse_json(content.str());
    if (!all || !(*all)["sessions"].is_list()) {
        return fail(Code::invalid, file_.string() + " is not a list of sessions",
                    "remove it: everybody signs in again");
    }
    for (const Value& one : (*all)["sessions"].list()) {
        Session session{{one["id"].text(), one["name"].text(), static_cast<bus::Strength>(one["strength"].number()),
                         one["operator"].boolean(), one["mark"].text()},
                        time_of(one["opened"]),
                        time_of(one["used"]),
                        time_of(one["until"])};
        sessions_.emplace(session.person.mark, std::move(session));
    }
    forget_old();
    return {};
}

void Sessions::save() {
    if (file_.empty()) return;
    Value list = Value::List{};
    for (const auto& [mark, one] : sessions_) {
        list.push(Value::map({{"mark", mark},
                              {"id", one.person.id},
                              {"name", one.person.name},
                              {"strength", static_cast<int>(one.person.strength)},
                              {"operator", one.person.operator_},
                              {"opened", number(one.opened)},
                              {"used", number(one.used)},
                              {"until", number(one.until)}}));
    }
    if (auto written = replace_file(file_, Value::map({{"sessions", std::move(list)}}).json()); !written)
        service::log::error("sessions", {{"why", written.error().text()}});
}

void Sessions::forget_old() {
    const Time now = clock_.now();
    std::erase_if(sessions_, [&](const auto& entry) {
        const Session& one = entry.second;
        return one.used + limits_.unused < now || (one.until != Time{} && one.until < now);
    });
    std::erase_if(links_, [&](const auto& entry) { return entry.second.until < now; });
    while (sessions_.size() > limits_.sessions_max)
        drop_oldest(sessions_, [](const Session& one) { return one.used; });
    while (links_.size() > limits_.links_max) drop_oldest(links_, [](const Link& one) { return one.until; });
}

std::string Sessions::open(Person person) {
    const std::lock_guard hold(mutex_);
    std::string token = random_.token(32);
    person.mark = mark_of(token);
    const Time now = clock_.now();
    sessions_[person.mark] = {person, now, now, {}};
    forget_old();
    save();
    return token;
}

std::optional<Person> Sessions::find(const std::string& token) {
    const std::lock_guard hold(mutex_);
    const auto found = sessions_.find(mark_of(token));
    if (found == sessions_.end()) return std::nullopt;
    Session& one = found->second;
    const Time now = clock_.now();
    if (one.used + limits_.unused < now || (one.until != Time{} && one.until < now)) return std::nullopt;
    const bool worth_saving = now - one.used > std::chrono::hours(1);
    one.used = now;
    if (worth_saving) save();
    return one.person;
}

std::optional<std::string> Sessions::rotated(const std::string& token) {
    const std::lock_guard hold(mutex_);
    const auto found = sessions_.find(mark_of(token));
    const Time now = clock_.now();
    if (found == sessions_.end() || found->second.until != Time{} || found->second.opened + limits_.rotated > now)
        return std::nullopt;
    std::string fresh = random_.token(32);
    Session next = found->second;
    next.person.mark = mark_of(fresh);
    next.opened = now;
    found->second.until = now + limits_.grace;
    sessions_[next.person.mark] = std::move(next);
    forget_old();
    save();
    return fresh;
}

void Sessions::rename(const std::string& token, std::string name) {
    const std::lock_guard hold(mutex_);
    const auto found = sessions_.find(mark_of(token));
    if (found == sessions_.end()) return;
    found->second.person.name = std::move(name);
    save();
}

void Sessions::end(const std::string& token) {
    const std::lock_guard hold(mutex_);
    if (sessions_.erase(mark_of(token)) > 0) save();
}

std::string Sessions::link_for(Person person) {
    const std::lock_guard hold(mutex_);
    std::string code = random_.token(24);
    links_[mark_of(code)] = {std::move(person), clock_.now() + limits_.link_good};
    forget_old();
    return code;
}

std::optional<Person> Sessions::peek(const std::string& code) const {
    const std::lock_guard hold(mutex_);
    const auto found = links_.find(mark_of(code));
    if (found == links_.end() || found->second.until < clock_.now()) return std::nullopt;
    return found->second.person;
}

std::optional<Person> Sessions::redeem(const std::string& code) {
    auto person = peek(code);
    const std::lock_guard hold(mutex_);
    // Whoever erases it has used it: two requests at once cannot both.
    if (links_.erase(mark_of(code)) == 0) return std::nullopt;
    return person;
}

}  // namespace parley::server
