// Whatever a page sends over its live connection: each message is answered once, with JSON, and what is published is
// its person's own, in a room of the page, and can be published. Input: the query, then a message on each line.
#include "tests/fuzz/site.h"

using namespace parley;
using fuzz::invariant;

namespace {

struct Page final : server::Socket {
    std::size_t answers = 0;
    bool closed = false;
    void send(std::string text) override {
        const auto said = server::parse_json(text);
        invariant(said && said->is_map() && fuzz::valid(text) && fuzz::one_line(text), "the page gets JSON");
        const auto type = (*said)["type"].text();
        if (type == "ack" || type == "refused") ++answers;
    }
    void close() override { closed = true; }
};

void check(const bus::Event& event) {
    invariant(event.author.id == "alice" && event.origin.room.text() == "web/ops", "a person writes as themselves, in a room of the page");
    if (const auto* message = std::get_if<bus::Message>(&event.body)) {
        invariant(!message->text.empty() && message->text.plain.size() <= live::message_bytes_max, "a message says something, within its limit");
        fuzz::good_text(message->text);
    }
    fuzz::survives(event);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::be_quiet();
    auto rest = fuzz::text_of(data, size);
    testing::FakeSite site;
    server::Request request;
    request.query = server::parse_form(fuzz::take_until(rest, '\n'));
    fuzz::fill(site.bus, rest.substr(0, 200));
    site.bus.answers[{"archive", "event"}] = [](const bus::Value&) { return testing::message(9, "web", "ops", "alice", "mine"); };
    const server::Person alice{"alice", "Alice", bus::Strength::signed_in, false, {}};
    const live::Live live{site.bus, site.hub, site.writer, site.house};
    const auto page = std::make_shared<Page>();
    const auto conversation = live::converse(live, alice, request, page);
    if (!conversation) return 0;
    (*conversation)->opened();
    for (std::size_t sent = 1; !rest.empty() && sent <= 64; ++sent) {
        (*conversation)->received(fuzz::take_until(rest, '\n'));
        invariant(page->answers == sent, "each message is answered once");
    }
    for (const auto& event : site.bus.published) check(event);
    return 0;
}
