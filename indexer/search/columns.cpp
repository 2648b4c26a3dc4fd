#include "indexer/search/columns.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "broker/service/invariant.h"

namespace parley::search {
namespace {

constexpr std::uint32_t step = 1U << 16;
constexpr std::size_t map_bytes = std::size_t{Columns::documents_max} * sizeof(Column);

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

// The whole range is mapped once, so that nothing moves when the file grows.
Columns::Columns(const std::filesystem::path& path) {
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) fail("cannot open the index's columns");
    struct stat status {};
    if (fstat(file_, &status) != 0) fail("cannot read the index's columns");
    capacity_ = static_cast<std::uint32_t>(static_cast<std::size_t>(status.st_size) / sizeof(Column));
    void* const memory = mmap(nullptr, map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file_, 0);
    if (memory == MAP_FAILED) fail("cannot map the index's columns");
    all_ = static_cast<Column*>(memory);
    published_ = capacity_.load();
}

Columns::~Columns() {
    munmap(all_, map_bytes);
    close(file_);
}

void Columns::grow(std::uint32_t number) {
    service::invariant(number > 0 && number < documents_max, "the index holds at most 2^29 documents");
    if (number < capacity_) return;
    const auto capacity = (number / step + 1) * step;
    // Allocated, not only lengthened: a full disk is an error here, and not a signal later.
    if (const int error = posix_fallocate(file_, 0, static_cast<off_t>(std::size_t{capacity} * sizeof(Column))); error != 0) {
        errno = error;
        fail("cannot enlarge the index's columns");
    }
    capacity_.store(capacity, std::memory_order_release);
}

void Columns::put(std::uint32_t number, const Column& column) {
    grow(number);
    Column early = column;
    early.state = State::none;
    early.latest = all_[number].latest;
    all_[number] = early;
    std::atomic_ref(all_[number].state).store(column.state, std::memory_order_release);
    if (number > published_.load(std::memory_order_relaxed)) published_.store(number, std::memory_order_release);
}

void Columns::kill(std::uint32_t number) {
    if (number < capacity_) std::atomic_ref(all_[number].state).store(State::dead, std::memory_order_release);
}

void Columns::set_lookup(std::uint32_t number) {
    if (number < capacity_) std::atomic_ref(all_[number].lookup).store(1, std::memory_order_relaxed);
}

void Columns::set_latest(std::uint32_t anchor, std::uint32_t latest) {
    grow(anchor);
    all_[anchor].latest = latest;
}

const Column& Columns::operator[](std::uint32_t number) const {
    static constexpr Column nothing{};
    return number < capacity_.load(std::memory_order_acquire) ? all_[number] : nothing;
}

State Columns::state(std::uint32_t number) const {
    if (number >= capacity_.load(std::memory_order_acquire)) return State::none;
    return std::atomic_ref(all_[number].state).load(std::memory_order_acquire);
}

bool Columns::lookup(std::uint32_t number) const {
    return number < capacity_.load(std::memory_order_acquire) && std::atomic_ref(all_[number].lookup).load(std::memory_order_relaxed) != 0;
}

void Columns::sync() {
    if (capacity_ > 0 && msync(all_, std::size_t{capacity_} * sizeof(Column), MS_SYNC) != 0) fail("cannot write the index's columns to disk");
}

}  // namespace parley::search
