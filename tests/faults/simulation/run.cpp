#include "tests/faults/simulation/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/faults/simulation/disk.h"
#include "tests/faults/simulation/network.h"

namespace parley::simulation {
namespace {

constexpr Micros begins_within = 60_s, settles_within = 180_s;

// Three kinds of network, as there are: one that knows what it was told, one that can be asked, one that does neither.
Habits habits(World& world) {
    Habits out;
    auto& can = out.can;
    switch (world.below(3)) {
        case 0: out.doubt = Habits::Doubt::key; break;
        case 1: out.doubt = Habits::Doubt::memory; break;
        default: out.doubt = Habits::Doubt::none; break;
    }
    out.names_things = can.history = can.receipts = out.doubt != Habits::Doubt::none;
    can.edits = can.receipts && world.chance(0.5);
    can.replies = can.receipts && world.chance(0.5);
    can.reactions = can.receipts && world.chance(0.5);
    can.redactions = can.receipts && world.chance(0.5);
    can.multiline = world.chance(0.5);
    can.text_max = world.chance(0.3) ? 64 : 400;
    if (out.names_things && world.chance(0.3)) out.repeats = 0.1;
    if (out.names_things && world.chance(0.3)) out.reorders = 0.1;
    if (world.chance(0.1)) out.refuses = 0.05;
    if (world.chance(0.3)) out.answers_most = 400_ms;
    return out;
}

class Running {
public:
    explicit Running(const Options& options) : world_(options.seed), house_(world_, options.folder) {
        world_.tracing = options.trace;
        world_.sabotage = options.sabotage;
        if (world_.chance(0.2)) world_.network().latency_most = 20_ms;
        build();
    }

    Report go() {
        house_.start();
        if (!settle(begins_within, 100_ms)) return report("at the beginning: ");
        const auto begin = world_.now(), end = begin + (world_.chance(0.25) ? world_.between(6_s, 20_s) : world_.between(1500_ms, 6_s));
        plan_talk(begin, end);
        end_ = end;
        plan_faults(begin, end);
        world_.run_until(end);
        heal();
        if (!settle(settles_within, 2500_ms)) return report("at the end: ");
        return report({});
    }

private:
    void build() {
        const auto accounts = 2 + world_.below(2);
        const auto rooms = 1 + world_.below(2);
        std::vector<std::vector<bus::RoomAddress>> gateways(rooms);
        for (std::uint64_t a = 0; a < accounts; ++a) {
            const std::string account(1, static_cast<char>('a' + a));
            std::vector<std::string> names;
            for (std::uint64_t r = 0; r < rooms; ++r) {
                names.push_back(fmt::format("room{}", r + 1));
                gateways[r].push_back({account, names.back()});
            }
            kit::OutboxLimits outbox;
            if (world_.chance(0.1)) outbox = {.room_max = 8, .window = 4};
            const auto spool = world_.chance(0.1) ? std::uint64_t{4} << 10 : std::uint64_t{1} << 20;
            house_.add_account(account, names, habits(world_), outbox, spool);
        }
        for (std::uint64_t r = 0; r < rooms; ++r) house_.add_gateway(fmt::format("gateway{}", r + 1), gateways[r]);
        house_.add_worker("worker-1");
        if (world_.chance(0.5)) house_.add_worker("worker-2");
    }

    // `more`: for what is said a moment later, as gaps and receipts are.
    bool settle(Micros within, Micros more) {
        const auto until = world_.now() + within;
        while (world_.now() < until) {
            world_.run_until(world_.now() + 250_ms);
            if (world_.goes_on_and_on()) break;
            if (!house_.settled(&why_not_)) continue;
            world_.run_until(world_.now() + more);
            if (house_.settled(&why_not_)) return true;
        }
        if (world_.goes_on_and_on()) why_not_ = fmt::format("it goes on and on: {} steps", world_.steps());
        return false;
    }

    // -- talk -----------------------------------------------------------------------------------------------------------

    void plan_talk(Micros begin, Micros end) {
        const auto count = 5 + world_.below(40);
        const bool burst = world_.chance(0.2);
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto when = burst ? begin + world_.between(0, (end - begin) / 8) : world_.between(begin, end - 500_ms);
            world_.at(when, [this] { talk(); });
        }
    }

    void talk() {
        const auto accounts = house_.accounts();
        auto& utterance = said_.emplace_back();
        utterance.number = said_.size();
        utterance.account = accounts[world_.below(accounts.size())];
        auto& chat = house_.chat(utterance.account);
        const auto& rooms = house_.rooms(utterance.account);
        utterance.room = rooms[world_.below(rooms.size())];
        auto& event = utterance.event;
        event.origin.room.room = utterance.room;
        if (chat.habits().names_things) event.origin.native_id = chat.fresh_id();
        const std::string who = world_.chance(0.5) ? "alice" : "bob";
        event.author = {who + "@" + utterance.account, who, bus::Strength::account, false, ""};
        event.body = body(utterance, chat);
        if (world_.tracing) world_.trace(fmt::format("{}/{} hears {}: {}", utterance.account, utterance.room, who, utterance.text));
        chat.say(utterance);
    }

    const Utterance* earlier(const Utterance& now, bool own) {
        for (int tries = 0; tries < 4; ++tries) {
            const auto& other = said_[world_.below(said_.size())];
            const bool fits = &other != &now && other.account == now.account && other.room == now.room && !other.event.origin.native_id.empty() &&
                              std::holds_alternative<bus::Message>(other.event.body) && (!own || other.event.author.id == now.event.author.id);
            if (fits) return &other;
        }
        return nullptr;
    }

    static bus::Reference reference(const Utterance& target) {
        bus::Reference out;
        out.native_id = target.event.origin.native_id;
        return out;
    }

    bus::Body body(Utterance& utterance, ChatServer& chat) {
        const auto dice = world_.below(100);
        auto& text = utterance.text;
        text = fmt::format("m{}.", utterance.number);
        if (dice < 12 && chat.habits().names_things) {
            if (const auto* target = earlier(utterance, true)) {
                text = fmt::format("e{}.", utterance.number);
                return bus::Edit{reference(*target), static_cast<std::uint32_t>(utterance.number), bus::Text(text)};
            }
        } else if (dice < 20 && chat.habits().names_things) {
            if (const auto* target = earlier(utterance, false)) {
                text = fmt::format("r{}.", utterance.number);
                return bus::Reaction{reference(*target), text, true};
            }
        } else if (dice < 23 && chat.habits().names_things) {
            if (const auto* target = earlier(utterance, true)) {
                text = fmt::format("d{}.", utterance.number);
                return bus::Redaction{reference(*target), text};
            }
        } else if (dice < 33) {
            static constexpr const char* commands[] = {"deploy", "count", "look", "nothing"};
            text = fmt::format("!{}", commands[world_.below(4)]);
            text += std::string(1 + said_.size(), ' ');  // no two are alike
            return bus::Message{bus::Text(text), {}, {}, {}, {}};
        }
        const auto words = world_.chance(0.2) ? world_.below(40) : world_.below(4);
        for (std::uint64_t i = 0; i < words; ++i) text += fmt::format(" w{}", world_.below(1000));
        bus::Message message{bus::Text(text), {}, {}, {}, {}};
        if (dice < 40 && chat.habits().names_things) {
            if (const auto* target = earlier(utterance, false)) message.reply_to = reference(*target);
        }
        return message;
    }

    // -- faults ---------------------------------------------------------------------------------------------------------

    // Not every run has every kind: what only a few of them do together is not hidden by the others.
    void plan_faults(Micros begin, Micros end) {
        std::vector<Fault> kinds;
        for (std::size_t i = 0; i < fault_kinds; ++i)
            if (world_.chance(0.4)) kinds.push_back(static_cast<Fault>(i));
        if (kinds.empty()) return;
        const auto count = world_.below(13);
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto kind = kinds[world_.below(kinds.size())];
            world_.at(world_.between(begin, end - 500_ms), [this, kind] { happen(kind); });
        }
    }

    Process& some_process() {
        auto all = house_.processes();
        return *all[world_.below(all.size())];
    }
    std::string some_account() {
        const auto all = house_.accounts();
        return all[world_.below(all.size())];
    }

    // What waits is what a death can cost: often somebody dies while another thing holds it up.
    void perhaps_dies(Process& process, Micros while_it_lasts) {
        if (!world_.chance(0.4)) return;
        const auto most = std::min(while_it_lasts, end_ - world_.now());
        const auto dice = world_.below(4);
        const auto kind = dice < 2 ? Fault::kill : dice == 2 ? Fault::power_cut : Fault::restart;
        world_.after(world_.between(most / 2, most), [this, &process, kind] {
            world_.trace(fmt::format("fault: {} ({}), meanwhile", name(kind), process.name));
            ++report_.faults[static_cast<std::size_t>(kind)];
            die(process, kind);
        });
    }

    void die(Process& process, Fault kind) {
        house_.end(process, kind == Fault::power_cut ? House::Death::power_cut : kind == Fault::restart ? House::Death::told_to : House::Death::killed);
    }

    void happen(Fault kind) {
        auto& process = some_process();
        const auto account = some_account();
        auto& chat = house_.chat(account);
        auto& bridge = house_.process(account);
        auto& who_waits = &process == house_.processes().front() ? bridge : process;  // for the broker
        const auto a_while = world_.chance(0.5) ? world_.between(50_ms, 1_s) : world_.between(1_s, 14_s);
        world_.trace(fmt::format("fault: {} ({} or {})", name(kind), process.name, account));
        ++report_.faults[static_cast<std::size_t>(kind)];
        switch (kind) {
            case Fault::kill:
            case Fault::power_cut:
            case Fault::restart: return die(process, kind);
            case Fault::kill_between_effects: process.dies_in = 1 + world_.below(20); return;
            case Fault::pause:
                process.paused_until = world_.now() + a_while;
                return perhaps_dies(who_waits, a_while);
            case Fault::wire_cut: world_.network().cut(process); return;
            case Fault::wire_stall:
                world_.network().stall(process, a_while);
                return perhaps_dies(who_waits, a_while);
            case Fault::wire_full:
                world_.network().fill(process, a_while);
                return perhaps_dies(who_waits, a_while);
            case Fault::platform_cut: return chat.cut();
            case Fault::platform_stall:
                chat.stall(a_while);
                return perhaps_dies(bridge, a_while);
            case Fault::platform_down: return chat.close_for(a_while);
            case Fault::kick: return chat.kick(house_.rooms(account)[0], a_while);
            case Fault::disk_full:
                process.disk_full = true;
                world_.after(a_while, [&process] { process.disk_full = false; });
                return perhaps_dies(who_waits, a_while);
            case Fault::clock_step:
                process.clock_offset += world_.chance(0.5) ? world_.between(-5_s, 5_s) : world_.between(-3600_s, 3600_s);
                process.clock_steps.emplace_back(world_.now(), process.clock_offset);
                return;
        }
    }

    void heal() {
        world_.trace("no more faults");
        for (auto* process : house_.processes()) {
            process->paused_until = 0;
            process->dies_in = 0;
            process->disk_full = false;
            world_.network().stall(*process, 0);
            world_.network().fill(*process, 0);
        }
        for (const auto& account : house_.accounts()) house_.chat(account).heal();
        house_.restart_most = 200_ms;
    }

    Report report(const std::string& when) {
        if (!when.empty()) report_.stuck = when + why_not_;
        report_.verdict = check(world_, house_, said_);
        report_.lasted = world_.now();
        report_.fingerprint = world_.fingerprint();
        report_.steps = world_.steps();
        report_.frames = world_.network().frames;
        report_.commits = world_.disk().commits;
        report_.ended_by_errors = world_.ended_by_errors;
        return std::move(report_);
    }

    World world_;
    House house_;
    std::deque<Utterance> said_;
    Micros end_ = 0;  // of what goes wrong
    Report report_;
    std::string why_not_;
};

}  // namespace

std::string_view name(Fault fault) {
    static constexpr std::string_view names[fault_kinds] = {"kill", "kill between effects", "power cut", "restart", "pause", "wire cut", "wire stalled", "wire full",
                                                       "platform link cut", "platform stalled", "platform down", "kicked", "disk full", "clock stepped"};
    return names[static_cast<std::size_t>(fault)];
}

Report run(const Options& options) { return Running(options).go(); }

}  // namespace parley::simulation
