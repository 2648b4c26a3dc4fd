// Whatever a program writes, in whatever pieces: all that is kept comes out, repaired, and the room sees readable lines.
// Input: two bytes for the limits, then pieces: a byte for length and stream, and as many bytes.
#include "broker/bots/output.h"
#include "tests/fuzz/properties.h"

using namespace parley;
using fuzz::invariant;

namespace {

using Stream = bus::RunOutput::Stream;

bool readable(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto [c, next] = service::unicode::decode(text, at);
        if ((c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0)) return false;
        at = next;
    }
    return true;
}

struct Seen {
    std::string of[2];
    std::uint64_t ordinal = 0, shown_lines = 0;

    void take(bots::Output& output, bool all) {
        while (auto event = output.take(all)) {
            invariant(event->ordinal == ordinal++, "parts are numbered");
            invariant(!event->data.empty() && event->data.size() <= 3 * (64 << 10), "a part keeps its limit");
            invariant(fuzz::valid(event->data) && fuzz::valid(event->shown.plain), "output is UTF-8");
            invariant(readable(event->shown.plain), "the room sees no control characters");
            if (!event->shown.empty()) shown_lines += 1 + static_cast<std::uint64_t>(std::count(event->shown.plain.begin(), event->shown.plain.end(), '\n'));
            of[event->stream == Stream::err ? 1 : 0] += event->data;
            bus::Event whole;
            whole.body = std::move(*event);
            fuzz::survives(whole);
        }
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto rest = fuzz::text_of(data, size);
    const std::uint64_t bytes_max = std::uint64_t{16} * fuzz::take_byte(rest);
    const std::uint32_t lines_max = fuzz::take_byte(rest) % 16;
    bots::Output output(bytes_max, lines_max);
    Seen seen;
    std::string written[2];
    std::uint64_t bytes = 0, kept = 0;
    while (!rest.empty()) {
        const auto head = fuzz::take_byte(rest);
        const auto piece = rest.substr(0, static_cast<std::size_t>(head & 0x7f));
        rest.remove_prefix(piece.size());
        output.add((head & 0x80) != 0 ? Stream::err : Stream::out, piece);
        const auto room = std::min<std::uint64_t>(piece.size(), bytes_max - kept);
        written[head >> 7] += piece.substr(0, static_cast<std::size_t>(room));
        bytes += piece.size();
        kept += room;
        seen.take(output, false);
    }
    seen.take(output, true);
    invariant(output.bytes() == bytes && output.truncated() == (kept < bytes), "every byte is counted");
    invariant(seen.shown_lines <= lines_max, "the room sees no more lines than it may");
    for (const int i : {0, 1}) {
        // Repaired in parts or as a whole is the same, as parts end at lines.
        invariant(seen.of[i] == service::unicode::repaired(written[i]), "all that is kept comes out, in order");
    }
    return 0;
}
