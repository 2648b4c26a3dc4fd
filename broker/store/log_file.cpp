#include "broker/store/log_file.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "broker/store/failing.h"
#include "broker/store/little_endian.h"

namespace parley::store {
namespace {

constexpr std::string_view magic = "PWAL";
constexpr std::uint64_t growth_bytes = 64 << 10;  // at least; zeros are written, so that a frame in them changes nothing but bytes
constexpr std::uint64_t kept_bytes_max = 20 << 20;  // a longer file is cut when it is begun again
constexpr std::size_t check_bytes = 8;

}  // namespace

LogFile::LogFile(std::filesystem::path path, const Key& key) : path_(std::move(path)), key_(key) {
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) fail_with(errno, "open " + path_.string());
    const auto size = ::lseek(file_, 0, SEEK_END);
    if (size < 0) {
        const int why = errno;
        ::close(file_);
        fail_with(why, "use " + path_.string());
    }
    allocated_ = static_cast<std::uint64_t>(size);
    // Its name is to outlive a power cut, too.
    if (const int folder = ::open(path_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); folder >= 0) {
        ::fsync(folder);
        ::close(folder);
    }
}

LogFile::~LogFile() { ::close(file_); }

std::uint64_t LogFile::check_of(std::string_view frame) const {
    static_assert(crypto_shorthash_BYTES == check_bytes && crypto_shorthash_KEYBYTES == std::tuple_size_v<Key>);
    std::array<unsigned char, check_bytes> hash{};
    crypto_shorthash(hash.data(), reinterpret_cast<const unsigned char*>(frame.data()) + check_bytes, frame.size() - check_bytes, key_.data());
    return little({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

// The body of the frame that begins here; nullopt if it is not whole.
std::optional<std::string_view> LogFile::body_of(std::string_view rest, std::uint64_t epoch, std::uint64_t number) const {
    if (rest.size() < head_bytes || rest.substr(check_bytes, magic.size()) != magic) return std::nullopt;
    const auto bytes = little(rest.substr(12, 4));
    if (bytes > rest.size() - head_bytes || little(rest.substr(16, 8)) != epoch || little(rest.substr(24, 8)) != number) return std::nullopt;
    if (check_of(rest.substr(0, head_bytes + bytes)) != little(rest.substr(0, check_bytes))) return std::nullopt;
    return rest.substr(head_bytes, bytes);
}

// Is there a whole frame of the epoch anywhere, with this number or a later one?
bool LogFile::has_frame_from(std::string_view rest, std::uint64_t epoch, std::uint64_t number) const {
    for (auto at = rest.find(magic, check_bytes); at != std::string_view::npos; at = rest.find(magic, at + 1)) {
        const auto here = rest.substr(at - check_bytes);
        if (here.size() >= head_bytes && little(here.substr(24, 8)) >= number && body_of(here, epoch, little(here.substr(24, 8)))) return true;
    }
    return false;
}

std::string LogFile::read(std::uint64_t bytes) {
    std::string all(bytes, '\0');
    for (std::size_t read = 0; read < all.size();) {  // what cannot be read is not taken for a torn end
        errno = 0;
        const auto got = ::pread(file_, all.data() + read, all.size() - read, static_cast<off_t>(read));
        if (got > 0) read += static_cast<std::size_t>(got);
        else if (errno != EINTR) fail_with(errno != 0 ? errno : EIO, "read " + path_.string());
    }
    return all;
}

void LogFile::recover(std::uint64_t epoch, bool synced, const Visit& visit) {
    const auto all = read(allocated_);
    std::string_view rest = all;
    std::uint64_t number = 0;
    for (; const auto body = body_of(rest, epoch, number); ++number) {
        visit(*body);
        rest.remove_prefix(head_bytes + body->size());
    }
    if (synced && has_frame_from(rest, epoch, number + 1))
        throw Failure::damaged(path_.string() + " is torn in its middle, at byte " + std::to_string(all.size() - rest.size()));
}

void LogFile::replay(const Visit& visit) {
    const auto all = read(end_);
    std::string_view rest = all;
    for (std::uint64_t number = 0; number < number_; ++number) {
        const auto body = body_of(rest, epoch_, number);
        if (!body) throw Failure::damaged(path_.string() + " does not hold what was written to it");
        visit(*body);
        rest.remove_prefix(head_bytes + body->size());
    }
}

// In zeros, so that a frame behind the last that is whole begins in nothing.
void LogFile::make_room(std::uint64_t bytes) {
    if (bytes <= allocated_) return;
    const auto more = std::max({growth_bytes, allocated_ / 2, bytes - allocated_});
    const std::string zeros(more, '\0');
    const auto written = ::pwrite(file_, zeros.data(), zeros.size(), static_cast<off_t>(allocated_));
    if (written > 0) allocated_ += static_cast<std::uint64_t>(written);
}

void LogFile::append(std::string_view body) {
    frame_.assign(check_bytes, '\0');
    frame_ += magic;
    put_little(frame_, body.size(), 4);
    put_little(frame_, epoch_, 8);
    put_little(frame_, number_, 8);
    frame_ += body;
    std::string check;
    put_little(check, check_of(frame_), check_bytes);
    frame_.replace(0, check_bytes, check);
    make_room(end_ + frame_.size());
    const auto written = ::pwrite(file_, frame_.data(), frame_.size(), static_cast<off_t>(end_));
    if (written != static_cast<ssize_t>(frame_.size())) fail_with(written < 0 ? errno : ENOSPC, "write " + path_.string());
    last_ = end_;
    end_ += frame_.size();
    allocated_ = std::max(allocated_, end_);
    ++number_;
}

// Best effort on the file itself: whoever reads a frame that nobody was told of takes it as one that ended before the telling.
void LogFile::take_back() {
    if (end_ == last_) return;
    const std::string zeros(head_bytes, '\0');
    if (::pwrite(file_, zeros.data(), zeros.size(), static_cast<off_t>(last_)) < 0) errno = 0;
    end_ = last_;
    --number_;
}

void LogFile::sync() {
    if (::fdatasync(file_) != 0) fail_with(errno, "sync " + path_.string());
}

void LogFile::begin(std::uint64_t epoch) {
    epoch_ = epoch;
    number_ = end_ = last_ = 0;
    if (allocated_ <= kept_bytes_max) return;
    if (::ftruncate(file_, static_cast<off_t>(kept_bytes_max)) == 0) allocated_ = kept_bytes_max;
}

}  // namespace parley::store
