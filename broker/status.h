// What the broker tells of itself.
#pragma once

#include "broker/bus/house_settings.h"
#include "broker/bus/value.h"
#include "broker/journal/journal.h"
#include "broker/service/metrics.h"

namespace parley::broker {

// Its status as numbers for Prometheus. `status`: what the service "broker" answers.
struct Gauges : service::Metrics {
    explicit Gauges(const bus::Value& status);
};

// How long the first event after that place has been in the journal; zero: there is none.
std::chrono::microseconds waited(journal::Journal& journal, bus::Sequence done, service::Time now);

bus::Value gateways_of(const bus::HouseSettings& house);  // {gateways [{name, rooms}]}

}  // namespace parley::broker
