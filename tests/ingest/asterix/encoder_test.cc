// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>
#include <sstream>

#include "ingest/asterix/asterix.h"
#include "ingest/asterix/asterix_encoder.h"
#include "ingest/asterix/pcap.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::asterix {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;
const Instant kDay = *ParseUtc("2026-03-01T00:00:00Z");

double Uniform(std::mt19937_64& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}
bool Coin(std::mt19937_64& random) { return (random() & 1U) != 0; }

Cat010Record Random010(std::mt19937_64& random) {
  Cat010Record r;
  r.sac = static_cast<std::uint8_t>(random());
  r.sic = static_cast<std::uint8_t>(random());
  r.message = static_cast<Cat010Record::MessageType>(1 + random() % 4);
  r.time = kDay + Duration::Micros(static_cast<std::int64_t>(random() % kDayUs));
  r.sensor = static_cast<std::uint8_t>(random() % 8);
  r.simulated = Coin(random);
  r.target = static_cast<Cat010Record::TargetType>(random() % 4);
  r.range_m = Uniform(random, 0, 65535);
  r.azimuth_deg = Uniform(random, -360, 360);
  if (Coin(random)) r.velocity = PolarVelocity{Uniform(random, 0, 500), Uniform(random, 0, 360)};
  if (Coin(random)) {
    r.velocity_en_mps = Eigen::Vector2d(Uniform(random, -500, 500), Uniform(random, -500, 500));
  }
  if (Coin(random)) r.track_number = static_cast<std::uint16_t>(random() % 4096);
  r.nogo = static_cast<std::uint8_t>(random() % 3);
  r.time_invalid = Coin(random);
  return r;
}

Cat048Record Random048(std::mt19937_64& random) {
  Cat048Record r;
  r.sac = static_cast<std::uint8_t>(random());
  r.sic = static_cast<std::uint8_t>(random());
  r.time = kDay + Duration::Micros(static_cast<std::int64_t>(random() % kDayUs));
  r.type = static_cast<std::uint8_t>(random() % 8);
  r.simulated = Coin(random);
  r.test_target = Coin(random);
  r.range_m = Uniform(random, 0, 255 * 1852.0);
  r.azimuth_deg = Uniform(random, 0, 360);
  for (std::uint64_t i = random() % 4; i > 0; --i) {
    r.warnings.push_back(static_cast<std::uint8_t>(random() % 128));
  }
  if (Coin(random)) r.track_number = static_cast<std::uint16_t>(random() % 4096);
  if (Coin(random)) r.doppler_mps = Uniform(random, -511, 511);
  r.doppler_doubtful = Coin(random);
  return r;
}

// Difference of two angles, the short way round.
double AngleGap(double a, double b) { return std::abs(std::remainder(a - b, 360.0)); }

void ExpectTime(const Record& record, Instant time) {
  const double seconds = static_cast<double>(time.micros() % kDayUs) / 1e6;
  const double gap = std::abs(std::remainder(record.time_of_day_s().value() - seconds, 86400.0));
  EXPECT_LE(gap, 0.5 / 128 + 1e-9);
}

struct OneBlock {
  std::string bytes;
  Decoded blocks;
  std::size_t size() const { return blocks[0].records.size(); }
  const Record& operator[](std::size_t i) const { return blocks[0].records[i]; }
};

OneBlock DecodeOne(const std::string& bytes) {
  auto blocks = DecodeBlocks(AsBytes(bytes), 1000);
  EXPECT_EQ(blocks.size(), 1U);
  EXPECT_FALSE(blocks[0].fault.has_value()) << blocks[0].fault->reason;
  EXPECT_EQ(blocks[0].length, bytes.size());
  std::uint64_t at = 1003;
  for (const Record& record : blocks[0].records) {
    EXPECT_EQ(record.offset, at);
    at += record.length;
  }
  EXPECT_EQ(at, 1000 + bytes.size());
  return {bytes, std::move(blocks)};
}

TEST(AsterixEncoder, RandomSurfaceReportsReadBackWithinHalfAStep) {
  std::mt19937_64 random(10);
  std::vector<Cat010Record> sent;
  for (int i = 0; i < 500; ++i) sent.push_back(Random010(random));
  const auto records = DecodeOne(EncodeCat010(sent));
  ASSERT_EQ(records.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const Cat010Record& s = sent[i];
    const Record& r = records[i];
    EXPECT_EQ(r.sac(), s.sac);
    EXPECT_EQ(r.sic(), s.sic);
    EXPECT_EQ(r.Integer("I010/000", "message_type"), s.message);
    ExpectTime(r, s.time);
    if (s.message == Cat010Record::kTargetReport) {
      EXPECT_EQ(r.Integer("I010/020", "typ"), s.sensor);
      EXPECT_EQ(r.Flag("I010/020", "sim"), s.simulated);
      EXPECT_EQ(r.Integer("I010/020", "tot"), s.target);
      EXPECT_NEAR(*r.Number("I010/040", "rho_m"), s.range_m, 0.5);
      EXPECT_LE(AngleGap(*r.Number("I010/040", "theta_deg"), s.azimuth_deg), 0.0028);
      EXPECT_EQ(r.Find("I010/200") != nullptr, s.velocity.has_value());
      if (s.velocity) {
        EXPECT_NEAR(*r.Number("I010/200", "ground_speed_mps"), s.velocity->speed_mps, 0.0566);
        EXPECT_LE(AngleGap(*r.Number("I010/200", "track_angle_deg"), s.velocity->track_deg),
                  0.0028);
      }
      if (s.velocity_en_mps) {
        EXPECT_NEAR(*r.Number("I010/202", "vx_mps"), s.velocity_en_mps->x(), 0.1251);
        EXPECT_NEAR(*r.Number("I010/202", "vy_mps"), s.velocity_en_mps->y(), 0.1251);
      }
      EXPECT_EQ(r.Find("I010/161") != nullptr, s.track_number.has_value());
      if (s.track_number) {
        EXPECT_EQ(r.Integer("I010/161", "track_number"), *s.track_number);
      }
    } else if (s.message != Cat010Record::kStartOfUpdateCycle) {
      EXPECT_EQ(r.Integer("I010/550", "nogo"), s.nogo);
      EXPECT_EQ(r.Flag("I010/550", "tsv"), s.time_invalid);
    }
  }
}

TEST(AsterixEncoder, RandomPlotsReadBackWithinHalfAStep) {
  std::mt19937_64 random(48);
  std::vector<Cat048Record> sent;
  for (int i = 0; i < 500; ++i) sent.push_back(Random048(random));
  const auto records = DecodeOne(EncodeCat048(sent));
  ASSERT_EQ(records.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const Cat048Record& s = sent[i];
    const Record& r = records[i];
    ExpectTime(r, s.time);
    EXPECT_EQ(r.Integer("I048/020", "typ"), s.type);
    EXPECT_EQ(r.Flag("I048/020", "sim"), s.simulated);
    EXPECT_EQ(r.Flag("I048/020", "tst"), s.test_target);
    EXPECT_NEAR(*r.Number("I048/040", "rho_m"), s.range_m, 1852.0 / 512 + 1e-9);
    EXPECT_LE(AngleGap(*r.Number("I048/040", "theta_deg"), s.azimuth_deg), 0.0028);
    const Item* codes = r.Find("I048/030");
    ASSERT_EQ(codes == nullptr ? 0 : codes->value->children().size(), s.warnings.size());
    for (std::size_t k = 0; k < s.warnings.size(); ++k) {
      EXPECT_EQ(codes->value->children()[k].raw, s.warnings[k]);
    }
    if (s.track_number) {
      EXPECT_EQ(r.Integer("I048/161", "track_number"), *s.track_number);
    }
    ASSERT_EQ(r.Find("I048/120") != nullptr, s.doppler_mps.has_value());
    if (s.doppler_mps) {
      const Node* cal = r.Find("I048/120")->value->Find("cal");
      EXPECT_NEAR(cal->Find("speed_mps")->number, *s.doppler_mps, 0.5);
      EXPECT_EQ(cal->Find("d")->raw != 0, s.doppler_doubtful);
    }
  }
}

TEST(AsterixEncoder, ServiceMessagesReadBack) {
  Cat034Record north;
  north.sac = 1;
  north.sic = 2;
  north.time = kDay + Duration::Seconds(5);
  north.rotation_period_s = 2.5;
  Cat034Record sector = north;
  sector.message = Cat034Record::kSectorCrossing;
  sector.sector_deg = 90;
  sector.rotation_period_s.reset();
  sector.nogo = true;
  const auto records = DecodeOne(EncodeCat034(std::vector<Cat034Record>{north, sector}));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].Integer("I034/000", "message_type"), 1);
  EXPECT_EQ(records[0].Number("I034/041", "rotation_period_s"), 2.5);
  EXPECT_EQ(records[0].time_of_day_s(), 5.0);
  EXPECT_EQ(records[0].Find("I034/050"), nullptr);
  EXPECT_EQ(records[1].Number("I034/020", "sector_deg"), 90.0);
  EXPECT_EQ(records[1].Find("I034/050")->value->Find("com")->Find("nogo")->raw, 1);
  EXPECT_EQ(records[1].Find("I034/050")->value->Find("com")->Find("tsv")->raw, 0);
}

TEST(AsterixEncoder, ValuesBeyondAnItemBecomeTheNearestItHolds) {
  Cat010Record r;
  r.range_m = 1e9;
  r.velocity_en_mps = Eigen::Vector2d(1e9, -1e9);
  const auto records = DecodeOne(EncodeCat010(std::span(&r, 1)));
  EXPECT_EQ(records[0].Number("I010/040", "rho_m"), 65535.0);
  EXPECT_EQ(records[0].Number("I010/202", "vx_mps"), 8191.75);
  EXPECT_EQ(records[0].Number("I010/202", "vy_mps"), -8192.0);
  EXPECT_EQ(EncodeCat010({}), "");
}

// Wireshark's dissector, which is made from another description of the categories.
TEST(AsterixTshark, AcceptsOurCapturesAndReadsTheSameValues) {
  if (trucewatch::testing::RunProcess({"tshark", "--version"}).code != 0) {
    if (trucewatch::testing::SharedDataRequired()) FAIL() << "tshark is required when CI=true";
    GTEST_SKIP() << "tshark is not installed (Debian package tshark)";
  }
  std::mt19937_64 random(7);
  std::vector<Cat010Record> surface;
  std::vector<Cat048Record> plots;
  trucewatch::testing::TempDirectory directory;
  const std::string path = directory.File("ours.pcap");
  {
    std::ofstream file(path, std::ios::binary);
    file << PcapHeader();
    for (int i = 0; i < 200; ++i) {
      Cat010Record s = Random010(random);
      s.message = Cat010Record::kTargetReport;
      s.track_number = static_cast<std::uint16_t>(i);
      surface.push_back(s);
      Cat048Record p = Random048(random);
      p.track_number = static_cast<std::uint16_t>(i);
      p.doppler_mps = Uniform(random, -300, 300);
      plots.push_back(p);
      Cat034Record north;
      north.time = s.time;
      north.rotation_period_s = 2.5;
      north.nogo = i % 2 == 0;
      Cat010Record start = s;
      start.message = Cat010Record::kStartOfUpdateCycle;
      file << PcapUdpPacket(kDay + Duration::Millis(i), 0x0A000001, 40000, 0xEF010101, 8600,
                            EncodeCat034(std::span(&north, 1)) + EncodeCat048(std::span(&p, 1)))
           << PcapUdpPacket(kDay + Duration::Millis(i), 0x0A000001, 40000, 0xEF010101, 8600,
                            EncodeCat010(std::vector<Cat010Record>{start, s}));
    }
  }
  const auto tshark = [&](std::vector<std::string> more) {
    std::vector<std::string> argv = {"tshark",
                                     "-r",
                                     path,
                                     "-o",
                                     "ip.check_checksum:TRUE",
                                     "-o",
                                     "udp.check_checksum:TRUE",
                                     "-d",
                                     "udp.port==8600,asterix"};
    argv.insert(argv.end(), more.begin(), more.end());
    const auto run = trucewatch::testing::RunProcess(argv);
    EXPECT_EQ(run.code, 0) << run.output;
    std::vector<std::string> lines;
    std::istringstream in(run.output);
    for (std::string line; std::getline(in, line);) {
      if (line.find("dangerous") == std::string::npos) lines.push_back(line);
    }
    return lines;
  };
  EXPECT_EQ(tshark({"-Y",
                    "_ws.malformed || _ws.expert.severity >= 4 || "
                    "ip.checksum.status == \"Bad\" || udp.checksum.status == \"Bad\""}),
            std::vector<std::string>());
  EXPECT_EQ(tshark({"-Y", "asterix"}).size(), 400U);
  const auto lines = tshark({"-Y", "asterix.category == 48", "-T", "fields", "-E", "separator=;",
                             "-e", "asterix.048_040_RHO", "-e", "asterix.048_040_THETA", "-e",
                             "asterix.048_161_TRN", "-e", "asterix.048_120_CAL_CAL", "-e",
                             "asterix.048_020_SIM", "-e", "asterix.048_020_TYP"});
  ASSERT_EQ(lines.size(), plots.size());
  for (std::size_t i = 0; i < plots.size(); ++i) {
    SCOPED_TRACE(lines[i]);
    std::istringstream in(lines[i]);
    std::string rho, theta, number, doppler, simulated, type;
    std::getline(in, rho, ';');
    std::getline(in, theta, ';');
    std::getline(in, number, ';');
    std::getline(in, doppler, ';');
    std::getline(in, simulated, ';');
    std::getline(in, type, ';');
    EXPECT_NEAR(std::stod(rho) * 1852, plots[i].range_m, 1852.0 / 512 + 1e-6);
    EXPECT_LE(AngleGap(std::stod(theta), plots[i].azimuth_deg), 0.0028);
    EXPECT_EQ(std::stoi(number), *plots[i].track_number);
    EXPECT_NEAR(std::stod(doppler), *plots[i].doppler_mps, 0.5 + 1e-9);
    EXPECT_EQ(std::stoi(simulated), plots[i].simulated ? 1 : 0);
    EXPECT_EQ(std::stoi(type), plots[i].type);
  }
  const auto ground = tshark({"-Y", "asterix.category == 10", "-T", "fields", "-E", "separator=;",
                              "-e", "asterix.010_040_RHO", "-e", "asterix.010_040_TH", "-e",
                              "asterix.010_161_TRK", "-e", "asterix.010_020_TOT"});
  ASSERT_EQ(ground.size(), surface.size());
  for (std::size_t i = 0; i < surface.size(); ++i) {
    SCOPED_TRACE(ground[i]);
    std::istringstream in(ground[i]);
    std::string rho, theta, number, target;
    std::getline(in, rho, ';');
    std::getline(in, theta, ';');
    std::getline(in, number, ';');
    std::getline(in, target, ';');
    EXPECT_NEAR(std::stod(rho), surface[i].range_m, 0.5 + 1e-9);
    EXPECT_LE(AngleGap(std::stod(theta), surface[i].azimuth_deg), 0.0028);
    EXPECT_EQ(std::stoi(number), *surface[i].track_number);
    EXPECT_EQ(std::stoi(target), surface[i].target);
  }
}

}  // namespace
}  // namespace trucewatch::asterix
