// parley reindex: build the index again from the archive. The indexer must not run meanwhile; it says so itself.

#include "tools/parley/ask.h"
#include "tools/parley/supervisor.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program reindex() {
    service::Program program{"parley reindex", "Build the search index again from the archive", {}, {}, {},
                             "Stop parley first. Nothing but the archive is needed; until the new index is whole, the old one stays."};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings&) -> Result<void> {
        if (run_to_end({"reindex", "parley-indexer", {"--settings", arguments.settings_path, "--reindex"}}) == 0) return {};
        return fail(Code::io, "the index was not rebuilt", "the reason is printed above; the old index is still in place");
    });
    return program;
}

}  // namespace parley::cli
