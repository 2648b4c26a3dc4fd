// Whatever the settings file holds: every reader gets through it, each problem names its place, and what is good keeps
// what the programs rely on.
#include "broker/broker.h"
#include "broker/dispatch/settings.h"
#include "tests/fuzz/properties.h"

using namespace parley;
using fuzz::invariant;

namespace {

void good_house(const bus::HouseSettings& house) {
    for (const auto& gateway : house.gateways) {
        invariant(!gateway.rooms.empty(), "a gateway has rooms");
        for (const auto& room : gateway.rooms) invariant(house.accounts.contains(room.account), "a gateway's room is of a declared account");
    }
    for (const auto& [room, visibility] : house.rooms) invariant(!room.room.empty(), "a room has a name");
    for (const auto& [account, platform] : house.accounts) {
        invariant(!account.empty() && account.find('/') == std::string::npos, "an account's name has no slash");
    }
    invariant(house.endpoint.starts_with("ipc://") || house.endpoint.starts_with("tcp://"), "the bus has an endpoint");
}

void good_commands(const dispatch::Settings& settings) {
    for (const auto& [name, command] : settings.commands) {
        invariant(!name.empty() && command.name == name, "a command has its name");
        if (command.built_in) continue;
        invariant(!command.action.argv.empty() && !command.action.argv[0].empty(), "a command says what is run");
        invariant(command.action.argv[0].find('{') == std::string::npos, "the program itself is no placeholder");
        for (const auto& argument : command.action.argv) invariant(argument.find('\0') == std::string::npos, "no argument holds a NUL");
        for (const auto& [variable, value] : command.action.environment) {
            invariant(!variable.empty() && variable.find_first_of(std::string_view("=\0", 2)) == std::string::npos, "a variable has a name");
            invariant(value.find('\0') == std::string::npos, "no variable holds a NUL");
        }
        invariant(command.action.directory.find('\0') == std::string::npos, "no folder holds a NUL");
        invariant(command.action.timeout > std::chrono::milliseconds(0), "a run has a time limit");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::be_quiet();
    const auto text = fuzz::text_of(data, size);
    static_cast<void>(service::parse_bytes(text));
    if (const auto duration = service::parse_duration(text)) invariant(duration->count() >= 0, "a duration is not negative");
    auto file = service::SettingsFile::parse(text, "parley.toml");
    if (!file) {
        invariant(!file.error().what.empty() && fuzz::valid(file.error().text()), "an error says where and what");
        return 0;
    }
    const auto settings = broker::read_settings(file->root());
    const auto commands = dispatch::read_settings(file->root(), settings.house);
    for (const auto& problem : file->problems()) {
        invariant(problem.what.starts_with("parley.toml:"), "a problem names its place");
        invariant(fuzz::valid(problem.text()), "a problem can be printed");
    }
    if (!file->good()) return 0;
    good_house(settings.house);
    good_commands(commands);
    return 0;
}
