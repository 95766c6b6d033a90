// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace trucewatch::evidence {

// What a log sends to a witness: C2SP tlog-witness v1.0.0, "add-checkpoint".
struct AddCheckpointRequest {
  std::uint64_t old_size = 0;  // what the log believes that the witness holds
  std::vector<Digest> proof;   // RFC 9162 consistency from old_size to the checkpoint's size
  std::string checkpoint;      // a signed note
};
inline constexpr std::size_t kMaxProofLines = 63;
// Sixteen signatures of the longest kind known (ML-DSA-44) fit twice.
inline constexpr std::size_t kMaxAddCheckpointBody = 128 * 1024;

std::string FormatAddCheckpoint(const AddCheckpointRequest& request);
// Fails with kBadInput and a sentence that names the line. Does not look into the checkpoint.
Result<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body);

// Decimal without leading zeros, at most 2^63-1.
Result<std::uint64_t> ParseTreeSize(std::string_view digits);

// An answer in the words of HTTP.
struct WitnessReply {
  int status = 0;
  std::string content_type;
  std::string body;
};
inline constexpr std::string_view kPlainText = "text/plain; charset=utf-8";
inline constexpr std::string_view kTreeSizeType = "text/x.tlog.size";  // of a 409

// Where a witness shows the latest checkpoint of a log, below its url: the origin's SHA-256 in
// hexadecimal, then "/checkpoint".
std::string LatestCheckpointPath(std::string_view origin);

}  // namespace trucewatch::evidence
