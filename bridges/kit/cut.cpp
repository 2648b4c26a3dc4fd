// text_max (u64), then of the target, if it was known, the fields of known_record.h.
#include "bridges/kit/cut.h"

#include "bridges/kit/known_record.h"
#include "bridges/kit/pack.h"
#include "bridges/kit/split.h"
#include "broker/store/store.h"

namespace parley::kit {
namespace {

// What may come before a text at another time: a quote (two names, an excerpt), and what a server's limit may have lost.
constexpr std::size_t quote_max = 160, limit_change_max = 64;

}  // namespace

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

bool depends_on_cut(const bus::Event& event, const std::vector<Delivery>& said, const Capabilities& capabilities) {
    if (said.size() != 1) return said.size() > 1;
    const auto* one = std::get_if<Say>(&said.front().what);
    if (one == nullptr) return false;
    const bool may_quote = std::holds_alternative<bus::Message>(event.body) && target_of(event);
    return measure(one->text.plain, capabilities.text_unit) + limit_change_max + (may_quote ? quote_max : 0) > capabilities.text_max;
}

std::string encode(const Cut& cut) {
    const auto most = store::key_of(std::uint64_t{cut.text_max});
    auto parts = cut.target ? fields_of(*cut.target) : std::vector<std::string_view>{};
    parts.insert(parts.begin(), most);
    return pack(parts);
}

std::optional<Cut> decode_cut(std::string_view bytes) {
    const auto parts = unpack(bytes);
    if (!parts || parts->empty() || (*parts)[0].size() != sizeof(std::uint64_t)) return std::nullopt;
    Cut cut{store::number_of((*parts)[0]), {}};
    if (parts->size() == 1) return cut;
    cut.target = known_in({}, std::span(*parts).subspan(1));
    return cut.target ? std::optional(std::move(cut)) : std::nullopt;
}

}  // namespace parley::kit
