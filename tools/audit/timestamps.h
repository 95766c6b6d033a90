// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/crypto/timestamp.h"

namespace trucewatch::audit {

// A checkpoint that a time-stamp authority stamped (docs/formats/timestamp.md).
struct StampedCheckpoint {
  std::uint64_t size = 0;  // as the names of its two files say
  std::string checkpoint;  // exact bytes
  Timestamp stamp;
};

// Reads a folder of <size>.checkpoint and <size>.tsr and checks each stamp, offline, against the
// certificates the reader trusts: ascending by size. Whether the checkpoints are a ledger's is
// AuditOptions::stamped. Fails with kNotFound when the folder has none, kCheckFailed, naming the
// file, when one does not hold or stands without the other, or is of another size than it is
// called.
Result<std::vector<StampedCheckpoint>> CheckTimestamps(const std::string& folder,
                                                       const std::string& ca_pem);

// "stamped: size 57 was there at 2026-03-02T00:00:00Z (to 1.25 s), policy 1.2.3, by CN=..."
std::string FormatStamp(std::uint64_t size, const Timestamp& stamp);

}  // namespace trucewatch::audit
