// Frames as bytes and back; see keeper_frames.h.
#include "bridges/irc/keeper_frames.h"

#include <charconv>
#include <deque>
#include <type_traits>

#include "bridges/kit/channel.h"
#include "bridges/kit/pack.h"

namespace parley::irc::keeper {

namespace {

using service::Code;

constexpr std::uint64_t number_max = std::uint64_t{1} << 62;  // so that a time fits its type

struct Writer {
    std::deque<std::string> numbers;  // what the views point into
    std::vector<std::string_view> parts;
    void operator()(const std::string& text) { parts.push_back(text); }
    void operator()(std::uint64_t number) { parts.push_back(numbers.emplace_back(std::to_string(number))); }
};

struct Reader {
    const std::vector<std::string_view>& parts;
    std::size_t at = 1;
    bool good = true;
    void operator()(std::string& text) {
        if (at >= parts.size()) return void(good = false);
        text = parts[at++];
    }
    void operator()(std::uint64_t& number) {
        if (at >= parts.size()) return void(good = false);
        const auto text = parts[at++];
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size() || number > number_max) good = false;
    }
};

template <class T>
constexpr bool grows = std::is_same_v<T, Hello> || std::is_same_v<T, Welcome> || std::is_same_v<T, Refused>;

// Whether it is one of these; the version of one that may be newer is all that counts then.
template <class T>
bool read(const std::vector<std::string_view>& parts, service::Result<Frame>& out) {
    if (parts[0] != T::name) return false;
    T frame;
    Reader reader{parts};
    frame.each(reader);
    bool good = reader.good && reader.at == parts.size();
    if constexpr (grows<T>) good = reader.good;
    if (good)
        out = Frame(std::move(frame));
    else
        out = service::fail(Code::invalid, "a frame \"" + std::string(T::name) + "\" has other fields than it should");
    return true;
}

template <class... T>
service::Result<Frame> read_any(const std::vector<std::string_view>& parts, const std::variant<T...>*) {
    service::Result<Frame> out = service::fail(Code::invalid, "a frame has a name that is not known");
    (read<T>(parts, out) || ...);
    return out;
}

}  // namespace

std::string encode(const Frame& frame) {
    return std::visit(
        [](auto copy) {
            Writer writer;
            writer.parts.push_back(copy.name);
            copy.each(writer);
            return kit::pack(writer.parts);
        },
        frame);
}

service::Result<Frame> decode(std::string_view bytes) {
    if (bytes.size() > kit::frame_bytes_max) return service::fail(Code::invalid, "a frame is too long");
    const auto parts = kit::unpack(bytes);
    if (!parts || parts->empty()) return service::fail(Code::invalid, "a frame is no list of fields");
    return read_any(*parts, static_cast<const Frame*>(nullptr));
}

}  // namespace parley::irc::keeper
