// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch::tools {

// Asks a time-stamp authority (RFC 3161 section 3.4): POST of application/timestamp-query, answered
// by application/timestamp-reply. Gives the answer's bytes, unjudged, at most 64 KiB. Fails with
// kUnavailable when there is none within about the time, or another kind of answer.
Result<std::string> AskForTimestamp(const std::string& url, const std::string& request,
                                    Duration timeout);

}  // namespace trucewatch::tools
