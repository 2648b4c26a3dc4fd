#include "broker/access.h"

#include <fmt/format.h>

#include "broker/bus/frames.h"

namespace parley::broker {

using bus::Kind;
using bus::Role;
using service::Code;
using service::Error;

Error may_publish(Role role, const std::string& name, const bus::Event& event, const bus::HouseSettings& house) {
    if (!event.id) return {Code::invalid, "an event needs an id", "derive it from account, room, native id, kind and revision"};
    const auto kind = event.kind();
    if (kind == Kind::command_requested || kind == Kind::run_finished) {
        return {Code::denied, "only the broker journals what runs", "ask in a room, or finish the job"};
    }
    const auto& account = event.origin.room.account;
    const bool ours = event.origin.native_id.empty();
    switch (role) {
        case Role::operator_: return {};
        case Role::bridge:
            if (account == name) return {};
            return {Code::denied, fmt::format("{} may not speak for {}", name, account), "a bridge publishes only as itself"};
        case Role::worker:
            if (ours) return {};
            return {Code::denied, "a worker may not speak for a platform", "leave the native id empty"};
        case Role::web: {
            const auto found = house.accounts.find(account);
            if (ours || (found != house.accounts.end() && found->second == "web")) return {};
            return {Code::denied, fmt::format("the page may not speak for {}", account), "it speaks for accounts of the platform web"};
        }
        case Role::indexer: break;
    }
    return {Code::denied, fmt::format("the {} {} publishes nothing", bus::name(role), name), {}};
}

Error may_speak(std::uint32_t version) {
    constexpr std::uint32_t oldest = 1;  // that is still served: always the version before, too
    constexpr auto newest = bus::protocol_version;
    if (version >= oldest && version <= newest) return {};
    const auto ours = oldest == newest ? fmt::format("version {}", newest) : fmt::format("versions {} to {}", oldest, newest);
    return {Code::unsupported, fmt::format("this broker speaks {} of the protocol, not {}", ours, version),
            version > newest ? "the broker is the older one: install its new version, and start it first" : "install a newer version of this process"};
}

Error may_serve(Role role, const std::string& name, const std::string& service) {
    constexpr std::size_t name_bytes_max = 200;
    if (service.empty() || service.size() > name_bytes_max) return {Code::invalid, "a service needs a name of 1 to 200 bytes", {}};
    const bool own = service == "account." + name;
    if (service == "broker" || role == Role::worker || (role == Role::bridge && !own)) {
        return {Code::denied, fmt::format("the {} {} may not offer \"{}\"", bus::name(role), name, service), "a bridge offers account.NAME, its own"};
    }
    return {};
}

}  // namespace parley::broker
