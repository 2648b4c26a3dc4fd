// A record is: length of the event (u32, little-endian), the first four bytes of its BLAKE2b hash, the encoded event.
#include "bridges/kit/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "broker/bus/codec.h"
#include "broker/service/log.h"

namespace parley::kit {
namespace {

using service::Code;
using service::fail;

constexpr std::size_t head_bytes = 8;
constexpr std::uint64_t rewritten_from = 1 << 20;  // of the file

std::string head_of(std::string_view event) {
    std::string head;
    const auto size = static_cast<std::uint32_t>(event.size());
    for (int shift = 0; shift < 32; shift += 8) head += static_cast<char>(size >> shift & 0xFF);
    head += bus::derived_id({event}).view().substr(0, 4);
    return head;
}

std::uint32_t size_in(std::string_view head) {
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < 4; ++i)
        size |= static_cast<std::uint32_t>(static_cast<unsigned char>(head[i])) << (8 * i);
    return size;
}

// Since when something would be missing without it: a gap stands for what was said before it was written.
service::Time since(const bus::Event& event) {
    const auto* gap = std::get_if<bus::Gap>(&event.body);
    return gap == nullptr ? event.received : std::min(event.received, gap->from);
}

}  // namespace

Spool::Spool(std::filesystem::path file, std::uint64_t bytes_max) : path_(std::move(file)), bytes_max_(bytes_max), rewrite_at_(std::min(rewritten_from, bytes_max / 2)) {
    {
        std::ifstream in(path_, std::ios::binary);
        const std::string all{std::istreambuf_iterator<char>(in), {}};
        for (std::string_view rest = all; rest.size() >= head_bytes;) {
            const auto size = size_in(rest);
            if (size > rest.size() - head_bytes) break;
            const auto bytes = rest.substr(head_bytes, size);
            if (head_of(bytes) != rest.substr(0, head_bytes)) break;
            Record record{bytes_, head_bytes + size, {}};
            bytes_ += record.bytes;
            if (auto event = bus::decode(bytes)) {
                record.since = since(*event);
                waiting_.emplace(next_, record);
                waiting_bytes_ += record.bytes;
                recovered_.push_back({next_++, std::move(*event)});
            } else {
                service::log::error("an event in the spool cannot be read",
                                    {{"file", path_.string()}, {"why", event.error().what}});
            }
            rest.remove_prefix(head_bytes + size);
        }
    }
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), "cannot open " + path_.string());
    if (recovered_.empty()) bytes_ = 0;
    if (::ftruncate(file_, static_cast<off_t>(bytes_)) != 0 || ::lseek(file_, 0, SEEK_END) < 0) {
        throw std::system_error(errno, std::generic_category(), "cannot use " + path_.string());
    }
}

Spool::~Spool() { ::close(file_); }

std::vector<Spool::Entry> Spool::recover() { return std::move(recovered_); }

service::Result<std::uint64_t> Spool::add(const bus::Event& event) {
    const auto bytes = bus::encode(event);
    if (bytes.size() > bus::event_bytes_max)
        return fail(Code::invalid, fmt::format("an event of {} bytes is too large", bytes.size()));
    const auto record = head_of(bytes) + bytes;
    if (bytes_ + record.size() > bytes_max_)
        return fail(Code::limit, fmt::format("{} bytes wait for the broker in {}", bytes_, path_.string()),
                    "start the broker");
    const auto written = ::write(file_, record.data(), record.size());
    if (written != static_cast<ssize_t>(record.size())) {
        const auto why = written < 0 ? std::strerror(errno) : "the disk is full";
        // Whatever part was written must not stand before the next record.
        if (::ftruncate(file_, static_cast<off_t>(bytes_)) == 0) ::lseek(file_, 0, SEEK_END);
        return fail(Code::io, fmt::format("cannot write to {}: {}", path_.string(), why), "make room on the disk");
    }
    waiting_.emplace(next_, Record{bytes_, record.size(), since(event)});
    bytes_ += record.size();
    waiting_bytes_ += record.size();
    return next_++;
}

void Spool::done(std::uint64_t ordinal) {
    const auto found = waiting_.find(ordinal);
    if (found == waiting_.end()) return;
    waiting_bytes_ -= found->second.bytes;
    waiting_.erase(found);
    if (!waiting_.empty()) return keep_waiting();
    if (::ftruncate(file_, 0) == 0 && ::lseek(file_, 0, SEEK_SET) == 0) bytes_ = 0;
    rewrite_at_ = std::min(rewritten_from, bytes_max_ / 2);
}

std::optional<service::Time> Spool::unsynced_since() const {
    const auto oldest = waiting_.lower_bound(unsynced_from_);
    return oldest == waiting_.end() ? std::nullopt : std::optional(oldest->second.since);
}

service::Result<void> Spool::sync() {
    if (::fdatasync(file_) != 0) return fail(Code::io, fmt::format("cannot sync {}: {}", path_.string(), std::strerror(errno)), "check the disk");
    unsynced_from_ = next_;
    return {};
}

// Where somebody always speaks there is always something that waits, and the file would grow to its limit. If it cannot
// be written anew, the old one stays as it is.
void Spool::keep_waiting() {
    if (bytes_ < rewrite_at_ || waiting_bytes_ > bytes_ / 4) return;
    rewrite_at_ = bytes_ * 2;  // until it has been done: not tried again at every record
    std::string all;
    std::ifstream in(path_, std::ios::binary);
    auto moved = waiting_;
    for (auto& [ordinal, record] : moved) {
        const auto at = all.size();
        all.resize(at + record.bytes);
        in.seekg(static_cast<std::streamoff>(record.offset));
        if (!in.read(all.data() + at, static_cast<std::streamsize>(record.bytes))) return;
        record.offset = at;
    }
    const auto fresh = path_.string() + ".new";
    const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return;
    const bool good = ::write(file, all.data(), all.size()) == static_cast<ssize_t>(all.size()) && ::fdatasync(file) == 0 &&
                      ::rename(fresh.c_str(), path_.c_str()) == 0;
    if (!good) {
        ::close(file);
        ::unlink(fresh.c_str());
        return;
    }
    ::close(std::exchange(file_, file));
    waiting_ = std::move(moved);
    bytes_ = all.size();
    rewrite_at_ = std::min(rewritten_from, bytes_max_ / 2);
}

}  // namespace parley::kit
