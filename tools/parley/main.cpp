// parley: the operator's CLI. This file finds the verb; each verb is a file of its own.

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "broker/service/nearest.h"
#include "tools/parley/verb.h"

namespace {

using parley::service::Program;

std::vector<Program> verbs() {
    using namespace parley::cli;
    std::vector<Program> all{up(), check(), reload(), status(), tail(), search(), show(), trace(), dead_letters(), send(), import(), export_(), reindex(), keys()};
    for (auto& program : all) program.checks = program.name == "parley up";  // elsewhere it would do the work
    return all;
}

std::string verb_of(const Program& program) { return std::string(program.name.substr(program.name.find(' ') + 1)); }

int help() {
    std::puts("parley: a bridged chat broker with a knowledge archive and search\n\nusage: parley VERB [options]");
    for (const auto& program : verbs()) std::printf("  %-14s%s\n", verb_of(program).c_str(), std::string(program.summary).c_str());
    std::printf("  version       Print the version\n\nparley VERB --help says more. The settings file is parley.toml here, or --settings FILE.\n%s\n",
                std::string(parley::service::exit_codes).c_str());
    return parley::service::exit_good;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view verb = argc > 1 ? argv[1] : "--help";
    if (verb == "--help" || verb == "help" || verb == "-h") return help();
    if (verb == "--version" || verb == "version") return std::printf("parley %s\n", PARLEY_VERSION), 0;
    std::vector<std::string> names;
    for (const auto& program : verbs()) {
        names.push_back(verb_of(program));
        if (names.back() == verb) return parley::service::main_of(program, argc - 1, argv + 1);
    }
    const auto near = parley::service::nearest(verb, names, 1);
    std::fprintf(stderr, "parley: unknown verb %s\n  %s\n", std::string(verb).c_str(),
                 near.empty() ? "parley --help lists them" : ("did you mean parley " + near[0] + "?").c_str());
    return parley::service::exit_usage;
}
