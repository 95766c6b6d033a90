// SPDX-License-Identifier: Apache-2.0
// Wireshark's dissector as an independent reader of what the encoder writes.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>

#include "ingest/radar/stanag4607_encoder.h"
#include "tests/ingest/radar/random_packets.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::stanag4607 {
namespace {

std::vector<std::string> Lines(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  std::string text;
  std::array<char, 4096> block;
  while (const std::size_t n = fread(block.data(), 1, block.size(), pipe.get())) {
    text.append(block.data(), n);
  }
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> Split(const std::string& line, char separator) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : line + separator) {
    if (c != separator) {
      part.push_back(c);
    } else {
      parts.push_back(part);
      part.clear();
    }
  }
  return parts;
}

template <typename T>
std::string Number(const std::optional<T>& value) {
  return value ? std::to_string(*value) : "";
}

TEST(Stanag4607Tshark, ReadsTheSameNumbersOutOfRandomDwells) {
  if (Lines("tshark --version 2>/dev/null").empty()) {
    if (trucewatch::testing::SharedDataRequired()) FAIL() << "tshark is required when CI=true";
    GTEST_SKIP() << "tshark is not installed (Debian package tshark)";
  }
  trucewatch::testing::TempDirectory directory;
  const std::string path = directory.File("random.4607");
  std::mt19937_64 random(42);
  std::vector<DwellSegment> dwells;
  {
    std::ofstream file(path, std::ios::binary);
    for (int i = 0; i < 400; ++i) {
      DwellSegment dwell = testing::RandomDwell(random, {.dissector_safe = true});
      // tshark takes delta positions for granted when there are no hi-res ones; both groups are
      // always there.
      dwells.push_back(dwell);
      PacketHeader header = testing::RandomHeader(random);
      const std::vector<Segment> segments = {dwell};
      const auto bytes = EncodePacket(header, segments);
      ASSERT_TRUE(bytes.has_value()) << bytes.error().message;
      file << *bytes;
    }
  }
  constexpr const char* kFields[] = {
      "dwell.revisit",        "dwell.dwell",      "dwell.last",          "dwell.count",
      "dwell.time",           "dwell.sensor.lat", "dwell.sensor.lon",    "dwell.sensor.alt",
      "dwell.unc.along",      "dwell.unc.alt",    "dwell.speed",         "dwell.vvel",
      "dwell.da.lat",         "dwell.da.lon",     "dwell.mdv",           "dwell.rpt.idx",
      "dwell.rpt.lat",        "dwell.rpt.lon",    "dwell.rpt.delta.lat", "dwell.rpt.delta.lon",
      "dwell.rpt.height",     "dwell.rpt.radial", "dwell.rpt.wrap",      "dwell.rpt.snr",
      "dwell.rpt.class",      "dwell.rpt.prob",   "dwell.rpt.unc.slant", "dwell.rpt.unc.radial",
      "dwell.rpt.tag.entity", "dwell.rpt.section"};
  std::string command = "tshark -r " + path + " -T fields -E separator=';' -E occurrence=a";
  for (const char* field : kFields) command += std::string(" -e s4607.") + field;
  const auto lines = Lines(command + " 2>/dev/null");
  ASSERT_EQ(lines.size(), dwells.size());
  std::size_t compared = 0;
  for (std::size_t i = 0; i < dwells.size(); ++i) {
    const DwellSegment& d = dwells[i];
    std::vector<std::string> expected = {std::to_string(d.revisit_index),
                                         std::to_string(d.dwell_index),
                                         std::to_string(d.last_dwell),
                                         std::to_string(d.targets.size()),
                                         std::to_string(d.time_ms),
                                         std::to_string(d.sensor_latitude.raw),
                                         std::to_string(d.sensor_longitude.raw),
                                         std::to_string(d.sensor_height_hae_cm),
                                         Number(d.sensor_sigma_along_track_cm),
                                         Number(d.sensor_sigma_height_cm),
                                         Number(d.sensor_speed_mmps),
                                         Number(d.sensor_vertical_velocity_dmps),
                                         std::to_string(d.centre_latitude.raw),
                                         std::to_string(d.centre_longitude.raw),
                                         Number(d.min_detectable_velocity_dmps)};
    const auto each = [&](auto&& get) {
      std::string all;
      for (const TargetReport& t : d.targets) {
        const std::string one = get(t);
        if (!all.empty() && !one.empty()) all += ',';
        all += one;
      }
      expected.push_back(all);
    };
    const auto raw = [](const auto& value) { return value ? std::to_string(value->raw) : ""; };
    each([](const auto& t) { return Number(t.report_index); });
    each([&](const auto& t) { return raw(t.latitude); });
    each([&](const auto& t) { return raw(t.longitude); });
    each([](const auto& t) { return Number(t.delta_latitude); });
    each([](const auto& t) { return Number(t.delta_longitude); });
    each([](const auto& t) { return Number(t.height_hae_m); });
    each([](const auto& t) { return Number(t.los_velocity_cmps); });
    each([](const auto& t) { return Number(t.wrap_velocity_cmps); });
    each([](const auto& t) { return Number(t.snr_db); });
    each([](const auto& t) { return Number(t.classification); });
    each([](const auto& t) { return Number(t.class_probability_percent); });
    each([](const auto& t) { return Number(t.slant_range_sigma_cm); });
    each([](const auto& t) { return Number(t.radial_velocity_sigma_cmps); });
    each([](const auto& t) { return Number(t.truth_tag_entity); });
    each([](const auto& t) { return Number(t.radar_cross_section_half_db); });
    const auto got = Split(lines[i], ';');
    ASSERT_EQ(got.size(), expected.size()) << lines[i];
    for (std::size_t f = 0; f < expected.size(); ++f) {
      ASSERT_EQ(got[f], expected[f]) << "dwell " << i << ", s4607." << kFields[f];
      compared += expected[f].empty() ? 0 : 1;
    }
  }
  EXPECT_GT(compared, 7000U);
}

}  // namespace
}  // namespace trucewatch::stanag4607
