// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "core/base/result.h"
#include "core/storage/storage.h"
#include "tools/trucewatch/case_files.h"
#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch::tools {

// All records of the log in that folder, in order, but for those that were trimmed; none where
// there is no such folder.
Result<void> EachEnvelope(Storage& storage, const std::string& folder,
                          const std::function<Result<void>(const v1::Envelope&)>& handle);

// observations.jsonl: looks and dwells of the sources that speak for the event, from five seconds
// before it to five seconds after; tracks.jsonl: its tracks meanwhile, as they were settled
// (docs/formats/bundle.md). From the logs of a run's state folder; a log that is not there makes no
// file.
Result<void> AddObservations(Storage& storage, const std::string& state, const CaseEntries& entries,
                             CaseFolder& folder);

}  // namespace trucewatch::tools
