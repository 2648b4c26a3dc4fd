// The settings file: TOML, read into one struct per folder. The only place that knows toml++.
//
// A Table is read key by key. Every key that the reader did not ask for is an error that names the nearest known one,
// reported by finish(). Errors are collected, so that one run of `parley check` shows all of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/service/result.h"

namespace parley::service {

class Table {
public:
    // Required, or with a default. A value of the wrong type is an error and gives the default (or an empty value).
    std::string text(std::string_view key);
    std::string text(std::string_view key, std::string_view fallback);
    std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most);
    bool boolean(std::string_view key, bool fallback);
    std::vector<std::string> texts(std::string_view key);  // [] where absent
    std::map<std::string, std::string> text_map(std::string_view key);
    // "250 ms", "30 s", "5 min", "2 h", "7 d": TOML text.
    std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds fallback);
    // "64 KiB", "10 MiB", "1 GiB", or a plain number of bytes.
    std::uint64_t bytes(std::string_view key, std::uint64_t fallback);
    // One of `allowed`.
    std::string choice(std::string_view key, std::string_view fallback, const std::vector<std::string>& allowed);
    // A file or folder, absolute: a relative one is beside the settings file, wherever the program was started. An empty
    // one stays empty.
    std::filesystem::path file(std::string_view key, std::string_view fallback);
    // `{ file = "…" }` or `{ env = "…" }`: the content, without the last line break. nullopt where absent.
    std::optional<std::string> secret(std::string_view key);

    bool has(std::string_view key) const;
    // A value as text, with all that is in it and the content of secrets' files; empty where absent. Two settings files
    // that mean the same give the same.
    std::string written(std::string_view key) const;
    Table table(std::string_view key);                                  // empty where absent
    std::vector<std::pair<std::string, Table>> tables(std::string_view key);  // [key.NAME], in the file's order
    std::vector<Table> list(std::string_view key);                      // [[key]], in order

    // Reports what is wrong with a value: "settings.toml:12: gateway.ops.rooms: …".
    void complain(std::string_view key, std::string what, std::string hint = {});
    // The same for what works, but is hardly meant.
    void warn(std::string_view key, std::string what, std::string hint = {});
    // Says that every key has been asked for; the rest is unknown. Call once for each table.
    void finish();
    const std::string& path() const;  // "gateway.ops"

    struct State;
    explicit Table(std::shared_ptr<State> state);

private:
    std::shared_ptr<State> state_;  // shared: a table and its sub-tables report into one list of problems
};

// A parsed file. Hand root() around, then ask for problems().
class SettingsFile {
public:
    // A file whose last line is copy_of(FILE) counts as FILE: it is named so, and what it names is beside that.
    static Result<SettingsFile> load(const std::filesystem::path& path);
    static std::string copy_of(const std::filesystem::path& file);  // the line, with its end
    static Result<SettingsFile> parse(std::string_view toml, std::string_view file_name = "settings");

    Table& root() { return root_; }
    const std::vector<Error>& problems() const;  // in the file's order of reading; empty means good
    const std::vector<Error>& warnings() const;  // the same, of what does not stop anything
    Result<void> good() const;                   // the problems as one error

    struct Findings {
        std::vector<Error> problems, warnings;
    };

private:
    explicit SettingsFile(Table root, std::shared_ptr<Findings> findings);
    Table root_;
    std::shared_ptr<Findings> findings_;  // shared with every Table
};

Result<std::chrono::milliseconds> parse_duration(std::string_view text);
Result<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace parley::service
