// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace trucewatch {

// Where the packets of a transport stream start and how far apart they are.
struct TsSync {
  std::size_t offset = 0;
  std::size_t packet_size = 188;  // 188; 192 with time codes (M2TS); 204 with error correction
};

// Looks for the sync byte 0x47 at a regular distance. `final`: nothing will follow these bytes.
// Nothing yet: more bytes are needed. kBadInput: this is no transport stream.
Result<std::optional<TsSync>> FindTsSync(Bytes bytes, bool final);

// Position of the first packet of the programme association table (PID 0) that starts a section,
// from the sync on.
std::optional<std::size_t> FindProgrammeTable(Bytes bytes, const TsSync& sync);

}  // namespace trucewatch
