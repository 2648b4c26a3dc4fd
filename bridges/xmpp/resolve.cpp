// Service records by the C library's resolver, addresses by getaddrinfo().
#include "bridges/xmpp/resolve.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <thread>

namespace parley::xmpp {

using service::Code;

namespace {

constexpr std::size_t addresses_max = 16;

struct Record {
    unsigned priority = 0, weight = 0;
    std::string host;
    std::uint16_t port = 0;
};

std::vector<Record> records(const std::string& name) {
    std::vector<Record> out;
    struct __res_state state {};
    if (res_ninit(&state) != 0) return out;
    std::array<unsigned char, 4096> answer{};
    const int length = res_nquery(&state, name.c_str(), ns_c_in, ns_t_srv, answer.data(), answer.size());
    ns_msg message;
    if (length > 0 && ns_initparse(answer.data(), std::min<int>(length, answer.size()), &message) == 0) {
        for (int i = 0; i < ns_msg_count(message, ns_s_an) && out.size() < addresses_max; ++i) {
            ns_rr rr;
            if (ns_parserr(&message, ns_s_an, i, &rr) != 0 || ns_rr_type(rr) != ns_t_srv || ns_rr_rdlen(rr) < 7) continue;
            const auto* data = ns_rr_rdata(rr);
            std::array<char, NS_MAXDNAME> host{};
            if (dn_expand(ns_msg_base(message), ns_msg_end(message), data + 6, host.data(), host.size()) < 0) continue;
            out.push_back({ns_get16(data), ns_get16(data + 2), host.data(), static_cast<std::uint16_t>(ns_get16(data + 4))});
        }
    }
    res_nclose(&state);
    // Among equals the heavier first: several bridges of one house gain nothing by choosing at random.
    std::stable_sort(out.begin(), out.end(), [](const Record& a, const Record& b) {
        return a.priority != b.priority ? a.priority < b.priority : a.weight > b.weight;
    });
    return out;
}

void add_addresses(std::vector<Address>& out, const std::string& host, std::uint16_t port, std::string& problem) {
    addrinfo hints{}, *list = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0) {
        problem = host + ": " + gai_strerror(error);
        return;
    }
    for (const auto* a = list; a && out.size() < addresses_max; a = a->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (getnameinfo(a->ai_addr, a->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
            out.push_back({text.data(), port});
    }
    freeaddrinfo(list);
}

service::Result<std::vector<Address>> look_up(const Service& s) {
    std::vector<Record> servers;
    const std::uint16_t port = s.port ? s.port : s.direct_tls ? 5223 : 5222;
    if (s.host.empty() && !s.port) servers = records((s.direct_tls ? "_xmpps-client._tcp." : "_xmpp-client._tcp.") + s.domain);
    if (servers.size() == 1 && servers[0].host.empty())  // the record "." says so
        return service::fail(Code::unavailable, s.domain + " says that it has no XMPP service", "check the domain of jid");
    if (servers.empty()) servers.push_back({0, 0, s.host.empty() ? s.domain : s.host, port});
    std::vector<Address> out;
    std::string problem;
    for (const auto& server : servers) add_addresses(out, server.host, server.port, problem);
    if (out.empty()) return service::fail(Code::unavailable, "no address of " + problem, "check jid and host, and the name service");
    return out;
}

}  // namespace

struct Resolve::Question {
    std::mutex mutex;  // over both
    service::Reactor* reactor = nullptr;  // null: nobody waits any more
    Found found;
};

Resolve::Resolve(service::Reactor& reactor, Service service, Found found) : question_(std::make_shared<Question>()) {
    question_->reactor = &reactor;
    question_->found = std::move(found);
    std::thread([question = question_, wanted = std::move(service)] {
        auto answer = look_up(wanted);
        const std::lock_guard lock(question->mutex);
        if (!question->reactor) return;
        question->reactor->post([question, answer = std::move(answer)] {
            Found tell;
            {
                const std::lock_guard again(question->mutex);
                if (!question->reactor) return;
                tell = std::exchange(question->found, {});
            }
            if (tell) tell(answer);
        });
    }).detach();
}

Resolve::~Resolve() {
    const std::lock_guard lock(question_->mutex);
    question_->reactor = nullptr;
    question_->found = {};
}

}  // namespace parley::xmpp
