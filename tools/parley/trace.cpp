// parley trace ID: the life of one message, from who said it to every room that it is for.

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdio>

#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {
namespace {

using bus::Value;

std::string at(std::int64_t us) {
    const auto seconds = std::chrono::sys_seconds(std::chrono::seconds(us / 1'000'000));
    return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:06}", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), us % 1'000'000);
}

std::string since(std::int64_t from_us, std::int64_t to_us) { return fmt::format("{:+.2f} ms", static_cast<double>(to_us - from_us) / 1000); }

// What its bridge says of a room that has not answered yet.
std::string why_it_waits(Session& session, const std::string& room) {
    const auto account = room.substr(0, room.find('/'));
    const auto status = session.ask("account." + account, "status", Value::map({}), std::chrono::seconds(2));
    if (!status) return "its bridge does not run: it waits in the journal";
    std::string out = fmt::format("the link is {}", (*status)["link"].text());
    if (const auto reason = (*status)["reason"].text(); !reason.empty()) out += ": " + reason;
    for (const auto& one : (*status)["rooms"].list()) {
        if (account + "/" + one["room"].text() != room) continue;
        out += one["joined"].boolean() ? ", and we are in the room" : ", and we are not in the room";
        if (const auto reason = one["reason"].text(); !reason.empty()) out += ": " + reason;
        out += fmt::format("; {} wait for it", one["outbox"].number());
    }
    return out;
}

std::string way(Session& session, const Value& room, std::int64_t from_us) {
    const auto state = room["state"].text();
    if (state == "shown") return "a room of the page: it shows what the journal has";
    if (state == "waiting") return "no answer yet; " + why_it_waits(session, room["room"].text());
    const auto when = since(from_us, room["at_us"].number());
    if (state == "refused") return fmt::format("{:>12}  refused: {}", when, room["why"].text());
    std::string ids;
    const auto& parts = room["native_ids"].list();
    for (const auto& id : parts) ids += (ids.empty() ? "" : ", ") + id.text();
    const auto in_parts = parts.size() > 1 ? fmt::format("in {} parts ", parts.size()) : std::string();
    return fmt::format("{:>12}  {}", when, ids.empty() ? "confirmed; the platform gives no id" : "confirmed " + in_parts + "as " + ids);
}

// What happened on the way, as far as its receipt tells.
void print_passage(const Value& room, std::int64_t from_us) {
    if (const auto taken = room["taken_us"].number(); taken > 0) fmt::print("  {:>26}  taken by its bridge\n", since(from_us, taken));
    const auto attempts = room["attempts"].number();
    if (attempts > 0) fmt::print("  {:>26}  said to the platform{}\n", since(from_us, room["said_us"].number()), attempts == 1 ? "" : fmt::format(", for the {}. time", attempts));
}

void print(Session& session, const Value& trace) {
    const auto said = trace["said_us"].number(), received = trace["received_us"].number(), journaled = trace["journaled_us"].number();
    fmt::print("{} {}: {} by {} in {}{}\n", trace["sequence"].number(), trace["event"].text(), trace["kind"].text(), for_terminal(trace["author"].text()),
               for_terminal(trace["room"].text()), trace["native_id"].text().empty() ? "" : ", there " + for_terminal(trace["native_id"].text()));
    fmt::print("  {}  said, by the platform's clock\n  {:>26}  received by its bridge\n  {:>26}  on disk in the journal\n", at(said), since(said, received), since(said, journaled));
    for (const auto& room : trace["rooms"].list()) {
        fmt::print("  {}\n", for_terminal(room["room"].text()));
        print_passage(room, said);
        fmt::print("  {:>14}{}\n", "", for_terminal(way(session, room, said)));
    }
    if (trace["rooms"].list().empty()) fmt::print("  for no other room\n");
}

}  // namespace

service::Program trace() {
    service::Program program{"parley trace", "Print the life of one message: when it was where, room by room", {{"--json", "", "print JSON"}}, {}, "ID",
                             "  parley trace 7zqk2m0c    # the first characters are enough; times are from when it was said"};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings& settings) -> Result<void> {
        if (arguments.words.size() != 1) return fail(Code::invalid, "trace needs one id", "parley trace 7zqk2m0c; `parley search` and `parley tail` print ids");
        Session session(settings);
        const auto answer = session.ask("archive", "trace", Value::map({{"id", arguments.words[0]}, {"viewer", Value::map({{"operator", true}})}}));
        if (!answer) return fail(answer.error());
        if (service::flag(arguments, "--json")) fmt::print("{}\n", answer->json());
        else print(session, *answer);
        return {};
    });
    return program;
}

}  // namespace parley::cli
