#include "tests/faults/soak/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tests/faults/soak/told.h"

namespace parley::soak {

namespace {

// A bridge notes once a second that it is there, so a marker begins up to as much too late for a line that was on its way.
constexpr Micros on_its_way = 1'000'000;

constexpr auto archive_name = "the archive";

class Checking {
public:
    explicit Checking(const Record& record) : record_(record) {
        for (const auto& one : record.said)
            if (one.kind != Said::Kind::reaction) said_[one.id] = &one;
    }

    Verdict run() {
        what_was_said();
        what_is_archived();
        for (const auto& ear : record_.ears) what_was_heard(ear);
        what_was_run();
        return std::move(verdict_);
    }

private:
    void breach(std::uint64_t& count, std::string words) {
        ++count;
        if (verdict_.breaches.size() < breaches_max) verdict_.breaches.push_back(std::move(words));
    }

    void what_was_said() {
        for (const auto& one : record_.said) {
            ++verdict_.said;
            verdict_.unsure += one.sure ? 0 : 1;
            verdict_.commands += one.kind == Said::Kind::command ? 1 : 0;
        }
    }

    void what_is_archived() {
        std::map<std::string, std::int64_t> last;
        for (const auto& event : record_.archive) {
            if (event.kind == "gap") gaps_.push_back(&event);
            if (event.kind == "command_requested") run_of(event);
            if (event.kind == "run_finished" && event.outcome == "lost") lost_runs_.insert(event.run);
            const auto found = event_told(event);
            if (!found) continue;
            ++verdict_.archived;
            if (!found->whole) breach(verdict_.mangled, fmt::format("{} holds \"{}\"", archive_name, event.text));
            if (found->id.empty() || found->id.ends_with(' ')) continue;
            if (!archived_.emplace(found->id, event.sequence).second) breach(verdict_.doubled, fmt::format("{} holds {} twice", archive_name, found->id));
            else in_order(last, found->id, archive_name);
        }
        verdict_.gaps = gaps_.size();
        for (const auto& one : record_.said) {
            if (!one.sure || archived_.contains(key(one))) continue;
            if (marked(one)) ++verdict_.lost_and_marked;
            else breach(verdict_.lost, fmt::format("{}, said in {} at {}, is not in {}, and nothing says so", one.id, one.room, one.from, archive_name));
        }
    }

    // As a line, so that one reader reads all.
    std::optional<Told> event_told(const Archived& event) const {
        if (event.kind == "message" || event.kind == "edit") return told(fmt::format("<{}> {}", event.by, event.text), said_);
        if (event.kind == "reaction" || event.kind == "run_output" || event.kind == "run_finished") return told(event.text, said_);
        return std::nullopt;
    }

    void run_of(const Archived& event) {
        if (auto id = last_id(event.text); !id.empty()) runs_[std::move(id)] = event.run;
    }

    static std::string key(const Said& one) { return one.kind == Said::Kind::reaction ? reaction_of(one.by, one.id) : one.id; }

    bool marked(const Said& one) const {
        return std::any_of(gaps_.begin(), gaps_.end(), [&](const Archived* gap) {
            return gap->room == one.room && one.to + on_its_way >= gap->from && one.from <= gap->to;
        });
    }

    // The numbers of each person go up.
    void in_order(std::map<std::string, std::int64_t>& last, const std::string& id, const std::string& where) {
        const auto dash = id.rfind('-');
        if (dash == std::string::npos || !said_.contains(id)) return;
        const auto number = std::stoll(id.substr(dash + 1));
        auto& before = last.try_emplace(id.substr(0, dash), -1).first->second;
        if (number < before) breach(verdict_.reordered, fmt::format("{} has {} after number {}", where, id, before));
        before = std::max<std::int64_t>(before, number);
    }

    void what_was_heard(const Ear& ear) {
        std::map<std::string, int> times;
        std::map<std::string, std::int64_t> last;
        std::map<std::string, std::size_t> gaps_told;
        std::set<std::string> lost_told;
        std::int64_t before = 0;
        for (const auto& line : ear.lines) {
            if (const auto room = gap_told(line)) ++gaps_told[*room];
            if (const auto run = lost_run_told(line)) lost_told.insert(*run);
            const auto found = told(line, said_);
            if (!found) continue;
            ++verdict_.heard;
            if (!found->whole) breach(verdict_.mangled, fmt::format("{} heard \"{}\"", ear.room, line));
            if (found->id.empty()) continue;
            if (found->id.ends_with(' ')) {  // a reaction, to what is not said
                ++times[found->id];
                continue;
            }
            if (++times[found->id] > 1) {
                if (found->doubted) ++verdict_.doubled_and_marked;
                else breach(verdict_.doubled, fmt::format("{} heard {} again, without a mark", ear.room, found->id));
                continue;
            }
            in_order(last, found->id, ear.room);
            const auto archived = archived_.find(found->id);
            if (archived == archived_.end()) {
                breach(verdict_.lost, fmt::format("{} heard {}, which is not in {}", ear.room, found->id, archive_name));
                continue;
            }
            if (ear.in_journal_order && archived->second < before) breach(verdict_.reordered, fmt::format("{} heard {} later than in {}", ear.room, found->id, archive_name));
            before = std::max(before, archived->second);
        }
        what_is_missing(ear, times, lost_told);
        for (const auto* gap : gaps_) {
            if (gap->room == ear.room) continue;
            if (gaps_told[gap->room]-- == 0) {
                breach(verdict_.unmarked_gaps, fmt::format("{} was not told of a gap of {}", ear.room, gap->room));
                gaps_told[gap->room] = 0;
            }
        }
    }

    void what_is_missing(const Ear& ear, std::map<std::string, int> times, const std::set<std::string>& lost_told) {
        for (const auto& one : record_.said) {
            if (one.kind == Said::Kind::command && archived_.contains(one.id)) answered(ear, one, times, lost_told);
            if (one.room == ear.room || times.contains(key(one))) continue;
            if (one.kind == Said::Kind::reaction && archived_.contains(key(one)) && times[reaction_of(one.by, "")]-- > 0) ++verdict_.vague;
            else if (archived_.contains(key(one))) breach(verdict_.lost, fmt::format("{} never heard {}", ear.room, key(one)));
            else if (one.sure && marked(one)) ++verdict_.lost_and_marked;  // and if not: the archive's breach is said already
        }
    }

    void answered(const Ear& ear, const Said& one, const std::map<std::string, int>& times, const std::set<std::string>& lost_told) {
        if (times.contains(answer_to(one.id))) return;
        const auto run = runs_.find(one.id);
        const bool lost = run != runs_.end() && lost_runs_.contains(run->second);
        const bool said = lost && std::any_of(lost_told.begin(), lost_told.end(), [&](const auto& head) { return run->second.starts_with(head); });
        if (said) ++verdict_.runs_lost_and_marked;
        else breach(verdict_.lost, fmt::format("{} heard no answer to {}{}", ear.room, one.id, run == runs_.end() ? ", which was never asked" : lost ? ", whose loss it was not told" : ""));
    }

    void what_was_run() {
        for (const auto& [id, count] : record_.runs)
            if (count > 1) breach(verdict_.ran_twice, fmt::format("{} was run {} times", id, count));
    }

    const Record& record_;
    Verdict verdict_;
    SaidById said_;
    std::map<std::string, std::int64_t> archived_;
    std::map<std::string, std::string> runs_;  // id to run
    std::set<std::string> lost_runs_;
    std::vector<const Archived*> gaps_;
};

}  // namespace

Verdict check(const Record& record) { return Checking(record).run(); }

void Verdict::unrest(std::string words) {
    ++unrests;
    breaches.push_back(std::move(words));
}

std::string Verdict::text() const {
    auto out = fmt::format("said {} (of these {} never shown by their own server), {} of them commands; heard {}; archived {}; gap markers {}\n"
                           "reactions told without saying to what {}\n"
                           "              unmarked   marked\n"
                           "  lost        {:8} {:8}\n  doubled     {:8} {:8}\n  reordered   {:8}        -\n  mangled     {:8}        -\n"
                           "  run twice   {:8}        -\n  run lost           - {:8}\n  gap untold  {:8}        -\n  not at rest {:8}        -\n",
                           said, unsure, commands, heard, archived, gaps, vague, lost, lost_and_marked, doubled, doubled_and_marked, reordered, mangled, ran_twice,
                           runs_lost_and_marked, unmarked_gaps, unrests);
    for (const auto& words : breaches) out += "  " + words + "\n";
    return out;
}

}  // namespace parley::soak
