// A verb of the operator's CLI: `parley VERB …`. One file for each.
#pragma once

#include "broker/service/program.h"

namespace parley::cli {

service::Program up();
service::Program check();
service::Program reload();
service::Program status();
service::Program tail();
service::Program search();
service::Program show();
service::Program trace();
service::Program dead_letters();
service::Program send();
service::Program import();
service::Program export_();
service::Program reindex();
service::Program keys();

}  // namespace parley::cli
