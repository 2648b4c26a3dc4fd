// text_max (u64), then of the target, if it was known: author id, name, excerpt, "1" if ours, native ids…
#include "bridges/kit/cut.h"

#include "bridges/kit/pack.h"
#include "broker/store/store.h"

namespace parley::kit {

Cut cut_of(const bus::Event& event, const Capabilities& capabilities, const Lookup& lookup) {
    Cut cut{capabilities.text_max, {}};
    if (const auto target = target_of(event)) cut.target = lookup(target);
    return cut;
}

std::vector<Delivery> degrade(const bus::Event& event, const std::string& room, const Capabilities& capabilities,
                              const Lookup& lookup, const Names& names, const Cut& cut) {
    auto then = capabilities;
    then.text_max = cut.text_max;
    const auto target = [&](const bus::EventId& id) {
        auto known = cut.target;
        if (!known) return known;
        known->event = id;
        if (auto now = lookup(id)) known->reactions = std::move(now->reactions);
        return known;
    };
    return degrade(event, room, then, target, names);
}

std::string encode(const Cut& cut) {
    const auto most = store::key_of(std::uint64_t{cut.text_max});
    std::vector<std::string_view> parts{most};
    if (const auto& known = cut.target) {
        parts.insert(parts.end(), {known->author_id, known->author_name, known->excerpt, known->ours ? "1" : ""});
        parts.insert(parts.end(), known->native_ids.begin(), known->native_ids.end());
    }
    return pack(parts);
}

std::optional<Cut> decode_cut(std::string_view bytes) {
    const auto parts = unpack(bytes);
    if (!parts || parts->empty() || (*parts)[0].size() != sizeof(std::uint64_t)) return std::nullopt;
    const auto& p = *parts;
    Cut cut{store::number_of(p[0]), {}};
    if (p.size() == 1) return cut;
    if (p.size() < 5) return std::nullopt;
    cut.target = Known{{}, {p.begin() + 5, p.end()}, std::string(p[1]), std::string(p[2]), std::string(p[3]), !p[4].empty(), {}};
    return cut;
}

}  // namespace parley::kit
