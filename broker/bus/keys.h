// CURVE keys for tcp://: a pair for each process, and the broker's list of who may come.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/service/result.h"

namespace parley::bus {

// What a process may do; with CURVE the broker ties each key to one role and name.
enum class Role : std::uint8_t { bridge = 0, worker = 1, indexer = 2, web = 3, operator_ = 4 };
std::string_view name(Role role);  // "operator"
std::optional<Role> role_from(std::string_view name);

struct Keys {  // Z85, 40 characters each; all empty on ipc://
    std::string own_public, own_secret, broker_public;
    friend bool operator==(const Keys&, const Keys&) = default;
};

// A key that the broker lets in, and who it is.
struct AllowedKey {
    std::string public_key;
    Role role = Role::operator_;
    std::string name;
};

// A fresh pair; broker_public stays empty.
Keys make_keys();
bool is_key(std::string_view z85);
// A folder (0700) of NAME.public and NAME.secret (0600), the broker's pair named "broker". Writing refuses to replace.
service::Result<void> write_keys(const std::filesystem::path& folder, std::string_view name, const Keys& keys);
// The pair of `name` with the broker's public key.
service::Result<Keys> read_keys(const std::filesystem::path& folder, std::string_view name);

}  // namespace parley::bus
