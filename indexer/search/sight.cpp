// What a viewer may see; see index.h.
#include "indexer/search/index.h"

namespace parley::search {

Sight::Sight(const archive::View& view, const Viewer& viewer) : operator_(viewer.operator_) {
    const auto grant = [&](std::uint32_t room, std::uint8_t right) {
        if (room >= rights_.size()) rights_.resize(room + 1);
        rights_[room] |= right;
    };
    for (const auto& room : viewer.rooms) {
        if (const auto number = view.number(archive::NameKind::room, room.text())) grant(*number, present);
    }
    if (viewer.id.empty()) return;
    for (const auto room : view.rooms_of(viewer.account, viewer.id)) grant(room, member);
}

bool Sight::sees(std::uint32_t room, bus::Visibility visibility) const {
    const auto right = room < rights_.size() ? rights_[room] : 0;
    switch (visibility) {
        case bus::Visibility::everyone: return true;
        case bus::Visibility::members: return operator_ || right != 0;
        case bus::Visibility::closed:
        case bus::Visibility::direct: return (right & present) != 0;
    }
    return false;
}

bool Sight::sees(const archive::View& view, const bus::Event& event) const {
    if (event.origin.visibility == bus::Visibility::everyone) return true;
    return sees(view.number(archive::NameKind::room, event.origin.room.text()).value_or(0), event.origin.visibility);
}

}  // namespace parley::search
