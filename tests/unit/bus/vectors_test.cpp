// Bytes as they were first written, in vectors/: whatever changes, they must be read, and written, the same for ever.
// With PARLEY_WRITE_VECTORS=1 the test writes those that are missing; it never replaces one.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "broker/bus/codec.h"
#include "tests/unit/bus/sample_frames.h"

namespace parley::bus {
namespace {

std::filesystem::path folder() { return std::filesystem::path(PARLEY_SOURCE_DIR) / "tests/unit/bus/vectors"; }

std::string hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        out += digits[byte >> 4];
        out += digits[byte & 15U];
        if (i % 32 == 31) out += '\n';
    }
    return out + "\n";
}

std::string unhex(const std::string& text) {
    std::string out, pair;
    for (const char c : text) {
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) continue;
        pair += c;
        if (pair.size() < 2) continue;
        out += static_cast<char>(std::stoi(pair, nullptr, 16));
        pair.clear();
    }
    return out;
}

// The bytes kept under `name`; those of now if they are to be written.
std::string kept(const std::string& name, std::string_view now) {
    const auto path = folder() / (name + ".hex");
    if (!std::filesystem::exists(path) && std::getenv("PARLEY_WRITE_VECTORS") != nullptr) std::ofstream(path) << hex(now);
    std::ifstream in(path);
    if (!in) ADD_FAILURE() << path << " is missing; run this test with PARLEY_WRITE_VECTORS=1";
    return unhex(std::string(std::istreambuf_iterator<char>(in), {}));
}

TEST(Vectors, EventsOfTheFirstVersionAreReadAndWrittenAsEver) {
    for (const auto& event : samples::all()) {
        const auto title = std::string("event_") + std::string(name(event.kind()));
        const auto bytes = kept(title, encode(event));
        const auto back = decode(bytes);
        ASSERT_TRUE(back) << title << ": " << back.error().text();
        EXPECT_EQ(*back, event) << title;
        EXPECT_EQ(hex(encode(event)), hex(bytes)) << title;
    }
}

TEST(Vectors, EventsOfANewerVersionAreKeptWhole) {
    auto longer = samples::all().front();
    longer.more_fields = "\xa6" "future";
    longer.more_fields_count = 1;
    longer.more_body = "\x92\x01\xc0";
    longer.more_body_count = 1;
    const auto unknown = samples::envelope(Unknown{900, "\x93\x01\xa2hi\x81\xa1k\xc3"});
    for (const auto& [title, event] : {std::pair{"newer_message", longer}, {"newer_kind", unknown}}) {
        const auto bytes = kept(title, encode(event));
        const auto back = decode(bytes);
        ASSERT_TRUE(back) << title;
        EXPECT_EQ(*back, event) << title;
        EXPECT_EQ(hex(encode(*back)), hex(bytes)) << title;
    }
}

TEST(Vectors, FramesOfTheFirstVersionAreReadAndWrittenAsEver) {
    for (const auto& frame : samples::to_broker_frames()) {
        const auto title = "to_broker_" + std::to_string(frame.index() + 1);
        const auto bytes = kept(title, encode(frame));
        EXPECT_TRUE(decode_to_broker(bytes)) << title;
        EXPECT_EQ(hex(encode(frame)), hex(bytes)) << title;
    }
    for (const auto& frame : samples::from_broker_frames()) {
        const auto title = "from_broker_" + std::to_string(frame.index() + 1);
        const auto bytes = kept(title, encode(frame));
        EXPECT_TRUE(decode_from_broker(bytes)) << title;
        EXPECT_EQ(hex(encode(frame)), hex(bytes)) << title;
    }
}

// The hex blocks of docs/protocol.md, as (what, bytes): "```hex event", a line of pairs, "#" and a remark, "```".
std::vector<std::pair<std::string, std::string>> documented() {
    std::ifstream in(std::filesystem::path(PARLEY_SOURCE_DIR) / "docs/protocol.md");
    std::vector<std::pair<std::string, std::string>> out;
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("```")) {
            inside = line.starts_with("```hex ");
            if (inside) out.emplace_back(line.substr(7), "");
        } else if (inside) {
            out.back().second += unhex(line.substr(0, line.find('#')));
        }
    }
    return out;
}

TEST(Vectors, TheWorkedExamplesOfTheProtocolPageAreTrue) {
    std::size_t events = 0;
    for (const auto& [what, bytes] : documented()) {
        if (what == "event") {
            const auto event = decode(bytes);
            ASSERT_TRUE(event) << event.error().text();
            EXPECT_EQ(hex(encode(*event)), hex(bytes));
            EXPECT_EQ(event->id, derived_id({"lobby", "#ops", "m1", "message", "0"}));
            EXPECT_EQ(std::get<Message>(event->body).text.plain, "disk full");
            ++events;
        } else if (what == "to_broker") {
            const auto frame = decode_to_broker(bytes);
            ASSERT_TRUE(frame) << frame.error().text();
            EXPECT_EQ(hex(encode(*frame)), hex(bytes));
            if (const auto* publish = std::get_if<to_broker::Publish>(&*frame)) {
                EXPECT_TRUE(decode(publish->events.at(0)));
            }
            if (const auto* finish = std::get_if<to_broker::Finish>(&*frame)) {
                EXPECT_EQ(std::get<RunFinished>(decode(finish->event)->body).shown.plain, "up 3 days");
            }
        } else {
            const auto frame = decode_from_broker(bytes);
            ASSERT_TRUE(frame) << frame.error().text();
            EXPECT_EQ(hex(encode(*frame)), hex(bytes));
        }
    }
    EXPECT_EQ(events, 1U);
    EXPECT_EQ(documented().size(), 9U);
}

}  // namespace
}  // namespace parley::bus
