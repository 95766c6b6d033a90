// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch::evidence {

// What a leaf of the ledger says (docs/formats/ledger.md): domain tag, kind, and the Envelope's
// bytes exactly as they were received, because protobuf output is not canonical and re-serialising
// could change what was hashed.
inline constexpr std::string_view kLeafTag = "trucewatch/leaf/v1\n";

// DESIGN.md rule 2: any replay reproduces findings byte for byte; operations belong to one run.
enum class LeafKind : std::uint8_t { kFinding = 1, kOperation = 2 };

std::string MakeLeaf(LeafKind kind, std::string_view envelope_bytes);

struct Leaf {
  LeafKind kind = LeafKind::kFinding;
  v1::Envelope envelope;  // holds a mission header, a finding or a data fault
};
// Fails with kBadInput on another tag, an unknown kind, bytes that are no Envelope or another
// payload.
Result<Leaf> ParseLeaf(std::string_view bytes);

// The statement as subscribers get it: a finding itself; a mission header or a data fault as a
// finding of that kind.
v1::Finding FindingOf(const Leaf& leaf);

// Whether a checkpoint follows this leaf. A pure function of the leaf and its place, so that a
// restart, a replay and any batching sign the same sizes: event transitions, notified and
// permitted movements, human records, cases, key sets, hand-overs, heartbeats and mission headers,
// besides every 256th leaf so that no leaf waits for long.
bool CheckpointAfter(const Leaf& leaf, std::uint64_t ledger_index);

}  // namespace trucewatch::evidence
