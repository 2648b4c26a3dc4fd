// Which start of the system this is: after another one, files hold only what was synced.
#pragma once

#include <string>

namespace parley::service {

// Another after each boot; empty if the system does not tell.
std::string boot_id();

}  // namespace parley::service
