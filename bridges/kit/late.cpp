// See late.h.
#include "bridges/kit/late.h"

#include <fmt/format.h>

#include <algorithm>

namespace parley::kit {
namespace {

using bus::Event;
using bus::Kind;

bus::EventId summary_id(const std::string& room, std::string_view first) { return bus::derived_id({"summed up", room, first}); }

bool said(const Event& event) { return event.kind() == Kind::message || event.kind() == Kind::run_output || event.kind() == Kind::run_finished; }

// What makes lines in a room, and is no marker itself.
bool may_be_left_out(const Event& event, const std::string& room) {
    if (event.id == summary_id(room, event.origin.native_id)) return false;
    return said(event) || event.kind() == Kind::edit || event.kind() == Kind::redaction || event.kind() == Kind::reaction;
}

std::string minute(service::Time time) {
    const auto iso = service::iso8601(time);
    return iso.substr(0, 10) + " " + iso.substr(11, 5);
}

}  // namespace

bool is_late(const Event& event, service::Time now) { return now - event.time > late_after; }

std::vector<Outbox::Entry> left_out(std::vector<Outbox::Entry> queued, const std::string& room, const bus::CatchUp& limit, service::Time now) {
    std::erase_if(queued, [&](const auto& entry) { return !is_late(entry.event, now) || !may_be_left_out(entry.event, room); });
    const auto too_old = [&](const Outbox::Entry& entry) { return limit.age.count() > 0 && now - entry.event.time > limit.age; };
    const auto young = std::stable_partition(queued.begin(), queued.end(), too_old);
    const auto rest = static_cast<std::size_t>(queued.end() - young);
    const auto told = limit.count > 0 && rest > limit.count ? limit.count / 2 : rest;
    queued.erase(queued.end() - static_cast<std::ptrdiff_t>(told), queued.end());
    std::sort(queued.begin(), queued.end(), [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; });
    return queued;
}

Event summary_of(const std::vector<Outbox::Entry>& entries, const std::string& room, const Names& names, service::Time now) {
    const auto& first = entries.front().event;
    auto from = first.time, to = first.time;
    std::size_t messages = 0;
    const Event* shown = nullptr;  // the page shows it to whom it concerns
    for (const auto& entry : entries) {
        const auto& event = entry.event;
        from = std::min(from, event.time), to = std::max(to, event.time);
        if (!said(event)) continue;
        ++messages;
        if (shown == nullptr && event.origin.visibility < bus::Visibility::closed) shown = &event;
    }
    const auto what = messages == 0   ? fmt::format("{} changes", entries.size())
                      : messages == 1 ? std::string("1 message")
                                      : fmt::format("{} messages", messages);
    auto words = fmt::format("{} of {} to {} {} not repeated here", what, minute(from), minute(to), messages == 1 ? "is" : "are");
    if (shown != nullptr && !names.page.empty()) words += fmt::format(": {}/m/{}", names.page, shown->id.text());
    Event out;
    out.id = summary_id(room, first.id.text());
    out.origin = {first.origin.room, first.id.text(), first.origin.visibility};
    out.author = bus::ourselves(names.own);
    out.time = out.received = now;
    out.body = bus::Message{bus::Text(std::move(words)), bus::Message::Style::notice, {}, {}, {}};
    return out;
}

}  // namespace parley::kit
