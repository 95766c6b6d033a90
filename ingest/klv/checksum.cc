// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/checksum.h"

namespace trucewatch {

std::uint16_t KlvChecksum(Bytes bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum = (sum + (i % 2 == 0 ? static_cast<std::uint32_t>(bytes[i]) << 8 : bytes[i])) & 0xFFFF;
  }
  return static_cast<std::uint16_t>(sum);
}

}  // namespace trucewatch
