#include "broker/service/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#define TOML_EXCEPTIONS 0
// toml++ 3.3 believes that a name follows every "[": its debug build aborts where none does, and its release build
// takes that for impossible, which is undefined. So here its assertions are always on, and throw.
#undef NDEBUG
[[noreturn]] static void not_toml(const char* assertion) { throw std::logic_error(assertion); }
#define TOML_ASSERT(expr) static_cast<void>((expr) ? 0 : (not_toml(#expr), 0))
#include <toml++/toml.h>

#include "broker/service/nearest.h"

namespace parley::service {

struct Table::State {
    std::shared_ptr<toml::table> document;  // keeps every node alive
    std::shared_ptr<SettingsFile::Findings> findings;
    const toml::table* node = nullptr;      // null: the table is absent
    std::string file;
    std::string path;
    std::set<std::string, std::less<>> asked;

    const toml::node* find(std::string_view key) {
        asked.emplace(key);
        return node == nullptr ? nullptr : node->get(key);
    }
    std::string full(std::string_view key) const { return path.empty() ? std::string(key) : path + "." + std::string(key); }
    std::filesystem::path beside_the_file(const std::filesystem::path& named) const {
        if (named.empty()) return named;
        return (std::filesystem::absolute(file).parent_path() / named).lexically_normal();
    }
    Error finding(std::string_view key, const std::string& what, std::string hint) const {
        const toml::node* value = node == nullptr ? nullptr : node->get(key);
        const auto line = value != nullptr ? value->source().begin.line : node != nullptr ? node->source().begin.line : 0;
        return {Code::settings, fmt::format("{}:{}: {}: {}", file, line, full(key), what), std::move(hint)};
    }
    std::shared_ptr<State> child(const toml::table* table, std::string child_path) const {
        auto state = std::make_shared<State>();
        state->document = document;
        state->findings = findings;
        state->node = table;
        state->file = file;
        state->path = std::move(child_path);
        return state;
    }
};

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// "12 s" -> 12 * factor of "s". A fraction is refused: say "1500 ms".
Result<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units, std::string_view example) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    while (unit.starts_with(' ')) unit.remove_prefix(1);
    if (error == std::errc{}) {
        for (const auto& known : units) {
            if (unit == known.name && number <= UINT64_MAX / 2 / known.factor) return number * known.factor;
        }
    }
    return fail(Code::invalid, fmt::format("\"{}\" is not understood", text), fmt::format("write it like {}", example));
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    static constexpr Unit units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    return parse_with_unit(text, units, "\"250 ms\", \"30 s\", \"5 min\", \"2 h\" or \"7 d\"").map([](std::uint64_t ms) {
        return std::chrono::milliseconds(ms);
    });
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
    static constexpr Unit units[] = {{"B", 1}, {"", 1}, {"KiB", 1U << 10}, {"MiB", 1U << 20}, {"GiB", 1U << 30}};
    return parse_with_unit(text, units, "\"64 KiB\", \"10 MiB\" or \"1 GiB\"");
}

Table::Table(std::shared_ptr<State> state) : state_(std::move(state)) {}

std::string Table::text(std::string_view key) {
    const auto* value = state_->find(key);
    if (value == nullptr) {
        complain(key, "is missing", "it is required here");
        return {};
    }
    return text(key, "");
}

std::string Table::text(std::string_view key, std::string_view fallback) {
    const auto* value = state_->find(key);
    if (value == nullptr) return std::string(fallback);
    if (const auto* text = value->as_string()) return text->get();
    complain(key, "is not text", "put it in double quotes");
    return std::string(fallback);
}

std::int64_t Table::integer(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most) {
    const auto* value = state_->find(key);
    if (value == nullptr) return fallback;
    const auto* number = value->as_integer();
    if (number == nullptr) {
        complain(key, "is not a whole number");
        return fallback;
    }
    if (number->get() < least || number->get() > most) {
        complain(key, fmt::format("{} is out of range", number->get()), fmt::format("use {} to {}", least, most));
        return fallback;
    }
    return number->get();
}

bool Table::boolean(std::string_view key, bool fallback) {
    const auto* value = state_->find(key);
    if (value == nullptr) return fallback;
    if (const auto* flag = value->as_boolean()) return flag->get();
    complain(key, "is neither true nor false");
    return fallback;
}

std::vector<std::string> Table::texts(std::string_view key) {
    std::vector<std::string> out;
    const auto* value = state_->find(key);
    if (value == nullptr) return out;
    const auto* array = value->as_array();
    if (array == nullptr) {
        complain(key, "is not a list of texts", "write it like [\"one\", \"two\"]");
        return out;
    }
    for (const auto& item : *array) {
        if (const auto* text = item.as_string()) out.push_back(text->get());
        else complain(key, "has an entry that is not text", "put every entry in double quotes");
    }
    return out;
}

std::map<std::string, std::string> Table::text_map(std::string_view key) {
    std::map<std::string, std::string> out;
    const auto* value = state_->find(key);
    if (value == nullptr) return out;
    const auto* table = value->as_table();
    if (table == nullptr) {
        complain(key, "is not a table", "write it like { NAME = \"value\" }");
        return out;
    }
    for (const auto& [name, item] : *table) {
        if (const auto* text = item.as_string()) out.emplace(name.str(), text->get());
        else complain(key, fmt::format("\"{}\" is not text", name.str()), "put the value in double quotes");
    }
    return out;
}

std::chrono::milliseconds Table::duration(std::string_view key, std::chrono::milliseconds fallback) {
    if (!has(key)) {
        state_->asked.emplace(key);
        return fallback;
    }
    const auto parsed = parse_duration(text(key, ""));
    if (parsed) return *parsed;
    complain(key, parsed.error().what, parsed.error().hint);
    return fallback;
}

std::uint64_t Table::bytes(std::string_view key, std::uint64_t fallback) {
    const auto* value = state_->find(key);
    if (value == nullptr) return fallback;
    if (const auto* number = value->as_integer(); number != nullptr && number->get() >= 0) {
        return static_cast<std::uint64_t>(number->get());
    }
    const auto parsed = parse_bytes(text(key, ""));
    if (parsed) return *parsed;
    complain(key, parsed.error().what, parsed.error().hint);
    return fallback;
}

std::string Table::choice(std::string_view key, std::string_view fallback, const std::vector<std::string>& allowed) {
    auto value = text(key, fallback);
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
    complain(key, fmt::format("\"{}\" is not one of: {}", value, fmt::join(allowed, ", ")));
    return std::string(fallback);
}

std::filesystem::path Table::file(std::string_view key, std::string_view fallback) { return state_->beside_the_file(text(key, fallback)); }

std::optional<std::string> Table::secret(std::string_view key) {
    const auto* value = state_->find(key);
    if (value == nullptr) return std::nullopt;
    const std::string how = "write { file = \"/path\" } or { env = \"NAME\" }, so that the secret stays out of this file";
    const auto* table = value->as_table();
    if (table == nullptr || table->size() != 1) {
        complain(key, "is a secret", how);
        return std::nullopt;
    }
    if (const auto* name = table->get_as<std::string>("env")) {
        if (const char* found = std::getenv(name->get().c_str())) return std::string(found);
        complain(key, fmt::format("the environment has no {}", name->get()), "set it before the start");
        return std::nullopt;
    }
    if (const auto* name = table->get_as<std::string>("file")) {
        const auto named = state_->beside_the_file(name->get());
        std::ifstream in(named, std::ios::binary);
        std::stringstream content;
        content << in.rdbuf();
        if (in) {
            auto text = content.str();
            while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
            return text;
        }
        complain(key, fmt::format("cannot read {}", named.string()), "check that the file is there and readable");
        return std::nullopt;
    }
    complain(key, "is a secret", how);
    return std::nullopt;
}

bool Table::has(std::string_view key) const { return state_->node != nullptr && state_->node->contains(key); }

Table Table::table(std::string_view key) {
    const auto* value = state_->find(key);
    if (value != nullptr && !value->is_table()) {
        complain(key, "is not a table", fmt::format("write it as [{}]", state_->full(key)));
        value = nullptr;
    }
    return Table(state_->child(value == nullptr ? nullptr : value->as_table(), state_->full(key)));
}

std::vector<std::pair<std::string, Table>> Table::tables(std::string_view key) {
    std::vector<std::pair<std::string, Table>> out;
    const auto* value = state_->find(key);
    if (value == nullptr) return out;
    const auto* table = value->as_table();
    if (table == nullptr) {
        complain(key, "is not a table of tables", fmt::format("write it as [{}.NAME]", state_->full(key)));
        return out;
    }
    for (const auto& [name, item] : *table) {
        const std::string child_key(name.str());
        const auto path = state_->full(key) + "." + child_key;
        if (const auto* child = item.as_table()) out.emplace_back(child_key, Table(state_->child(child, path)));
        else complain(key, fmt::format("\"{}\" is not a table", child_key), fmt::format("write it as [{}]", path));
    }
    // toml++ sorts keys; people expect the file's order.
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
        return a.second.state_->node->source().begin.line < b.second.state_->node->source().begin.line;
    });
    return out;
}

std::vector<Table> Table::list(std::string_view key) {
    std::vector<Table> out;
    const auto* value = state_->find(key);
    if (value == nullptr) return out;
    const auto* array = value->as_array();
    if (array == nullptr) {
        complain(key, "is not a list of tables", fmt::format("write it as [[{}]]", state_->full(key)));
        return out;
    }
    for (const auto& item : *array) {
        const auto path = fmt::format("{}[{}]", state_->full(key), out.size());
        if (const auto* child = item.as_table()) out.emplace_back(state_->child(child, path));
        else complain(key, "has an entry that is not a table");
    }
    return out;
}

void Table::complain(std::string_view key, std::string what, std::string hint) {
    state_->findings->problems.push_back(state_->finding(key, what, std::move(hint)));
}

void Table::warn(std::string_view key, std::string what, std::string hint) {
    state_->findings->warnings.push_back(state_->finding(key, what, std::move(hint)));
}

void Table::finish() {
    if (state_->node == nullptr) return;
    const std::vector<std::string> known(state_->asked.begin(), state_->asked.end());
    for (const auto& [name, item] : *state_->node) {
        if (state_->asked.contains(name.str())) continue;
        const auto near = nearest(name.str(), known);
        complain(name.str(), "is not a known setting",
                 near.empty() ? fmt::format("known here: {}", fmt::join(known, ", ")) : fmt::format("did you mean {}?", fmt::join(near, " or ")));
    }
}

const std::string& Table::path() const { return state_->path; }

SettingsFile::SettingsFile(Table root, std::shared_ptr<Findings> findings) : root_(std::move(root)), findings_(std::move(findings)) {}

Result<SettingsFile> SettingsFile::load(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return fail(Code::settings, fmt::format("cannot read the settings file {}", path.string()), "name another with --settings FILE");
    std::stringstream content;
    content << in.rdbuf();
    return parse(content.str(), path.string());
}

Result<SettingsFile> SettingsFile::parse(std::string_view text, std::string_view file_name) try {
    auto parsed = toml::parse(text, file_name);
    if (!parsed) {
        const auto& error = parsed.error();
        return fail(Code::settings, fmt::format("{}:{}: {}", file_name, error.source().begin.line, error.description()),
                    "mend the TOML at that line");
    }
    auto findings = std::make_shared<Findings>();
    auto state = std::make_shared<Table::State>();
    state->document = std::make_shared<toml::table>(std::move(parsed).table());
    state->node = state->document.get();
    state->findings = findings;
    state->file = std::string(file_name);
    return SettingsFile(Table(std::move(state)), std::move(findings));
} catch (const std::logic_error&) {
    return fail(Code::settings, fmt::format("{}: this is not TOML", file_name), "look for a \"[\" without a name behind it");
}

const std::vector<Error>& SettingsFile::problems() const { return findings_->problems; }
const std::vector<Error>& SettingsFile::warnings() const { return findings_->warnings; }

Result<void> SettingsFile::good() const {
    if (problems().empty()) return {};
    std::string all;
    for (const auto& problem : problems()) all += (all.empty() ? "" : "\n") + problem.text();
    return fail(Code::settings, std::move(all));
}

}  // namespace parley::service
