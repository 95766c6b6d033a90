// SPDX-License-Identifier: Apache-2.0
#include "verify/doubt_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/types/codec.h"
#include "core/types/source_notes.h"
#include "tests/verify/scene.h"
#include "verify/verify_stage.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::DemoAgreement;
using testing::DemoAgreementText;
using testing::Drone;
using ::testing::IsEmpty;
using testing::PictureBuilder;
using testing::Radar;
using ::testing::SizeIs;

SourceStatus Note(const SourceId& source, double t_s, std::string_view note) {
  return {source, At(t_s), SourceState::kUnspecified, std::string(note) + "7.500 s behind"};
}

// A convoy across the buffer zone for two minutes, seen by drone and radar, with notes about them;
// the states that events went through. With `restart` out of a stage that is restored from its
// snapshot after every input.
std::vector<EventState> StatesOf(const std::vector<SourceStatus>& notes, bool restart = false) {
  std::vector<std::string> payloads;
  const auto add = [&](const v1::Envelope& envelope) {
    payloads.push_back(SerializeEnvelope(envelope));
  };
  v1::Envelope header;
  header.mutable_mission_header()->set_start_time_us(At(0).micros());
  header.mutable_mission_header()->set_agreement_text(DemoAgreementText());
  header.mutable_mission_header()->set_exercise(true);
  add(header);
  // A settled picture comes half a minute after its time.
  for (int t = 0; t < 160; ++t) {
    for (const SourceStatus& note : notes) {
      if (note.time != At(t)) continue;
      v1::Envelope envelope;
      *envelope.mutable_source_status() = ToProto(note);
      add(envelope);
    }
    if (t < 30) continue;
    const testing::Convoy convoy = {.group = 7,
                                    .first_track = 100,
                                    .count = 8,
                                    .head_en_m = {-1200, 1220},
                                    .velocity_en_mps = {0, -8},
                                    .eyes = {Drone(), Radar()}};
    v1::Envelope envelope;
    *envelope.mutable_picture() = ToProto(PictureBuilder(t - 30).Add(convoy).Build());
    add(envelope);
  }
  auto stage = std::make_unique<VerifyStage>(DemoAgreement(), Duration::Seconds(30));
  std::vector<EventState> states;
  std::uint64_t sequence = 0;
  for (const std::string& payload : payloads) {
    ++sequence;
    const LogRecord record{sequence, sequence, payload};
    const auto outputs = stage->Handle({&record, 1});
    EXPECT_TRUE(outputs) << outputs.error().message;
    if (!outputs) break;
    for (const std::string& output : outputs->front()) {
      const auto envelope = ParseEnvelope(output);
      EXPECT_TRUE(envelope);
      if (!envelope || !envelope->has_finding()) continue;
      const auto finding = FromProto(envelope->finding());
      EXPECT_TRUE(finding);
      if (finding && finding->kind == FindingKind::kEventTransition)
        states.push_back(finding->state);
    }
    if (!restart) continue;
    const std::string snapshot = *stage->Snapshot();
    stage = std::make_unique<VerifyStage>(DemoAgreement(), Duration::Seconds(30));
    EXPECT_TRUE(stage->Restore(snapshot));
  }
  return states;
}

const std::vector<EventState> kUpToVerified = {EventState::kCandidate, EventState::kCorroborated,
                                               EventState::kVerified};
const std::vector<EventState> kUpToCandidate = {EventState::kCandidate};

TEST(DoubtedSources, TrustedDroneAndRadarVerifyAConvoy) { EXPECT_EQ(StatesOf({}), kUpToVerified); }

TEST(DoubtedSources, SourceWhoseClockIsNotTrustedSupportsNothing) {
  EXPECT_EQ(StatesOf({Note(Drone().source, 0, kClockDoubtedNote)}), kUpToCandidate);
  EXPECT_THAT(StatesOf({Note(Drone().source, 0, kClockDoubtedNote),
                        Note(Radar().source, 0, kClockDoubtedNote)}),
              IsEmpty());
}

TEST(DoubtedSources, SourceThatIsTrustedAgainSupportsWhatItMeasuresFromThenOn) {
  EXPECT_EQ(StatesOf({Note(Drone().source, 0, kClockDoubtedNote),
                      Note(Drone().source, 60, kClockTrustedNote)}),
            kUpToVerified);
}

TEST(DoubtedSources, OldFootageSupportsNothingFromBeforeItWasKnownToBeOld) {
  // Known after 25 s, as detection does, and before the picture of any time since then.
  const SourceStatus old = Note(Drone().source, 25, kOldFootageNote);
  EXPECT_EQ(StatesOf({old}), kUpToCandidate);
  EXPECT_EQ(StatesOf({old}, true), kUpToCandidate);
  EXPECT_EQ(StatesOf({old, Note(Drone().source, 50, kNewFootageNote)}), kUpToVerified);
  // What was on record before is not taken back.
  EXPECT_EQ(StatesOf({Note(Drone().source, 150, kOldFootageNote)}), kUpToVerified);
}

TEST(DoubtedSources, SourceThatIsNobodyKnowsWhereSupportsNothingUntilItIsWhereItWas) {
  const SourceStatus lost = Note(Drone().source, 5, kPositionDoubtedNote);
  EXPECT_EQ(StatesOf({lost}, true), kUpToCandidate);
  EXPECT_EQ(StatesOf({lost, Note(Drone().source, 60, kPositionTrustedNote)}), kUpToVerified);
}

TEST(DoubtBook, TracksThatOnlySuchASourceSupportsAreNotThereAndGroupsAreSmallerByThem) {
  const testing::Convoy ours = {.group = 1,
                                .first_track = 10,
                                .count = 3,
                                .head_en_m = {0, 0},
                                .velocity_en_mps = {0, -8},
                                .eyes = {Drone(), Radar()}};
  testing::Convoy double_of_it = ours;
  double_of_it.group = 2;
  double_of_it.first_track = 20;
  double_of_it.head_en_m = {100, 0};
  double_of_it.eyes = {Drone()};
  Picture picture = PictureBuilder(50)
                        .AddTracks(ours, 0, 3)
                        .AddTracks(double_of_it, 0, 3)
                        .AddGroup(5, {10, 11, 12, 20, 21, 22})
                        .AddGroup(6, {20, 21, 22})
                        .Build();
  ASSERT_THAT(picture.groups, SizeIs(2));
  const int count_min = picture.groups[0].count_min;
  DoubtBook book;
  book.Add(Note(Drone().source, 10, kClockDoubtedNote));
  book.Void(picture);
  EXPECT_THAT(picture.tracks, SizeIs(3));
  ASSERT_THAT(picture.groups, SizeIs(1));
  EXPECT_THAT(picture.groups[0].members, SizeIs(3));
  EXPECT_EQ(picture.groups[0].count_min, std::max(0, count_min - 3));
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  const LocalFrame frame(picture.groups[0].position);
  for (const Track& track : picture.tracks) sum += frame.EnuFromGeodetic(track.position);
  EXPECT_LT(sum.head<2>().norm(), 0.01);
}

TEST(DoubtBook, LookAtOldFootageSawNothingOfWhatWasThere) {
  DoubtBook book;
  book.Add(Note({"drone1"}, 100, kOldFootageNote));
  book.Add(Note({"drone1"}, 200, kNewFootageNote));
  SettledLook look;
  look.source = {"drone1"};
  look.moving_vehicle_probability = 0.9;
  look.group_probability = 0.8;
  look.changes.resize(1);
  for (const double t : {39.0, 200.0}) {
    look.time = At(t);
    SettledLook same = look;
    book.Void(same);
    EXPECT_EQ(same.moving_vehicle_probability, 0.9) << t;
    EXPECT_THAT(same.changes, SizeIs(1)) << t;
  }
  look.time = At(41);
  book.Void(look);
  EXPECT_EQ(look.moving_vehicle_probability, 0);
  EXPECT_EQ(look.group_probability, 0);
  EXPECT_EQ(look.degraded_reason, kOldFootageReason);
  EXPECT_THAT(look.changes, IsEmpty());
}

TEST(DoubtBook, LookFromNobodyKnowsWhereSawNothingOfWhatWasThere) {
  DoubtBook book;
  book.Add(Note({"drone1"}, 100, kPositionDoubtedNote));
  SettledLook look;
  look.source = {"drone1"};
  look.moving_vehicle_probability = 0.9;
  look.time = At(91);
  book.Void(look);
  EXPECT_EQ(look.moving_vehicle_probability, 0);
  EXPECT_EQ(look.degraded_reason, kPositionDoubtedReason);
}

TEST(DoubtBook, LateLookOfASourceWhoseClockIsNotTrustedMatchesNothing) {
  DoubtBook book;
  book.Add(Note({"sat1"}, 0, kClockDoubtedNote));
  LateLook look;
  look.source = {"sat1"};
  look.time = At(10);
  look.matches.push_back({{1}, 0.5});
  book.Void(look);
  EXPECT_THAT(look.matches, IsEmpty());
  // Others are believed.
  look.source = {"sat2"};
  look.matches.push_back({{1}, 0.5});
  book.Void(look);
  EXPECT_THAT(look.matches, SizeIs(1));
}

}  // namespace
}  // namespace trucewatch
