// parley keys NAME: a pair of CURVE keys for a process that reaches the broker over TCP.

#include "broker/bus/keys.h"

#include <fmt/format.h>

#include <cstdio>

#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program keys() {
    service::Program program{"parley keys", "Make a pair of keys for a process that reaches the broker over TCP",
                             {{"--folder", "FOLDER", "where they go (keys); [bus] keys names it in the settings"}}, {}, "NAME",
                             "  parley keys broker        the broker's own pair; broker.public goes into every other process's folder\n"
                             "  parley keys libera        a bridge: the account's name\n"
                             "  parley keys worker-1      also: indexer, web, and operator for this tool\n\n"
                             "Prints the lines that let the new key in. Keys that are there are never replaced."};
    program.run = [](const service::Arguments& arguments) -> Result<void> {
        if (arguments.words.size() != 1) {
            return fail(Code::invalid, "keys needs the name of a process", "parley keys broker, then parley keys libera and so on");
        }
        const auto& name = arguments.words[0];
        const auto folder = service::option(arguments, "--folder", "keys");
        const auto made = bus::make_keys();
        if (auto written = bus::write_keys(folder, name, made); !written) return written;
        fmt::print("{0}/{1}.public and {0}/{1}.secret are written.\n", folder, name);
        if (name == "broker") fmt::print("Give broker.public to every other process's folder.\n");
        else fmt::print("For the broker's settings:\n\n[[bus.allow]]\nkey = \"{}\"\nrole = \"bridge\"  # or worker, indexer, web, operator\nname = \"{}\"\n", made.own_public, name);
        return {};
    };
    return program;
}

}  // namespace parley::cli
