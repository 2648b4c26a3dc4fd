#include "broker/service/program.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "broker/service/log.h"
#include "broker/service/nearest.h"

namespace parley::service {
namespace {

std::string help_of(const Program& program) {
    std::string text = fmt::format("{}: {}\n\nusage: {} [options]{}{}\n", program.name, program.summary, program.name,
                                   program.words.empty() ? "" : " ", program.words);
    const auto row = [&text](std::string_view left, std::string_view right) { text += fmt::format("  {:<24}{}\n", left, right); };
    row("--settings FILE", "the settings file (parley.toml)");
    if (program.checks) row("--check", "read the settings, say what is wrong, and end");
    for (const auto& option : program.options) row(fmt::format("{} {}", option.name, option.value), option.help);
    row("--debug", "write more to the log");
    row("--version", "print the version and end");
    row("--help", "print this and end");
    if (!program.more.empty()) text += fmt::format("\n{}\n", program.more);
    return text + fmt::format("\n{}\n", exit_codes);
}

void print(const Program& program, const Error& error) {
    std::fprintf(stderr, "%s: %s\n", std::string(program.name).c_str(), error.what.c_str());
    if (!error.hint.empty()) std::fprintf(stderr, "  %s\n", error.hint.c_str());
}

struct Parsed {
    Arguments arguments;
    bool help = false, version = false;
};

Result<Parsed> parse(const Program& program, int argc, char** argv) {
    Parsed out;
    std::vector<Program::Option> known = program.options;
    known.insert(known.end(), {{"--settings", "FILE", ""}, {"--debug", "", ""}, {"--version", "", ""}, {"--help", "", ""}});
    if (program.checks) known.push_back({"--check", "", ""});
    bool options_over = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view whole = argv[i];
        if (!program.words.empty() && (options_over || !whole.starts_with("--"))) {
            out.arguments.words.emplace_back(whole);
            continue;
        }
        if (!program.words.empty() && whole == "--") {
            options_over = true;
            continue;
        }
        const auto equals = whole.find('=');
        const auto name = whole.substr(0, equals);
        const Program::Option* found = nullptr;
        std::vector<std::string> names;
        for (const auto& option : known) {
            names.emplace_back(option.name);
            if (option.name == name) found = &option;
        }
        if (found == nullptr) {
            const auto near = nearest(name, names, 1);
            return fail(Code::invalid, fmt::format("unknown option {}", name),
                        near.empty() ? fmt::format("{} --help lists them", program.name) : fmt::format("did you mean {}?", near[0]));
        }
        std::string value;
        if (!found->value.empty()) {
            if (equals != std::string_view::npos) value = whole.substr(equals + 1);
            else if (++i < argc) value = argv[i];
            else return fail(Code::invalid, fmt::format("{} needs a value", name), fmt::format("{} {}", name, found->value));
        }
        if (name == "--settings") out.arguments.settings_path = value;
        else if (name == "--check") out.arguments.check = true;
        else if (name == "--debug") log::set_level(log::Level::debug);
        else if (name == "--help") out.help = true;
        else if (name == "--version") out.version = true;
        else out.arguments.rest.push_back(fmt::format("{}={}", name, value));
    }
    return out;
}

}  // namespace

int exit_code(const Error& error) {
    switch (error.code) {
        case Code::ok: return exit_good;
        case Code::invalid: return exit_usage;
        case Code::settings: return exit_settings;
        case Code::unavailable:
        case Code::timeout: return exit_unavailable;
        default: return exit_failed;
    }
}

int main_of(const Program& program, int argc, char** argv) {
    log::set_process(program.name);
    std::signal(SIGPIPE, SIG_IGN);  // a peer that went away is an error of the write, not the end of the process
    try {
        const auto parsed = parse(program, argc, argv);
        if (!parsed) {
            print(program, parsed.error());
            return exit_usage;
        }
        if (parsed->help) return std::fputs(help_of(program).c_str(), stdout), exit_good;
        if (parsed->version) return std::printf("%s %s\n", std::string(program.name).c_str(), PARLEY_VERSION), exit_good;
        const auto result = program.run(parsed->arguments);
        if (result) return exit_good;
        print(program, result.error());
        return exit_code(result.error());
    } catch (const std::exception& broken) {
        print(program, {Code::io, broken.what(), {}});
        return exit_broken;
    }
}

void print_warnings(std::string_view program, const SettingsFile& file) {
    for (const auto& warning : file.warnings()) std::fprintf(stderr, "%s: warning: %s\n", std::string(program).c_str(), warning.text().c_str());
}

std::string option(const Arguments& arguments, std::string_view name, std::string_view fallback) {
    for (const std::string_view entry : arguments.rest) {
        if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) return std::string(entry.substr(name.size() + 1));
    }
    return std::string(fallback);
}

bool flag(const Arguments& arguments, std::string_view name) {
    for (const std::string_view entry : arguments.rest) {
        if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) return true;
    }
    return false;
}

}  // namespace parley::service
