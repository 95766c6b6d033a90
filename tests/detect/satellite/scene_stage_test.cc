// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "detect/detect_stage.h"
#include "tests/detect/satellite/parked_site.h"
#include "tests/detect/worker_pool.h"

namespace trucewatch {
namespace {

using testing::RenderSite;
using testing::SiteOptions;
using testing::SiteScene;

v1::config::DetectConfig StageConfig(bool satellite = true) {
  v1::config::DetectConfig config;
  config.set_threads(2);
  if (!satellite) return config;
  auto* s = config.mutable_satellite();
  s->set_min_length_m(3);
  s->set_max_length_m(12);
  s->set_detection_probability(0.9);
  s->set_false_alarms_per_km2(5);
  s->set_max_resolution_m(1);
  return config;
}

class SceneStage : public ::testing::Test {
 protected:
  SceneStage() {
    for (int day = 1; day <= 3; ++day) {
      SiteOptions options{.seed = 5, .side_px = 400};
      options.noise_seed = static_cast<std::uint64_t>(day);
      options.missing = day == 3 ? 6 : -1;
      passes_.push_back(RenderSite(options, fmt::format("2026-03-0{}T08:00:00Z", day)));
      const SiteScene& pass = passes_.back();
      EXPECT_TRUE(store_.Put(pass.scene.sha256, AsBytes(pass.bytes)));
    }
  }
  DetectStage Stage(bool satellite = true, bool store = true) {
    return DetectStage(StageConfig(satellite), std::make_unique<FlatTerrain>(0, 0),
                       store ? &store_ : nullptr);
  }
  static std::string Payload(const Scene& scene) {
    v1::Envelope envelope;
    *envelope.mutable_scene() = ToProto(scene);
    return SerializeEnvelope(envelope);
  }
  static std::vector<std::string> Handle(DetectStage& stage, const std::string& payload) {
    const LogRecord record{1, 0, payload};
    const auto out = stage.Handle({&record, 1});
    EXPECT_TRUE(out) << out.error().message;
    return out ? (*out)[0] : std::vector<std::string>();
  }
  static ObservationSet Set(const std::vector<std::string>& payloads) {
    EXPECT_EQ(payloads.size(), 1U);
    const auto envelope = ParseEnvelope(payloads.at(0));
    EXPECT_TRUE(envelope->has_observation_set()) << envelope->data_fault().reason();
    return *FromProto(envelope->observation_set());
  }

  std::vector<SiteScene> passes_;
  MemoryBlobStore store_;
};

TEST_F(SceneStage, EachSceneIsComparedWithTheNewestEarlierPass) {
  DetectStage stage = Stage();
  const ObservationSet first = Set(Handle(stage, Payload(passes_[0].scene)));
  EXPECT_FALSE(first.baseline);
  const ObservationSet second = Set(Handle(stage, Payload(passes_[1].scene)));
  EXPECT_EQ(second.baseline, passes_[0].scene.time);
  EXPECT_TRUE(second.changes.empty());
  const ObservationSet third = Set(Handle(stage, Payload(passes_[2].scene)));
  EXPECT_EQ(third.baseline, passes_[1].scene.time);
  ASSERT_EQ(third.changes.size(), 1U);
  EXPECT_EQ(third.changes[0].kind, ChangeKind::kVanished);
  EXPECT_LT(GeodesicDistanceM(third.changes[0].position, passes_[2].vehicles[6]), 3);
  EXPECT_THAT(third.raw_digests,
              ::testing::ElementsAre(passes_[2].scene.sha256, passes_[1].scene.sha256));
}

TEST_F(SceneStage, LatePassIsComparedWithWhatWasTakenBeforeIt) {
  DetectStage stage = Stage();
  Handle(stage, Payload(passes_[0].scene));
  Handle(stage, Payload(passes_[2].scene));
  EXPECT_EQ(Set(Handle(stage, Payload(passes_[1].scene))).baseline, passes_[0].scene.time);
}

TEST_F(SceneStage, OtherSourcesAndOtherGroundAreNoBaseline) {
  DetectStage stage = Stage();
  Scene other = passes_[0].scene;
  other.source = {"sat2"};
  Handle(stage, Payload(other));
  Scene far = passes_[0].scene;
  for (Geodetic& corner : far.footprint) corner.longitude = corner.longitude + Angle::Degrees(0.1);
  Handle(stage, Payload(far));
  EXPECT_FALSE(Set(Handle(stage, Payload(passes_[1].scene))).baseline);
}

TEST_F(SceneStage, RestoredStageGoesOnByteForByte) {
  DetectStage whole = Stage();
  std::vector<std::vector<std::string>> expected;
  for (const SiteScene& pass : passes_) expected.push_back(Handle(whole, Payload(pass.scene)));
  for (std::size_t cut = 0; cut <= 2; ++cut) {
    DetectStage first = Stage();
    for (std::size_t i = 0; i < cut; ++i) Handle(first, Payload(passes_[i].scene));
    const auto snapshot = first.Snapshot();
    ASSERT_TRUE(snapshot);
    EXPECT_EQ(snapshot->empty(), cut == 0);
    DetectStage second = Stage();
    ASSERT_TRUE(second.Restore(*snapshot));
    EXPECT_EQ(*second.Snapshot(), *snapshot);
    for (std::size_t i = cut; i < passes_.size(); ++i) {
      EXPECT_EQ(Handle(second, Payload(passes_[i].scene)), expected[i]) << cut << " " << i;
    }
    // A restore that fails changes nothing.
    const std::string after = *second.Snapshot();
    EXPECT_FALSE(second.Restore("something"));
    EXPECT_EQ(*second.Snapshot(), after);
  }
}

TEST_F(SceneStage, BatchesChangeNoByte) {
  DetectStage one = Stage();
  std::vector<std::vector<std::string>> expected;
  std::vector<LogRecord> records;
  for (const SiteScene& pass : passes_) {
    expected.push_back(Handle(one, Payload(pass.scene)));
    records.push_back({records.size() + 1, 0, Payload(pass.scene)});
  }
  DetectStage batch = Stage();
  EXPECT_EQ(*batch.Handle(records), expected);
}

TEST_F(SceneStage, WithoutConfigOrStoreAScenePassesOnUnchanged) {
  const std::string payload = Payload(passes_[0].scene);
  DetectStage no_config = Stage(false);
  EXPECT_EQ(Handle(no_config, payload), std::vector<std::string>{payload});
  DetectStage no_store = Stage(true, false);
  EXPECT_EQ(Handle(no_store, payload), std::vector<std::string>{payload});
  EXPECT_EQ(*no_store.Snapshot(), "");
}

TEST_F(SceneStage, UnusableScenesAreFaultsAndAMissingOneStopsTheStage) {
  DetectStage stage = Stage();
  Scene missing = passes_[0].scene;
  missing.sha256 = Digest{1};
  const LogRecord record{1, 0, Payload(missing)};
  EXPECT_EQ(stage.Handle({&record, 1}).error().code, ErrorCode::kNotFound);

  Scene text = passes_[0].scene;
  text.sha256 = Sha256("no image");
  ASSERT_TRUE(store_.Put(text.sha256, AsBytes("no image")));
  const auto no_image = ParseEnvelope(Handle(stage, Payload(text)).at(0));
  EXPECT_THAT(no_image->data_fault().reason(), ::testing::HasSubstr("no GeoTIFF"));
  EXPECT_EQ(no_image->data_fault().source_id(), "sat1");
  EXPECT_EQ(no_image->data_fault().time_us(), text.time.micros());

  v1::Envelope envelope;
  *envelope.mutable_scene() = ToProto(passes_[0].scene);
  envelope.mutable_scene()->set_sha256("short");
  const auto refused = ParseEnvelope(Handle(stage, SerializeEnvelope(envelope)).at(0));
  EXPECT_THAT(refused->data_fault().reason(), ::testing::HasSubstr("sha256 has 5 bytes"));
}

TEST_F(SceneStage, AConfinedWorkerMakesTheSameOfThem) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's run time calls more than a job may";
  DetectStage here = Stage();
  DetectStage confined(StageConfig(), testing::WorkerPool(StageConfig(), 2), &store_);
  for (const SiteScene& pass : passes_) {
    const auto expected = Handle(here, Payload(pass.scene));
    EXPECT_EQ(Handle(confined, Payload(pass.scene)), expected);
  }
  EXPECT_EQ(*confined.Snapshot(), *here.Snapshot());
}

TEST_F(SceneStage, AnImageThatIsNoneIsTheSameFaultFromAConfinedWorker) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's run time calls more than a job may";
  Scene scene = passes_[0].scene;
  const std::string text = "<VRTDataset rasterXSize=\"20\" rasterYSize=\"20\"/>";
  scene.sha256 = Sha256(text);
  ASSERT_TRUE(store_.Put(scene.sha256, AsBytes(text)));
  DetectStage here = Stage();
  DetectStage confined(StageConfig(), testing::WorkerPool(StageConfig(), 1), &store_);
  const auto expected = Handle(here, Payload(scene));
  ASSERT_TRUE(ParseEnvelope(expected.at(0))->has_data_fault());
  EXPECT_EQ(Handle(confined, Payload(scene)), expected);
}

}  // namespace
}  // namespace trucewatch
