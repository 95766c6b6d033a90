// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "core/base/result.h"

namespace trucewatch {

// Gives the next bytes of a file, at most `max`; empty at its end.
using ReadChunk = std::function<Result<std::string>(std::size_t max)>;
// Takes one line of output, without the line break.
using EmitLine = std::function<void(const std::string&)>;

// Reads a STANAG 4607 file: one JSON line a segment (docs/formats):
// {"file","offset","length","format":"stanag4607","ok":true,"segment":"dwell","packet":{...},
//  fields by name and unit...,"targets":[{"lat_deg","lon_deg","velocity_mps",...}]}.
// "time_utc" stands where the mission date is known. A field that makes no statement is null.
// Damage is a line with "ok": false and "error", with its offset and length, and reading goes on.
// kBadInput when there is no packet in the file at all; errors of `read` are passed on.
Result<void> InspectStanag4607(const std::string& file, const ReadChunk& read,
                               const EmitLine& emit);

}  // namespace trucewatch
