// parley-broker: reads the settings, puts broker and dispatcher together, runs until told to end.

#include <csignal>
#include <cstdio>

#include "broker/broker.h"
#include "broker/dispatch/dispatcher.h"
#include "broker/service/log.h"
#include "broker/service/program.h"

namespace {

using namespace parley;

service::Result<void> run(const service::Arguments& arguments) {
    auto file = service::SettingsFile::load(arguments.settings_path);
    if (!file) return service::fail(file.error());
    const auto settings = broker::read_settings(file->root());
    const dispatch::Dispatcher dispatcher(dispatch::read_settings(file->root(), settings.house));
    if (auto good = file->good(); !good) return service::fail(good.error());
    service::print_warnings("parley-broker", *file);
    if (arguments.check) return {};

    const service::SystemClock clock;
    service::SystemRandom random;
    service::Reactor reactor;
    const auto stop = reactor.on_signal({SIGINT, SIGTERM}, [&](int) { reactor.stop(); });
    broker::Commands commands;
    commands.consider = [&](const bus::Event& message) { return dispatcher.consider(message); };
    commands.list = [&](const std::string& identity, const bus::RoomAddress& room) { return dispatcher.commands(identity, room); };
    commands.rule = [&](const std::string& command, const std::string& identity, bus::Strength strength, const bus::RoomAddress& room) {
        return dispatcher.rule(command, identity, strength, room);
    };
    const auto broker = broker::Broker::start(reactor, clock, random, settings, std::move(commands));
    if (!broker) return service::fail(broker.error());
    reactor.run();
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    return parley::service::main_of({"parley-broker", "journal, routing and jobs of Parley", {}, run, {}}, argc, argv);
}
