#include "broker/bus/keys.h"

#include <fcntl.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "broker/service/invariant.h"

namespace parley::bus {
namespace {

using service::Code;
using service::Result;
using service::fail;

constexpr std::array<std::string_view, 5> roles = {"bridge", "worker", "indexer", "web", "operator"};
constexpr std::size_t key_characters = 40;

Result<void> write_file(const std::filesystem::path& path, std::string_view content) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail(errno == EEXIST ? Code::conflict : Code::io, "cannot write " + path.string() + ": " + std::strerror(errno),
                    errno == EEXIST ? "remove it first if these keys are to be replaced" : "");
    }
    const auto line = std::string(content) + "\n";
    const bool good = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
    ::close(fd);
    if (good) return {};
    return fail(Code::io, "cannot write " + path.string() + ": " + std::strerror(errno));
}

Result<std::string> read_key(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::string key;
    if (!std::getline(in, key)) return fail(Code::not_found, "cannot read the key " + path.string(), "`parley keys` makes it");
    if (!is_key(key)) return fail(Code::invalid, path.string() + " holds no key of 40 characters", "make it again with `parley keys`");
    return key;
}

}  // namespace

std::string_view name(Role role) {
    const auto number = static_cast<std::size_t>(role);
    return number < roles.size() ? roles[number] : "unknown";
}

std::optional<Role> role_from(std::string_view name) {
    const auto found = std::find(roles.begin(), roles.end(), name);
    if (found == roles.end()) return std::nullopt;
    return static_cast<Role>(found - roles.begin());
}

Keys make_keys() {
    std::array<char, key_characters + 1> own_public{}, own_secret{};
    service::invariant(zmq_curve_keypair(own_public.data(), own_secret.data()) == 0, "this libzmq was built without CURVE");
    return {own_public.data(), own_secret.data(), {}};
}

bool is_key(std::string_view z85) {
    constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    return z85.size() == key_characters && z85.find_first_not_of(alphabet) == std::string_view::npos;
}

Result<void> write_keys(const std::filesystem::path& folder, std::string_view name, const Keys& keys) {
    std::error_code error;
    if (!std::filesystem::exists(folder)) {
        std::filesystem::create_directories(folder, error);
        if (!error) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    }
    if (error) return fail(Code::io, "cannot make the folder " + folder.string() + ": " + error.message());
    if (auto done = write_file(folder / (std::string(name) + ".secret"), keys.own_secret); !done) return done;
    return write_file(folder / (std::string(name) + ".public"), keys.own_public);
}

Result<Keys> read_keys(const std::filesystem::path& folder, std::string_view name) {
    const auto own_public = read_key(folder / (std::string(name) + ".public"));
    if (!own_public) return fail(own_public.error());
    const auto own_secret = read_key(folder / (std::string(name) + ".secret"));
    if (!own_secret) return fail(own_secret.error());
    const auto broker = read_key(folder / "broker.public");
    if (!broker) return fail(broker.error());
    return Keys{*own_public, *own_secret, *broker};
}

}  // namespace parley::bus
