// What the settings say of the broker; see broker.h.
#include "broker/broker.h"

namespace parley::broker {

Settings read_settings(service::Table& root) {
    Settings settings;
    settings.house = bus::read_house(root);
    auto table = root.table("broker");
    settings.retention.age = std::chrono::duration_cast<std::chrono::hours>(table.duration("keep", settings.retention.age));
    settings.grace = table.duration("grace", settings.grace);
    table.finish();
    return settings;
}

}  // namespace parley::broker
