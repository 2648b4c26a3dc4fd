// IRC logs as events: "[09:36] <nick> text", "[09:36]  * nick action", "=== nick [user@host] has joined #room".
// Pure: the same file gives the same events with the same ids, so that importing twice changes nothing.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "broker/bus/event.h"
#include "broker/service/result.h"

namespace parley::cli {

struct IrcLog {
    std::vector<bus::Event> events;
    std::size_t lines_skipped = 0;  // empty ones, and those of no known form
};

// The date is the first "YYYY-MM-DD" in the file's name; hours that go back mean that midnight has passed. Within a
// minute the order of the lines is kept by microseconds. Bytes that are no UTF-8 are read as Latin-1 or replaced.
service::Result<IrcLog> parse_irc_log(std::string_view file_name, std::string_view content, const bus::RoomAddress& room,
                                     bus::Visibility visibility = bus::Visibility::everyone);
// The same from a file's content.
service::Result<std::vector<bus::Event>> read_irc_log(const std::filesystem::path& path, const bus::RoomAddress& room,
                                                      bus::Visibility visibility = bus::Visibility::everyone);

}  // namespace parley::cli
