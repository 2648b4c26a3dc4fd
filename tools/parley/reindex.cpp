// parley reindex: build the index again from the archive. The indexer must not run meanwhile; it says so itself.

#include <sys/wait.h>

#include "tools/parley/ask.h"
#include "tools/parley/supervisor.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program reindex() {
    service::Program program{"parley reindex", "Build the search index again from the archive", {}, {}, {}};
    program.run = [](const service::Arguments& arguments) -> service::Result<void> {
        const auto child = start({"reindex", "parley-indexer", {"--settings", arguments.settings_path, "--reindex"}});
        int status = 0;
        if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            return service::fail(service::Code::io, "the index was not rebuilt", "the reason is printed above; the old index is still in place");
        }
        return {};
    };
    return program;
}

}  // namespace parley::cli
