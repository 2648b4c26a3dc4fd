// Which run somebody means who cancels, and whether it is theirs.
#pragma once

#include <string>
#include <vector>

#include "broker/bus/value.h"
#include "broker/jobs/jobs.h"

namespace parley::broker {

struct AskedToCancel {
    std::string run;                      // the beginning of an id; empty: the latest of theirs
    std::string who = "somebody";         // for people
    std::vector<std::string> identities;  // "account/native-id": whose runs are theirs
    bool anyones = false;                 // not only theirs, if it is named
};

// The request of the method "cancel": docs/protocol.md.
AskedToCancel asked_to_cancel(const bus::Value& request);
// Code::not_found, conflict: which is not clear; denied: it is somebody else's.
service::Result<bus::EventId> run_to_cancel(const jobs::Jobs& jobs, const AskedToCancel& asked);

}  // namespace parley::broker
