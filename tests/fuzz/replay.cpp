// Stands in for libFuzzer where it is not built in: gives every file of a corpus folder to the target, then mutations
// of them: PARLEY_FUZZ_INPUTS (20,000), but for no longer than PARLEY_FUZZ_SECONDS (2). PARLEY_SEED (1) says which, so that a
// test says the same of the same code everywhere; to search is for tools/fuzz. An input that ends the process is left
// in the working folder as crash-SEED.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t input_bytes_max = 64 << 10;
const std::uint8_t* running = nullptr;  // what the target has in hand, for keep_input()
std::size_t running_bytes = 0;
char crash_name[64];

// Runs in a signal handler: nothing but system calls.
void keep_input(int signal) {
    const int fd = ::open(crash_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd >= 0 && ::write(fd, running, running_bytes) < 0) ::_exit(99);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void give(const Bytes& input) {
    running = input.data();
    running_bytes = input.size();
    LLVMFuzzerTestOneInput(input.data(), input.size());
}

std::vector<Bytes> read_corpus(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());  // the same order everywhere, so that a seed means the same
    std::vector<Bytes> out;
    for (const auto& path : paths) {
        std::ifstream in(path, std::ios::binary);
        out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return out;
}

class Mutator {
public:
    Mutator(std::uint64_t seed, const std::vector<Bytes>& corpus) : random_(seed), corpus_(corpus) {}

    Bytes next() {
        Bytes input = corpus_[below(corpus_.size())];
        for (auto changes = 1 + below(6); changes > 0; --changes) change(input);
        if (input.size() > input_bytes_max) input.resize(input_bytes_max);
        return input;
    }

private:
    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }

    void change(Bytes& input) {
        static constexpr std::uint8_t telling[] = {0x00, 0x01, 0x7f, 0x80, 0xc0, 0xc1, 0xdb, 0xdd, 0xdf, 0xff, '\n', '\r', '<', '"', '\\', ' '};
        const auto at = static_cast<std::ptrdiff_t>(below(input.size() + 1));
        const auto inside = static_cast<std::size_t>(at) < input.size();
        const auto length = static_cast<std::ptrdiff_t>(below(std::min<std::size_t>(input.size() - static_cast<std::size_t>(at), 32) + 1));
        switch (below(8)) {
            case 0: if (inside) input[static_cast<std::size_t>(at)] ^= static_cast<std::uint8_t>(1U << below(8)); break;
            case 1: if (inside) input[static_cast<std::size_t>(at)] = telling[below(std::size(telling))]; break;
            case 2: input.insert(input.begin() + at, telling[below(std::size(telling))]); break;
            case 3: input.erase(input.begin() + at, input.begin() + at + length); break;
            case 4: input.resize(static_cast<std::size_t>(at)); break;
            case 5: {
                const Bytes part(input.begin() + at, input.begin() + at + length);
                input.insert(input.begin() + at, part.begin(), part.end());
                break;
            }
            case 6: {
                const auto& other = corpus_[below(corpus_.size())];
                const auto from = static_cast<std::ptrdiff_t>(below(other.size() + 1));
                input.insert(input.begin() + at, other.begin() + from, other.end());
                break;
            }
            default: input.insert(input.begin() + at, static_cast<std::uint8_t>(random_()));
        }
    }

    std::mt19937_64 random_;
    const std::vector<Bytes>& corpus_;
};

double number_from(const char* name, double fallback) {
    const char* text = std::getenv(name);
    return text == nullptr ? fallback : std::strtod(text, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]), 2;
    const char* chosen = std::getenv("PARLEY_SEED");
    const std::uint64_t seed = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : 1;
    std::snprintf(crash_name, sizeof crash_name, "crash-%llu", static_cast<unsigned long long>(seed));
    std::fprintf(stderr, "PARLEY_SEED=%llu\n", static_cast<unsigned long long>(seed));
    for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, keep_input);

    auto corpus = read_corpus(argv[1]);
    if (corpus.empty()) return std::fprintf(stderr, "%s: no files\n", argv[1]), 1;
    for (const auto& input : corpus) give(input);
    give({});

    const auto seconds = std::clamp(number_from("PARLEY_FUZZ_SECONDS", 2), 0.0, 3600.0);
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    Mutator mutator(seed, corpus);
    const auto inputs_max = static_cast<std::uint64_t>(std::clamp(number_from("PARLEY_FUZZ_INPUTS", 20'000), 0.0, 1e12));
    std::uint64_t inputs = 0;
    for (; inputs < inputs_max && std::chrono::steady_clock::now() < end; ++inputs) give(mutator.next());
    std::fprintf(stderr, "%zu files and %llu mutations\n", corpus.size(), static_cast<unsigned long long>(inputs));
    return 0;
}
