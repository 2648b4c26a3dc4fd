#include "web/live/hub.h"

#include <algorithm>

#include "broker/bus/event_value.h"

namespace parley::live {

const bus::Value& Recent::value() const {
    std::call_once(made_, [this] { value_ = bus::to_value(event); });
    return value_;
}

void Hub::take(const bus::Event& event) {
    const auto one = std::make_shared<const Recent>(event);
    const std::lock_guard hold(mutex_);
    recent_.push_back(one);
    if (recent_.size() > recent_max) recent_.pop_front();
    for (Listener* listener : listeners_) listener->happened(one);
}

std::vector<Shared> Hub::listen(Listener* listener, bus::Sequence after) {
    const std::lock_guard hold(mutex_);
    listeners_.push_back(listener);
    std::vector<Shared> missed;
    std::copy_if(recent_.begin(), recent_.end(), std::back_inserter(missed),
                 [&](const Shared& one) { return one->event.sequence > after; });
    return missed;
}

void Hub::forget(Listener* listener) {
    const std::lock_guard hold(mutex_);
    std::erase(listeners_, listener);
}

std::optional<bus::Sequence> Hub::oldest() const {
    const std::lock_guard hold(mutex_);
    if (recent_.empty()) return std::nullopt;
    return recent_.front()->event.sequence;
}

Shared Hub::find(const bus::EventId& id) const {
    const std::lock_guard hold(mutex_);
    const auto found =
        std::find_if(recent_.rbegin(), recent_.rend(), [&](const Shared& one) { return one->event.id == id; });
    return found == recent_.rend() ? nullptr : *found;
}

std::uint32_t Hub::revisions_of(const bus::EventId& id) const {
    const std::lock_guard hold(mutex_);
    std::uint32_t most = 0;
    for (const Shared& one : recent_) {
        const auto* edit = std::get_if<bus::Edit>(&one->event.body);
        if (edit != nullptr && edit->target.event == id) most = std::max(most, edit->revision);
    }
    return most;
}

}  // namespace parley::live
