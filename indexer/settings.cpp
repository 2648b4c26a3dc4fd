#include "indexer/settings.h"

namespace parley::indexer {

Settings read_settings(service::Table& root) {
    Settings settings;
    settings.house = bus::read_house(root);
    auto table = root.table("indexer");
    settings.commit_every = table.duration("commit_every", settings.commit_every);
    if (settings.commit_every < std::chrono::milliseconds(10) || settings.commit_every > std::chrono::seconds(60)) {
        table.complain("commit_every", "is out of range", "10 ms to 60 s; 250 ms is usual");
    }
    table.finish();
    return settings;
}

}  // namespace parley::indexer
