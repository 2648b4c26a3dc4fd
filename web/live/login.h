// `!login` in a direct message: answered with a one-time link, in the same conversation.
#pragma once

#include <optional>
#include <string>

#include "broker/bus/house_settings.h"
#include "web/server/sessions.h"

namespace parley::live {

// The answer to publish, if `event` asks for a link; a message that is older than a link lasts gets none.
std::optional<bus::Event> login_answer(const bus::Event& event, const bus::HouseSettings& house,
                                       server::Sessions& sessions, service::Time now);

}  // namespace parley::live
