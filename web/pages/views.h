// One function for each view: what the services answered, as a page's content. Pure; the frame is layout.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/bus/value.h"
#include "broker/service/error.h"
#include "web/pages/html.h"
#include "web/pages/timeline.h"

namespace parley::pages {

struct SearchView {
    std::string query, order = "newest";
    std::int64_t offset = 0, limit = 20;
    bus::Value answer;  // of the archive's `search`; nil: not asked
    std::optional<service::Error> error;
};
Html search_view(const SearchView& view);

// The first page: the search field, the rooms and how commands fared.
struct HomeView {
    bus::Value rooms, plot;
    std::optional<service::Error> error;
    bool may_see_runs = true;
};
Html home_view(const HomeView& view);

struct RoomView {
    std::string room;                // "web/ops"
    std::string gateway;             // empty: in none
    std::vector<std::string> rooms;  // that mirror each other here
    std::string writes_to;           // the web room that takes what is written; empty: read only
    std::vector<bus::Value> events;
    TimelineOptions timeline;
    bool live = true;  // the newest talk; otherwise a stretch of the past
    bool more_before = false, more_after = false;
    std::optional<service::Error> error;
};
Html room_view(const RoomView& view);
Html rooms_view(const std::vector<bus::Value>& rooms, const std::optional<service::Error>& error);

struct RunView {
    TimelineOptions timeline;
    bool may_cancel = false, told_to_stop = false;
};
Html run_view(const bus::Value& run, const RunView& view);
Html plot_view(const bus::Value& plot, std::int64_t today_us);

struct StatusView {
    bool bus_up = false;
    std::optional<bus::Value> broker, archive;
    std::vector<std::pair<std::string, std::optional<bus::Value>>> accounts;  // by name; what their bridge says
};
Html status_view(const StatusView& view);
Html commands_view(const bus::Value& commands, const std::string& prefix, const std::optional<service::Error>& error);

Html sign_in_view(const std::string& bot, const std::string& prefix);
Html login_view(const std::string& code, const std::string& name);
Html me_view(const std::string& name, const std::string& id, bool session);
Html error_view(int status, const service::Error& error);

}  // namespace parley::pages
