// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "core/base/result.h"
#include "ingest/radar/stanag4607.h"

namespace trucewatch::stanag4607 {

// One packet's bytes; P2 and all sizes are filled in. Fails with kBadInput on what the decoder
// would refuse: targets with unlike fields, half-set groups, more than 65,535 targets, both ways of
// saying a position, numbers out of range.
Result<std::string> EncodePacket(const PacketHeader& header, std::span<const Segment> segments);

// One segment with its 5-byte header.
Result<std::string> EncodeSegment(const Segment& segment);

}  // namespace trucewatch::stanag4607
