// parley-indexer: follows the journal into the archive and the index, and answers the query service "archive".
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "broker/service/log.h"
#include "broker/service/program.h"
#include "indexer/follower.h"
#include "indexer/query/desk.h"
#include "indexer/settings.h"

namespace {

using namespace parley;

constexpr int behind_others = 5;  // of nice(2)

void fill(search::Index& index, const archive::Archive& archive) {
    {
        search::Writer writer(index);
        search::catch_up(writer, archive, [](std::uint64_t done, std::uint64_t all) {
            fmt::print(stderr, "\r{} of {} events", done, all);
        });
        fmt::print(stderr, "\n");
        fmt::print("{} documents", writer.documents());
    }
    search::compact(index);
    fmt::print(", {} KiB\n", index.used_bytes() / 1024);
}

// Beside the old one, which is replaced only when the new one is whole.
service::Result<void> reindex(const indexer::Settings& settings) {
    const auto folder = settings.house.data / "index", beside = settings.house.data / "index.new";
    const archive::Archive archive(settings.house.data / "archive");
    const auto old = search::Index::open(folder);  // the lock: nobody may be using what is replaced
    if (!old) return service::fail(old.error());
    std::filesystem::remove_all(beside);
    try {
        const auto fresh = search::Index::open(beside);
        if (!fresh) return service::fail(fresh.error());
        fill(**fresh, archive);
    } catch (...) {
        std::filesystem::remove_all(beside);
        throw;
    }
    std::filesystem::remove(folder / "session");  // without it an index counts as damaged: a kill in between is seen
    for (const auto* part : {"terms", "columns"}) {
        std::filesystem::remove_all(folder / part);
        std::filesystem::rename(beside / part, folder / part);
    }
    std::filesystem::remove_all(beside);
    return {};
}

// On the follower's thread, whose they are.
service::Result<std::string> answer_dead_letters(bus::DeadLetters& letters, indexer::Follower& follower, const std::string& request) {
    const auto asked = bus::Value::decode(request);
    if (!asked) return service::fail(asked.error());
    const auto answer = letters.answer(*asked, [&](const bus::Event& event, const std::string&) { return follower.again(event); });
    if (!answer) return service::fail(answer.error());
    return answer->encode();
}

service::Result<void> serve(const indexer::Settings& settings) {
    auto keys = bus::keys_of(settings.house, "indexer");
    if (!keys) return service::fail(std::move(keys.error()));
    archive::Archive archive(settings.house.data / "archive");
    const auto index = search::Index::open(settings.house.data / "index");
    if (!index) return service::fail(index.error());

    const service::SystemClock clock;
    service::Reactor reactor;
    const auto stop = reactor.on_signal({SIGINT, SIGTERM}, [&](int) { reactor.stop(); });
    query::Progress progress;
    query::Service archive_service(archive, **index, settings.house, clock, progress);
    bus::ClientOptions options;
    options.endpoint = settings.house.endpoint;
    options.name = "indexer";
    options.role = bus::Role::indexer;
    options.keys = *keys;
    bus::Client client(reactor, std::move(options));
    query::Desk desk(reactor, [&](const std::string& method, const std::string& request, std::chrono::milliseconds left) -> service::Result<std::string> {
        const auto asked = bus::Value::decode(request);
        if (!asked) return service::fail(asked.error());
        const auto answer = archive_service.answer(method, *asked, left);
        if (!answer) return service::fail(answer.error());
        return answer->encode();
    });
    bus::DeadLetters dead_letters(settings.house.data / "dead_letters" / "indexer", clock);
    indexer::Follower follower(reactor, client, archive, **index, clock, progress, dead_letters, settings.commit_every);
    client.serve("archive", [&](const std::string& method, const std::string& request, std::chrono::milliseconds deadline, const bus::Client::Reply& reply) {
        if (method == "dead_letters") return reply(answer_dead_letters(dead_letters, follower, request));
        desk.ask(method, request, deadline, reply);
    });
    // Talk goes first: this thread, which writes, stands back. Those that carry and answer questions are made already.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), behind_others);
    reactor.run();
    return {};
}

service::Result<void> run(const service::Arguments& arguments) {
    auto file = service::SettingsFile::load(arguments.settings_path);
    if (!file) return service::fail(file.error());
    const auto settings = indexer::read_settings(file->root());
    if (auto good = file->good(); !good) return service::fail(good.error());
    if (arguments.check) return {};
    return service::flag(arguments, "--reindex") ? reindex(settings) : serve(settings);
}

}  // namespace

int main(int argc, char** argv) {
    parley::service::Program program{"parley-indexer", "archive, index and search of Parley", {{"--reindex", "", "build the index again from the archive, then end"}}, run, {}};
    return parley::service::main_of(program, argc, argv);
}
