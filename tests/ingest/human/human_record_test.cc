// SPDX-License-Identifier: Apache-2.0
#include "ingest/human/human_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/crypto/sha256.h"
#include "core/storage/storage.h"
#include "ingest/feed.h"
#include "ingest/human/flat_json.h"
#include "ingest/recorded/recorded_source.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

Ed25519KeyPair Pair(std::uint8_t seed) {
  Ed25519Seed bytes{};
  bytes[0] = seed;
  return Ed25519KeyPair::FromSeed(bytes);
}
NoteKey Key(const std::string& name, std::uint8_t seed) {
  return {name, kNoteEd25519, Pair(seed).public_key()};
}

HumanRecord Observation() {
  HumanRecord r;
  r.record_id = "patrol-2-0007";
  r.kind = HumanRecordKind::kObservation;
  r.time_first = *ParseUtc("2026-03-01T21:04:00Z");
  r.time_last = *ParseUtc("2026-03-01T21:06:30.5Z");
  r.reported = *ParseUtc("2026-03-01T21:10:00Z");
  r.position = Geodetic::FromDegrees(30.01234, -40.02345, 0);
  r.radius_m = 250;
  r.means = "saw";
  r.object_class = ObjectClass::kTruck;
  r.count_min = 4;
  r.count_max = 6;
  r.assessed_as = "a supply column";
  r.text = "Five lorries, tarpaulins closed.\nHeading north. \"Quiet\" \xC3\xA9";
  r.exercise = true;
  return r;
}

std::string Written(const HumanRecord& record) {
  const auto note = WriteHumanRecord(record, "patrol-2", Pair(1));
  EXPECT_TRUE(note.has_value()) << note.error().message;
  return note.value_or("");
}

// A note whose object is exactly this text.
std::string NoteOf(const std::string& object) {
  const std::string text = fmt::format("{}\n{}\n", kHumanRecordHeader, object);
  return FormatNote({text, {SignNote(text, "patrol-2", Pair(1))}});
}

Result<HumanRecord> Parse(const std::string& note) {
  const std::vector<NoteKey> keys = {Key("patrol-1", 9), Key("patrol-2", 1)};
  return ParseHumanRecord(note, keys);
}

// A good object with one member replaced or added; an empty value takes it out.
std::string ObjectWith(const std::string& name, const std::string& value) {
  const std::vector<std::pair<std::string, std::string>> members = {
      {"record_id", "\"r1\""},
      {"status", "\"EXERCISE\""},
      {"kind", "\"observation\""},
      {"time_first_utc", "\"2026-03-01T21:04:00Z\""},
      {"time_last_utc", "\"2026-03-01T21:05:00Z\""},
      {"reported_utc", "\"2026-03-01T21:06:00Z\""},
      {"lat_deg", "30"},
      {"lon_deg", "-40"},
      {"radius_m", "100"},
      {"means", "\"saw\""},
      {"object_class", "\"truck\""},
      {"count_min", "2"},
      {"count_max", "3"}};
  std::string out;
  bool found = false;
  for (const auto& [key, good] : members) {
    found = found || key == name;
    const std::string& text = key == name ? value : good;
    if (!text.empty()) out += fmt::format("{}\"{}\":{}", out.empty() ? "" : ",", key, text);
  }
  if (!found && !name.empty()) out += fmt::format(",\"{}\":{}", name, value);
  return "{" + out + "}";
}

HumanRecord AboutEvent() {
  HumanRecord r;
  r.record_id = "chief-1";
  r.kind = HumanRecordKind::kDecision;
  r.time_first = r.time_last = r.reported = *ParseUtc("2026-03-02T09:30:00Z");
  r.event_id = std::string(32, 'a');
  r.decision = "confirmed";
  r.text = "Seen by patrol 2 as well";
  r.exercise = true;
  return r;
}

TEST(HumanRecord, DecisionsChallengesAndRulingsReadBackAsTheyWereSigned) {
  HumanRecord release = AboutEvent();
  release.decision = "release";
  release.audience = "parties";
  HumanRecord challenge = AboutEvent();
  challenge.kind = HumanRecordKind::kChallenge;
  challenge.decision.clear();
  HumanRecord ruling = AboutEvent();
  ruling.kind = HumanRecordKind::kRuling;
  ruling.event_id.clear();
  ruling.challenge_id = std::string(32, 'b');
  ruling.decision = "upheld";
  for (const HumanRecord& record : {AboutEvent(), release, challenge, ruling}) {
    const NoteKey key = Key("patrol-2", 1);
    const auto read = ParseHumanRecord(Written(record), std::span(&key, 1));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->kind, record.kind);
    EXPECT_EQ(read->event_id, record.event_id);
    EXPECT_EQ(read->challenge_id, record.challenge_id);
    EXPECT_EQ(read->decision, record.decision);
    EXPECT_EQ(read->audience, record.audience);
    EXPECT_EQ(read->text, record.text);
    EXPECT_EQ(read->reported, record.reported);
  }
}

TEST(HumanRecord, ADecisionNeedsAnEventAKnownWordAndAReason) {
  const auto refusal = [](const HumanRecord& record) {
    const auto text = HumanRecordText(record);
    return text ? std::string("taken") : text.error().message;
  };
  HumanRecord r = AboutEvent();
  r.event_id = "42";
  EXPECT_THAT(refusal(r), HasSubstr("event_id"));
  r = AboutEvent();
  r.decision = "guilty";
  EXPECT_THAT(refusal(r), HasSubstr("not one of confirmed, not_confirmed"));
  r = AboutEvent();
  r.text.clear();
  EXPECT_THAT(refusal(r), HasSubstr("text"));
  r = AboutEvent();
  r.decision = "release";
  r.audience = "party_a";  // never to one side alone
  EXPECT_THAT(refusal(r), HasSubstr("not one of parties, public"));
  r.audience.clear();
  EXPECT_THAT(refusal(r), HasSubstr("audience: is missing"));
  r.decision = "release_raw";
  EXPECT_THAT(refusal(r), HasSubstr("audience: is missing"));
  r.audience = "public";
  EXPECT_THAT(refusal(r), HasSubstr("recordings are released to parties alone"));
  r.audience = "parties";
  EXPECT_EQ(refusal(r), "taken");
}

TEST(HumanRecord, ReadsBackWhatWasWrittenAndNamesItsSigner) {
  const HumanRecord sent = Observation();
  const auto record = Parse(Written(sent));
  ASSERT_TRUE(record.has_value()) << record.error().message;
  EXPECT_EQ(record->record_id, sent.record_id);
  EXPECT_EQ(record->kind, sent.kind);
  EXPECT_EQ(record->time_first, sent.time_first);
  EXPECT_EQ(record->time_last, sent.time_last);
  EXPECT_EQ(record->reported, sent.reported);
  EXPECT_DOUBLE_EQ(record->position.latitude.deg(), 30.01234);
  EXPECT_DOUBLE_EQ(record->position.longitude.deg(), -40.02345);
  EXPECT_EQ(record->radius_m, 250);
  EXPECT_EQ(record->means, "saw");
  EXPECT_EQ(record->object_class, ObjectClass::kTruck);
  EXPECT_EQ(record->count_min, 4);
  EXPECT_EQ(record->count_max, 6);
  EXPECT_EQ(record->assessed_as, sent.assessed_as);
  EXPECT_EQ(record->text, sent.text);
  EXPECT_TRUE(record->exercise);
  EXPECT_EQ(record->author, "patrol-2");
}

TEST(HumanRecord, AllegationsAndImpedimentsReadBack) {
  HumanRecord allegation = Observation();
  allegation.kind = HumanRecordKind::kAllegation;
  allegation.means = "statement";
  allegation.informant = "party";
  allegation.exercise = false;
  const auto read = Parse(Written(allegation));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->kind, HumanRecordKind::kAllegation);
  EXPECT_EQ(read->informant, "party");
  EXPECT_FALSE(read->exercise);

  HumanRecord impediment = Observation();
  impediment.kind = HumanRecordKind::kImpediment;
  impediment.means.clear();
  impediment.object_class = ObjectClass::kUnspecified;
  impediment.count_min = impediment.count_max = 0;
  impediment.impediment = "denied";
  const auto stopped = Parse(Written(impediment));
  ASSERT_TRUE(stopped.has_value()) << stopped.error().message;
  EXPECT_EQ(stopped->impediment, "denied");

  HumanRecord nothing = impediment;
  nothing.kind = HumanRecordKind::kObservation;
  nothing.impediment.clear();
  nothing.means = "saw";
  nothing.nothing_observed = true;
  EXPECT_TRUE(Parse(Written(nothing))->nothing_observed);
}

TEST(HumanRecord, OneByteChangedAnywhereIsRefused) {
  const std::string note = Written(Observation());
  ASSERT_TRUE(Parse(note).has_value());
  for (std::size_t i = 0; i < note.size(); ++i) {
    for (const char flip : {'\x01', '\x20', '\x80'}) {
      std::string bad = note;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      EXPECT_FALSE(Parse(bad).has_value()) << "byte " << i;
    }
  }
  for (std::size_t size = 0; size < note.size(); ++size) {
    EXPECT_FALSE(Parse(note.substr(0, size)).has_value()) << size;
  }
}

TEST(HumanRecord, CountsOnlyWithTheSignatureOfAKnownKey) {
  const std::string note = Written(Observation());
  const auto refused = [&](const std::string& text, const std::vector<NoteKey>& keys) {
    const auto record = ParseHumanRecord(text, keys);
    EXPECT_FALSE(record.has_value());
    return record ? Error() : record.error();
  };
  EXPECT_EQ(refused(note, {}).code, ErrorCode::kCheckFailed);
  const Error unknown = refused(note, {Key("patrol-1", 9)});
  EXPECT_EQ(unknown.code, ErrorCode::kCheckFailed);
  EXPECT_THAT(unknown.message, HasSubstr("signed by 'patrol-2'"));
  // The right name with another key, the right key with another name.
  EXPECT_EQ(refused(note, {Key("patrol-2", 2)}).code, ErrorCode::kCheckFailed);
  EXPECT_EQ(refused(note, {Key("patrol-3", 1)}).code, ErrorCode::kCheckFailed);
  const std::string text = note.substr(0, note.find("\n\n") + 1);
  refused(text, {Key("patrol-2", 1)});  // no signature at all
  // Another text under the same signature.
  std::string moved = note;
  moved.replace(moved.find("250"), 3, "950");
  EXPECT_EQ(refused(moved, {Key("patrol-2", 1)}).code, ErrorCode::kCheckFailed);
}

TEST(HumanRecord, RefusalsNameTheField) {
  ASSERT_TRUE(Parse(NoteOf(ObjectWith("", ""))).has_value());
  struct Case {
    const char* field;
    const char* value;
    const char* reason;
  };
  for (const Case& c : {
           Case{"colour", "\"red\"", "colour: is no field"},
           Case{"author", "\"patrol-2\"", "author: is no field"},
           Case{"record_id", "\"a/b\"", "record_id: expected 1 to 64"},
           Case{"record_id", "", "record_id: is missing"},
           Case{"record_id", "7", "record_id: expected a text"},
           Case{"status", "\"exercise\"", "status: 'exercise' is neither"},
           Case{"status", "", "status: is missing"},
           Case{"kind", "\"rumour\"", "kind: 'rumour' is not"},
           Case{"time_first_utc", "\"21:04\"", "time_first_utc: "},
           Case{"time_first_utc", "\"2026-03-01T21:05:01Z\"", "time_last_utc: is before"},
           Case{"reported_utc", "\"2026-03-01T21:04:59Z\"", "reported_utc: is before"},
           Case{"lat_deg", "90.5", "lat_deg: 90.5 is not within"},
           Case{"lat_deg", "\"30\"", "lat_deg: expected a number"},
           Case{"lon_deg", "-181", "lon_deg: -181 is not within"},
           Case{"lon_deg", "", "lon_deg: is missing"},
           Case{"radius_m", "0", "radius_m: 0 is not within"},
           Case{"radius_m", "60000", "radius_m: 60000 is not within"},
           Case{"means", "\"statement\"", "means: 'statement' is not one of saw, heard, camera"},
           Case{"means", "", "means: is missing"},
           Case{"object_class", "\"person\"", "object_class: 'person' is not"},
           Case{"object_class", "", "object_class: is missing"},
           Case{"count_min", "4", "count_max: is less than count_min"},
           Case{"count_min", "1.5", "count_min: 1.5 is no count"},
           Case{"count_min", "-1", "count_min: -1 is no count"},
           Case{"count_max", "100001", "count_max: 100001 is no count"},
           Case{"nothing_observed", "true", "nothing_observed: but there is a count"},
           Case{"nothing_observed", "1", "nothing_observed: expected true or false"},
           Case{"informant", "\"party\"", "informant: does not belong to an observation"},
           Case{"impediment", "\"denied\"", "impediment: does not belong to an observation"},
           Case{"kind", "\"allegation\"", "informant: is missing"},
           Case{"kind", "\"impediment\"", "impediment: is missing"},
       }) {
    const auto record = Parse(NoteOf(ObjectWith(c.field, c.value)));
    ASSERT_FALSE(record.has_value()) << c.field << " " << c.value;
    EXPECT_EQ(record.error().code, ErrorCode::kBadInput);
    EXPECT_THAT(record.error().message, HasSubstr(c.reason));
  }
  std::string person = ObjectWith("object_class", "\"person_group\"");
  person.replace(person.find("\"count_min\":2,\"count_max\":3"), 27,
                 "\"count_min\":1,\"count_max\":1");
  EXPECT_THAT(Parse(NoteOf(person)).error().message, HasSubstr("a single person"));
  EXPECT_THAT(
      Parse(NoteOf(ObjectWith("text", '"' + std::string(20'000, 'x') + '"'))).error().message,
      HasSubstr("text: is longer"));
}

TEST(HumanRecord, WhatCannotBeReadIsNotWritten) {
  HumanRecord bad = Observation();
  bad.record_id = "no spaces";
  EXPECT_FALSE(WriteHumanRecord(bad, "patrol-2", Pair(1)).has_value());
  bad = Observation();
  bad.author = "patrol-9";
  EXPECT_FALSE(WriteHumanRecord(bad, "patrol-2", Pair(1)).has_value());
  EXPECT_FALSE(WriteHumanRecord(Observation(), "patrol 2", Pair(1)).has_value());
}

TEST(FlatJson, TakesTextsNumbersAndTruthValuesOnly) {
  const auto good = human::ParseFlatJson(
      " { \"a\" : \"x\\u00e9\\n\\\"\\ud83d\\ude9a\" , \"b\":-1.5e2,\"c\":true } ");
  ASSERT_TRUE(good.has_value()) << good.error().message;
  EXPECT_EQ(std::get<std::string>(good->at("a")), "x\xC3\xA9\n\"\xF0\x9F\x9A\x9A");
  EXPECT_EQ(std::get<double>(good->at("b")), -150);
  EXPECT_EQ(std::get<bool>(good->at("c")), true);
  EXPECT_TRUE(human::ParseFlatJson("{}").has_value());
  for (const char* bad : {"",
                          "{",
                          "{\"a\":1",
                          "{\"a\":1,}",
                          "{\"a\":1}x",
                          "[1]",
                          "{\"a\":null}",
                          "{\"a\":{}}",
                          "{\"a\":[1]}",
                          "{\"a\":1,\"a\":1}",
                          "{a:1}",
                          "{\"a\":01}",
                          "{\"a\":1.}",
                          "{\"a\":.5}",
                          "{\"a\":1e}",
                          "{\"a\":1e999}",
                          "{\"a\":nan}",
                          "{\"a\":+1}",
                          "{\"a\":\"\\u0000\"}",
                          "{\"a\":\"\\ud800\"}",
                          "{\"a\":\"\\udc00\"}",
                          "{\"a\":\"\\ud800\\u0041\"}",
                          "{\"a\":\"\\x\"}",
                          "{\"a\":\"\\u12\"}",
                          "{\"a\":\"\x80\"}",
                          "{\"a\":\"\t\"}",
                          "{\"a\":\"x}",
                          "{\"a\" 1}",
                          "{\"a\":\"\\"}) {
    EXPECT_FALSE(human::ParseFlatJson(bad).has_value()) << bad;
  }
}

class HumanFeedTest : public ::testing::Test {
 protected:
  HumanFeedTest() {
    config_.set_id("patrols");
    config_.set_format(v1::config::SourceConfig::HUMAN);
    config_.set_platform("officers");
    config_.set_station("headquarters");
    config_.set_clock("watch");
    config_.set_georeference("map");
    config_.add_signer_vkey(FormatVkey(Key("patrol-1", 9)));
    config_.add_signer_vkey(FormatVkey(Key("patrol-2", 1)));
  }
  Result<std::unique_ptr<Feed>> Make() {
    return MakeFeed({.source = &config_,
                     .terrain_config = nullptr,
                     .terrain = &terrain_,
                     .ground_height_hae_m = 0,
                     .scenes = nullptr});
  }
  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(directory_.File(name), std::ios::binary) << bytes;
  }
  Result<std::unique_ptr<RecordedSource>> Open() {
    return OpenHumanFiles(*storage_,
                          {{"patrols"}, directory_.path(), *ParseUtc("2026-03-01T21:00:00Z")});
  }

  v1::config::SourceConfig config_;
  FlatTerrain terrain_{123, 1};
  testing::TempDirectory directory_;
  std::unique_ptr<Storage> storage_ = MakePosixStorage();
};

TEST_F(HumanFeedTest, AFolderIsReadInTheOrderOfTheReports) {
  HumanRecord record = Observation();
  Write("z.note", Written(record));
  record.record_id = "earlier";
  record.reported = record.time_last;
  Write("zz.note", Written(record));
  record = Observation();
  Write("a-copy.note", Written(record));  // the same record_id again
  HumanRecord forged = Observation();
  forged.record_id = "forged";
  forged.reported = forged.reported + Duration::Seconds(1);
  Write("m.note", *WriteHumanRecord(forged, "patrol-2", Pair(77)));
  Write("large.note", std::string(300 * 1024, 'x'));
  Write("notes.txt", "nothing of ours");

  const auto source = Open();
  ASSERT_TRUE(source.has_value()) << source.error().message;
  const auto feed = Make();
  ASSERT_TRUE(feed.has_value()) << feed.error().message;
  std::vector<std::string> seen;
  Instant last;
  std::uint64_t sequence = 0, offset = 0;
  while (true) {
    const auto next = (*source)->Next();
    ASSERT_TRUE(next.has_value());
    if (!next->has_value()) break;
    const RawRecord& raw = **next;
    EXPECT_EQ(raw.source_sequence, ++sequence);
    EXPECT_EQ(raw.source_offset, offset);
    EXPECT_LE(last, raw.receive_time);
    EXPECT_LE(raw.bytes.size(), kMaxHumanRecordSize + 1);
    last = raw.receive_time;
    offset += raw.bytes.size();
    const auto items = (*feed)->Push(raw, Sha256(raw.bytes));
    ASSERT_TRUE(items.has_value());
    for (const FeedItem& item : *items) {
      if (const auto* fault = std::get_if<DataFault>(&item)) {
        EXPECT_EQ(fault->format, "human_record");
        seen.push_back(fault->reason.substr(0, 40));
        continue;
      }
      const auto& human = std::get<HumanRecord>(item);
      seen.push_back(human.record_id);
      EXPECT_EQ(raw.receive_time, human.reported);
      EXPECT_EQ(human.source.value, "patrols");
      EXPECT_EQ(human.lineage.modality, Modality::kHuman);
      EXPECT_EQ(human.lineage.sensor, "patrol-2");
      EXPECT_EQ(human.lineage.platform, "patrol-2");
      EXPECT_EQ(human.lineage.station, "headquarters");
      EXPECT_EQ(human.position.height_hae_m, 123);
      ASSERT_EQ(human.raw_digests.size(), 1U);
      EXPECT_EQ(human.raw_digests[0], Sha256(raw.bytes));
    }
  }
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_THAT(seen[0], HasSubstr("262145 bytes"));  // too long: first, since it says no time
  EXPECT_EQ(seen[1], "earlier");
  EXPECT_EQ(seen[2], "patrol-2-0007");
  EXPECT_THAT(seen[3], HasSubstr("record_id 'patrol-2-0007' was used"));
  EXPECT_THAT(seen[4], HasSubstr("signed by 'patrol-2'"));
  EXPECT_EQ((*feed)->Account(), "2 human records, 3 refused");
}

TEST_F(HumanFeedTest, AnEmptyFolderIsNoErrorAnotherOneIs) {
  const auto empty = Open();
  ASSERT_TRUE(empty.has_value());
  const auto end = (*empty)->Next();
  ASSERT_TRUE(end.has_value() && end->has_value());
  EXPECT_TRUE((*end)->end_of_source);
  EXPECT_FALSE((*empty)->Next()->has_value());
  Write("readme.txt", "x");
  EXPECT_EQ(Open().error().code, ErrorCode::kBadInput);
  EXPECT_EQ(OpenHumanFiles(*storage_, {{"p"}, directory_.File("none"), {}}).error().code,
            ErrorCode::kNotFound);
}

TEST_F(HumanFeedTest, KeysThatCannotBeToldApartAreRefused) {
  config_.add_signer_vkey(FormatVkey(Key("patrol-2", 3)));
  EXPECT_THAT(Make().error().message, HasSubstr("'patrol-2' is used twice"));
  config_.set_signer_vkey(2, "nonsense");
  EXPECT_THAT(Make().error().message, HasSubstr("source patrols: signer_vkey"));
}

}  // namespace
}  // namespace trucewatch
