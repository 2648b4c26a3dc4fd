// See spool.h. Each record is an encoded event.
#include "bridges/kit/spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "broker/bus/codec.h"
#include "broker/service/log.h"

namespace parley::kit {
namespace {

using service::Code;
using service::fail;

constexpr std::uint64_t rewritten_from = 1 << 20;  // of the file

// Since when something would be missing without it: a gap stands for what was said before it was written.
service::Time since(const bus::Event& event) {
    const auto* gap = std::get_if<bus::Gap>(&event.body);
    return gap == nullptr ? event.received : std::min(event.received, gap->from);
}

}  // namespace

Spool::Spool(std::filesystem::path file, std::uint64_t bytes_max)
    : file_(std::move(file)), bytes_max_(bytes_max), rewrite_at_(std::min(rewritten_from, bytes_max / 2)) {
    for (auto& [place, bytes] : file_.recover()) {
        if (auto event = bus::decode(bytes)) {
            waiting_.emplace(next_, Waiting{place, since(*event)});
            waiting_bytes_ += place.bytes;
            recovered_.push_back({next_++, std::move(*event)});
        } else {
            service::log::error("an event in the spool cannot be read",
                                {{"file", file_.path().string()}, {"why", event.error().what}});
        }
    }
    if (recovered_.empty()) file_.clear();
}

std::vector<Spool::Entry> Spool::recover() { return std::move(recovered_); }

service::Result<std::uint64_t> Spool::add(const bus::Event& event, std::string_view bytes) {
    if (bytes.size() > bus::event_bytes_max)
        return fail(Code::invalid, fmt::format("an event of {} bytes is too large", bytes.size()));
    if (file_.bytes() + bytes.size() > bytes_max_)
        return fail(Code::limit, fmt::format("{} bytes wait for the broker in {}", file_.bytes(), file_.path().string()),
                    "start the broker");
    const auto place = file_.append(bytes);
    if (!place) return fail(place.error());
    waiting_.emplace(next_, Waiting{*place, since(event)});
    waiting_bytes_ += place->bytes;
    return next_++;
}

service::Result<std::uint64_t> Spool::add(const bus::Event& event) { return add(event, bus::encode(event)); }

void Spool::done(std::uint64_t ordinal) {
    const auto found = waiting_.find(ordinal);
    if (found == waiting_.end()) return;
    waiting_bytes_ -= found->second.place.bytes;
    waiting_.erase(found);
    if (!waiting_.empty()) return keep_waiting();
    file_.clear();
    rewrite_at_ = std::min(rewritten_from, bytes_max_ / 2);
}

std::optional<service::Time> Spool::unsynced_since() const {
    const auto oldest = waiting_.lower_bound(unsynced_from_);
    return oldest == waiting_.end() ? std::nullopt : std::optional(oldest->second.since);
}

service::Result<void> Spool::sync() {
    auto synced = file_.sync();
    if (synced) unsynced_from_ = next_;
    return synced;
}

// Where somebody always speaks there is always something that waits, and the file would grow to its limit. If it cannot
// be written anew, the old one stays as it is.
void Spool::keep_waiting() {
    if (file_.bytes() < rewrite_at_ || waiting_bytes_ > file_.bytes() / 4) return;
    rewrite_at_ = file_.bytes() * 2;  // until it has been done: not tried again at every record
    std::vector<Records::Place> kept;
    for (const auto& [ordinal, one] : waiting_) kept.push_back(one.place);
    const auto places = file_.rewrite({}, kept);
    if (!places) return;
    auto place = places->begin();
    for (auto& [ordinal, one] : waiting_) one.place = *place++;
    rewrite_at_ = std::min(rewritten_from, bytes_max_ / 2);
}

}  // namespace parley::kit
