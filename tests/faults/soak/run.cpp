#include "tests/faults/soak/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace parley::soak {

namespace {

using Clock = std::chrono::steady_clock;

class Running {
public:
    Running(Stage& stage, const Plan& plan) : plan_(plan), faults_(faults_of(stage)), random_(plan.seed) {
        if (plan.only.empty()) return;
        std::erase_if(faults_, [&](const Fault& fault) {
            return std::none_of(plan.only.begin(), plan.only.end(), [&](const auto& part) { return fault.name.find(part) != std::string::npos; });
        });
    }

    std::map<std::string, int> until(Clock::time_point end) {
        auto next = Clock::now() + below(plan_.pause_most);
        while (Clock::now() < end) {
            finish([](const Active& one) { return one.until <= Clock::now(); });
            if (Clock::now() >= next && active_.size() < plan_.at_once_max) {
                begin();
                next = Clock::now() + below(plan_.pause_most);
            }
            tests::wait_until([&] { return Clock::now() >= end; }, 20ms, 10ms);
        }
        finish([](const Active&) { return true; });
        return std::move(count_);
    }

private:
    struct Active {
        const Fault* fault;
        Clock::time_point until;
    };
    std::chrono::milliseconds below(std::chrono::milliseconds most) { return std::chrono::milliseconds(most.count() > 0 ? static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most.count())) : 0); }
    void tell(const std::string& words) const {
        if (plan_.tell) plan_.tell(words);
    }
    bool clashes(const Fault& fault) const {
        return std::any_of(active_.begin(), active_.end(), [&](const Active& one) {
            return std::find_first_of(fault.where.begin(), fault.where.end(), one.fault->where.begin(), one.fault->where.end()) != fault.where.end();
        });
    }
    void begin() {
        if (faults_.empty()) return;
        const auto& fault = faults_[random_() % faults_.size()];
        const auto lasts = fault.least + below(fault.most - fault.least);
        if (clashes(fault)) return;
        tell(fmt::format("{} for {} ms", fault.name, lasts.count()));
        ++count_[fault.name];
        fault.begin();
        active_.push_back({&fault, Clock::now() + lasts});
    }
    template <class Which>
    void finish(const Which& which) {
        for (auto it = active_.begin(); it != active_.end();) {
            if (!which(*it)) {
                ++it;
                continue;
            }
            const auto* fault = it->fault;
            it = active_.erase(it);
            fault->end();
            tell(fmt::format("end of {}", fault->name));
        }
    }

    const Plan& plan_;
    std::vector<Fault> faults_;
    std::mt19937_64 random_;
    std::vector<Active> active_;
    std::map<std::string, int> count_;
};

}  // namespace

Outcome run(Stage& stage, const Plan& plan) {
    Outcome out;
    stage.talk(plan.per_second);
    out.faults = Running(stage, plan).until(Clock::now() + plan.talk);
    if (plan.tell) plan.tell("no more faults: it is to come to rest");
    const auto begin = Clock::now();
    out.verdict = stage.rest(plan.rest_limit);
    out.to_rest = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    return out;
}

}  // namespace parley::soak
