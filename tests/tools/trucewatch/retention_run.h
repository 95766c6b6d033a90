// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "evidence/leaf.h"
#include "tests/evidence/ledger_fixture.h"
#include "tests/support/temp_directory.h"
#include "tools/trucewatch/retention_pass.h"

namespace trucewatch::tools::retention_test {

using evidence::HoldStatement;
using evidence::testing::TestLog;

inline constexpr std::int64_t kStartS = 1'772'398'800;
inline constexpr std::int64_t kStepS = 10;

inline Instant Moment(double s) {
  return Instant::FromMicros(kStartS * 1'000'000 + static_cast<std::int64_t>(s * 1e6));
}

inline evidence::LogKey OfficersKey() {
  Ed25519Seed seed{};
  seed[0] = 77;
  return evidence::LogKey::Make("chief", seed).value();
}

// A run that has ended: raw records 10 s apart, a ledger that speaks of them.
class RetentionRun {
 public:
  RetentionRun() : storage_(MakePosixStorage()) {
    signer_ = evidence::testing::PrepareSigner(*storage_, evidence::testing::kOrigin, temp_.path());
    v1::Envelope header;
    header.mutable_mission_header()->set_exercise(true);
    header.mutable_mission_header()->set_config_text("evidence { retention { holder_vkey: \"" +
                                                     FormatVkey(OfficersKey().public_key()) +
                                                     "\" } }");
    leaves_.push_back(evidence::testing::LeafOf(header));
    raw_.push_back(SerializeEnvelope(header));
  }

  const std::string& state() const { return temp_.path(); }
  std::string ledger() const { return temp_.path() + "/ledger"; }
  Storage& storage() { return *storage_; }
  static NoteKey log_key() { return evidence::testing::TestKey().public_key(); }

  void Raw(const std::string& source, const std::string& payload) {
    RawRecord record;
    record.source = {source};
    record.receive_time = TimeOf(raw_.size());
    record.bytes = payload;
    v1::Envelope envelope;
    *envelope.mutable_raw_record() = ToProto(record);
    raw_.push_back(SerializeEnvelope(envelope));
  }
  static Instant TimeOf(std::size_t record) {
    return Moment(static_cast<double>(kStepS * static_cast<std::int64_t>(record)));
  }
  void Say(Finding finding) {
    finding.exercise = true;
    v1::Envelope envelope;
    *envelope.mutable_finding() = ToProto(finding);
    leaves_.push_back(evidence::testing::LeafOf(envelope));
  }
  void Note(const HoldStatement& hold) {
    const std::string text = evidence::HoldText(hold).value();
    ASSERT_TRUE(storage_->MakeDirectories(state() + "/holds"));
    ASSERT_TRUE(WriteFileAtomically(*storage_, state() + "/holds/" + hold.id + ".note",
                                    AsBytes(FormatNote({text, {OfficersKey().Sign(text)}}))));
  }

  // Writes the journal and the ledger.
  void End() {
    auto journal = Open();
    for (const std::string& payload : raw_) ASSERT_TRUE(journal->Append({{0, payload}}));
    ASSERT_TRUE(journal->Close());
    for (const std::string& leaf : leaves_)
      ASSERT_TRUE(leaf_log_.Append({{leaf_log_.last() + 1, leaf}}));
    ASSERT_TRUE(leaf_log_.Close());
    ASSERT_TRUE(
        InLedger([](evidence::LedgerPublisher& publisher) { return StepToEnd(publisher); }));
  }

  std::unique_ptr<Journal> Open() {
    auto journal = Journal::Open(*storage_, state() + "/journal", {.segment_bytes = 300});
    EXPECT_TRUE(journal) << journal.error().message;
    return std::move(*journal);
  }

  enum class Dies { kNever, kBeforeTheLeaf, kAfterTheLeaf };
  Result<std::vector<evidence::TrimRecord>> Trim(const RetentionTerms& terms,
                                                 Dies dies = Dies::kNever,
                                                 const std::function<void()>& meanwhile = {}) {
    std::vector<evidence::TrimRecord> trimmed;
    const auto journal = Open();
    RetentionPass pass(*storage_, state(), {{"journal", journal.get()}});
    TW_ASSIGN_OR_RETURN(const KeepingRecord record, ReadKeepingRecord(*storage_, ledger()));
    TW_ASSIGN_OR_RETURN(outlook_, pass.Look(record, terms));
    const auto done = InLedger([&](evidence::LedgerPublisher& publisher) -> Result<void> {
      TW_ASSIGN_OR_RETURN(trimmed, pass.Trim(record, outlook_, publisher, [&]() -> Result<void> {
        if (dies == Dies::kBeforeTheLeaf) return Fail(ErrorCode::kIo, "dies before the leaf");
        TW_RETURN_IF_ERROR(StepToEnd(publisher));
        if (meanwhile) meanwhile();
        if (dies == Dies::kAfterTheLeaf) return Fail(ErrorCode::kIo, "dies after the leaf");
        return {};
      }));
      return {};
    });
    if (!done) return tl::unexpected<Error>(done.error());
    return trimmed;
  }
  const RetentionOutlook& outlook() const { return outlook_; }

 private:
  static Result<void> StepToEnd(evidence::LedgerPublisher& publisher) {
    for (bool more = true; more;) {
      TW_ASSIGN_OR_RETURN(more, publisher.Step(Duration()));
    }
    return {};
  }
  Result<void> InLedger(const std::function<Result<void>(evidence::LedgerPublisher&)>& use) {
    TW_ASSIGN_OR_RETURN(const auto signer, evidence::InProcessSigner::Open(*storage_, signer_));
    TW_ASSIGN_OR_RETURN(const auto ledger,
                        evidence::Ledger::Open(*storage_, {ledger_(), signer->public_key()}));
    evidence::LedgerPublisher publisher(*ledger, *signer, leaf_log_, published_);
    TW_RETURN_IF_ERROR(publisher.UseCosigner(nullptr, {operations_, operations_}));
    return use(publisher);
  }
  std::string ledger_() const { return ledger(); }

  const testing::TempDirectory temp_;
  const std::unique_ptr<Storage> storage_;
  evidence::SignerOptions signer_;
  std::vector<std::string> raw_, leaves_;
  TestLog leaf_log_, published_, operations_;
  RetentionOutlook outlook_;
};

inline Finding TransitionOf(const std::string& event, EventState state, double from, double to,
                            const std::vector<Digest>& raw = {}) {
  Finding f;
  f.kind = FindingKind::kEventTransition;
  f.event_id = event;
  f.state = state;
  f.time = f.time_last = Moment(to);
  f.time_first = Moment(from);
  if (!raw.empty()) {
    Support support;
    support.source = {"drone1"};
    support.first = Moment(from);
    support.last = Moment(to);
    support.raw_digests = raw;
    f.supports.push_back(support);
  }
  return f;
}

inline HoldStatement HoldOf(HoldStatement::Kind kind, const std::string& id,
                            const std::string& about) {
  HoldStatement h;
  h.kind = kind;
  h.mission = evidence::testing::kOrigin;
  h.id = id;
  h.about = about;
  h.reason = "inquiry";
  h.time = Moment(1e6);
  return h;
}

}  // namespace trucewatch::tools::retention_test
