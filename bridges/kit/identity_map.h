// Which message of ours is which over there, for ever: event id <-> native ids, for what was born here and for what we
// delivered here. So an edit, a reply or a reaction finds its message a year later.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridges/kit/degrade.h"
#include "bridges/kit/room_keys.h"
#include "broker/store/hashed_table.h"

namespace parley::kit {

class IdentityMap {
public:
    explicit IdentityMap(store::Env& env);

    std::optional<Known> find(const store::Txn& txn, const bus::EventId& event, std::string_view room) const;
    std::optional<bus::EventId> event_of(const store::Txn& txn, std::string_view room,
                                         std::string_view native_id) const;

    // A message born in this room, or to be delivered into it: who said what. Native ids already known stay.
    void put(store::WriteTxn& txn, std::string_view room, const Known& known);
    void add_native(store::WriteTxn& txn, std::string_view room, const bus::EventId& event, std::string_view native_id);
    // Which event a native id stands for, where the event is no message: to know its echo.
    void put_native(store::WriteTxn& txn, std::string_view room, std::string_view native_id, const bus::EventId& event);
    // Its text is now another; nothing if the message is not known.
    void set_excerpt(store::WriteTxn& txn, std::string_view room, const bus::EventId& event, std::string_view excerpt);
    // Someone elsewhere added or removed a reaction.
    void react(store::WriteTxn& txn, std::string_view room, const bus::EventId& event, std::string_view author_id,
               std::string_view emoji, bool added);

private:
    std::string key_of(std::string_view room, const bus::EventId& event) const;

    store::HashedTable known_, native_;
    store::Table reactions_;
    mutable RoomKeys room_keys_;
};

}  // namespace parley::kit
