#include "tests/faults/simulation/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "broker/bus/codec.h"
#include "broker/dispatch/settings.h"
#include "broker/store/store.h"
#include "tests/faults/simulation/disk.h"

namespace parley::simulation {
namespace {

using bus::Event;
using bus::Kind;

constexpr std::string_view too_much = "too much waited for this room";
constexpr auto slack = 1_s;  // a room's time is noted each second

std::string without_space(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != ' ' && c != '\n') out += c;
    return out;
}

const std::string* text_of(const Event& event) {
    if (const auto* message = std::get_if<bus::Message>(&event.body)) return &message->text.plain;
    if (const auto* edit = std::get_if<bus::Edit>(&event.body)) return &edit->text.plain;
    if (const auto* redaction = std::get_if<bus::Redaction>(&event.body)) return &redaction->reason;
    if (const auto* reaction = std::get_if<bus::Reaction>(&event.body)) return &reaction->emoji;
    return nullptr;
}

bool is_for_rooms(const Event& event) {
    if (const auto* output = std::get_if<bus::RunOutput>(&event.body)) return !output->shown.empty();
    if (const auto* finished = std::get_if<bus::RunFinished>(&event.body)) return !finished->shown.empty();
    return text_of(event) != nullptr || event.kind() == Kind::gap;
}

class Checking {
public:
    Checking(World& world, House& house, const std::deque<Utterance>& said) : world_(world), house_(house), said_(said) {}

    Verdict run() {
        read_journal();
        what_was_said();
        what_is_shown();
        what_was_run();
        return std::move(verdict_);
    }

private:
    void breach(std::uint64_t& count, std::string words) {
        ++count;
        verdict_.breaches.push_back(std::move(words));
    }

    void read_journal() {
        auto& store = world_.disk().store(house_.journal_folder());
        for (const auto& [key, value] : store.tables[store.table("journal")]) {
            auto event = bus::decode(std::string_view(value).substr(24));
            if (!event) {
                breach(verdict_.mangled, "an event of the journal cannot be read");
                continue;
            }
            event->sequence = store::number_of(key);
            journal_.push_back(std::move(*event));
        }
        for (const auto& event : journal_) {
            if (!by_id_.emplace(event.id, &event).second) breach(verdict_.doubled, "the journal has an event twice: " + event.id.brief());
            if (const auto* receipt = std::get_if<bus::Receipt>(&event.body); receipt != nullptr && !receipt->refusal.empty())
                refusals_[{receipt->delivered, event.origin.room}] = receipt->refusal;
        }
        for (const auto& [delivery, refusal] : refusals_)
            if (!by_id_.contains(delivery.first)) refused_notices_.insert(delivery.second);
    }

    // -- from the people to the journal -----------------------------------------------------------------------------------

    void what_was_said() {
        std::map<std::string, const Utterance*> by_text;
        for (const auto& utterance : said_) by_text[utterance.text] = &utterance;
        std::map<const Utterance*, const Event*> found;
        std::map<bus::RoomAddress, std::vector<const Utterance*>> order;
        for (const auto& event : journal_) {
            const auto* text = text_of(event);
            if (text == nullptr || event.origin.native_id.empty()) continue;
            const auto said = by_text.find(*text);
            if (said == by_text.end() || said->second->account != event.origin.room.account || said->second->room != event.origin.room.room) {
                breach(verdict_.mangled, fmt::format("nobody said \"{}\" in {}", *text, event.origin.room.text()));
            } else if (!found.emplace(said->second, &event).second) {
                breach(verdict_.doubled, fmt::format("\"{}\" is in the journal twice", *text));
            } else {
                order[event.origin.room].push_back(said->second);
            }
        }
        for (const auto& [room, utterances] : order) in_order(room, utterances);
        for (const auto& utterance : said_) {
            ++verdict_.said;
            if (found.contains(&utterance)) ++verdict_.accepted;
            else if (marked(utterance)) ++verdict_.missed_and_marked;
            else breach(verdict_.lost, fmt::format("\"{}\", said in {}/{} at {:.3f}, is nowhere, and nothing says so", utterance.text, utterance.account, utterance.room, static_cast<double>(utterance.said) / 1e6));
        }
    }

    // Out of order is what comes neither as it was said nor as the platform told it.
    void in_order(const bus::RoomAddress& room, const std::vector<const Utterance*>& utterances) {
        for (std::size_t i = 1; i < utterances.size(); ++i) {
            const auto &one = *utterances[i - 1], &next = *utterances[i];
            const bool told = one.handed && next.handed && one.handed_as > next.handed_as;
            if (told && one.said > next.said) breach(verdict_.reordered, fmt::format("in {} \"{}\" came before \"{}\"", room.text(), one.text, next.text));
        }
    }

    bool marked(const Utterance& utterance) const {
        return std::any_of(journal_.begin(), journal_.end(), [&](const Event& event) {
            const auto* gap = std::get_if<bus::Gap>(&event.body);
            if (gap == nullptr || event.origin.room != bus::RoomAddress{utterance.account, utterance.room} || !utterance.missed) return false;
            const auto from = moments(utterance.account, gap->from), to = moments(utterance.account, gap->to);
            return std::any_of(from.begin(), from.end(), [&](Micros moment) { return moment - slack <= *utterance.missed; }) &&
                   std::any_of(to.begin(), to.end(), [&](Micros moment) { return *utterance.missed <= moment + slack; });
        });
    }

    // What the bridge may have meant by this: its clock may have been set meanwhile.
    std::vector<Micros> moments(const std::string& account, service::Time time) const {
        std::vector<Micros> out;
        const auto& steps = house_.process(account).clock_steps;
        for (const auto& [since, offset] : steps) {
            const auto moment = WorldClock::from_wall(time) - offset;
            if (moment >= 0 && moment <= world_.now()) out.push_back(moment);
        }
        return out;
    }

    // -- from the journal to the rooms -------------------------------------------------------------------------------------

    std::vector<bus::RoomAddress> recipients(const Event& event) const {
        const auto& origin = event.origin.room;
        std::set<bus::RoomAddress> rooms;
        for (const auto& gateway : house_.settings().house.gateways) {
            if (std::find(gateway.rooms.begin(), gateway.rooms.end(), origin) != gateway.rooms.end()) rooms.insert(gateway.rooms.begin(), gateway.rooms.end());
        }
        if (event.origin.native_id.empty()) rooms.insert(origin);
        else rooms.erase(origin);
        return {rooms.begin(), rooms.end()};
    }

    void what_is_shown() {
        std::map<bus::RoomAddress, std::vector<const Event*>> due;
        for (const auto& event : journal_) {
            if (!is_for_rooms(event)) continue;
            for (const auto& room : recipients(event)) due[room].push_back(&event);
        }
        for (const auto& account : house_.accounts()) {
            for (const auto& room : house_.rooms(account)) in_room({account, room}, due[{account, room}]);
        }
    }

    void in_room(const bus::RoomAddress& room, const std::vector<const Event*>& due) {
        const auto& shown = house_.chat(room.account).shown(room.room);
        std::map<bus::EventId, std::map<std::uint32_t, std::string>> texts;  // first of each part
        std::map<bus::EventId, std::string> unknown;
        bus::Sequence last = 0;
        for (const auto& one : shown) {
            const auto known = by_id_.find(one.id.event);
            if (known == by_id_.end()) {
                unknown[one.id.event] += one.text;
                continue;
            }
            auto& parts = texts[one.id.event];
            if (!parts.emplace(one.id.part, one.text).second) {
                if (one.marked) ++verdict_.doubled_and_marked;
                else breach(verdict_.doubled, fmt::format("{} shows \"{}\" again", room.text(), one.text));
                continue;
            }
            if (known->second->sequence < last && !one.refused) breach(verdict_.reordered, fmt::format("{} shows \"{}\" too late", room.text(), one.text));
            last = std::max(last, known->second->sequence);
        }
        for (const auto& [id, text] : unknown) {  // the bridge's own word on what its outbox did not take
            static const std::string words = "isnotavailable:toomuchwaitedforthisroom";  // or a part of them, if the other was refused
            const auto found = without_space(text);
            if (found.find("toomuchwaited") == std::string::npos && words.find(found) == std::string::npos) breach(verdict_.mangled, fmt::format("{} shows \"{}\", which is not in the journal", room.text(), text));
        }
        const bool full_is_said = !unknown.empty();
        for (const auto* event : due) {
            ++verdict_.deliveries;
            const auto found = texts.find(event->id);
            const auto refusal = refusals_.find({event->id, room});
            if (refusal != refusals_.end() && (full_is_said || refusal->second != too_much || refused_notices_.contains(room))) ++verdict_.refused_and_said;
            else if (found == texts.end() && full_is_said) ++verdict_.refused_and_said;
            else if (found == texts.end()) breach(verdict_.lost, fmt::format("{} does not show {} {} (sequence {})", room.text(), bus::name(event->kind()), text_of(*event) ? *text_of(*event) : "", event->sequence));
            else whole(room, *event, found->second);
            if (found != texts.end()) texts.erase(found);
        }
        for (const auto& [id, parts] : texts) breach(verdict_.mangled, fmt::format("{} shows \"{}\", which is not for it", room.text(), parts.begin()->second));
    }

    void whole(const bus::RoomAddress& room, const Event& event, const std::map<std::uint32_t, std::string>& parts) {
        if (parts.rbegin()->first + 1 != parts.size()) return breach(verdict_.lost, fmt::format("{} does not show all of \"{}\"", room.text(), parts.begin()->second));
        const auto* text = text_of(event);
        if (text == nullptr) return;
        const auto name = fmt::format("<{}> ", event.author.name);
        std::string all;
        for (const auto& [number, part] : parts) all += part.starts_with(name) ? part.substr(name.size()) : part;
        const auto found = without_space(all).find(without_space(*text));
        if (found == std::string::npos) breach(verdict_.mangled, fmt::format("{} shows \"{}\" as \"{}\"", room.text(), *text, all));
    }

    // -- commands ---------------------------------------------------------------------------------------------------------

    void what_was_run() {
        std::map<bus::EventId, int> ends;
        for (const auto& event : journal_) {
            const auto* finished = std::get_if<bus::RunFinished>(&event.body);
            if (finished == nullptr) continue;
            ++ends[finished->run];
            if (finished->outcome == bus::Outcome::lost) ++verdict_.runs_lost_and_said;
        }
        for (const auto& event : journal_) {
            const bool in_time = event.received - event.time <= dispatch::Settings().stale_after;
            if (in_time && event.kind() == Kind::message && text_of(event)->starts_with("!") && !event.origin.native_id.empty()) {
                const bool taken = by_id_.contains(bus::derived_id({"command", event.id.view()})) || by_id_.contains(bus::derived_id({"command", event.id.view(), "reply"}));
                if (!taken) breach(verdict_.never_ended, fmt::format("nothing followed from \"{}\"", *text_of(event)));
            }
            if (event.kind() != Kind::command_requested) continue;
            ++verdict_.commands;
            if (ends[event.id] != 1) breach(verdict_.never_ended, fmt::format("run {} has {} ends", event.id.brief(), ends[event.id]));
        }
        for (const auto& [run, times] : house_.executions) {
            if (times > 1 && !house_.idempotent.contains(run)) breach(verdict_.ran_twice, fmt::format("run {} was run {} times", run.brief(), times));
            if (!by_id_.contains(run)) breach(verdict_.ran_twice, fmt::format("run {} was run, and is not in the journal", run.brief()));
        }
    }

    World& world_;
    House& house_;
    const std::deque<Utterance>& said_;
    Verdict verdict_;
    std::deque<Event> journal_;
    std::map<bus::EventId, const Event*> by_id_;
    std::map<std::pair<bus::EventId, bus::RoomAddress>, std::string> refusals_;
    std::set<bus::RoomAddress> refused_notices_;  // a bridge wanted to say there what its outbox did not take, and was not let
};

}  // namespace

void Verdict::add(const Verdict& other) {
    for (const auto number : {&Verdict::said, &Verdict::accepted, &Verdict::deliveries, &Verdict::commands, &Verdict::lost, &Verdict::doubled, &Verdict::reordered, &Verdict::mangled, &Verdict::ran_twice, &Verdict::never_ended, &Verdict::missed_and_marked, &Verdict::doubled_and_marked, &Verdict::refused_and_said, &Verdict::runs_lost_and_said})
        this->*number += other.*number;
}

Verdict check(World& world, House& house, const std::deque<Utterance>& said) { return Checking(world, house, said).run(); }

}  // namespace parley::simulation
