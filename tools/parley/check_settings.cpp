#include "tools/parley/check_settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "broker/service/nearest.h"
#include "tools/parley/depends.h"

namespace parley::cli {

using service::Code;
using service::fail;
using service::Result;

namespace {

// What one or several programs say of the same file; each sentence counts once.
class Findings {
public:
    explicit Findings(std::string file) : file_(std::move(file)) {}

    void problem(std::string text) { add(std::move(text), problems_); }
    void warning(std::string text) { add(std::move(text), warnings_); }

    // A line each, "parley-x: " before the first; a line that begins with two spaces is the hint of the one above.
    void take(const Command& command, const Checkup& checkup) {
        std::vector<std::string> sentences;
        for (std::size_t begin = 0; begin < checkup.said.size();) {
            const auto end = std::min(checkup.said.find('\n', begin), checkup.said.size());
            auto line = checkup.said.substr(begin, end - begin);
            begin = end + 1;
            if (line.starts_with("  ") && !sentences.empty()) sentences.back() += " (" + line.substr(2) + ")";
            else if (line.starts_with(command.program + ": ")) sentences.push_back(line.substr(command.program.size() + 2));
            else if (!line.empty()) sentences.push_back(std::move(line));
        }
        for (auto& sentence : sentences) {
            constexpr std::string_view mark = "warning: ";
            const bool warns = sentence.starts_with(mark);
            if (warns) sentence.erase(0, mark.size());
            if (!sentence.starts_with(file_)) sentence.insert(0, command.name + ": ");
            if (checkup.exit_code == 0 || warns) warning(std::move(sentence));
            else problem(std::move(sentence));
        }
        if (checkup.exit_code != 0 && sentences.empty()) problem(fmt::format("{}: {} ended with {}", command.name, command.program, checkup.exit_code));
    }

    std::size_t problems() const { return problems_.size(); }
    std::size_t warnings() const { return warnings_.size(); }
    void print() const {
        for (const auto& text : problems_) std::fprintf(stderr, "%s\n", text.c_str());
        for (const auto& text : warnings_) std::fprintf(stderr, "warning: %s\n", text.c_str());
    }

private:
    static void add(std::string text, std::vector<std::string>& to) {
        if (std::find(to.begin(), to.end(), text) == to.end()) to.push_back(std::move(text));
    }
    std::string file_;
    std::vector<std::string> problems_, warnings_;
};

// A platform is a program of its own; which there are is seen from what is installed.
void check_platforms(service::Table& root) {
    for (auto& [account, table] : root.tables("account")) {
        const auto platform = table.text("platform", "");
        if (platform.empty() || platform == "web" || is_platform(platform)) continue;
        const auto near = service::nearest(platform, platforms(), 1);
        table.complain("platform", fmt::format("there is no platform \"{}\"", platform),
                       near.empty() ? fmt::format("there are: web, {}", fmt::join(platforms(), ", ")) : fmt::format("did you mean {}?", near[0]));
    }
}

// Only a warning: it may be another user who will run it.
void check_data(service::Table& root, const std::filesystem::path& data) {
    if (data.empty()) return;  // that is a problem of its own
    auto there = data;
    std::error_code error;
    while (!std::filesystem::exists(there, error) && there.has_relative_path()) there = there.parent_path();
    if (std::filesystem::is_directory(there, error) && ::access(there.c_str(), W_OK | X_OK) == 0) return;
    auto parley = root.table("parley");
    parley.warn("data", fmt::format("{} cannot be written by this user", data.string()), "name a folder that can: an absolute one, or one beside this file");
}

}  // namespace

Result<Checked> check_settings(const std::string& settings_path, const std::string& copy) {
    const auto& read = copy.empty() ? settings_path : copy;
    auto file = service::SettingsFile::load(read);
    if (!file) return fail(file.error());
    Checked out;
    out.house = bus::read_house(file->root());
    check_platforms(file->root());
    check_data(file->root(), out.house.data);
    Findings findings(copy.empty() ? settings_path : std::filesystem::absolute(settings_path).string());
    for (const auto& problem : file->problems()) findings.problem(problem.text());
    for (const auto& warning : file->warnings()) findings.warning(warning.text());
    for (auto& command : programs_of(out.house, read)) {
        findings.take(command, check(command));
        command.depends = depends_on(command, file->root(), out.house);
        out.programs.push_back(std::move(command));
    }
    findings.print();
    out.warnings = findings.warnings();
    if (findings.problems() == 0) return out;
    return fail(Code::settings, findings.problems() == 1 ? "one thing is wrong with the settings" : fmt::format("{} things are wrong with the settings", findings.problems()),
                "mend what is printed above");
}

}  // namespace parley::cli
