// SPDX-License-Identifier: Apache-2.0
#include "evidence/leaf.h"

#include "evidence/ledger/tiles.h"

namespace trucewatch::evidence {

std::string MakeLeaf(LeafKind kind, std::string_view envelope_bytes) {
  std::string leaf(kLeafTag);
  leaf.push_back(static_cast<char>(kind));
  leaf.append(envelope_bytes);
  return leaf;
}

Result<Leaf> ParseLeaf(std::string_view bytes) {
  if (!bytes.starts_with(kLeafTag) || bytes.size() == kLeafTag.size()) {
    return Fail(ErrorCode::kBadInput,
                "is no leaf: 'trucewatch/leaf/v1', newline and kind expected");
  }
  const auto kind = static_cast<std::uint8_t>(bytes[kLeafTag.size()]);
  if (kind != static_cast<std::uint8_t>(LeafKind::kFinding) &&
      kind != static_cast<std::uint8_t>(LeafKind::kOperation)) {
    return Fail(ErrorCode::kBadInput, "leaf kind {}: 1 (finding) or 2 (operation) expected", kind);
  }
  bytes.remove_prefix(kLeafTag.size() + 1);
  Leaf leaf;
  leaf.kind = static_cast<LeafKind>(kind);
  if (!leaf.envelope.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Fail(ErrorCode::kBadInput, "leaf: {} bytes that are no Envelope", bytes.size());
  }
  switch (leaf.envelope.payload_case()) {
    case v1::Envelope::kMissionHeader:
    case v1::Envelope::kFinding:
    case v1::Envelope::kDataFault:
      return leaf;
    default:
      return Fail(ErrorCode::kBadInput, "leaf: payload {} of Envelope is no statement of a ledger",
                  static_cast<int>(leaf.envelope.payload_case()));
  }
}

v1::Finding FindingOf(const Leaf& leaf) {
  if (leaf.envelope.has_finding()) return leaf.envelope.finding();
  v1::Finding finding;
  if (leaf.envelope.has_mission_header()) {
    const v1::MissionHeader& header = leaf.envelope.mission_header();
    finding.set_kind(v1::FINDING_KIND_MISSION_HEADER);
    finding.set_time_us(header.start_time_us());
    finding.set_exercise(header.exercise());
    finding.set_reason("mission " + header.mission());
  } else {
    const v1::DataFault& fault = leaf.envelope.data_fault();
    finding.set_kind(v1::FINDING_KIND_DATA_FAULT);
    finding.set_time_us(fault.time_us());
    finding.set_reason(fault.format() + ": " + fault.reason());
  }
  return finding;
}

bool CheckpointAfter(const Leaf& leaf, std::uint64_t ledger_index) {
  if ((ledger_index + 1) % kTileWidth == 0 || leaf.envelope.has_mission_header()) return true;
  switch (leaf.envelope.finding().kind()) {
    case v1::FINDING_KIND_EVENT_TRANSITION:
    case v1::FINDING_KIND_NOTIFIED_MOVEMENT:
    case v1::FINDING_KIND_PERMITTED_MOVEMENT:
    case v1::FINDING_KIND_HUMAN_RECORD:
    case v1::FINDING_KIND_CASE:
    case v1::FINDING_KIND_CHALLENGE:
    case v1::FINDING_KIND_RELEASE:
    case v1::FINDING_KIND_KEY_SET:
    case v1::FINDING_KIND_CUSTODY:
    case v1::FINDING_KIND_HEARTBEAT:
    case v1::FINDING_KIND_MISSION_HEADER:
      return true;
    default:
      return false;
  }
}

}  // namespace trucewatch::evidence
