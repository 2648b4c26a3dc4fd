#include "web/web.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <set>

#include "broker/bus/dead_letters.h"
#include "broker/service/log.h"
#include "web/api/site.h"
#include "web/live/login.h"

namespace parley::web {
namespace {

using service::Result;

// What is newer stays unacknowledged, so that after a restart the live rooms still know what the archive may not.
constexpr std::chrono::seconds remembered{10};
constexpr std::uint32_t credit = 8192;
constexpr std::chrono::milliseconds patience{5};  // nobody sees it on a page

class Follower {
public:
    Follower(service::Reactor& reactor, bus::Client& client, live::Hub& hub, const bus::HouseSettings& house,
             server::Sessions& sessions, const service::Clock& clock, bus::DeadLetters& dead_letters)
        : client_(client),
          hub_(hub),
          house_(house),
          sessions_(sessions),
          clock_(clock),
          dead_letters_(dead_letters),
          tick_(reactor.every(std::chrono::milliseconds(500), [this] { acknowledge(); })) {
        bus::FollowOptions options;
        options.cursor = "web";
        options.credit = credit;
        options.patience = patience;
        client_.follow(options, [this](std::vector<bus::Followed> events) { take(std::move(events)); });
    }

    void show(const bus::Event& event) {
        dead_letters_.in_hand(event.id);
        hub_.take(event);
        if (auto answer = live::login_answer(event, house_, sessions_, clock_.now()))
            client_.publish(std::move(*answer));
        dead_letters_.nothing_in_hand();
    }

private:
    void take(std::vector<bus::Followed> events) {
        for (const auto& one : events) {
            if (dead_letters_.has(one.event.id)) refuse(one.event);
            else show(one.event);
            held_.push_back({one.event.sequence, one.event.journaled});
        }
        acknowledge();
    }

    // In each room of ours that it was for.
    void refuse(const bus::Event& event) {
        dead_letters_.keep(event);
        std::set<bus::RoomAddress> rooms;
        for (const auto& gateway : house_.gateways) {
            if (std::find(gateway.rooms.begin(), gateway.rooms.end(), event.origin.room) != gateway.rooms.end()) rooms.insert(gateway.rooms.begin(), gateway.rooms.end());
        }
        for (const auto& room : rooms) {
            if (room == event.origin.room || room.account != live::web_account) continue;
            bus::Event receipt;
            const bus::Receipt refused{event.id, {}, bus::DeadLetters::why(), {}};
            receipt.id = bus::receipt_id(room, refused);
            receipt.origin.room = room;
            receipt.origin.visibility = event.origin.visibility;
            receipt.author = bus::ourselves(house_.name);
            receipt.time = receipt.received = clock_.now();
            receipt.correlation = event.id;
            receipt.body = refused;
            client_.publish(receipt);
        }
    }

    void acknowledge() {
        const auto until = clock_.now() - remembered;
        bus::Sequence done = 0;
        // Under load the credit would run out before ten seconds do: then the older half goes early.
        while (!held_.empty() && (held_.front().journaled <= until || held_.size() > credit / 2)) {
            done = held_.front().sequence;
            held_.pop_front();
        }
        if (done > 0) client_.acknowledge(done);
    }

    struct Held {
        bus::Sequence sequence;
        service::Time journaled;
    };
    bus::Client& client_;
    live::Hub& hub_;
    const bus::HouseSettings& house_;
    server::Sessions& sessions_;
    const service::Clock& clock_;
    bus::DeadLetters& dead_letters_;
    std::deque<Held> held_;
    service::Reactor::Handle tick_;
};

// What the page itself is asked over the bus.
Result<std::string> answer(const std::string& method, const std::string& request, bus::DeadLetters& letters, Follower& follower) {
    if (method == "metrics") {
        service::Metrics now;
        now.gauge("parley_dead_letters", "Events set aside because they crash the process", {{"process", "page"}}).set(static_cast<std::int64_t>(letters.size()));
        return bus::Value::map({{"text", now.prometheus()}}).encode();
    }
    if (method != "dead_letters") return service::fail(service::Code::not_found, "no method " + method, "there are: metrics, dead_letters");
    const auto asked = bus::Value::decode(request);
    if (!asked) return service::fail(asked.error());
    const auto answered = letters.answer(*asked, [&](const bus::Event& event, const std::string&) -> Result<void> {
        follower.show(event);
        return {};
    });
    if (!answered) return service::fail(answered.error());
    return answered->encode();
}

}  // namespace

Settings read_settings(service::Table& root) {
    Settings out;
    auto web = root.table("web");
    out.listen = web.text("listen", out.listen);
    if (const auto good = server::check_listen(out.listen); !good)
        web.complain("listen", good.error().what, good.error().hint);
    out.local_sign_in = web.boolean("local_sign_in", out.local_sign_in);
    out.connections_max =
        static_cast<std::size_t>(web.integer("connections", static_cast<std::int64_t>(out.connections_max), 8, 2000));
    web.finish();
    return out;
}

Result<void> serve(const bus::HouseSettings& house, const Settings& settings) {
    const service::SystemClock clock;
    service::SystemRandom random;
    service::Metrics metrics;
    auto sessions = server::Sessions::load(house.data / "web" / "sessions", clock, random);
    if (!sessions) return service::fail(sessions.error());
    auto keys = bus::keys_of(house, "web");
    if (!keys) return service::fail(keys.error());

    service::Reactor reactor;
    bus::ClientOptions options;
    options.endpoint = house.endpoint;
    options.name = "web";
    options.role = bus::Role::web;
    options.keys = *keys;
    bus::Client client(reactor, options);
    server::BusLink link(reactor, client);
    live::Hub hub;
    live::Writer writer(link, hub, house, clock);
    bus::DeadLetters dead_letters(house.data / "dead_letters" / "web", clock);
    Follower follower(reactor, client, hub, house, **sessions, clock, dead_letters);
    client.serve("page", [&](const std::string& method, const std::string& request, std::chrono::milliseconds, const bus::Client::Reply& reply) {
        reply(answer(method, request, dead_letters, follower));
    });
    server::Access access(**sessions, settings.local_sign_in, house.page);
    const api::Site site{link, access, **sessions, hub, writer, house, metrics, clock};
    const live::Live live{link, hub, writer, house};

    server::ServerOptions http;
    http.listen = settings.listen;
    http.connections_max = settings.connections_max;
    http.sockets_max = settings.connections_max * 2 / 3;
    auto started = server::HttpServer::start(
        http, [&](const server::Request& request) { return api::answer(site, request); },
        [&](const server::Request& request,
            std::shared_ptr<server::Socket> socket) -> Result<std::unique_ptr<server::Conversation>> {
            const auto person = access.who(request);
            if (!person || !server::same_origin(request))
                return service::fail(service::Code::denied, "not from this page");
            return live::converse(live, *person, request, std::move(socket));
        });
    if (!started) return service::fail(started.error());
    service::log::info("the page is up", {{"listen", settings.listen}, {"page", house.page}});

    const auto stop = reactor.on_signal({SIGINT, SIGTERM}, [&](int) { reactor.stop(); });
    reactor.run();
    link.close();  // whoever waits for the bus is let go before the server waits for them
    started->reset();
    return {};
}

}  // namespace parley::web
