// SPDX-License-Identifier: Apache-2.0
// Records under a key set: who may sign what, when, and how that changes while the mission runs.
#include "ingest/human/keyed_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/types/codec.h"
#include "ingest/human/human_record.h"
#include "ingest/ingest_stage.h"
#include "tests/support/test_keys.h"

namespace trucewatch {
namespace {

using testing::AddKey;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::KeySetDigest;
using testing::PairOf;
using testing::Revoke;
using testing::SignedKeySet;
using testing::TestKeySet;
using testing::TestSetAfter;

constexpr char kMission[] = "exercise.trucewatch.example/keys";
Instant At(const std::string& minutes) { return *ParseUtc("2026-03-01T12:" + minutes + "Z"); }

HumanRecord Decision(const std::string& id, const std::string& minutes) {
  HumanRecord r;
  r.record_id = id;
  r.kind = HumanRecordKind::kDecision;
  r.event_id = std::string(32, 'a');
  r.decision = "confirmed";
  r.text = "seen";
  r.exercise = true;
  r.reported = r.time_first = r.time_last = At(minutes);
  return r;
}

HumanRecord HandOver(const std::string& id, const std::string& minutes) {
  HumanRecord r = Decision(id, minutes);
  r.kind = HumanRecordKind::kCustody;
  r.event_id = r.decision = "";
  r.item = "medium";
  r.item_name = "disk 7";
  r.item_sha256 = std::string(64, 'b');
  r.handed_by = "patrol-2";
  r.handed_to = "archive";
  return r;
}

HumanRecord Bringing(const KeySet& set, const std::string& id, const std::string& minutes) {
  HumanRecord r = Decision(id, minutes);
  r.kind = HumanRecordKind::kKeySet;
  r.event_id = r.decision = "";
  r.key_set = SignedKeySet(set);
  r.text = "laptop lost";
  return r;
}

std::string SignedBy(const HumanRecord& record, const std::string& name, std::uint8_t number) {
  const auto note = WriteHumanRecord(record, name, PairOf(number));
  EXPECT_TRUE(note) << note.error().message;
  return note.value_or("");
}

// An ingest stage of a mission with an officers' source and one of party A, fed with its journal.
class KeyedIngestTest : public ::testing::Test {
 protected:
  KeyedIngestTest() {
    AddKey(first_, "officer", "chief", 1);
    AddKey(first_, "party_a", "side-a", 3);
    second_ = TestSetAfter(first_);
    AddKey(second_, "officer", "chief-2", 4);
    Revoke(second_, "chief", "2026-03-01T12:15:00Z");
    config_.mutable_evidence()->set_ledger_origin(kMission);
    config_.set_status(v1::config::EXERCISE);
    config_.mutable_keys()->set_first_sha256(KeySetDigest(first_));
    for (const char* id : {"officers", "side-a"}) {
      auto& source = *config_.add_source();
      source.set_id(id);
      source.set_format(v1::config::SourceConfig::HUMAN);
      source.set_human_role(source.id() == "side-a" ? v1::config::SourceConfig::PARTY_A
                                                    : v1::config::SourceConfig::OFFICERS);
    }
    v1::Envelope header;
    header.mutable_mission_header()->set_mission("keys");
    header.mutable_mission_header()->add_key_set_note(SignedKeySet(first_));
    journal_.push_back({1, 0, SerializeEnvelope(header)});
  }
  void Journal(const std::string& source, const std::string& minutes, const std::string& bytes) {
    v1::Envelope envelope;
    *envelope.mutable_raw_record() = ToProto(RawRecord{.source = {source},
                                                       .source_sequence = ++sequence_[source],
                                                       .receive_time = At(minutes),
                                                       .source_offset = 0,
                                                       .end_of_source = false,
                                                       .bytes = bytes});
    journal_.push_back({journal_.size() + 1, 0, SerializeEnvelope(envelope)});
  }
  // What a stage makes of the journal from its beginning, in batches of this size.
  std::vector<v1::Envelope> Run(std::size_t batch = SIZE_MAX) {
    auto stage = IngestStage::Create(config_, &terrain_);
    EXPECT_TRUE(stage) << stage.error().message;
    std::vector<v1::Envelope> out;
    for (std::size_t at = 0; at < journal_.size();) {
      const std::size_t size = std::min(batch, journal_.size() - at);
      const auto made = (*stage)->Handle(std::span(journal_).subspan(at, size));
      EXPECT_TRUE(made) << made.error().message;
      if (!made) return out;
      for (const auto& outputs : *made) {
        for (const std::string& bytes : outputs) out.push_back(*ParseEnvelope(bytes));
      }
      at += size;
    }
    return out;
  }
  // Ids of the records that were taken, and the reasons of what was refused.
  void Sort(const std::vector<v1::Envelope>& envelopes) {
    for (const v1::Envelope& e : envelopes) {
      if (e.has_human_record()) taken_.push_back(e.human_record().record_id());
      if (e.has_data_fault()) refused_.push_back(e.data_fault().reason());
      if (!e.human_record().outcome().empty()) outcomes_.push_back(e.human_record().outcome());
    }
  }

  KeySet first_ = TestKeySet(kMission), second_;
  v1::config::MissionConfig config_;
  FlatTerrain terrain_{100, 1};
  std::vector<LogRecord> journal_;
  std::map<std::string, std::uint64_t> sequence_;
  std::vector<std::string> taken_, refused_, outcomes_;
};

TEST_F(KeyedIngestTest, ANewerKeySetDecidesFromItsPlaceInTheJournalOn) {
  Journal("officers", "05:00", SignedBy(Decision("c-1", "05:00"), "chief", 1));
  Journal("officers", "16:00", SignedBy(Decision("c-2", "16:00"), "chief", 1));  // not known yet
  Journal("officers", "20:00", SignedBy(Bringing(second_, "k-2", "20:00"), "chief-2", 4));
  Journal("officers", "25:00", SignedBy(Decision("c-3", "25:00"), "chief", 1));
  Journal("officers", "26:00", SignedBy(Decision("c-4", "10:00"), "chief", 1));  // dated back
  Journal("officers", "27:00", SignedBy(HandOver("h-1", "27:00"), "chief-2", 4));
  Sort(Run());
  EXPECT_THAT(taken_, ElementsAre("c-1", "c-2", "k-2", "h-1"));
  EXPECT_THAT(refused_, ElementsAre(HasSubstr("revoked from 2026-03-01T12:15:00Z"),
                                    HasSubstr("revoked from 2026-03-01T12:15:00Z")));
  ASSERT_EQ(outcomes_.size(), 1U);
  EXPECT_THAT(outcomes_[0], HasSubstr("Key set version 2 is in force"));
  EXPECT_THAT(outcomes_[0], HasSubstr("before this was known: 1 (c-2)."));
}

TEST_F(KeyedIngestTest, TheSameJournalGivesTheSameWhereverItIsCut) {
  Journal("officers", "05:00", SignedBy(Decision("c-1", "05:00"), "chief", 1));
  Journal("officers", "20:00", SignedBy(Bringing(second_, "k-2", "20:00"), "chief-2", 4));
  Journal("officers", "25:00", SignedBy(Decision("c-3", "25:00"), "chief", 1));
  const auto bytes = [](const std::vector<v1::Envelope>& envelopes) {
    std::vector<std::string> out;
    for (const v1::Envelope& e : envelopes) out.push_back(SerializeEnvelope(e));
    return out;
  };
  const auto whole = bytes(Run());
  for (const std::size_t batch : {1U, 2U, 3U}) EXPECT_EQ(bytes(Run(batch)), whole);
}

TEST_F(KeyedIngestTest, NobodySignsInAnothersRole) {
  HumanRecord challenge = Decision("a-1", "05:00");
  challenge.kind = HumanRecordKind::kChallenge;
  challenge.decision = "";
  Journal("side-a", "05:00", SignedBy(challenge, "side-a", 3));
  challenge.record_id = "a-2";
  Journal("side-a", "06:00", SignedBy(challenge, "chief", 1));
  Journal("officers", "07:00", SignedBy(Decision("c-1", "07:00"), "side-a", 3));
  Journal("officers", "08:00", SignedBy(Decision("c-2", "08:00"), "root", testing::kRootNumber));
  Journal("side-a", "09:00", SignedBy(HandOver("a-3", "09:00"), "side-a", 3));
  Sort(Run());
  EXPECT_THAT(taken_, ElementsAre("a-1"));
  EXPECT_THAT(refused_, ElementsAre(HasSubstr("signed by 'chief'"), HasSubstr("signed by 'side-a'"),
                                    HasSubstr("signed by 'root'"),
                                    HasSubstr("a party files allegations and challenges")));
}

TEST_F(KeyedIngestTest, AKeySetIsTakenFromOfficersAloneAndOnlyWhenItFollows) {
  Journal("side-a", "05:00", SignedBy(Bringing(second_, "a-1", "05:00"), "side-a", 3));
  KeySet forged = second_;
  AddKey(forged, "officer", "thief", 9);
  HumanRecord record = Bringing(second_, "k-1", "06:00");
  record.key_set = SignedKeySet(forged, 9);  // by no root
  Journal("officers", "06:00", SignedBy(record, "chief", 1));
  // Good, but brought in by somebody whom it does not name any more.
  Journal("officers", "20:00", SignedBy(Bringing(second_, "k-2", "20:00"), "chief", 1));
  Journal("officers", "21:00",
          SignedBy(Bringing(second_, "k-3", "21:00"), "root", testing::kRootNumber));
  Journal("officers", "22:00", SignedBy(Bringing(second_, "k-4", "22:00"), "chief-2", 4));  // again
  Sort(Run());
  EXPECT_THAT(taken_, ElementsAre("k-3"));
  EXPECT_THAT(refused_,
              ElementsAre(HasSubstr("a party files"), HasSubstr("0 of 1 signatures"),
                          HasSubstr("revoked from"), HasSubstr("does not follow version 2")));
}

TEST_F(KeyedIngestTest, AnExpiredSetIsReplacedByOneThatHasNot) {
  first_.expires = At("10:00");
  config_.mutable_keys()->set_first_sha256(KeySetDigest(first_));
  v1::Envelope header = *ParseEnvelope(journal_[0].payload);
  header.mutable_mission_header()->set_key_set_note(0, SignedKeySet(first_));
  journal_[0].payload = SerializeEnvelope(header);
  KeySet next = TestSetAfter(first_);
  next.expires = At("50:00");
  Journal("officers", "11:00", SignedBy(Decision("c-1", "11:00"), "chief", 1));
  Journal("officers", "12:00", SignedBy(Bringing(next, "k-2", "12:00"), "chief", 1));
  Journal("officers", "13:00", SignedBy(Decision("c-2", "13:00"), "chief", 1));
  Sort(Run());
  EXPECT_THAT(taken_, ElementsAre("k-2", "c-2"));
  EXPECT_THAT(refused_, ElementsAre(HasSubstr("expired at 2026-03-01T12:10:00Z")));
}

TEST_F(KeyedIngestTest, AMissionThatBeginsWithAnotherSetThanItsConfigSaysDoesNotBegin) {
  config_.mutable_keys()->set_first_sha256(std::string(64, '0'));
  const auto stage = IngestStage::Create(config_, &terrain_);
  ASSERT_TRUE(stage);
  const auto made = (*stage)->Handle(journal_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kCheckFailed);
}

TEST(HandOverRecord, EachPartOfItIsAskedFor) {
  const HumanRecord good = HandOver("h-1", "27:00");
  const auto read =
      ParseHumanRecord(SignedBy(good, "chief", 1), std::vector{testing::NoteKeyOf("chief", 1)});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->item_sha256, good.item_sha256);
  EXPECT_EQ(read->handed_to, "archive");
  EXPECT_EQ(read->time_first, good.time_first);
  const std::vector<std::pair<const char*, void (*)(HumanRecord&)>> bad = {
      {"item:", [](HumanRecord& r) { r.item = "rumour"; }},
      {"item_name:", [](HumanRecord& r) { r.item_name = ""; }},
      {"item_sha256:", [](HumanRecord& r) { r.item_sha256.pop_back(); }},
      {"handed_by:", [](HumanRecord& r) { r.handed_by = ""; }},
      {"handed_to:", [](HumanRecord& r) { r.handed_to = r.handed_by; }},
      {"text:", [](HumanRecord& r) { r.text = ""; }},
      {"reported_utc:", [](HumanRecord& r) { r.reported = r.time_first - Duration::Seconds(1); }},
  };
  for (const auto& [field, change] : bad) {
    HumanRecord record = good;
    change(record);
    EXPECT_THAT(HumanRecordText(record).error().message, HasSubstr(field));
  }
}

}  // namespace
}  // namespace trucewatch
