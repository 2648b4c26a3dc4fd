// What strangers send, to the real programs: bytes that are no text, lines that want to be two, forged tokens, broken
// frames. Each is refused or made harmless, and talk goes on.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <zmq.hpp>

#include "broker/bus/codec.h"
#include "broker/bus/frames.h"
#include "broker/service/unicode.h"
#include "tests/support/house.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"

namespace parley::tests {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class BadInput : public testing::Test {
protected:
    static constexpr auto messages = "/api/rooms/web%2Flobby/messages";

    void SetUp() override {
        house.start_all({"small:irc"});
        alice.join("#lobby");
        ASSERT_TRUE(wait_until([&] {
            house.say("web/lobby", "is anybody there?");
            return alice.hears("#lobby", 1, 500ms).size() == 1;
        }, 20s)) << house.logs();
        talk_goes_on();
    }
    // Both ways; and nothing has ended meanwhile.
    void talk_goes_on() {
        const auto mark = fmt::format("mark {}", ++marks_);
        house.say("web/lobby", mark);
        EXPECT_FALSE(alice.expect(mark).empty()) << house.logs();
        alice.say("#lobby", "back " + mark);
        EXPECT_TRUE(wait_until([&] { return house.page_hears("web/lobby", "back " + mark).size() == 1; })) << house.logs();
        for (const auto* name : {"broker", "indexer", "worker", "web", "small:irc"}) EXPECT_TRUE(house.running(name)) << name << house.log(name);
    }
    // A request with the page's own Host and whatever else is said.
    House::Answer ask(const std::string& method, const std::string& path, const std::string& headers = {}, const std::string& body = {}) const {
        return house.request(fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", method, path, house.url().substr(7), body.size(), headers, body));
    }

    IrcServer irc{IrcServer::Kind::ngircd};
    House house{irc_account("small", irc.port()) + "[account.web]\nplatform = \"web\"\n[gateway.lobby]\nrooms = [\"small/#lobby\", \"web/lobby\"]\n"};
    IrcClient alice{irc.port(), "alice"};

private:
    int marks_ = 0;
};

TEST_F(BadInput, BytesOnIrcThatAreNoUtf8ComeOutAsText) {
    alice.raw("PRIVMSG #lobby :one caf\xe9");
    alice.raw("PRIVMSG #lobby :two \xff\xfe\x80 end");
    alice.raw("PRIVMSG #lobby :three \xed\xa0\x80 \xf4\x90\x80\x80 end");  // a surrogate; beyond the last code point
    std::vector<std::string> heard;
    ASSERT_TRUE(wait_until([&] { return (heard = house.page_hears("web/lobby", "e")).size() >= 3 && heard.back().starts_with("three"); })) << house.logs();
    for (const auto* start : {"one caf", "two ", "three "}) {
        EXPECT_EQ(std::count_if(heard.begin(), heard.end(), [&](const auto& text) { return text.starts_with(start) && service::unicode::valid(text); }), 1) << start;
    }
    talk_goes_on();
}

TEST_F(BadInput, AnOverlongLineOnIrcHarmsNobody) {
    alice.raw("PRIVMSG #lobby :" + std::string(20'000, 'x'));  // the server cuts it or drops who sent it
    house.say("web/lobby", "still here");
    EXPECT_TRUE(wait_until([&] { return house.page_hears("web/lobby", "still here").size() == 1; }));
    for (const auto* name : {"broker", "web", "small:irc"}) EXPECT_TRUE(house.running(name)) << name << house.log(name);
}

TEST_F(BadInput, NobodySmugglesALineFromThePageIntoIrc) {
    const std::string text = "hello\r\nQUIT :bye\nPRIVMSG #lobby :forged\rNICK evil";
    ASSERT_EQ(house.post(messages, json{{"text", text}}.dump()).status, 201);
    EXPECT_THAT(alice.hears("#lobby", 3), AllOf(Each(StartsWith("<parley> ")), Not(ElementsAre("<parley> forged"))));
    talk_goes_on();
}

TEST_F(BadInput, ANulOrAnotherControlCharacterDoesNotReachIrc) {
    ASSERT_EQ(house.post(messages, R"({"text":"be\u0000fore \u0007bell \u001b[31mred end"})").status, 201);
    const auto heard = alice.expect("end");
    EXPECT_THAT(heard, AllOf(HasSubstr("fore"), HasSubstr("bell"))) << "nothing behind the NUL is cut off";
    EXPECT_EQ(heard.find_first_of(std::string("\0\x07\x1b", 3)), std::string::npos) << heard;
    talk_goes_on();
}

TEST_F(BadInput, ThePageRefusesABodyThatIsNoUtf8OrNoJsonOrTooLarge) {
    const std::string own = "Origin: " + house.url() + "\r\nContent-Type: application/json\r\n";
    for (const auto& body : {std::string("{\"text\":\"\xff\xfe\"}"), std::string("{\"text\":"), std::string(10'000, '['), std::string("{\"text\":\"a\0b\"}", 14)}) {
        const auto refused = ask("POST", messages, own, body);
        EXPECT_EQ(refused.status, 400) << body.substr(0, 20);
        EXPECT_THAT(refused.body, HasSubstr("\"hint\"")) << body.substr(0, 20);
    }
    EXPECT_EQ(ask("POST", messages, own, "{\"text\":\"" + std::string(3 << 20, 'x') + "\"}").status, 413);
    EXPECT_EQ(ask("POST", messages, own, R"({"text":""})").status, 400);
    const auto form = ask("POST", "/room/web%2Flobby", "Origin: " + house.url() + "\r\nContent-Type: application/x-www-form-urlencoded\r\n", "text=caf%E9%FF");
    EXPECT_EQ(form.status, 303);
    EXPECT_THAT(alice.expect("caf"), testing::ResultOf([](const std::string& line) { return service::unicode::valid(line); }, true));
    talk_goes_on();
}

TEST_F(BadInput, NothingInAnAddressBecomesAHeaderOrMarkup) {
    for (const auto* path : {"/room/web%2Flobby%0d%0aSet-Cookie:%20evil=1", "/m/x%0d%0aSet-Cookie:%20evil=1", "/search?q=%0d%0aSet-Cookie:%20evil=1", "/login/%0d%0aSet-Cookie:%20evil=1"}) {
        EXPECT_THAT(ask("GET", path).head, Not(HasSubstr("\nSet-Cookie: evil"))) << path;
        EXPECT_THAT(ask("POST", path, "Origin: " + house.url() + "\r\n", "text=x").head, Not(HasSubstr("\nSet-Cookie: evil"))) << path;
    }
    EXPECT_THAT(ask("GET", "/room/%3Cscript%3Ealert(1)%3C%2Fscript%3E").body, Not(HasSubstr("<script>alert")));
    EXPECT_GE(ask("GET", "/room/%00%ff%fe").status, 400);
    talk_goes_on();
}

TEST_F(BadInput, AForeignPageAndAnInventedTokenChangeNothing) {
    const std::string body = R"({"text":"forged"})", type = "Content-Type: application/json\r\n";
    for (const auto* foreign : {"Origin: http://evil.example\r\n", "Origin: null\r\n", "Sec-Fetch-Site: cross-site\r\n"}) {
        const auto refused = ask("POST", messages, type + foreign, body);
        EXPECT_EQ(refused.status, 403) << foreign;
        EXPECT_THAT(refused.body, HasSubstr("use the page itself"));
    }
    // Through a proxy nobody is local: only a session counts.
    const std::string proxied = "X-Forwarded-For: 192.0.2.7\r\nOrigin: " + house.url() + "\r\n";
    for (const auto* cookie : {"", "Cookie: parley_session=invented\r\n", "Cookie: parley_session=\r\n", "Cookie: parley_session=../../sessions\r\n"}) {
        EXPECT_EQ(ask("POST", messages, type + proxied + cookie, body).status, 401) << cookie;
        EXPECT_EQ(ask("GET", "/api/search?q=x", proxied + cookie).status, 401) << cookie;
    }
    EXPECT_EQ(ask("POST", "/login/invented", proxied).status, 404);
    const auto upgraded = [&](const std::string& way_in) {
        return house.request(fmt::format("GET /live?room=web%2Flobby HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n", house.url().substr(7), way_in)).status;
    };
    EXPECT_NE(upgraded(proxied + "Cookie: parley_session=invented\r\n"), 101);
    EXPECT_NE(upgraded("Origin: http://evil.example\r\n"), 101);
    EXPECT_EQ(upgraded("Origin: " + house.url() + "\r\n"), 101) << "the same from the page itself";
    EXPECT_THAT(house.page_hears("web/lobby", "forged"), testing::IsEmpty());
    talk_goes_on();
}

TEST_F(BadInput, BrokenFramesAndEventsOnTheBusAreRefusedWithTheReason) {
    zmq::context_t context;
    zmq::socket_t raw(context, zmq::socket_type::dealer);
    raw.set(zmq::sockopt::linger, 0);
    raw.set(zmq::sockopt::rcvtimeo, 10'000);
    raw.connect("ipc://" + (house.folder() / "data/run/broker").string());
    const auto refusal = [&](const std::string& bytes) -> std::string {
        raw.send(zmq::buffer(bytes), zmq::send_flags::none);
        for (zmq::message_t answer; raw.recv(answer);) {
            const auto frame = bus::decode_from_broker(answer.to_string_view());
            if (!frame) return "no frame";
            if (const auto* refused = std::get_if<bus::from_broker::Refused>(&*frame)) return refused->error.text();
        }
        return {};
    };
    for (const auto& bytes : {std::string("\xdd\xff\xff\xff\xff", 5), std::string(1, '\xc1'), std::string(), std::string(10'000, '\x91'), std::string("GET / HTTP/1.1\r\n\r\n")}) {
        EXPECT_NE(refusal(bytes), "") << bytes.size();
    }
    raw.send(zmq::buffer(bus::encode(bus::ToBroker(bus::to_broker::Hello{bus::protocol_version, "hostile", bus::Role::operator_}))), zmq::send_flags::none);
    for (const auto& event : {std::string("no event"), std::string("\xdf\xff\xff\xff\xff", 5), std::string(100, '\x9f'), std::string()}) {
        EXPECT_NE(refusal(bus::encode(bus::ToBroker(bus::to_broker::Publish{7, {event}}))), "") << event.size();
    }
    EXPECT_THAT(house.log("broker"), HasSubstr("a peer sent what is no frame"));
    talk_goes_on();
}

}  // namespace
}  // namespace parley::tests
