// A record is: length of the event (u32, little-endian), the first four bytes of its BLAKE2b hash, the encoded event.
#include "bridges/kit/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include "broker/bus/codec.h"
#include "broker/service/log.h"

namespace parley::kit {
namespace {

using service::Code;
using service::fail;

constexpr std::size_t head_bytes = 8;

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

}  // namespace

Spool::Spool(std::filesystem::path file, std::uint64_t bytes_max) : path_(std::move(file)), bytes_max_(bytes_max) {
    {
        std::ifstream in(path_, std::ios::binary);
        const std::string all{std::istreambuf_iterator<char>(in), {}};
        for (std::string_view rest = all; rest.size() >= head_bytes;) {
            const auto size = size_in(rest);
            if (size > rest.size() - head_bytes) break;
            const auto bytes = rest.substr(head_bytes, size);
            if (head_of(bytes) != rest.substr(0, head_bytes)) break;
            bytes_ += head_bytes + size;
            if (auto event = bus::decode(bytes)) {
                waiting_.insert(next_);
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
    bytes_ += record.size();
    waiting_.insert(next_);
    return next_++;
}

void Spool::done(std::uint64_t ordinal) {
    if (waiting_.erase(ordinal) == 0 || !waiting_.empty()) return;
    if (::ftruncate(file_, 0) == 0 && ::lseek(file_, 0, SEEK_SET) == 0) bytes_ = 0;
}

}  // namespace parley::kit
