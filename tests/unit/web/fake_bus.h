// A bus whose services answer from a list, and a clock and an address that a test sets.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "web/api/site.h"

namespace parley::testing {

class FakeBus final : public server::Bus {
public:
    using Answer = std::function<service::Result<bus::Value>(const bus::Value& request)>;
    std::map<std::pair<std::string, std::string>, Answer> answers;
    std::vector<bus::Event> published;
    bus::Value asked;  // the latest request
    bool linked = true;

    service::Result<bus::Value> ask(const std::string& service, const std::string& method, const bus::Value& request,
                                    std::chrono::milliseconds) override {
        const std::lock_guard hold(mutex_);
        asked = request;
        const auto found = answers.find({service, method});
        if (found == answers.end())
            return service::fail(service::Code::unavailable, "nobody offers " + service, "start it");
        return found->second(request);
    }
    service::Result<bus::Sequence> publish(bus::Event event, std::chrono::milliseconds) override {
        const std::lock_guard hold(mutex_);
        published.push_back(std::move(event));
        return published.size();
    }
    bool up() override { return linked; }

private:
    std::mutex mutex_;
};

class SetClock final : public service::Clock {
public:
    service::Time time = *service::parse_iso8601("2026-11-23T12:00:00Z");
    service::Time now() const override { return time; }
    service::Steady steady() const override { return service::Steady(time.time_since_epoch()); }
};

// A site over a fake bus, with one gateway: web/ops and lobby/#ops.
struct FakeSite {
    FakeBus bus;
    SetClock clock;
    service::SeededRandom random{7};
    service::Metrics metrics;
    bus::HouseSettings house = [] {
        bus::HouseSettings out;
        out.page = "http://127.0.0.1:8080";
        out.accounts = {{"lobby", "irc"}, {"web", "web"}};
        out.gateways = {{"ops", {{"web", "ops"}, {"lobby", "#ops"}}}};
        return out;
    }();
    std::unique_ptr<server::Sessions> sessions = *server::Sessions::load({}, clock, random);
    live::Hub hub;
    live::Writer writer{bus, hub, house, clock};
    server::Access access{*sessions, true, house.page};
    api::Site site{bus, access, *sessions, hub, writer, house, metrics, clock};

    server::Request request(std::string method, std::string target) const {
        server::Request out;
        out.method = std::move(method);
        out.path = target.substr(0, target.find('?'));
        if (target.find('?') != std::string::npos)
            out.query = server::parse_form(target.substr(target.find('?') + 1));
        out.headers = {{"host", "127.0.0.1:8080"}};
        out.remote = "127.0.0.1";
        return out;
    }
    server::Response get(const std::string& target) const { return api::answer(site, request("GET", target)); }
};

inline bus::Value message(std::int64_t sequence, std::string account, std::string room, std::string author,
                          std::string text) {
    bus::Event event;
    event.id = bus::derived_id({account, room, std::to_string(sequence)});
    const auto time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(9) +
                      std::chrono::seconds(sequence * 41);
    return bus::Value::map({{"id", event.id.text()},
                            {"sequence", sequence},
                            {"kind", "message"},
                            {"time_us", service::Time(time).time_since_epoch().count()},
                            {"account", account},
                            {"room", room},
                            {"native_id", "n" + std::to_string(sequence)},
                            {"author", bus::Value::map({{"id", author}, {"name", author}})},
                            {"text", std::move(text)}});
}

}  // namespace parley::testing
