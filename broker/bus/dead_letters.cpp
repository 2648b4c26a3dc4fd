// FOLDER/in_hand, one page: "parley in hand 1\n", padded with zeros to 32 bytes; whether something is in hand (1); the
// room's length (2, little-endian); the event's id (16); the room.
// FOLDER/ID.letter: "parley dead letter 1\n", the length of what follows (a decimal number and "\n"), a msgpack map of what
// is known, the event's bytes. ID is derived from event and room.
#include "broker/bus/dead_letters.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "broker/bus/codec.h"
#include "broker/bus/event_value.h"
#include "broker/service/log.h"

namespace parley::bus {
namespace {

using service::Code;
using service::fail;
using service::Result;
namespace log = service::log;

constexpr std::size_t page_bytes = 4096;
constexpr std::string_view page_mark = "parley in hand 1\n", letter_mark = "parley dead letter 1\n";
constexpr std::size_t flag_at = 32, size_at = 33, event_at = 35, room_at = 51;
constexpr std::size_t room_bytes_max = page_bytes - room_at;  // a room with a longer name is not noted

std::string id_of(const EventId& event, std::string_view room) { return derived_id({"dead letter", event.view(), room}).text(); }

std::int64_t us(service::Time time) { return time.time_since_epoch().count(); }
service::Time time_of(const Value& us) { return service::Time(std::chrono::microseconds(us.number())); }

// The whole of a letter's file after its mark: the map, then the event.
std::optional<std::pair<Value, std::string>> parts_of(std::string_view file) {
    if (!file.starts_with(letter_mark)) return std::nullopt;
    file.remove_prefix(letter_mark.size());
    std::size_t size = 0;
    const auto [end, wrong] = std::from_chars(file.data(), file.data() + file.size(), size);
    const auto head = static_cast<std::size_t>(end - file.data()) + 1;
    if (wrong != std::errc() || head > file.size() || size > file.size() - head) return std::nullopt;
    auto known = Value::decode(file.substr(head, size));
    if (!known) return std::nullopt;
    return std::pair{std::move(*known), std::string(file.substr(head + size))};
}

bool write_synced(const std::filesystem::path& path, std::string_view bytes) {
    const auto fresh = path.string() + ".new";
    const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return false;
    const bool good = ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && ::fdatasync(file) == 0;
    ::close(file);
    if (good && ::rename(fresh.c_str(), path.c_str()) == 0) return true;
    ::unlink(fresh.c_str());
    return false;
}

}  // namespace

DeadLetters::DeadLetters(std::filesystem::path folder, const service::Clock& clock, std::size_t letters_max)
    : folder_(std::move(folder)), clock_(clock), letters_max_(letters_max) {
    if (folder_.empty()) return;
    open_page();
    read_letters();
    if (page_ != nullptr && page_[flag_at] != 0) count_crash();
    nothing_in_hand();
}

DeadLetters::~DeadLetters() {
    if (page_ != nullptr) ::munmap(page_, page_bytes);
}

// The page gets its place on the disk now: a mapped page that the disk has no room for would end the process later.
void DeadLetters::open_page() {
    std::error_code failed;
    std::filesystem::create_directories(folder_, failed);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, failed);
    const auto path = folder_ / "in_hand";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const int trouble = file < 0 ? errno : ::posix_fallocate(file, 0, page_bytes);
    void* page = trouble != 0 ? MAP_FAILED : ::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0) ::close(file);
    if (page == MAP_FAILED) {
        log::warning("an event that crashes this process would not be set aside", {{"file", path.string()}, {"why", std::strerror(trouble != 0 ? trouble : errno)}});
        return;
    }
    page_ = static_cast<unsigned char*>(page);
    if (std::memcmp(page_, page_mark.data(), page_mark.size()) == 0) return;
    std::memset(page_, 0, page_bytes);  // new, or of a version that notes otherwise: then one crash is not counted
    std::memcpy(page_, page_mark.data(), page_mark.size());
}

void DeadLetters::read_letters() {
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, failed)) {
        if (entry.path().extension() != ".letter") continue;
        std::ifstream in(entry.path(), std::ios::binary);
        const auto parts = parts_of(std::string{std::istreambuf_iterator<char>(in), {}});
        const auto event = parts ? EventId::from_text(parts->first["event"].text()) : std::nullopt;
        if (!event) {
            log::warning("a dead letter cannot be read; it stays where it is", {{"file", entry.path().string()}});
            continue;
        }
        const auto& known = parts->first;
        Letter letter{*event, known["room"].text(), static_cast<std::uint32_t>(known["crashes"].number()), time_of(known["first_us"]), time_of(known["last_us"]), parts->second};
        if (!letter.is_aside() && clock_.now() - letter.last > suspected_for) {
            std::filesystem::remove(entry.path(), failed);
            continue;
        }
        aside_ += letter.is_aside() ? 1 : 0;
        letters_.emplace(entry.path().stem().string(), std::move(letter));
    }
}

// What was in hand when the last process ended.
void DeadLetters::count_crash() {
    const std::size_t size = page_[size_at] | static_cast<std::size_t>(page_[size_at + 1]) << 8;
    const auto event = EventId::from_bytes({reinterpret_cast<const char*>(page_ + event_at), 16});
    if (!event || size > room_bytes_max) return;
    const std::string room(reinterpret_cast<const char*>(page_ + room_at), size);
    const auto id = id_of(*event, room);
    const auto [found, fresh] = letters_.try_emplace(id, Letter{*event, room, 0, clock_.now(), {}, {}});
    auto& letter = found->second;
    const bool before = letter.is_aside();
    ++letter.crashes;
    letter.last = clock_.now();
    save(id, letter);
    if (!letter.is_aside()) return log::warning("this process ended while it worked on an event", {{"event", event->text()}, {"room", room}, {"times", letter.crashes}});
    if (before) return;
    ++aside_;
    log::error("an event is set aside: this process crashed each time it worked on it", {{"event", event->text()}, {"room", room}, {"letter", id}, {"hint", "parley dead-letters"}});
    make_room();
}

void DeadLetters::make_room() {
    while (aside_ > letters_max_) {
        auto oldest = letters_.end();
        for (auto it = letters_.begin(); it != letters_.end(); ++it)
            if (it->second.is_aside() && (oldest == letters_.end() || it->second.last < oldest->second.last)) oldest = it;
        log::warning("too many dead letters: the oldest is forgotten", {{"event", oldest->second.event.text()}, {"room", oldest->second.room}});
        remove(oldest);
    }
}

bool DeadLetters::save(const std::string& id, const Letter& letter) {
    const auto known = Value::map({{"event", letter.event.text()}, {"room", letter.room}, {"crashes", letter.crashes}, {"first_us", us(letter.first)}, {"last_us", us(letter.last)}}).encode();
    if (write_synced(file_of(id), fmt::format("{}{}\n{}{}", letter_mark, known.size(), known, letter.bytes))) return true;
    log::error("a dead letter cannot be written", {{"file", file_of(id).string()}, {"why", std::strerror(errno)}});
    return false;
}

void DeadLetters::remove(Letters::iterator letter) {
    std::error_code failed;
    std::filesystem::remove(file_of(letter->first), failed);
    aside_ -= letter->second.is_aside() ? 1 : 0;
    letters_.erase(letter);
}

std::filesystem::path DeadLetters::file_of(const std::string& id) const { return folder_ / (id + ".letter"); }

// The flag comes last, and goes first: what it stands for is whole. The process's own death sees its stores in order, so
// only the compiler has to be told.
void DeadLetters::in_hand(const EventId& event, std::string_view room) {
    if (page_ == nullptr) return;
    nothing_in_hand();
    if (room.size() > room_bytes_max) return;
    page_[size_at] = static_cast<unsigned char>(room.size() & 0xFF);
    page_[size_at + 1] = static_cast<unsigned char>(room.size() >> 8);
    std::memcpy(page_ + event_at, event.bytes.data(), event.bytes.size());
    if (!room.empty()) std::memcpy(page_ + room_at, room.data(), room.size());
    std::atomic_signal_fence(std::memory_order_seq_cst);
    *static_cast<volatile unsigned char*>(page_ + flag_at) = 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

void DeadLetters::nothing_in_hand() {
    if (page_ == nullptr) return;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    *static_cast<volatile unsigned char*>(page_ + flag_at) = 0;
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

bool DeadLetters::set_aside(const EventId& event, std::string_view room) const {
    const auto found = letters_.find(id_of(event, room));
    return found != letters_.end() && found->second.is_aside();
}

void DeadLetters::keep(const Event& event, std::string_view room) {
    const auto found = letters_.find(id_of(event.id, room));
    if (found == letters_.end() || !found->second.bytes.empty()) return;
    found->second.bytes = encode(event);
    save(found->first, found->second);
}

std::string DeadLetters::why() { return fmt::format("it crashed this process {} times and is set aside; see parley dead-letters", crashes_max); }

Value DeadLetters::shown(const std::string& id, const Letter& letter) {
    return Value::map({{"id", id}, {"event", letter.event.text()}, {"room", letter.room}, {"crashes", letter.crashes}, {"first_us", us(letter.first)},
                       {"last_us", us(letter.last)}, {"bytes", letter.bytes.size()}});
}

// By the beginning of its id, if only one begins so.
Result<DeadLetters::Letters::iterator> DeadLetters::find(const std::string& id) {
    auto found = letters_.end();
    for (auto it = letters_.begin(); it != letters_.end(); ++it) {
        if (id.empty() || !it->first.starts_with(id) || !it->second.is_aside()) continue;
        if (found != letters_.end()) return fail(Code::conflict, fmt::format("more than one dead letter begins with {}", id), "type more of it");
        found = it;
    }
    if (found == letters_.end()) return fail(Code::not_found, fmt::format("there is no dead letter {}", id), "parley dead-letters lists them");
    return found;
}

Result<Value> DeadLetters::answer(const Value& request, const Again& again) {
    const auto what = request["do"].text("list");
    if (what == "list") {
        auto list = Value(Value::List{});
        for (const auto& [id, letter] : letters_)
            if (letter.is_aside()) list.push(shown(id, letter));
        return Value::map({{"letters", std::move(list)}});
    }
    const auto found = find(request["id"].text());
    if (!found) return fail(found.error());
    const auto& [id, letter] = **found;
    auto reply = shown(id, letter);
    if (what == "drop") return remove(*found), reply;
    if (what != "show" && what != "retry") return fail(Code::unsupported, fmt::format("dead letters cannot be asked to {}", what), "list, show, retry or drop");
    if (letter.bytes.empty()) {
        if (what == "show") return reply;
        return fail(Code::unavailable, "the event has not come again yet", "try again in a moment, or drop the letter");
    }
    const auto event = decode(letter.bytes);
    if (!event) return fail(event.error());
    if (what == "show") return reply.set("said", to_value(*event));
    // First the letter: what is not set aside may be taken. If it cannot be taken, it is set aside as it was.
    const auto kept = *(*found);
    remove(*found);
    if (const auto taken = again(*event, kept.second.room); !taken) {
        save(kept.first, kept.second);
        letters_.emplace(kept.first, kept.second);
        ++aside_;
        return fail(taken.error());
    }
    return reply;
}

}  // namespace parley::bus
