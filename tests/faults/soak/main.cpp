// The program behind tools/soak.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <random>

#include "tests/faults/soak/run.h"

using namespace parley::soak;

namespace {

struct Options {
    double minutes = 1;
    std::string logs;  // a folder, for the logs of a run that was not good
    bool told = true;
    Plan plan;
};

[[noreturn]] void usage() {
    std::cerr << "soak --minutes N [--seed S] [--rate MESSAGES_PER_SECOND] [--only PART_OF_A_FAULT]… [--logs FOLDER] [--quiet]\n";
    std::exit(2);
}

Options read(int count, char** words) {
    Options out;
    out.plan.seed = std::random_device{}();
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        if (word == "--quiet") {
            out.told = false;
            continue;
        }
        if (i + 1 >= count) usage();
        const std::string value = words[++i];
        try {
            if (word == "--minutes") out.minutes = std::stod(value);
            else if (word == "--seed") out.plan.seed = std::stoull(value);
            else if (word == "--rate") out.plan.per_second = std::stod(value);
            else if (word == "--only") out.plan.only.push_back(value);
            else if (word == "--logs") out.logs = value;
            else usage();
        } catch (const std::logic_error&) {
            usage();
        }
    }
    return out;
}

}  // namespace

int main(int count, char** words) {
    auto options = read(count, words);
    const auto begin = std::chrono::steady_clock::now();
    const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
    options.plan.talk = std::chrono::milliseconds(static_cast<std::int64_t>(options.minutes * 60'000));
    if (options.told) options.plan.tell = [&](const std::string& line) { std::cout << fmt::format("{:8.2f}  {}", seconds(), line) << std::endl; };
    std::cout << fmt::format("seed {}, {:.1f} minutes, {} messages a second of each", options.plan.seed, options.minutes, options.plan.per_second) << std::endl;
    try {
        Stage stage;
        stage.begin();
        const auto outcome = run(stage, options.plan);
        int faults = 0;
        for (const auto& [name, times] : outcome.faults) {
            faults += times;
            std::cout << fmt::format("  {:4} {}\n", times, name);
        }
        std::cout << fmt::format("{} faults; at rest {:.1f} s after the last\n{}", faults, static_cast<double>(outcome.to_rest.count()) / 1000, outcome.verdict.text());
        if (!outcome.verdict.good() && !options.logs.empty()) stage.save_logs(options.logs);
        std::cout << (outcome.verdict.good() ? "good" : fmt::format("NOT GOOD: seed {}", options.plan.seed)) << std::endl;
        return outcome.verdict.good() ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "soak: " << error.what() << "\n";
        return 1;
    }
}
