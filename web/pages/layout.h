// The frame around every view, and the small pieces that several views share.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "broker/bus/value.h"
#include "broker/service/clock.h"
#include "broker/service/error.h"
#include "web/pages/html.h"

namespace parley::pages {

struct Frame {
    std::string title;
    std::string here;   // which entry of the navigation: "search", "rooms", "commands", "status"
    std::string house;  // the system's name, as in the settings
    std::string name;   // who looks; empty: nobody is signed in
    std::string query;  // what the search field holds
    bool wide = false;
    service::Time now{};
};

std::string document(const Frame& frame, const Html& content);

// Addresses of views.
std::string room_address(std::string_view room, std::int64_t around = 0, std::string_view id = {});
std::string run_address(std::string_view run);
std::string search_address(std::string_view query, std::string_view order = {}, std::int64_t offset = 0);
std::string asset_address(std::string_view name);

// "14:05", with the whole date as its title; `day` adds the date in front.
Html when(std::int64_t time_us, bool day = false);
std::string day_of(std::int64_t time_us);    // "2026-11-23"
std::string long_day(std::int64_t time_us);  // "Monday, 23 November 2026"
Html avatar(std::string_view name);
Html badge(std::string_view outcome);      // "succeeded", "running" …, in its colour
std::string grouped(std::int64_t number);  // "12 345"
std::string plural(std::int64_t count, std::string_view one, std::string_view many);
Html problem(const service::Error& error);  // said on the page, where its content would be

}  // namespace parley::pages
