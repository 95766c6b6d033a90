// SPDX-License-Identifier: Apache-2.0
#include "evidence/evidence_stage.h"

#include "core/crypto/sha256.h"
#include "evidence/leaf.h"
#include "evidence/ledger/checkpoint.h"
#include "evidence/ledger/tiles.h"

namespace trucewatch::evidence {

Result<std::unique_ptr<EvidenceStage>> EvidenceStage::Create(const EvidenceOptions& options) {
  TW_RETURN_IF_ERROR(ValidateOrigin(options.ledger_origin, options.exercise));
  return std::unique_ptr<EvidenceStage>(new EvidenceStage(options));
}

Result<std::vector<std::vector<std::string>>> EvidenceStage::Handle(
    std::span<const LogRecord> inputs) {
  std::vector<std::vector<std::string>> outputs;
  for (const LogRecord& input : inputs) {
    TW_ASSIGN_OR_RETURN(std::vector<std::string> leaves, HandleOne(input));
    outputs.push_back(std::move(leaves));
  }
  return outputs;
}

Result<std::vector<std::string>> EvidenceStage::HandleOne(const LogRecord& input) {
  v1::Envelope envelope;
  if (!envelope.ParseFromString(input.payload)) {
    return std::vector{FaultLeaf(input, "is no Envelope")};
  }
  switch (envelope.payload_case()) {
    case v1::Envelope::kMissionHeader:
      if (envelope.mission_header().exercise() != options_.exercise) {
        return Fail(
            ErrorCode::kBadInput,
            "record {}: the mission header says exercise={}, the ledger '{}' says exercise={}",
            input.sequence, envelope.mission_header().exercise(), options_.ledger_origin,
            options_.exercise);
      }
      last_time_us_ = envelope.mission_header().start_time_us();
      break;
    case v1::Envelope::kFinding:
      last_time_us_ = envelope.finding().time_us();
      if (envelope.finding().exercise() != options_.exercise) {
        return std::vector{FaultLeaf(
            input, options_.exercise ? "finding without exercise mark in an EXERCISE ledger"
                                     : "exercise finding in an OPERATIONAL ledger")};
      }
      break;
    case v1::Envelope::kDataFault:
      last_time_us_ = envelope.data_fault().time_us();
      break;
    default:
      return std::vector<std::string>{};
  }
  std::string leaf = MakeLeaf(LeafKind::kFinding, input.payload);
  if (leaf.size() > kMaxEntrySize) return std::vector{FaultLeaf(input, "is too long for a leaf")};
  return std::vector{std::move(leaf)};
}

// Commits to the refused bytes all the same, through their digest.
std::string EvidenceStage::FaultLeaf(const LogRecord& input, const std::string& reason) const {
  v1::Envelope envelope;
  v1::DataFault& fault = *envelope.mutable_data_fault();
  fault.set_time_us(last_time_us_);
  fault.set_format("finding");
  fault.set_source_offset(input.sequence);
  fault.set_reason(fmt::format("record {} ({} bytes, SHA-256 {}) {}", input.sequence,
                               input.payload.size(), HexEncode(Sha256(input.payload)), reason));
  return MakeLeaf(LeafKind::kFinding, envelope.SerializeAsString());
}

Result<std::string> EvidenceStage::Snapshot() const {
  std::string snapshot;
  AppendBe64(snapshot, static_cast<std::uint64_t>(last_time_us_));
  return snapshot;
}

Result<void> EvidenceStage::Restore(std::string_view snapshot) {
  if (snapshot.size() != 8) {
    return Fail(ErrorCode::kBadInput, "snapshot of {} bytes: 8 expected", snapshot.size());
  }
  last_time_us_ = static_cast<std::int64_t>(ReadBe64(AsBytes(snapshot)));
  return {};
}

}  // namespace trucewatch::evidence
