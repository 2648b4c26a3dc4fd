#include "broker/bots/output.h"

#include <algorithm>

#include "broker/service/unicode.h"

namespace parley::bots {

using bus::RunOutput;

namespace {

constexpr std::size_t event_bytes_max = 64 << 10;  // of one RunOutput

// Where a terminal's sequence ends that begins at `at` with "\x1b[": behind its last byte, or before what it cannot hold.
std::size_t sequence_end(std::string_view text, std::size_t at) {
    at += 2;
    while (at < text.size() && text[at] >= ' ' && text[at] <= '?') ++at;
    return at < text.size() && text[at] >= '@' && text[at] <= '~' ? at + 1 : at;
}

// A terminal's colours and cursor moves mean nothing in a room, and other control characters less.
std::string readable(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        if (text.substr(at).starts_with("\x1b[")) {
            at = sequence_end(text, at);
            continue;
        }
        const auto [c, next] = service::unicode::decode(text, at);
        if (c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f) || c >= 0xa0) out += text.substr(at, next - at);
        at = next;
    }
    return out;
}

// A place at most three bytes before `at` that cuts no character in two.
std::size_t character_border(std::string_view text, std::size_t at) {
    for (std::size_t back = 0; back < 4 && at < text.size(); ++back) {
        if ((static_cast<unsigned char>(text[at - back]) & 0xC0) != 0x80) return at - back;
    }
    return at;
}

}  // namespace

void Output::add(RunOutput::Stream stream, std::string_view bytes) {
    bytes_ += bytes.size();
    lines_ += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), bytes_max_ - kept_));
    kept_ += room;
    (stream == RunOutput::Stream::out ? out_ : err_) += bytes.substr(0, room);
}

RunOutput Output::note(bus::Text shown) {
    RunOutput out;
    out.ordinal = ordinal_++;
    out.stream = RunOutput::Stream::log;
    out.shown = std::move(shown);
    return out;
}

std::optional<RunOutput> Output::take(bool all) {
    if (auto out = take_from(out_, RunOutput::Stream::out, all)) return out;
    return take_from(err_, RunOutput::Stream::err, all);
}

std::optional<RunOutput> Output::take_from(std::string& buffer, RunOutput::Stream stream, bool all) {
    std::size_t size = std::min(buffer.size(), event_bytes_max);
    const bool rest = all && size == buffer.size();
    if (!rest) {
        const auto line = buffer.rfind('\n', size == 0 ? 0 : size - 1);
        if (line != std::string::npos && line < size) size = line + 1;
        else if (buffer.size() < event_bytes_max) return std::nullopt;
        else size = character_border(buffer, size);
    }
    if (size == 0) return std::nullopt;
    RunOutput event;
    event.ordinal = ordinal_++;
    event.stream = stream;
    event.data = service::unicode::repaired(std::string_view(buffer).substr(0, size));
    if (rest && buffer[size - 1] != '\n') ++lines_;  // a last line without its end
    buffer.erase(0, size);
    std::string shown;
    const auto text = readable(event.data);
    for (std::size_t begin = 0; begin < text.size() && shown_lines_ < room_lines_max_;) {
        const auto end = std::min(text.find('\n', begin), text.size());
        if (!shown.empty()) shown += '\n';
        shown.append(text, begin, end - begin);
        ++shown_lines_;
        begin = end + 1;
    }
    event.shown = std::move(shown);
    return event;
}

}  // namespace parley::bots
