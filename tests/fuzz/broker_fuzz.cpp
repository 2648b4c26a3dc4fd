// Whatever a peer with a bridge's key sends: the broker goes on answering, in frames that can be read; nothing gets into
// the journal that is not the bridge's own; and what was acknowledged reaches a follower.
// Input: frames with their length in front; a length with its highest bit set: more of the same message follows.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <zmq.hpp>

#include "broker/broker.h"
#include "broker/bus/client.h"
#include "broker/bus/frames.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/properties.h"

using namespace parley;
using fuzz::invariant;
using namespace std::chrono_literals;

namespace {

constexpr unsigned inputs_max = 2000;  // for one broker: then a fresh one, so that the journal stays small

std::string free_endpoint() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    ::bind(fd, reinterpret_cast<sockaddr*>(&where), size);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size);
    ::close(fd);
    return "tcp://127.0.0.1:" + std::to_string(ntohs(where.sin_port));
}

class House {
public:
    House() {
        const auto lobby = bus::make_keys(), indexer = bus::make_keys();
        for (const auto& [name, keys] : std::map<std::string, bus::Keys>{{"broker", bus::make_keys()}, {"lobby", lobby}, {"indexer", indexer}})
            invariant(bus::write_keys(folder_.path / "keys", name, keys).has_value(), "keys are written");
        settings_.house.data = folder_.path;
        settings_.house.keys = folder_.path / "keys";
        settings_.house.endpoint = free_endpoint();
        settings_.house.accounts = {{"lobby", "irc"}, {"work", "xmpp"}};
        settings_.house.gateways = {{"ops", {{"lobby", "#ops"}, {"work", "ops"}}}};
        settings_.house.allowed = {{lobby.own_public, bus::Role::bridge, "lobby"}, {indexer.own_public, bus::Role::indexer, "indexer"}};
        auto started = broker::Broker::start(reactor_, clock_, random_, settings_, {});
        invariant(started.has_value(), "the broker starts");
        broker_ = std::move(*started);
        follow();
        connect();
    }

    void take(std::string_view rest) {
        ++inputs_;
        say(bus::to_broker::Hello{bus::protocol_version, "lobby", bus::Role::bridge});  // afresh for each input
        while (rest.size() >= 2) {
            const auto head = fuzz::take_byte(rest);
            const bool more = (head & 0x80) != 0;
            const auto frame = rest.substr(1, static_cast<std::size_t>((head & 0x7f) << 8 | static_cast<unsigned char>(rest[0])));
            rest.remove_prefix(1 + frame.size());
            peer_.send(zmq::buffer(frame), more && rest.size() >= 2 ? zmq::send_flags::sndmore : zmq::send_flags::none);
        }
        say(bus::to_broker::Query{++question_, "broker", "status", bus::Value::map({}).encode(), 5s});
        answered_ = false;
        until([this] { return answered_; }, "the broker answers whatever came before");
        until([this] { return followed_ >= acknowledged_; }, "what was acknowledged reaches a follower");
    }
    bool worn() const { return inputs_ >= inputs_max; }

private:
    void connect() {
        const auto keys = bus::read_keys(settings_.house.keys, "lobby");
        invariant(keys.has_value(), "keys can be read");
        peer_.set(zmq::sockopt::linger, 0);
        peer_.set(zmq::sockopt::curve_serverkey, keys->broker_public);
        peer_.set(zmq::sockopt::curve_publickey, keys->own_public);
        peer_.set(zmq::sockopt::curve_secretkey, keys->own_secret);
        peer_.connect(settings_.house.endpoint);
    }
    void follow() {
        bus::ClientOptions options{settings_.house.endpoint, "indexer", bus::Role::indexer, *bus::read_keys(settings_.house.keys, "indexer")};
        indexer_ = std::make_unique<bus::Client>(reactor_, options);
        bus::FollowOptions all;
        all.start = bus::FollowOptions::Start::beginning;
        indexer_->follow(all, [this](const std::vector<bus::Followed>& events) {
            for (const auto& one : events) {
                invariant(one.event.sequence > followed_, "followers get events in order");
                followed_ = one.event.sequence;
                invariant(one.event.origin.room.account == "lobby", "a bridge speaks only as itself");
                invariant(one.event.kind() != bus::Kind::command_requested && one.event.kind() != bus::Kind::run_finished, "only the broker journals what runs");
            }
            indexer_->acknowledge(followed_);
        });
    }
    void say(const bus::ToBroker& frame) { peer_.send(zmq::buffer(bus::encode(frame)), zmq::send_flags::none); }

    void hear() {
        zmq::message_t message;
        while (peer_.recv(message, zmq::recv_flags::dontwait)) {
            invariant(!message.more(), "an answer is one frame");
            const auto frame = bus::decode_from_broker(message.to_string_view());
            invariant(frame.has_value(), "an answer can be read");
            if (const auto* published = std::get_if<bus::from_broker::Published>(&*frame)) {
                for (const auto sequence : published->sequences) acknowledged_ = std::max(acknowledged_, sequence);
            } else if (const auto* refused = std::get_if<bus::from_broker::Refused>(&*frame)) {
                invariant(!refused->error.what.empty() && fuzz::valid(refused->error.what), "a refusal says why");
            } else if (const auto* reply = std::get_if<bus::from_broker::Reply>(&*frame)) {
                answered_ = answered_ || reply->request == question_;
            }
        }
    }
    template <class Condition>
    void until(Condition done, const char* what) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        for (hear(); !done(); hear()) {
            invariant(std::chrono::steady_clock::now() < deadline, what);
            reactor_.run_for(1ms);
        }
    }

    fuzz::Folder folder_;
    service::Reactor reactor_;
    service::SystemClock clock_;
    service::SystemRandom random_;
    broker::Settings settings_;
    std::unique_ptr<broker::Broker> broker_;
    std::unique_ptr<bus::Client> indexer_;
    zmq::context_t context_;
    zmq::socket_t peer_{context_, zmq::socket_type::dealer};
    bus::RequestNumber question_ = 0x70000000;
    bool answered_ = false;
    bus::Sequence acknowledged_ = 0, followed_ = 0;
    unsigned inputs_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::be_quiet();
    static std::unique_ptr<House> house;
    if (!house || house->worn()) {
        house.reset();
        house = std::make_unique<House>();
    }
    house->take(fuzz::text_of(data, size));
    return 0;
}
