// parley-irc-keeper: holds the connection of one IRC account, so that its bridge may die and be replaced unseen.
#include <unistd.h>

#include <csignal>

#include "bridges/irc/keeper/keeper.h"
#include "bridges/kit/run_bridge.h"
#include "broker/service/log.h"
#include "broker/service/program.h"

namespace {

using namespace parley;
using service::Code;
using service::Result;

constexpr auto farewell = std::chrono::milliseconds(300);  // for the last words to the server and the bridge

Result<void> run(const service::Arguments& arguments) {
    const auto account = service::option(arguments, "--account");
    if (account.empty()) return service::fail(Code::invalid, "which account?", "--account NAME, as in [account.NAME]");
    auto file = service::SettingsFile::load(arguments.settings_path);
    if (!file) return service::fail(file.error());
    const auto house = bus::read_house(file->root());
    const auto known = house.accounts.find(account);
    if (known == house.accounts.end() || known->second != "irc")
        return service::fail(Code::settings, "the settings have no [account." + account + "] with platform = \"irc\"",
                             "add it, or name another with --account");
    if (arguments.check) return {};  // the bridge checks the account

    const auto folder = std::filesystem::absolute(house.data) / "bridges" / account / "keeper";
    const auto lock = kit::lock_folder(folder, "keeper");
    if (!lock) return service::fail(lock.error());
    {
        const service::SystemClock clock;
        service::SystemRandom random;
        service::Reactor reactor;
        irc::keeper::Keeper keeper(reactor, clock, random, folder, kit::keeper_socket(house, account));
        service::Reactor::Handle last;
        const auto signals = reactor.on_signal({SIGINT, SIGTERM}, [&](int) {
            if (last) return;
            keeper.stop();
            last = reactor.after(farewell, [&] { reactor.stop(); });
        });
        service::log::info("running", {{"account", account}});
        reactor.run();
    }
    ::close(*lock);
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    service::Program program{"parley-irc-keeper",
                             "holds an IRC account's connection while its bridge is away",
                             {{"--account", "NAME", "which [account.NAME] of the settings"}},
                             {},
                             {}};
    program.run = run;
    return service::main_of(program, argc, argv);
}
