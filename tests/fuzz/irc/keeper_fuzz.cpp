// Whatever comes over a keeper's socket, and whatever its file holds: a frame that is understood is written as it came, and
// the log keeps its numbers in order. Input lines: "+text" is heard, "-n" is taken, "=n" a state is told, "!" a death.
#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "bridges/irc/keeper/log.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/properties.h"

using namespace parley;
using namespace parley::irc::keeper;
using fuzz::invariant;

namespace {

void frame(std::string_view bytes) {
    const auto frame = decode(bytes);
    if (!frame) return invariant(!frame.error().what.empty(), "an error says why");
    const auto written = encode(*frame);
    const auto again = decode(written);
    invariant(again && encode(*again) == written, "a frame is written as it was understood");
}

void check(const Log& log, std::uint64_t heard) {
    invariant(log.taken() <= log.last(), "nothing is taken that was not heard");
    if (!log.there()) return;
    invariant(log.last() == heard, "every line has its number");
    auto after = log.taken();
    for (auto next = log.next(after); next; next = log.next(after)) {
        invariant(next->number == after + 1, "lines come in order and none is left out");
        after = next->number;
    }
    invariant(after == log.last(), "all that is not taken is offered");
}

void life(std::string_view rest) {
    const fuzz::Folder folder;
    std::optional<Log> log(std::in_place, folder.path / "kept");
    std::uint64_t heard = 0;
    const auto now = service::Time(std::chrono::seconds(1'000'000));
    invariant(log->begin(now).has_value(), "there is room");
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        const auto what = line.empty() ? '!' : line[0];
        const auto number = std::strtoull(std::string(line.substr(std::min<std::size_t>(1, line.size()))).c_str(), nullptr, 10);
        if (!log->there()) {
            invariant(log->begin(now).has_value(), "there is room");
            heard = 0;
        }
        if (what == '+' && log->heard(std::string(line.substr(1)), now)) ++heard;
        if (what == '-') invariant(log->taken(number) == (number <= heard), "what was never heard cannot be taken");
        if (what == '=') log->state(number, {"state"});
        if (what == '!') {
            log.emplace(folder.path / "kept");
            if (log->there()) ++heard;  // that it ended
            check(*log, heard);
            if (log->there()) invariant(log->taken(log->last()) && !log->there(), "the end can be taken");
        }
        check(*log, heard);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::be_quiet();
    const auto text = fuzz::text_of(data, size);
    frame(text);
    life(text);
    {
        const fuzz::Folder folder;
        const auto file = folder.path / "kept";
        std::ofstream(file) << text;
        std::optional<Log> log;
        if (fuzz::refused_as_later(file, text, [&] { log.emplace(file); })) return 0;
        check(*log, log->last());
    }
    return 0;
}
