#include "bridges/kit/run_bridge.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "bridges/kit/bridge.h"
#include "broker/service/boot.h"
#include "broker/service/log.h"
#include "broker/service/nearest.h"
#include "broker/service/program.h"

namespace parley::kit {
namespace {

using service::Code;
using service::Error;
using service::fail;
using service::Result;

constexpr auto farewell = std::chrono::milliseconds(300);  // for the last words to the platform and the broker

// Checks the platform's own table without a network: the factory gets a host that nobody calls.
class NobodyHost final : public Host {
public:
    void link_changed(Link, const Error&) override {}
    void received(bus::Event) override {}
    void delivered(const DeliveryId&, const Receipt&) override {}
    void refused(const DeliveryId&, const Error&) override {}
    void room_changed(const std::string&, bool, const Error&) override {}
    std::optional<Seen> last_seen(const std::string&) const override { return std::nullopt; }
};

// Where a platform that is made only to be checked may write.
class Scratch {
public:
    Scratch() : path_((std::filesystem::temp_directory_path() / "parley-check-XXXXXX").string()) {
        if (::mkdtemp(path_.data()) == nullptr) path_.clear();
    }
    ~Scratch() {
        std::error_code failed;
        if (!path_.empty()) std::filesystem::remove_all(path_, failed);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace

std::filesystem::path keeper_socket(const bus::HouseSettings& house, const std::string& account) {
    return std::filesystem::absolute(house.data).lexically_normal() / "run" / ("keeper-" + account);
}

Result<int> lock_folder(const std::filesystem::path& folder, std::string_view what) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    const auto path = folder / "lock";
    const int file = failed ? -1 : ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return fail(Code::io,
                    fmt::format("cannot use {}: {}", folder.string(), failed ? failed.message() : std::strerror(errno)),
                    "check [parley] data in the settings");
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        ::close(file);
        return fail(Code::conflict, fmt::format("another {} of this account runs in {}", what, folder.string()),
                    "end it first");
    }
    return file;
}

namespace {

Result<service::Table> account_table(service::Table& root, std::string_view platform, const std::string& account) {
    std::vector<std::string> ours;
    for (auto& [name, table] : root.tables("account")) {
        if (table.text("platform", "") != platform) continue;
        if (name == account) return table;
        ours.push_back(name);
    }
    const auto near = service::nearest(account, ours, 1);
    return fail(Code::settings,
                fmt::format("the settings have no [account.{}] with platform = \"{}\"", account, platform),
                near.empty() ? "add it, or name another with --account" : fmt::format("did you mean {}?", near[0]));
}

Result<void> run(std::string_view platform, const Factory& make, const service::Arguments& arguments) {
    const auto account = service::option(arguments, "--account");
    if (account.empty()) return fail(Code::invalid, "which account?", "--account NAME, as in [account.NAME]");
    auto file = service::SettingsFile::load(arguments.settings_path);
    if (!file) return fail(file.error());
    BridgeOptions options;
    options.account = account;
    options.boot = service::boot_id();
    options.house = bus::read_house(file->root());
    auto table = account_table(file->root(), platform, account);
    if (!table) return fail(table.error());
    options.outbox.room_max = static_cast<std::size_t>(
        table->integer("waiting_max", static_cast<std::int64_t>(options.outbox.room_max), 10, 10'000'000));
    const service::SystemClock clock;
    service::SystemRandom random;
    service::Reactor reactor;
    const auto folder = options.folder = std::filesystem::absolute(options.house.data) / "bridges" / account;
    options.dead_letters = folder / "dead_letters";
    const auto keeper = service::flag(arguments, "--kept") ? keeper_socket(options.house, account).string() : std::string();
    const auto context = [&](Host& host, const std::string& data_folder) {
        return Context{reactor, host, clock, random, account, options.house.rooms_of(account), data_folder, keeper};
    };

    // Once to read the settings to their last key; the real one is made when all of them are good.
    NobodyHost nobody;
    {
        const Scratch scratch;
        if (scratch.path().empty()) return fail(Code::io, "cannot make a temporary folder", "check TMPDIR");
        make(*table, context(nobody, scratch.path()));
    }
    if (auto good = file->good(); !good) return good;
    auto keys = bus::keys_of(options.house, account);
    if (!keys) return fail(keys.error());
    options.keys = *keys;
    if (arguments.check) return {};

    const auto lock = lock_folder(folder, "bridge");
    if (!lock) return fail(lock.error());
    {
        Bridge bridge(reactor, clock, random, options);
        bridge.start([&](Host& host) { return make(*table, context(host, folder.string())); });
        service::Reactor::Handle last;
        const auto signals = reactor.on_signal({SIGINT, SIGTERM}, [&](int) {
            if (last) return;
            bridge.stop();
            last = reactor.after(farewell, [&] { reactor.stop(); });
        });
        service::log::info("running", {{"account", account}, {"broker", options.house.endpoint}});
        reactor.run();
    }
    ::close(*lock);
    return {};
}

}  // namespace

int run_bridge(std::string_view platform, const Factory& make, int argc, char** argv, bool has_keeper) {
    const auto name = fmt::format("parley-{}", platform);
    const auto summary = fmt::format("bridges one {} account to the broker", platform);
    std::signal(SIGPIPE, SIG_IGN);
    service::Program program{name, summary, {{"--account", "NAME", "which [account.NAME] of the settings"}}, {}, {}};
    if (has_keeper) program.options.push_back({"--kept", "", "the connection is held by the account's keeper"});
    program.run = [&](const service::Arguments& arguments) { return run(platform, make, arguments); };
    return service::main_of(program, argc, argv);
}

}  // namespace parley::kit
