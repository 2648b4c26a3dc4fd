// The IRC line protocol: RFC 1459/2812 with IRCv3 message tags. Pure; input may be hostile. What lines mean is
// session's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::irc {

constexpr std::size_t line_bytes_max = 512;     // with CR LF and the prefix that others see, without tags
constexpr std::size_t tags_bytes_max = 8191;    // with "@" and the space
constexpr std::size_t input_bytes_max = 16384;  // of one line from a server: some are generous
constexpr std::size_t params_max = 15;

struct Line {
    std::vector<std::pair<std::string, std::string>> tags;  // values without escapes
    std::string source;                                     // "nick!user@host" or a server's name; may be empty
    std::string command;                                    // upper case
    std::vector<std::string> params;

    std::string_view nick() const { return std::string_view(source).substr(0, source.find('!')); }
    bool from_person() const { return source.find('!') != std::string::npos; }
    std::string_view param(std::size_t at) const { return at < params.size() ? std::string_view(params[at]) : ""; }
    std::string_view last() const { return params.empty() ? std::string_view() : std::string_view(params.back()); }
    std::optional<std::string_view> tag(std::string_view name) const;
    friend bool operator==(const Line&, const Line&) = default;
};

// One line without its line break. nullopt: not a line of IRC.
std::optional<Line> parse(std::string_view bytes);

// As bytes, without CR LF. Whatever the fields hold, it is one line with these parameters and no others: NUL, CR and LF
// become spaces, and a parameter that may not hold a space gets "_" for it. Never longer than 510 bytes beside its
// tags: the last parameter is cut between characters (callers split before that, see split()).
std::string format(const Line& line);

// The text in pieces of at most `bytes_max` bytes: at line breaks, else after spaces, else between graphemes. No piece
// is empty.
std::vector<std::string> split(std::string_view text, std::size_t bytes_max);

// Cuts a stream of bytes into lines. A line beyond the limit is dropped whole.
class LineReader {
public:
    // Calls `line` for each line that `bytes` completes; stops early if it returns false.
    template <class F>
    void feed(std::string_view bytes, F&& line) {
        while (!bytes.empty()) {
            const auto end = bytes.find_first_of(std::string_view("\r\n\0", 3));
            take(bytes.substr(0, end));
            if (end == std::string_view::npos) return;
            bytes.remove_prefix(end + 1);
            const bool whole = !overlong_ && !buffer_.empty();
            const std::string done = std::exchange(buffer_, {});
            overlong_ = false;
            if (whole && !line(std::string_view(done))) return;
        }
    }
    std::size_t dropped() const { return dropped_; }

private:
    void take(std::string_view bytes);
    std::string buffer_;
    bool overlong_ = false;
    std::size_t dropped_ = 0;
};

// CTCP: "\1ACTION waves\1".
struct Ctcp {
    std::string command;  // upper case
    std::string argument;
};
std::optional<Ctcp> parse_ctcp(std::string_view text);
std::string format_ctcp(std::string_view command, std::string_view argument);

std::string base64(std::string_view bytes);

}  // namespace parley::irc
