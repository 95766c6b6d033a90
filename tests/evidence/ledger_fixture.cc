// SPDX-License-Identifier: Apache-2.0
#include "tests/evidence/ledger_fixture.h"

#include <algorithm>

#include "core/base/check.h"
#include "evidence/leaf.h"

namespace trucewatch::evidence::testing {

Ed25519Seed CountingSeed(std::uint8_t first) {
  Ed25519Seed seed{};
  for (std::uint8_t& byte : seed) byte = first++;
  return seed;
}

LogKey TestKey(const std::string& origin) { return *LogKey::Make(origin, CountingSeed(0)); }

SignerOptions PrepareSigner(Storage& storage, const std::string& origin,
                            const std::string& folder) {
  const SignerOptions options{folder + "/log.key", folder + "/signer.state", origin};
  TW_CHECK(WriteFileAtomically(storage, options.key_file, AsBytes(TestKey(origin).Format())));
  return options;
}

std::map<std::string, std::string> FilesOf(Storage& storage, std::uint64_t bundles) {
  std::vector<std::string> folders = {""};  // each ends in '/' but the ledger's own
  for (int level = kEntriesLevel; level < 3; ++level) {
    const std::string first = PartialFolder(level, 0);
    folders.push_back(first.substr(0, first.rfind('/') + 1));
    for (std::uint64_t i = 0; i < bundles; ++i) folders.push_back(PartialFolder(level, i) + "/");
  }
  std::map<std::string, std::string> files;
  for (const std::string& folder : folders) {
    const std::string path = std::string(kLedger) + "/" + folder;
    const std::vector<std::string> names = *storage.List(path.substr(0, path.size() - 1));
    for (const std::string& name : names) {
      if (name == "checkpoint.tmp") continue;  // what it holds means nothing
      files[folder + name] = *ReadWholeFile(storage, path + name, 1 << 26);
    }
  }
  return files;
}

Result<LogBatch> TestLog::ReadAfter(std::uint64_t after, std::uint64_t max_bytes, Duration) {
  LogBatch batch;
  batch.last = records_.size();
  batch.closed = closed_;
  std::uint64_t bytes = 0;
  for (std::size_t i = after; i < records_.size(); ++i) {
    if (batch.records.size() == batch_ || (bytes > 0 && bytes >= max_bytes)) break;
    bytes += records_[i].payload.size();
    batch.records.push_back(records_[i]);
  }
  return batch;
}

Result<void> TestLog::Append(const std::vector<NewRecord>& records) {
  for (const NewRecord& record : records) {
    if (fail_after_ == 0) return Fail(ErrorCode::kIo, "killed");
    if (fail_after_ != SIZE_MAX) --fail_after_;
    records_.push_back({records_.size() + 1, record.origin, record.payload});
  }
  return {};
}

Result<void> TestLog::Close() {
  closed_ = true;
  return {};
}

v1::Envelope HeaderEnvelope(bool exercise) {
  v1::Envelope envelope;
  envelope.mutable_mission_header()->set_mission("test");
  envelope.mutable_mission_header()->set_exercise(exercise);
  envelope.mutable_mission_header()->set_start_time_us(1'772'398'800'000'000);
  return envelope;
}

v1::Envelope FindingEnvelope(v1::FindingKind kind, int number, bool exercise) {
  v1::Envelope envelope;
  v1::Finding& finding = *envelope.mutable_finding();
  finding.set_kind(kind);
  finding.set_time_us(1'772'398'800'000'000 + number * 1'000'000LL);
  finding.set_exercise(exercise);
  if (kind == v1::FINDING_KIND_EVENT_TRANSITION) {
    finding.set_event_id("e1");
    finding.set_state(v1::EVENT_STATE_VERIFIED);
    finding.set_rule("line");
  }
  return envelope;
}

std::string LeafOf(const v1::Envelope& envelope) {
  return MakeLeaf(LeafKind::kFinding, envelope.SerializeAsString());
}

std::vector<std::string> MissionLeaves(int count) {
  std::vector<std::string> leaves = {LeafOf(HeaderEnvelope())};
  for (int i = 1; i < count; ++i) {
    const v1::FindingKind kind = i % 10 == 0  ? v1::FINDING_KIND_EVENT_TRANSITION
                                 : i % 5 == 0 ? v1::FINDING_KIND_HEARTBEAT
                                              : v1::FINDING_KIND_SOURCE_STATUS;
    leaves.push_back(LeafOf(FindingEnvelope(kind, i)));
  }
  return leaves;
}

}  // namespace trucewatch::evidence::testing
