// What every program of this house does the same: --help, --version, --settings, --check, exit codes, the last word
// on exceptions.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/service/result.h"
#include "broker/service/settings.h"

namespace parley::service {

// What a process ends with; the same as sysexits.h where one fits. --help of every program says it.
enum Exit : int { exit_good = 0, exit_failed = 1, exit_usage = 2, exit_settings = 78, exit_unavailable = 69, exit_broken = 70 };
int exit_code(const Error& error);
inline constexpr std::string_view exit_codes =
    "Exit codes: 0 good, 1 failed, 2 wrong usage, 69 something is not running, 70 broken, 78 bad settings.";

struct Arguments {
    std::string settings_path = "parley.toml";
    bool check = false;                // --check: read the settings, say what is wrong, end
    std::vector<std::string> rest;     // options that the program itself declares come here as "--name=value"
    std::vector<std::string> words;    // what is no option, where the program takes such
};

struct Program {
    std::string_view name;     // "parley-broker"
    std::string_view summary;  // one line for --help
    // Further options, each "--name VALUE" or "--flag", with a line of help.
    struct Option {
        std::string_view name;   // "--account"
        std::string_view value;  // "NAME", or empty for a flag
        std::string_view help;
    };
    std::vector<Option> options;
    std::function<Result<void>(const Arguments&)> run;
    std::string_view words;    // what its words are, for --help: "QUERY…"; empty: it takes none
    std::string_view more = {};  // the end of --help: examples, what is worth knowing
    bool checks = true;          // it takes --check
};

// Parses, runs, prints any error as "parley-x: what" and "  hint", and returns the exit code.
int main_of(const Program& program, int argc, char** argv);

// What the settings hold that is hardly meant, on standard error: "parley-x: warning: what (hint)".
void print_warnings(std::string_view program, const SettingsFile& file);

// The value of "--name" in `rest`, or the fallback.
std::string option(const Arguments& arguments, std::string_view name, std::string_view fallback = {});
bool flag(const Arguments& arguments, std::string_view name);

}  // namespace parley::service
