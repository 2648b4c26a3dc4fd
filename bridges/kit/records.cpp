// The file begins with "parley records 1\n"; one of an earlier version begins with the first record.
// A record is: its length (u32, little-endian), the first four bytes of its BLAKE2b hash, its bytes.
#include "bridges/kit/records.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "broker/bus/ids.h"

namespace parley::kit {
namespace {

using service::Code;
using service::Error;

constexpr std::size_t head_bytes = 8;
constexpr std::string_view mark = "parley records 1\n", mark_of_any = "parley records ";

std::string head_of(std::string_view record) {
    std::string head;
    const auto size = static_cast<std::uint32_t>(record.size());
    for (int shift = 0; shift < 32; shift += 8) head += static_cast<char>(size >> shift & 0xFF);
    head += bus::derived_id({record}).view().substr(0, 4);
    return head;
}

std::uint32_t size_in(std::string_view head) {
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < 4; ++i)
        size |= static_cast<std::uint32_t>(static_cast<unsigned char>(head[i])) << (8 * i);
    return size;
}

}  // namespace

// Read as the length of a record the mark would be beyond every file: no file of an earlier version begins so.
std::string_view Records::after_mark(std::string_view all) {
    if (all.starts_with(mark)) {
        first_ = bytes_ = mark.size();
        return all.substr(first_);
    }
    if (all.starts_with(mark_of_any) && all.find('\n') != std::string_view::npos)
        throw std::runtime_error(fmt::format("{} was written by a later version (install that one, or a later one; nothing was changed)", path_.string()));
    return all;
}

Records::Records(std::filesystem::path file) : path_(std::move(file)) {
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), "cannot open " + path_.string());
    try {
        recover_all();
    } catch (...) {
        ::close(file_);
        throw;
    }
}

void Records::recover_all() {
    const auto check = [this](bool good, const char* what) {
        if (!good) throw std::system_error(errno, std::generic_category(), fmt::format("cannot {} {}", what, path_.string()));
    };
    const auto size = ::lseek(file_, 0, SEEK_END);
    check(size >= 0, "use");
    std::string all(static_cast<std::size_t>(size), '\0');
    for (std::size_t read = 0; read < all.size();) {  // what cannot be read is not taken for a torn end
        errno = 0;
        const auto got = ::pread(file_, all.data() + read, all.size() - read, static_cast<off_t>(read));
        check(got > 0 || errno == EINTR, "read");
        if (got > 0) read += static_cast<std::size_t>(got);
    }
    for (auto rest = after_mark(all); rest.size() >= head_bytes;) {
        const auto bytes = size_in(rest);
        if (bytes > rest.size() - head_bytes) break;
        const auto record = rest.substr(head_bytes, bytes);
        if (head_of(record) != rest.substr(0, head_bytes)) break;
        recovered_.push_back({{bytes_, head_bytes + bytes}, std::string(record)});
        bytes_ += head_bytes + bytes;
        rest.remove_prefix(head_bytes + bytes);
    }
    check(::ftruncate(file_, static_cast<off_t>(bytes_)) == 0 && ::lseek(file_, 0, SEEK_END) >= 0, "use");
    begin();
}

// An empty file gets its mark; without room for it, it goes without.
void Records::begin() {
    if (bytes_ > 0) return;
    if (::write(file_, mark.data(), mark.size()) == static_cast<ssize_t>(mark.size())) {
        first_ = bytes_ = mark.size();
        return;
    }
    if (::ftruncate(file_, 0) == 0) ::lseek(file_, 0, SEEK_SET);
}

Records::~Records() { ::close(file_); }

Error Records::trouble(int number) const {
    return {Code::io,
            fmt::format("cannot write to {}: {}", path_.string(), number == 0 ? "the disk is full" : std::strerror(number)),
            "make room on the disk"};
}

service::Result<Records::Place> Records::append(std::string_view record) {
    const auto bytes = head_of(record).append(record);
    const auto written = ::write(file_, bytes.data(), bytes.size());
    if (written != static_cast<ssize_t>(bytes.size())) {
        const int why = written < 0 ? errno : 0;
        // Whatever part was written must not stand before the next record.
        if (::ftruncate(file_, static_cast<off_t>(bytes_)) == 0) ::lseek(file_, 0, SEEK_END);
        return service::fail(trouble(why));
    }
    const Place place{bytes_, bytes.size()};
    bytes_ += bytes.size();
    return place;
}

service::Result<std::string> Records::read(Place place) const {
    std::string bytes(place.bytes, '\0');
    const auto got = ::pread(file_, bytes.data(), bytes.size(), static_cast<off_t>(place.offset));
    if (got != static_cast<ssize_t>(bytes.size()) || bytes.size() < head_bytes)
        return service::fail(Code::io, fmt::format("cannot read {} at {}", path_.string(), place.offset),
                             "look after the disk");
    return bytes.substr(head_bytes);
}

void Records::clear() {
    const auto end = static_cast<off_t>(first_);
    if (::ftruncate(file_, end) == 0 && ::lseek(file_, end, SEEK_SET) == end) bytes_ = first_;
}

service::Result<void> Records::sync() {
    if (::fdatasync(file_) != 0)
        return service::fail(Code::io, fmt::format("cannot sync {}: {}", path_.string(), std::strerror(errno)), "check the disk");
    return {};
}

service::Result<std::vector<Records::Place>> Records::rewrite(const std::vector<std::string>& fresh,
                                                              const std::vector<Place>& kept) {
    std::string all(mark);
    std::vector<Place> places;
    const auto add = [&](const std::string& record) {
        const auto offset = all.size();
        all.append(head_of(record)).append(record);
        places.push_back({offset, all.size() - offset});
    };
    for (const auto& record : fresh) add(record);
    for (const auto& place : kept) {
        const auto record = read(place);
        if (!record) return service::fail(record.error());
        add(*record);
    }
    const auto other = path_.string() + ".new";
    const int file = ::open(other.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return service::fail(trouble(errno));
    const auto written = ::write(file, all.data(), all.size());
    const bool good = written == static_cast<ssize_t>(all.size()) && ::fdatasync(file) == 0 && ::rename(other.c_str(), path_.c_str()) == 0;
    if (!good) {
        const int why = written >= 0 && written < static_cast<ssize_t>(all.size()) ? 0 : errno;
        ::close(file);
        ::unlink(other.c_str());
        return service::fail(trouble(why));
    }
    ::close(std::exchange(file_, file));
    bytes_ = all.size();
    first_ = mark.size();
    return places;
}

}  // namespace parley::kit
