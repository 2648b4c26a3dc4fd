#include "broker/bus/gatekeeper.h"

#include <zmq.h>

#include <array>
#include <cstdlib>

#include "broker/service/log.h"

namespace parley::bus {

Gatekeeper::Gatekeeper(service::Reactor& reactor, zmq::context_t& context, std::vector<AllowedKey> allow)
    : allow_(std::move(allow)), socket_(context, zmq::socket_type::router) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.bind("inproc://zeromq.zap.01");
    readable_ = reactor.on_readable(socket_.get(zmq::sockopt::fd), [this] { pump(); });
}

Proof Gatekeeper::proof_of(const char* user_id) const {
    const auto at = static_cast<std::size_t>(std::strtoul(user_id == nullptr ? "0" : user_id, nullptr, 10));
    if (at == 0 || at > allow_.size()) return {};
    return {true, allow_[at - 1].role, allow_[at - 1].name};
}

void Gatekeeper::pump() {
    while ((socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0) {
        std::vector<zmq::message_t> request;
        do {
            request.emplace_back();
            if (!socket_.recv(request.back(), zmq::recv_flags::dontwait)) return;
        } while (request.back().more());
        answer(request);
    }
}

// Request: routing id, "", version, request id, domain, address, identity, mechanism, credentials.
// Reply:   routing id, "", version, request id, status, text, user id, metadata.
void Gatekeeper::answer(const std::vector<zmq::message_t>& request) {
    if (request.size() < 9) return;
    std::size_t found = 0;
    if (request[7].to_string_view() == "CURVE" && request[8].size() == 32) {
        std::array<char, 41> key{};
        ::zmq_z85_encode(key.data(), static_cast<const std::uint8_t*>(request[8].data()), 32);
        for (std::size_t i = 0; i < allow_.size(); ++i) {
            if (allow_[i].public_key == key.data()) found = i + 1;
        }
    }
    const bool good = found > 0;
    if (!good) service::log::warning("a key that is not allowed tried to connect", {{"from", request[5].to_string()}});
    const std::string user = good ? std::to_string(found) : "";
    const std::string_view parts[] = {request[0].to_string_view(), "", "1.0", request[3].to_string_view(), good ? "200" : "400", good ? "OK" : "this key is not allowed", user, ""};
    for (std::size_t i = 0; i < std::size(parts); ++i) {
        socket_.send(zmq::buffer(parts[i]), i + 1 < std::size(parts) ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
}

}  // namespace parley::bus
