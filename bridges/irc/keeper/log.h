// What a connection has said, on disk, until a bridge has taken it; and what must be known of it to go on. Records are
// frames (keeper_frames.h): Opened, Known (a fact), Heard, Taken, Closed.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "bridges/irc/keeper_frames.h"
#include "bridges/kit/records.h"

namespace parley::irc::keeper {

class Log {
public:
    // What an earlier keeper left becomes a connection that has ended, with the last line that it wrote. Throws
    // std::system_error if the file cannot be used.
    explicit Log(const std::filesystem::path& file);

    bool there() const { return born_.has_value(); }  // a connection, up or with something untaken
    bool known() const { return !facts_.empty(); }    // a bridge can go on with it
    service::Time born() const { return born_.value_or(service::Time{}); }
    std::uint64_t last() const { return next_ - 1; }  // number of a line
    std::uint64_t taken() const { return taken_; }
    std::uint64_t untaken_bytes() const { return bytes_ - taken_bytes_; }
    std::uint64_t bytes() const { return file_.bytes(); }

    // Code::io: nothing has changed, and it may be tried again.
    service::Result<void> begin(service::Time born);
    service::Result<void> heard(const std::string& line, service::Time when);
    service::Result<void> closed(const service::Error& why, service::Time when);
    // Numbers that were never given are refused. When the end is taken, nothing is there any more.
    bool taken(std::uint64_t number);
    bool state(std::uint64_t number, const std::vector<std::string>& facts);
    void clear();

    // What a new bridge must go through before next(taken()).
    void tell_known(const std::function<void(std::string line)>& tell) const;
    struct Next {
        std::uint64_t number = 0;
        service::Time time{};
        Frame frame;  // Heard or Closed
    };
    std::optional<Next> next(std::uint64_t after) const;

private:
    struct Entry {
        std::uint64_t number = 0;
        kit::Records::Place place;
        bool end = false;
    };
    void recover();
    service::Result<void> add(const Frame& frame, bool end);
    bool advance(std::uint64_t number);
    Frame read(const kit::Records::Place& place) const;

    kit::Records file_;
    std::optional<service::Time> born_;
    std::vector<kit::Records::Place> facts_;
    std::deque<Entry> entries_;  // since the facts: taken ones, then the others; without gaps
    std::uint64_t next_ = 1, taken_ = 0;
    std::uint64_t bytes_ = 0, taken_bytes_ = 0;  // of entries_
};

}  // namespace parley::irc::keeper
