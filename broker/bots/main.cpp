// parley-worker: a pool of worker processes.

#include <csignal>
#include <cstdlib>
#include <thread>

#include "broker/bots/pool.h"
#include "broker/bots/worker.h"
#include "broker/service/log.h"
#include "broker/service/program.h"

namespace {

using namespace parley;

service::Result<void> run(const service::Arguments& arguments) {
    auto file = service::SettingsFile::load(arguments.settings_path);
    if (!file) return service::fail(file.error());
    const auto house = bus::read_house(file->root());
    auto table = file->root().table("worker");
    const auto declared = table.integer("workers", 0, 0, 256);
    // More than one run at a time, so that `!cancel` does not wait for the run that it is to stop.
    const auto slots = static_cast<std::uint32_t>(table.integer("slots", 4, 1, 256));
    table.finish();
    if (auto good = file->good(); !good) return service::fail(good.error());
    const auto asked = service::option(arguments, "--workers");
    auto workers = asked.empty() ? static_cast<unsigned>(declared) : static_cast<unsigned>(std::atoi(asked.c_str()));
    if (!asked.empty() && (workers < 1 || workers > 256)) return service::fail(service::Code::invalid, "--workers is out of range", "use 1 to 256");
    if (workers == 0) workers = std::max(1U, std::thread::hardware_concurrency());
    if (arguments.check) return {};
    return bots::run_pool(workers, [&](unsigned number) {
        const auto name = "worker-" + std::to_string(number);
        service::log::set_process("parley-" + name);
        const auto keys = bus::keys_of(house, name);
        if (!keys) return service::log::error("no keys", {{"why", keys.error().text()}}), 1;
        service::Reactor reactor;
        const auto stop = reactor.on_signal({SIGINT, SIGTERM}, [&](int) { reactor.stop(); });
        const bots::Worker worker(reactor, house, *keys, name, slots);
        reactor.run();
        return 0;
    });
}

}  // namespace

int main(int argc, char** argv) {
    return parley::service::main_of({"parley-worker", "runs commands for Parley", {{"--workers", "N", "how many processes (one per core)"}}, run, {}}, argc, argv);
}
