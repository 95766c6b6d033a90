// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/vmti_looks.h"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>

#include "ingest/klv/ber.h"
#include "ingest/klv/checksum.h"
#include "tests/ingest/video/video_test_support.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::Assembled;
using testing::Carriage;

constexpr double kGroundM = 300;
const FlatTerrain kGround(kGroundM, 5);

// ST 1201 by the formulas of its text: bytes of x in [a, b] (a below 0 or 0, b - a no power of 2).
std::string Imapb(double x, double a, double b, int length) {
  const double s = std::pow(2.0, 8 * length - 1 - std::ceil(std::log2(b - a)));
  const double zero = a < 0 ? s * a - std::floor(s * a) : 0;
  const auto y = static_cast<std::uint64_t>(std::floor(s * (x - a) + zero));
  std::string bytes;
  for (int i = length - 1; i >= 0; --i) bytes.push_back(static_cast<char>((y >> (8 * i)) & 0xFF));
  return bytes;
}

std::string Item(int tag, const std::string& value) {
  return std::string{static_cast<char>(tag), static_cast<char>(value.size())} + value;
}

std::string Location(const Geodetic& p, std::optional<double> sigma_m = {}) {
  std::string pack = Imapb(p.latitude.deg(), -90, 90, 4) + Imapb(p.longitude.deg(), -180, 180, 4) +
                     Imapb(p.height_hae_m, -900, 19'000, 2);
  for (int i = 0; sigma_m && i < 3; ++i) pack += Imapb(*sigma_m, 0, 650, 2);
  return Item(17, pack);
}

std::string Pixel(unsigned column, unsigned row) {
  const unsigned number = column + (row - 1) * 192;
  return Item(1, {static_cast<char>(number >> 8), static_cast<char>(number & 0xFF)});
}

// A VMTI set (edition 5, frame 192 x 128) of these targets.
std::string VmtiSet(const std::vector<std::string>& targets) {
  std::string series;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::string target = static_cast<char>(i + 1) + targets[i];
    series += static_cast<char>(target.size()) + target;
  }
  std::string set =
      Item(3, "onboard") + Item(4, "\x05") + Item(8, {'\0', '\xC0'}) + Item(9, "\x80");
  if (targets.empty()) return set;
  set.push_back(101);
  AppendBerLength(set, static_cast<std::uint32_t>(series.size()));
  return set + series;
}

CameraPose ClipPose(int n) {
  const St0601Fields f = testing::ClipFields(n);
  CameraPose pose;
  pose.position = *f.sensor;
  pose.platform_heading = *f.platform_heading;
  pose.platform_pitch = *f.platform_pitch;
  pose.platform_roll = *f.platform_roll;
  pose.sensor_azimuth = *f.sensor_azimuth;
  pose.sensor_elevation = *f.sensor_elevation;
  pose.sensor_roll = *f.sensor_roll;
  pose.horizontal_fov = *f.horizontal_fov;
  pose.vertical_fov = *f.vertical_fov;
  pose.width_px = 192;
  pose.height_px = 128;
  return pose;
}

Geodetic Centre(int n) { return *GroundFromPixel(ClipPose(n), 96, 64, kGround); }

// The clip's packet n with a VMTI set in it, its length and checksum made anew.
std::string PacketWith(int n, const std::string& vmti) {
  St0601Fields fields = testing::ClipFields(n);
  fields.frame_center = Centre(n);
  fields.frame_center_elevation_msl_m = kGroundM;
  const std::string plain = EncodeSt0601(fields);
  const std::size_t header = static_cast<unsigned char>(plain[16]) < 0x80 ? 17 : 18;
  std::string value = plain.substr(header, plain.size() - header - 4);
  value.push_back(74);
  AppendBerLength(value, static_cast<std::uint32_t>(vmti.size()));
  value += vmti;
  std::string packet = plain.substr(0, 16);
  AppendBerLength(packet, static_cast<std::uint32_t>(value.size() + 4));
  packet += value + std::string("\x01\x02", 2);
  const std::uint16_t sum = KlvChecksum(AsBytes(packet));
  packet.push_back(static_cast<char>(sum >> 8));
  packet.push_back(static_cast<char>(sum & 0xFF));
  return packet;
}

VideoAssemblerOptions Options(double detection_probability = 0) {
  VideoAssemblerOptions options = testing::TestOptions();
  options.use_vmti = true;
  options.terrain = &kGround;
  options.vmti_detection_probability = detection_probability;
  return options;
}

// Thirty pictures; picture 10 alone has a set.
Assembled AssembleWith(const std::vector<std::string>& targets,
                       const VideoAssemblerOptions& options = Options()) {
  const testing::TempDirectory directory;
  Carriage carriage;
  carriage.klv = [&](int n) {
    return n == 10 ? PacketWith(n, VmtiSet(targets)) : EncodeSt0601(testing::ClipFields(n));
  };
  return testing::Assemble(testing::Remux(testing::WriteClip(directory.File("a.ts"), 30), carriage),
                           4000, 0, options);
}

double SmallestRatio(const Eigen::Matrix2d& a, const Eigen::Matrix2d& b) {
  return Eigen::GeneralizedSelfAdjointEigenSolver<Eigen::Matrix2d>(a, b).eigenvalues()(0);
}

TEST(VmtiLooks, TargetsBecomeDetectionsByPackOffsetAndPixel) {
  const Geodetic at = Centre(10);
  Geodetic beside = at;
  beside.latitude = at.latitude + Angle::Degrees(0.0005);
  const Assembled got = AssembleWith(
      {Location(beside, 60.0) + Item(5, "\x50"),
       Item(10, Imapb(0.0005, -19.2, 19.2, 3)) + Item(11, Imapb(-0.0004, -19.2, 19.2, 3)),
       Pixel(40, 100)});
  ASSERT_EQ(got.looks.size(), 1U);
  const ObservationSet& look = got.looks[0];
  EXPECT_EQ(look.time, testing::ClipFields(10).time);
  EXPECT_TRUE(look.exercise);
  EXPECT_FALSE(look.raw_digests.empty());
  ASSERT_EQ(look.detections.size(), 3U);
  EXPECT_LT(GeodesicDistanceM(look.detections[0].position, beside), 0.1);
  EXPECT_DOUBLE_EQ(look.detections[0].score, 0.8);
  EXPECT_NEAR(look.detections[1].position.latitude.deg(), at.latitude.deg() + 0.0005, 1e-5);
  EXPECT_NEAR(look.detections[1].position.longitude.deg(), at.longitude.deg() - 0.0004, 1e-5);
  const auto ground = GroundFromPixel(ClipPose(10), 39.5, 99.5, kGround);
  EXPECT_LT(GeodesicDistanceM(look.detections[2].position, *ground), 1.0);
  for (const Detection& detection : look.detections) {
    EXPECT_EQ(detection.classes, (ClassProbabilities{{ObjectClass::kUnknownVehicle, 1.0}}));
  }
}

TEST(VmtiLooks, CovarianceIsNeverSmallerThanThePoseAllows) {
  const Geodetic at = Centre(10);
  const auto allowed =
      GroundFromPixelWithCovariance(ClipPose(10), testing::TestOptions().sigma, 96, 64, kGround);
  ASSERT_TRUE(allowed);
  for (const double sigma_m : {0.1, 4.0, 60.0}) {
    const Assembled got = AssembleWith({Location(at, sigma_m)});
    ASSERT_EQ(got.looks.size(), 1U);
    const Eigen::Matrix2d cov = got.looks[0].detections.at(0).cov_en_m2;
    EXPECT_GE(SmallestRatio(cov, allowed->cov_en_m2), 0.99) << sigma_m;
    EXPECT_GE(SmallestRatio(cov, Eigen::Matrix2d::Identity() * sigma_m * sigma_m), 0.98) << sigma_m;
  }
  // Without sigmas: what the pose allows.
  const Assembled bare = AssembleWith({Location(at)});
  EXPECT_NEAR(SmallestRatio(bare.looks[0].detections.at(0).cov_en_m2, allowed->cov_en_m2), 1, 0.02);
}

TEST(VmtiLooks, LookIsDerivedFromTheSensorOfTheVideo) {
  const Assembled got = AssembleWith({Pixel(40, 100)});
  ASSERT_EQ(got.looks.size(), 1U);
  const Lineage& video = got.segments.at(0).lineage;
  const Lineage& look = got.looks[0].lineage;
  EXPECT_EQ(look.sensor, video.sensor);
  EXPECT_EQ(look.platform, video.platform);
  EXPECT_EQ(look.clock, video.clock);
  EXPECT_EQ(look.modality, video.modality);
  EXPECT_EQ(look.derived_from, video.sensor);
  EXPECT_EQ(look.model, "st0903:onboard");
}

TEST(VmtiLooks, PersonsNeverLeaveAndAreCounted) {
  const auto object = [](const std::string& name) { return Item(102, Item(2, name)); };
  const std::string series_entry = Item(2, "Person");
  const Assembled got = AssembleWith(
      {Pixel(40, 100) + object("http://example.org/onto#DismountedSoldier"),
       Pixel(50, 90) + Item(107, static_cast<char>(series_entry.size()) + series_entry),
       Pixel(60, 80) + object("Fishing vessel"), Pixel(70, 70) + object("Truck"),
       Pixel(80, 60) + Item(23, "\x04"), Pixel(90, 50) + Item(23, "\x01"), Item(5, "\x09")});
  ASSERT_EQ(got.looks.size(), 1U);
  EXPECT_EQ(got.vmti.persons, 2U);
  EXPECT_EQ(got.vmti.others, 1U);
  EXPECT_EQ(got.vmti.unseen, 1U);    // coasting
  EXPECT_EQ(got.vmti.unplaced, 1U);  // says nothing of where
  ASSERT_EQ(got.looks[0].detections.size(), 2U);
  EXPECT_EQ(got.looks[0].detections[0].classes.count(ObjectClass::kTruck), 1U);
}

TEST(VmtiLooks, WordsOfOntologies) {
  EXPECT_EQ(ClassFromWords({"motorcar"}).object_class, ObjectClass::kUnknownVehicle);
  EXPECT_EQ(ClassFromWords({"Car"}).object_class, ObjectClass::kLightVehicle);
  EXPECT_EQ(ClassFromWords({"cargo carrier"}).object_class, ObjectClass::kUnknownVehicle);
  EXPECT_EQ(ClassFromWords({"http://x/y#Main_Battle_Tank"}).object_class,
            ObjectClass::kTrackedVehicle);
  EXPECT_EQ(ClassFromWords({"man"}).kind, VmtiKind::kPerson);
  EXPECT_EQ(ClassFromWords({"manoeuvring vehicle"}).kind, VmtiKind::kVehicle);
  EXPECT_EQ(ClassFromWords({}).kind, VmtiKind::kVehicle);
}

TEST(VmtiLooks, EmptySetSaysNothingUnlessItsProbabilityIsStated) {
  const Assembled silent = AssembleWith({});
  ASSERT_EQ(silent.looks.size(), 1U);
  EXPECT_TRUE(silent.looks[0].detections.empty());
  EXPECT_TRUE(silent.looks[0].footprint.empty());
  EXPECT_EQ(silent.looks[0].detection_probability, 0);
  const Assembled stated = AssembleWith({}, Options(0.7));
  ASSERT_EQ(stated.looks.size(), 1U);
  EXPECT_EQ(stated.looks[0].footprint.size(), 4U);
  EXPECT_EQ(stated.looks[0].detection_probability, 0.7);
}

TEST(VmtiLooks, OffUnlessAskedFor) {
  VideoAssemblerOptions options = testing::TestOptions();
  const Assembled got = AssembleWith({Pixel(40, 100)}, options);
  EXPECT_TRUE(got.looks.empty());
}

TEST(VmtiLooks, LooksComeBeforeTheSegmentTheyLieIn) {
  const testing::TempDirectory directory;
  Carriage carriage;
  carriage.klv = [](int n) { return PacketWith(n, VmtiSet({Pixel(40, 100)})); };
  const std::string bytes =
      testing::Remux(testing::WriteClip(directory.File("a.ts"), 60), carriage);
  const auto assembler = VideoAssembler::Create(Options());
  Instant passed;
  int looks = 0;
  for (const RawRecord& record : testing::RecordsOf(bytes, 4000)) {
    const auto got = assembler->Push(record, {});
    ASSERT_TRUE(got);
    for (const auto& output : *got) {
      if (const auto* segment = std::get_if<VideoSegment>(&output)) {
        passed = segment->frames.back().time;
      } else if (const auto* look = std::get_if<ObservationSet>(&output)) {
        EXPECT_GT(look->time, passed);
        ++looks;
      }
    }
  }
  EXPECT_EQ(looks, 60);
}

TEST(VmtiLooks, RealStreamGivesItsTargetsWhereItsOwnPacksSay) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const Assembled got = testing::Assemble(testing::ReadAll(path), 65'000, 0, Options());
  // As counted in the file by a reader of a few lines: 37 sets, 20 of them empty, 130 targets, each
  // but one with a location pack; that one says nothing of its place.
  EXPECT_EQ(got.looks.size(), 37U);
  EXPECT_EQ(std::count_if(got.looks.begin(), got.looks.end(),
                          [](const ObservationSet& look) { return look.detections.empty(); }),
            20);
  EXPECT_EQ(got.vmti.detections, 129U);
  EXPECT_EQ(got.vmti.unplaced, 1U);
  for (const ObservationSet& look : got.looks) {
    EXPECT_TRUE(look.footprint.empty());
    for (const Detection& detection : look.detections) {
      EXPECT_NEAR(detection.position.latitude.deg(), 34.708, 0.004);
      EXPECT_NEAR(detection.position.longitude.deg(), -86.671, 0.004);
      EXPECT_GT(detection.cov_en_m2(0, 0), 25);
    }
  }
  // b15d91af 425dd444: 34.710120, -86.672081.
  const auto first = std::find_if(got.looks.begin(), got.looks.end(),
                                  [](const auto& look) { return !look.detections.empty(); });
  EXPECT_NEAR(first->detections[0].position.latitude.deg(), 34.7101202, 1e-6);
  EXPECT_NEAR(first->detections[0].position.longitude.deg(), -86.6720810, 1e-6);
  EXPECT_EQ(got.looks[0].lineage.model, "st0903:TASS_EAP_1.3.0.32295");
}

}  // namespace
}  // namespace trucewatch
