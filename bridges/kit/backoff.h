// Bridges know it as kit::Backoff.
#pragma once

#include "broker/service/backoff.h"

namespace parley::kit {

using service::Backoff;
using service::BackoffLimits;

}  // namespace parley::kit
