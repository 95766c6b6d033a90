// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/retention_pass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "core/crypto/sha256.h"
#include "tests/tools/trucewatch/retention_run.h"

namespace trucewatch::tools {
namespace {

using namespace retention_test;
using ::testing::HasSubstr;

RetentionTerms OlderThan(double seconds) {
  RetentionTerms terms;
  terms.keep = Duration::FromSeconds(seconds);
  return terms;
}

// Sequences that can still be read, and what the journal says of the others.
std::map<std::uint64_t, bool> Readable(Journal& journal) {
  std::map<std::uint64_t, bool> out;
  for (std::uint64_t i = 1; i <= journal.last(); ++i) {
    const auto batch = journal.ReadAfter(i - 1, 1, Duration());
    out[i] = batch.has_value();
    if (batch) continue;
    EXPECT_THAT(batch.error().message, HasSubstr("trimmed on 20"));
  }
  return out;
}

void FillRun(RetentionRun& run, int records) {
  for (int i = 1; i <= records; ++i)
    run.Raw(i % 2 == 0 ? "drone1" : "radar1", "payload " + std::to_string(i));
}

TEST(RetentionPass, EachTrimIsALeafWithWhatWentAndTheListOfDigestsMakesItsRoot) {
  RetentionRun run;
  FillRun(run, 40);
  run.End();
  const auto trimmed = run.Trim(OlderThan(200));
  ASSERT_TRUE(trimmed) << trimmed.error().message;
  ASSERT_FALSE(trimmed->empty());
  const auto record = ReadKeepingRecord(run.storage(), run.ledger());
  ASSERT_TRUE(record) << record.error().message;
  ASSERT_EQ(record->trims.size(), trimmed->size());
  std::uint64_t counted = 0;
  for (const RecordedTrim& trim : record->trims) {
    EXPECT_EQ(trim.record.log, "journal");
    EXPECT_EQ(trim.record.rule, "older than 0.00231481 days");
    for (const auto& [source, count] : trim.record.sources) counted += count;
    EXPECT_LT(trim.record.time_last, Moment(400 - 200));
  }
  const auto digests = ReadTrimmedDigests(run.storage(), run.state(), *record);
  ASSERT_TRUE(digests) << digests.error().message;
  EXPECT_EQ(digests->size(), counted);
  auto journal = run.Open();
  const auto readable = Readable(*journal);
  for (std::uint64_t i = 2; i <= journal->last(); ++i) {
    const auto found = digests->find(Sha256("payload " + std::to_string(i - 1)));
    ASSERT_EQ(readable.at(i), found == digests->end()) << i;
    if (readable.at(i)) continue;
    EXPECT_THAT(found->second, HasSubstr("older than 0.0023"));
  }
  EXPECT_TRUE(readable.at(1)) << "the mission header is kept";
  journal.reset();
  const auto again = run.Trim(OlderThan(200));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->empty());
}

TEST(RetentionPass, AListOfDigestsThatWasChangedIsNoExplanation) {
  RetentionRun run;
  FillRun(run, 40);
  run.End();
  ASSERT_TRUE(run.Trim(OlderThan(200)));
  const auto record = ReadKeepingRecord(run.storage(), run.ledger()).value();
  const std::string path =
      fmt::format("{}/trimmed/journal-{:020}.sha256", run.state(), record.trims[0].record.first);
  std::string list = ReadWholeFile(run.storage(), path, 1U << 20U).value();
  list[5] = list[5] == '0' ? '1' : '0';
  ASSERT_TRUE(WriteFileAtomically(run.storage(), path, AsBytes(list)));
  const auto digests = ReadTrimmedDigests(run.storage(), run.state(), record);
  ASSERT_FALSE(digests);
  EXPECT_EQ(digests.error().code, ErrorCode::kCheckFailed);
}

TEST(RetentionPass, WhoDiesBetweenLeafAndUnlinkGoesOnAfterwardsAndSaysNothingTwice) {
  RetentionRun run;
  FillRun(run, 40);
  run.End();
  ASSERT_FALSE(run.Trim(OlderThan(200), RetentionRun::Dies::kAfterTheLeaf));
  {
    const auto journal = run.Open();
    for (const auto& [sequence, readable] : Readable(*journal)) EXPECT_TRUE(readable) << sequence;
  }
  const std::size_t said = ReadKeepingRecord(run.storage(), run.ledger())->trims.size();
  ASSERT_GT(said, 0U);
  // The rule asks for nothing now; what was said is done all the same.
  const auto trimmed = run.Trim(OlderThan(1e9));
  ASSERT_TRUE(trimmed) << trimmed.error().message;
  EXPECT_EQ(run.outlook().pending.size(), said);
  EXPECT_EQ(trimmed->size(), said);
  EXPECT_EQ(ReadKeepingRecord(run.storage(), run.ledger())->trims.size(), said);
}

TEST(RetentionPass, ATrimThatAHoldOvertookIsTakenBackOnRecord) {
  RetentionRun run;
  FillRun(run, 40);
  run.End();
  ASSERT_FALSE(run.Trim(OlderThan(200), RetentionRun::Dies::kAfterTheLeaf));
  const std::size_t said = ReadKeepingRecord(run.storage(), run.ledger())->trims.size();
  HoldStatement hold = HoldOf(HoldStatement::Kind::kHoldTime, "h1", "");
  hold.first = Moment(0);
  hold.last = Moment(1000);
  run.Note(hold);
  const auto trimmed = run.Trim(OlderThan(200));
  ASSERT_TRUE(trimmed) << trimmed.error().message;
  EXPECT_TRUE(trimmed->empty());
  const auto record = ReadKeepingRecord(run.storage(), run.ledger()).value();
  ASSERT_EQ(record.trims.size(), 2 * said);
  EXPECT_TRUE(record.trims.back().record.withdrawn);
  EXPECT_EQ(record.trims.back().record.rule, "hold h1 by chief: inquiry");
  ASSERT_EQ(record.holds.size(), 1U) << "the hold is on record, too";
  {
    const auto journal = run.Open();
    for (const auto& [sequence, readable] : Readable(*journal)) EXPECT_TRUE(readable) << sequence;
  }
  // Lifted, the segments go, by a new word.
  run.Note(HoldOf(HoldStatement::Kind::kLiftHold, "h2", "h1"));
  const auto later = run.Trim(OlderThan(200));
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_EQ(later->size(), said);
}

TEST(RetentionPass, AHoldThatComesBetweenLookAndUnlinkIsHeeded) {
  RetentionRun run;
  FillRun(run, 40);
  run.End();
  HoldStatement hold = HoldOf(HoldStatement::Kind::kHoldTime, "h1", "");
  hold.first = Moment(0);
  hold.last = Moment(1000);
  const auto stopped =
      run.Trim(OlderThan(200), RetentionRun::Dies::kNever, [&] { run.Note(hold); });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(stopped.error().message, HasSubstr("a note was added meanwhile"));
  const auto again = run.Trim(OlderThan(200));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->empty());
  const auto journal = run.Open();
  for (const auto& [sequence, readable] : Readable(*journal)) EXPECT_TRUE(readable) << sequence;
}

TEST(RetentionPass, ANoteThatDoesNotReadStopsEveryTrim) {
  RetentionRun run;
  FillRun(run, 40);
  run.End();
  ASSERT_TRUE(run.storage().MakeDirectories(run.state() + "/holds"));
  ASSERT_TRUE(
      WriteFileAtomically(run.storage(), run.state() + "/holds/x.note", AsBytes("no note\n")));
  EXPECT_THAT(run.Trim(OlderThan(200)).error().message, HasSubstr("x.note"));
}

// A record is needed when something open or held names it, or covers its time; worked out here
// record by record, apart from the code under test.
struct Model {
  struct Window {
    double from, to;
    std::string source;  // empty: all
  };
  std::vector<Window> windows;
  std::set<int> named;

  bool Needs(int record, const std::string& source, double margin) const {
    if (named.contains(record)) return true;
    const double t = static_cast<double>(kStepS) * record;
    return std::any_of(windows.begin(), windows.end(), [&](const Window& w) {
      return t >= w.from - margin && t <= w.to + margin && (w.source.empty() || w.source == source);
    });
  }
};

void AddRandomEvent(RetentionRun& run, Model& model, const std::string& event, int records,
                    std::mt19937_64& random) {
  const double from = 10.0 * static_cast<double>(1 + random() % static_cast<unsigned>(records));
  const double to = from + static_cast<double>(random() % 120);
  std::set<int> named;
  std::vector<Digest> digests;
  for (int i = 0; i < 2; ++i) {
    const int record = 1 + static_cast<int>(random() % static_cast<unsigned>(records));
    named.insert(record);
    digests.push_back(Sha256("payload " + std::to_string(record)));
  }
  run.Say(TransitionOf(event, EventState::kVerified, from, to, digests));
  bool open = true;
  const auto decide = [&](EventState state) { run.Say(TransitionOf(event, state, from, to)); };
  switch (random() % 5) {
    case 0:
      break;
    case 1:
      decide(EventState::kConfirmed);
      break;
    case 2:
      decide(EventState::kNotConfirmed);
      open = false;
      break;
    case 3:
      decide(EventState::kInconclusive);
      decide(EventState::kClosed);
      open = false;
      break;
    case 4:
      run.Note(HoldOf(HoldStatement::Kind::kLiftEvent, "lift-" + event, event));
      open = false;
      break;
  }
  if (random() % 4 == 0) {
    Finding challenge = TransitionOf(event, EventState::kUnspecified, from, to);
    challenge.kind = FindingKind::kChallenge;
    challenge.challenge_id = "c-" + event;
    const bool ruled = random() % 2 == 0;
    challenge.challenge_state = ruled ? ChallengeState::kRejected : ChallengeState::kAnswered;
    run.Say(challenge);
    open |= !ruled;
  }
  if (random() % 4 == 0) {
    run.Note(HoldOf(HoldStatement::Kind::kHoldEvent, "hold-" + event, event));
    open = true;
  }
  if (!open) return;
  model.windows.push_back({from, to, ""});
  model.named.insert(named.begin(), named.end());
}

TEST(RetentionPass, NothingThatIsOpenOrHeldEverGoesWhateverHappensBetween) {
  int runs = 4;
  if (const char* set = std::getenv("TRUCEWATCH_RETENTION_RUNS")) runs = std::atoi(set);
  int trimmed_records = 0, kept_records = 0;
  for (int seed = 1; seed <= runs; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(static_cast<std::uint64_t>(seed));
    constexpr int kRecords = 60;
    RetentionRun run;
    FillRun(run, kRecords);
    Model model;
    for (const char* event : {"aa", "bb", "cc"})
      AddRandomEvent(run, model, event, kRecords, random);
    run.End();
    RetentionTerms terms;
    terms.margin = Duration::Seconds(static_cast<std::int64_t>(random() % 40));
    if (random() % 3 != 0)
      terms.keep = Duration::Seconds(static_cast<std::int64_t>(random() % 400));
    if (random() % 2 == 0) terms.quota_bytes = random() % 8000;
    for (int life = 0; life < 3; ++life) {
      static_cast<void>(run.Trim(terms, static_cast<RetentionRun::Dies>(random() % 3)));
      if (random() % 3 == 0) {
        HoldStatement hold = HoldOf(HoldStatement::Kind::kHoldTime, fmt::format("t{}", life), "");
        const double from = static_cast<double>(random() % 600);
        hold.first = Moment(from);
        hold.last = Moment(from + 50);
        const bool of_one = random() % 2 == 0;
        if (of_one) hold.sources = {{"radar1"}};
        // What is gone already cannot be held any more.
        const auto journal = run.Open();
        const auto readable = Readable(*journal);
        bool whole = true;
        for (int i = 1; i <= kRecords; ++i) {
          const Model only{{{from, from + 50, of_one ? "radar1" : ""}}, {}};
          if (only.Needs(i, i % 2 == 0 ? "drone1" : "radar1", terms.margin.seconds()))
            whole &= readable.at(static_cast<std::uint64_t>(i) + 1);
        }
        if (whole) {
          run.Note(hold);
          model.windows.push_back({from, from + 50, of_one ? "radar1" : ""});
        }
      }
    }
    const auto last = run.Trim(terms);
    ASSERT_TRUE(last) << last.error().message;
    const auto record = ReadKeepingRecord(run.storage(), run.ledger()).value();
    const auto digests = ReadTrimmedDigests(run.storage(), run.state(), record);
    ASSERT_TRUE(digests) << digests.error().message;
    const auto journal = run.Open();
    const auto readable = Readable(*journal);
    for (int i = 1; i <= kRecords; ++i) {
      const bool there = readable.at(static_cast<std::uint64_t>(i) + 1);
      const bool needed = model.Needs(i, i % 2 == 0 ? "drone1" : "radar1", terms.margin.seconds());
      ASSERT_TRUE(there || !needed) << "record " << i;
      // Gone is exactly what the ledger and the lists say is gone.
      ASSERT_EQ(there, !digests->contains(Sha256("payload " + std::to_string(i)))) << i;
      ++(there ? kept_records : trimmed_records);
    }
    if (terms.quota_bytes > 0 && !run.outlook().plan.quota_met) {
      for (const auto& segment : run.outlook().segments) {
        const bool gone = !readable.at(segment.first);
        EXPECT_TRUE(gone || !segment.kept_because.empty() ||
                    segment.time_last + terms.margin >= run.outlook().rule.now);
      }
    }
  }
  EXPECT_GT(trimmed_records, 0);
  EXPECT_GT(kept_records, 0);
  RecordProperty("trimmed_records", trimmed_records);
  RecordProperty("kept_records", kept_records);
}

}  // namespace
}  // namespace trucewatch::tools
