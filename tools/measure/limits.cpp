// What this machine can do at best, the limits that Parley's figures are held against: bytes on disk, LMDB alone, ZeroMQ
// alone. Uses both libraries raw, on purpose.
#include <fcntl.h>
#include <fmt/format.h>
#include <lmdb.h>
#include <unistd.h>
#include <zmq.h>

#include <stdexcept>
#include <thread>

#include "tests/support/process.h"
#include "tools/measure/figures.h"
#include "tools/measure/processes.h"

namespace {

using namespace parley::measure;

constexpr std::size_t record_bytes = 220;  // a message of 70 letters as the journal keeps it
constexpr std::size_t page_bytes = 4096;
constexpr std::chrono::milliseconds relay_pace{10};  // the relay's latency is measured at 100 messages a second

void must(bool good, const char* what) {
    if (!good) throw std::runtime_error(what);
}

template <class F>
double timed(F&& work) {
    const auto begin = Steady::now();
    work();
    return microseconds(Steady::now() - begin);
}

// Pages written into a file that has its size already, each made durable by itself.
Json disk(const std::filesystem::path& folder, std::size_t rounds) {
    const auto path = folder / "pages";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    must(file >= 0, "cannot write here");
    const std::string page(page_bytes, 'p');
    for (std::size_t i = 0; i < rounds; ++i) must(::pwrite(file, page.data(), page.size(), static_cast<off_t>(i * page_bytes)) == page_bytes, "cannot write");
    must(::fsync(file) == 0, "cannot sync");
    Json out;
    struct Kind {
        const char* name;
        int (*sync)(int);
        std::chrono::milliseconds pause;  // a disk that was at rest, and its interrupt on a core that was, take longer
    };
    for (const auto& [name, sync, pause] : {Kind{"fdatasync", &::fdatasync, {}}, Kind{"fsync", &::fsync, {}}, Kind{"fdatasync_paced", &::fdatasync, relay_pace}}) {
        std::vector<double> times;
        for (std::size_t i = 0; i < rounds; ++i) {
            std::this_thread::sleep_for(pause);
            times.push_back(timed([&] {
                must(::pwrite(file, page.data(), page.size(), static_cast<off_t>(i * page_bytes)) == page_bytes, "cannot write");
                must(sync(file) == 0, "cannot sync");
            }));
        }
        out.add(name, latency(times));
    }
    ::close(file);
    return out;
}

// Records appended, `group` to a durable transaction.
Json lmdb(const std::filesystem::path& folder, std::size_t group, std::size_t commits) {
    MDB_env* env = nullptr;
    must(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, std::size_t{1} << 32) == 0, "no LMDB");
    std::filesystem::create_directories(folder);
    must(mdb_env_open(env, folder.c_str(), 0, 0600) == 0, "cannot open LMDB");
    std::string record(record_bytes, 'r');
    std::uint64_t number = 0;
    std::vector<double> times;
    for (std::size_t i = 0; i < commits; ++i) {
        times.push_back(timed([&] {
            MDB_txn* txn = nullptr;
            MDB_dbi table = 0;
            must(mdb_txn_begin(env, nullptr, 0, &txn) == 0 && mdb_dbi_open(txn, nullptr, MDB_INTEGERKEY, &table) == 0, "no transaction");
            for (std::size_t j = 0; j < group; ++j, ++number) {
                MDB_val key{sizeof number, &number}, value{record.size(), record.data()};
                must(mdb_put(txn, table, &key, &value, MDB_APPEND) == 0, "cannot append");
            }
            must(mdb_txn_commit(txn) == 0, "cannot commit");
        }));
    }
    mdb_env_close(env);
    double sum = 0;
    for (const double time : times) sum += time;
    return latency(times).add("per_second", static_cast<double>(number) * 1e6 / sum);
}

// One frame there and the same frame back, between two threads over ipc; `in_flight` at once.
Json echo(const std::filesystem::path& folder, std::size_t in_flight, std::size_t rounds) {
    const auto address = "ipc://" + (folder / fmt::format("echo-{}", in_flight)).string();
    void* context = zmq_ctx_new();
    void* router = zmq_socket(context, ZMQ_ROUTER);
    void* dealer = zmq_socket(context, ZMQ_DEALER);
    for (void* socket : {router, dealer}) {
        const int none = 0, patience = 10'000;
        zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
        zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience, sizeof patience);
    }
    must(zmq_bind(router, address.c_str()) == 0 && zmq_connect(dealer, address.c_str()) == 0, "no ZeroMQ socket");
    std::thread other([&] {
        char peer[256], frame[record_bytes];
        for (std::size_t i = 0; i < rounds; ++i) {
            const int size = zmq_recv(router, peer, sizeof peer, 0);
            if (size < 0 || zmq_recv(router, frame, sizeof frame, 0) < 0) return;
            zmq_send(router, peer, static_cast<std::size_t>(size), ZMQ_SNDMORE);
            zmq_send(router, frame, sizeof frame, 0);
        }
    });
    std::string frame(record_bytes, 'f');
    std::vector<double> times;
    std::vector<Steady::time_point> sent;
    bool whole = true;
    const auto begin = Steady::now();
    for (std::size_t received = 0; received < rounds && whole; ++received) {
        while (sent.size() < rounds && sent.size() - received < in_flight) {
            sent.push_back(Steady::now());
            zmq_send(dealer, frame.data(), frame.size(), 0);
        }
        whole = zmq_recv(dealer, frame.data(), frame.size(), 0) == static_cast<int>(record_bytes);
        times.push_back(microseconds(Steady::now() - sent[received]));
    }
    const double took = seconds(Steady::now() - begin);
    other.join();
    zmq_close(dealer);
    zmq_close(router);
    zmq_ctx_term(context);
    must(whole, "ZeroMQ does not answer");
    return latency(times).add("per_second", static_cast<double>(rounds) / took);
}

}  // namespace

int main(int argc, char** argv) {
    Options options(argc, argv, "usage: measure_limits [--rounds 400]");
    const auto rounds = static_cast<std::size_t>(options.number("rounds", 400));
    options.finish();
    try {
        const parley::tests::TempFolder folder("parley-limits");
        Json out;
        out.add("disk", disk(folder.path(), rounds));
        for (const std::size_t group : {1, 64, 1024}) out.add(fmt::format("lmdb_{}", group), lmdb(folder.path() / fmt::format("lmdb-{}", group), group, rounds / (group == 1024 ? 8 : 1)));
        out.add("zmq_1", echo(folder.path(), 1, rounds * 10)).add("zmq_64", echo(folder.path(), 64, rounds * 100));
        fmt::print("{}\n", out.add("load_average", load_average()).text());
    } catch (const std::exception& error) {
        fmt::print(stderr, "measure_limits: {}\n", error.what());
        return 1;
    }
    return 0;
}
