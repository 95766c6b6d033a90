// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>
#include <vector>

#include "ingest/radar/stanag4607.h"

namespace trucewatch::stanag4607::testing {

// Segments with random existence masks (groups all or none) and random values the standard allows.
struct RandomDwellOptions {
  bool dissector_safe =
      false;  // only what tshark 4.0.17 reads right (specs/stanag4607.md section 7)
};
DwellSegment RandomDwell(std::mt19937_64& random, const RandomDwellOptions& options = {});
Segment RandomSegment(std::mt19937_64& random);
PacketHeader RandomHeader(std::mt19937_64& random);

// Bytes of hex text; spaces are left out.
std::string FromHex(std::string_view hex);

}  // namespace trucewatch::stanag4607::testing
