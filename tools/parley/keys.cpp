// parley keys: a pair of CURVE keys for a process that reaches the broker over TCP.

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>

#include "broker/bus/keys.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program keys() {
    service::Program program{"parley keys", "Make a pair of keys for a process that reaches the broker over TCP",
                             {{"--out", "FILE", "where the secret goes (mode 0600); it must not exist yet"}}, {}, {}};
    program.run = [](const service::Arguments& arguments) -> service::Result<void> {
        const auto path = service::option(arguments, "--out");
        if (path.empty()) return service::fail(service::Code::invalid, "--out is missing", "parley keys --out libera.key prints the public key and keeps the secret in the file");
        struct stat info {};
        if (::stat(path.c_str(), &info) == 0) return service::fail(service::Code::conflict, fmt::format("{} is there already", path), "remove it first if it is no longer used");
        const auto made = bus::make_keys();
        ::umask(0077);
        std::ofstream out(path);
        out << made.own_secret << "\n";
        if (!out.flush()) return service::fail(service::Code::io, fmt::format("cannot write {}", path), "check the folder and the disk");
        fmt::print("public key: {}\nThe secret is in {}. Add the public key to [bus] allow in the broker's settings.\n", made.own_public, path);
        return {};
    };
    return program;
}

}  // namespace parley::cli
