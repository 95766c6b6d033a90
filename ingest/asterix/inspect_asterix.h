// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace trucewatch {

// Reads a pcap capture or ASTERIX blocks, raw or framed (framing.h): one JSON line a record
// (docs/formats/inspect.md):
// {"file","offset","length","format":"asterix","ok":true,"category":48,"sac","sic",
//  "items":{"I048/040":{"rho_m":...,"theta_deg":...},...}}.
// Blocks of categories that are not decoded are a line each with "decoded": false. Damage is a line
// with "ok": false and "error", and reading goes on where it can.
// `read` gives the next bytes, at most `max`, empty at the end; its errors are passed on. kBadInput
// when the file is neither.
Result<void> InspectAsterix(const std::string& file,
                            const std::function<Result<std::string>(std::size_t max)>& read,
                            const std::function<void(const std::string&)>& emit);

// How much of a file LooksLikeAsterix wants to see.
inline constexpr std::size_t kAsterixStartSize = 65'535;
// The first bytes of a pcap capture, of frames or of raw blocks: a first record that can be read,
// or lengths that lead from block to block. `file_size` is the whole file's.
bool LooksLikeAsterix(Bytes start, std::uint64_t file_size);

}  // namespace trucewatch
