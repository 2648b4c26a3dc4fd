#include "tests/faults/soak/stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/faults/soak/collect.h"
#include "tests/support/slowdown.h"

namespace parley::soak {

namespace {

constexpr auto say_again_after = 10s * tests::slowdown;
constexpr auto pace = "pacing_burst = 1000\npacing_per_second = 1000\n";  // as tests/support/house.cpp has it

std::string with_pace(std::string account, double per_second) {
    if (per_second <= 0) return account;
    const auto at = account.find(pace);
    return account.replace(at, std::string(pace).size(), fmt::format("pacing_burst = 5\npacing_every = \"{} ms\"\n", static_cast<int>(1000 / per_second)));
}

}  // namespace

std::string Stage::settings(const Options& options) const {
    const std::string irc = "reconnect_after = \"100 ms\"\nrejoin_after = \"500 ms\"\nping_after = \"4 s\"\nping_timeout = \"4 s\"\n";
    return with_pace(tests::irc_account("small", to_small.port()), options.small_per_second) + irc + options.more_small +
           tests::irc_account("large", to_large.port()) + irc + options.more_large +
           tests::xmpp_account("work", to_xmpp.port(), xmpp.ca_file()) + "ping_after = \"4 s\"\nping_timeout = \"4 s\"\n" + fmt::format(R"(
[account.web]
platform = "web"
[gateway.lobby]
rooms = ["small/{0}", "large/{0}", "work/{1}", "{2}"]
[command.tell]
summary = "Note an id, and say it"
run = ["/bin/sh", "-c", "echo \"$1\" >> {3}/runs; echo told \"$1\"", "sh", "{{id}}"]
allow = ["*"]
[[command.tell.parameter]]
name = "id"
type = "text"
)", channel, muc, page_room, scratch.path().string()) + options.more;
}

Stage::Stage(Options options)
    : house(settings(options)), alice("alice", std::string("small/") + channel, small.port()), bob("bob", std::string("large/") + channel, large.port()),
      carl("carl", std::string("work/") + muc, xmpp.port()), page("operator", page_room, house) {}

Stage::~Stage() {
    for (auto* person : people()) person->stop();
}

void Stage::begin() {
    house.start_all({"small:irc-keeper", "small:irc", "large:irc", "work:xmpp"});
    for (auto* person : people()) person->start();
    const auto in = [&] { return std::all_of(people().begin(), people().end(), [](const auto* person) { return person->present(); }); };
    if (!tests::wait_until(in, 30s)) throw std::runtime_error("somebody cannot come in\n" + house.logs());
    // What is said before all bridges are in need not be heard there, and is no part of the run.
    if (!tests::wait_until([&] {
            const auto id = id_of("start", ++starts_);
            house.say(page_room, id);
            return tests::wait_until([&] { return alice.has_heard(id) && bob.has_heard(id) && carl.has_heard(id); }, 2s);
        }, 60s)) throw std::runtime_error("the bridges do not come in\n" + house.logs());
}

void Stage::talk(double per_second) {
    for (auto* person : people()) person->talk(per_second);
}

bool Stage::heard_everywhere(const Person& speaker, const std::string& id) {
    return speaker.shown(id) && std::all_of(people().begin(), people().end(), [&](const Person* ear) {
        if (ear == &speaker) return true;
        return ear == &page ? !house.page_hears(page_room, id).empty() : ear->has_heard(id);
    });
}

bool Stage::settle(std::chrono::milliseconds deadline) {
    using Clock = std::chrono::steady_clock;
    struct Word {
        Person* speaker;
        std::string id;
        Clock::time_point said;
        bool heard = false;
    };
    const auto say = [](Person* person) { return Word{person, person->say_one_more(), Clock::now()}; };
    std::vector<Word> words;
    for (auto* person : people()) words.push_back(say(person));
    return tests::wait_until([&] {
        for (auto& word : words) {
            if (word.heard) continue;
            // What was under way when a server died was never said, and what is said while a bridge is away may be in its gap: both
            // are for the checker. Here it is about what is said last.
            if (word.speaker->never_shown(word.id) || Clock::now() - word.said > say_again_after) word = say(word.speaker);
            word.heard = heard_everywhere(*word.speaker, word.id);
        }
        return std::all_of(words.begin(), words.end(), [](const Word& word) { return word.heard; });
    }, deadline, 100ms);
}

Verdict Stage::rest(std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    const auto left = [&] { return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()), 1ms); };
    talk(0);
    const bool settled = settle(left());
    Verdict verdict;
    // Answers and markers may be under way, and the archive a moment behind.
    tests::wait_until([&] {
        verdict = check(record());
        return verdict.good();
    }, left(), 500ms);
    // What still moves shows when more has passed.
    const bool settled_again = settle(std::max(left(), std::chrono::milliseconds(30s)));
    verdict = check(record());
    if (!settled || !settled_again) verdict.unrest("not everybody has heard what was said last");
    if (unexplained() > 0) verdict.unrest(fmt::format("{} witnesses left a room, and nothing that was done explains it", unexplained()));
    return verdict;
}

unsigned Stage::unexplained() const { return alice.comings() + bob.comings() - 2 - killed_; }

void Stage::kill_irc(tests::IrcServer& server, tests::Proxy& wire, IrcPerson& person) {
    wire.freeze_to_server(true);
    person.fence(10s);
    wire.refuse(true);
    if (person.present()) ++killed_;
    server.kill();
}

void Stage::revive_irc(tests::IrcServer& server, tests::Proxy& wire, IrcPerson& person) {
    server.start();
    tests::wait_until([&] { return person.present(); }, 30s);
    wire.freeze_to_server(false);
    wire.refuse(false);
}

// A room on Prosody keeps what was said: what somebody would have seen, had they always been there.
const Ear& Stage::room_archive() {
    tests::XmppClient reader(xmpp.port(), "reader");
    for (const auto& line : reader.archive(muc, room_archive_read_)) {
        const auto end = line.find("> ");
        if (end != std::string::npos && !line.starts_with("<carl> ")) room_archive_.lines.push_back(line.substr(end + 2));
    }
    return room_archive_;
}

void Stage::save_logs(const std::filesystem::path& folder) {
    namespace fs = std::filesystem;
    fs::create_directories(folder);
    for (const auto& file : fs::directory_iterator(house.folder()))
        if (file.is_regular_file()) fs::copy_file(file, folder / file.path().filename(), fs::copy_options::overwrite_existing);
    std::ofstream(folder / "ngircd.log") << small.log();
    std::ofstream(folder / "inspircd.log") << large.log();
    std::ofstream(folder / "prosody.log") << xmpp.log();
    const auto record = this->record();
    std::ofstream said(folder / "said");
    for (const auto& one : record.said) said << fmt::format("{} {} {} {} {}\n", one.from, one.to, one.sure, one.id, one.text);
    for (const auto& ear : record.ears) {
        auto name = ear.room;
        std::replace(name.begin(), name.end(), '/', '_');
        std::ofstream heard(folder / ("heard " + name));
        for (const auto& line : ear.lines) heard << line << "\n";
    }
    std::ofstream archive(folder / "archive");
    for (const auto& one : record.archive) archive << fmt::format("{} {} {} {} {} {} {} {} {}\n", one.sequence, one.kind, one.room, one.by, one.run, one.outcome, one.from, one.to, one.text);
}

Record Stage::record() {
    Record out;
    for (const auto* person : people()) {
        const auto said = person->said();
        out.said.insert(out.said.end(), said.begin(), said.end());
    }
    out.ears = {{alice.room(), alice.heard(), true}, {bob.room(), bob.heard(), true}, room_archive(), page_talk(house, page_room)};
    out.archive = exported(house);
    out.runs = counted(tests::read_file(scratch.path() / "runs"));
    return out;
}

}  // namespace parley::soak
