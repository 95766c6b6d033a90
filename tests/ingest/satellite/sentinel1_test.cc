// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/sentinel1.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <sstream>

#include "core/archive/zip_archive.h"
#include "core/storage/storage.h"
#include "ingest/satellite/sentinel1_calibration.h"
#include "tests/ingest/satellite/safe_product.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MadeSafe;

constexpr const char* kSample =
    "satellite/S1A_IW_GRDH_1SDV_20210119T031653_20210119T031718_036201_043ED0_8255.zip";

// The numbers that a command prints.
std::vector<double> Printed(const std::vector<std::string>& command) {
  const testing::Finished ran = testing::RunProcess(command);
  EXPECT_EQ(ran.code, 0) << ran.output;
  std::istringstream in(ran.output);
  std::vector<double> numbers;
  for (double value = 0; in >> value;) numbers.push_back(value);
  return numbers;
}

TEST(Sentinel1, ManifestSaysWhatWasTakenWhenAndFromWhere) {
  const auto manifest = ParseSentinel1Manifest(testing::MadeManifest({}), "manifest.safe");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->platform, "SENTINEL-1A");
  EXPECT_EQ(manifest->mode, "IW");
  EXPECT_EQ(manifest->processor, "Sentinel-1 IPF 003.90");
  EXPECT_EQ(FormatUtc(manifest->start), "2026-03-01T08:30:00.250000Z");
  EXPECT_EQ(FormatUtc(manifest->stop), "2026-03-01T08:30:01.750000Z");
  EXPECT_EQ(manifest->pass, "DESCENDING");
  EXPECT_EQ(manifest->absolute_orbit, 63456);
  EXPECT_EQ(manifest->relative_orbit, 79);
  EXPECT_THAT(manifest->polarisations, ElementsAre("VV"));
  const auto channel = ChooseChannel(*manifest);
  ASSERT_TRUE(channel) << channel.error().message;
  EXPECT_EQ(channel->polarisation, "VV");
  EXPECT_THAT(channel->noise.href, HasSubstr("annotation/calibration/noise-s1a"));
  EXPECT_THAT(channel->measurement.href, HasSubstr("measurement/s1a"));
}

TEST(Sentinel1, WhatIsNoGroundRangeProductIsRefusedWithTheReason) {
  const auto why = [](const std::string& xml) {
    const auto manifest = ParseSentinel1Manifest(xml, "m");
    EXPECT_FALSE(manifest);
    return manifest ? "" : manifest.error().message;
  };
  MadeSafe slc;
  slc.product_type = "SLC";
  EXPECT_THAT(why(testing::MadeManifest(slc)), HasSubstr("type \"SLC\"; expected GRD"));
  EXPECT_THAT(why("<a/>"), HasSubstr("no manifest of a Sentinel-1 product"));
  std::string away = testing::MadeManifest({});
  away.replace(away.find("./measurement/"), 14, "../outside/sub/");
  EXPECT_THAT(why(away), HasSubstr("leads above the root folder"));
  std::string late = testing::MadeManifest({});
  late.replace(late.find("08:30:00.25"), 8, "09:30:00");
  EXPECT_THAT(why(late), HasSubstr("acquired from"));
  const auto annotation = ParseSentinel1Annotation("<product/>", "a");
  EXPECT_THAT(annotation.error().message, HasSubstr("startTime"));
}

TEST(Sentinel1, AnnotationGivesGeometry) {
  const auto annotation = ParseSentinel1Annotation(testing::MadeAnnotation({}), "a.xml");
  ASSERT_TRUE(annotation) << annotation.error().message;
  EXPECT_EQ(annotation->polarisation, "VV");
  EXPECT_EQ(annotation->lines, 40);
  EXPECT_EQ(annotation->samples, 60);
  EXPECT_EQ(annotation->range_spacing_m, 10);
  EXPECT_EQ(annotation->incidence_deg, 39);
  EXPECT_EQ(annotation->heading_deg, -170);
  EXPECT_FALSE(annotation->noise_removed);
  EXPECT_EQ(annotation->grid.size(), 9U);
  EXPECT_EQ(annotation->grid_columns, 3);
  std::string crooked = testing::MadeAnnotation({});
  crooked.replace(crooked.find("<pixel>29"), 9, "<pixel>28");
  EXPECT_THAT(ParseSentinel1Annotation(crooked, "a").error().message, HasSubstr("no rectangle"));
}

// The product made here is one: GDAL's own SAFE driver, run as a program of its own, reads it. (Its
// SIGMA0 subdatasets are no reference: GDAL 3.6.2 gives DN^2 there for complex products and refuses
// GRD. The independent computation of sigma0 is in Python below.)
TEST(Sentinel1, MadeProductIsOneThatGdalReads) {
  const MadeSafe made;
  testing::TempDirectory directory;
  const std::string folder = testing::WriteMadeSafe(made, directory.File("."));
  const std::string raw = directory.File("dn.img");
  const testing::Finished ran = testing::RunProcess(
      {"gdal_translate", "-q", "-of", "ENVI", "-ot", "UInt16",
       "SENTINEL1_CALIB:UNCALIB:" + folder + "/manifest.safe:IW_VV:AMPLITUDE", raw});
  ASSERT_EQ(ran.code, 0) << ran.output;
  const std::string bytes = testing::ReadFile(raw);
  const std::vector<int> dn = testing::MadeAmplitudes(made);
  ASSERT_EQ(bytes.size(), 2 * dn.size());
  for (std::size_t i = 0; i < dn.size(); ++i) {
    std::uint16_t value = 0;
    std::memcpy(&value, bytes.data() + 2 * i, 2);
    ASSERT_EQ(value, dn[i]) << i;
  }
}

// The same sums in Python, from the documents alone.
constexpr const char* kPython = R"(
import sys, xml.etree.ElementTree as E, bisect
def lut(p, vec, val):
    return [(int(v.find('line').text), [float(x) for x in v.find('pixel').text.split()],
             [float(x) for x in v.find(val).text.split()]) for v in E.parse(p).iter(vec)]
def lin(xs, ys, x):
    if x <= xs[0]: return ys[0]
    if x >= xs[-1]: return ys[-1]
    i = bisect.bisect_right(xs, x)
    return ys[i-1] + (ys[i]-ys[i-1])*(x-xs[i-1])/(xs[i]-xs[i-1])
def at(t, line, pixel):
    return lin([v[0] for v in t], [lin(v[1], v[2], pixel) for v in t], line)
cal = lut(sys.argv[1], 'calibrationVector', 'sigmaNought')
new = lut(sys.argv[2], 'noiseRangeVector', 'noiseRangeLut')
noise = new or lut(sys.argv[2], 'noiseVector', 'noiseLut')
az = [[int(b.find(k).text) for k in ('firstAzimuthLine','lastAzimuthLine','firstRangeSample','lastRangeSample')]
      + [[float(x) for x in b.find(k).text.split()] for k in ('line','noiseAzimuthLut')]
      for b in E.parse(sys.argv[2]).iter('noiseAzimuthVector')]
for arg in sys.argv[3:]:
    line, pixel, dn = [int(x) for x in arg.split(',')]
    eta = at(noise, line, pixel)
    for b in az:
        if b[0] <= line <= b[1] and b[2] <= pixel <= b[3]: eta *= lin(b[4], b[5], line)
    print(repr(max(1e-5, (dn*dn - eta)/at(cal, line, pixel)**2)))
)";

void CompareWithPython(const std::string& calibration_xml, const std::string& noise_xml, int lines,
                       int samples) {
  const auto calibration = Sentinel1Calibration::Parse(calibration_xml, noise_xml, "c");
  ASSERT_TRUE(calibration) << calibration.error().message;
  testing::TempDirectory directory;
  const auto write = [&](const char* name, const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(*MakePosixStorage(), directory.File(name), AsBytes(text)));
    return directory.File(name);
  };
  std::vector<std::string> command = {"python3", "-c", kPython, write("c.xml", calibration_xml),
                                      write("n.xml", noise_xml)};
  std::vector<double> ours;
  unsigned state = 3;
  for (int i = 0; i < 100; ++i) {
    state = state * 1664525U + 1013904223U;
    const int line = static_cast<int>(state >> 8U) % lines;
    state = state * 1664525U + 1013904223U;
    const int pixel = static_cast<int>(state >> 8U) % samples;
    const auto dn = static_cast<float>(1 + i * 7);
    std::vector<double> sigma0(1);
    calibration->Sigma0(line, pixel, &dn, sigma0);
    ours.push_back(sigma0[0]);
    command.push_back(fmt::format("{},{},{}", line, pixel, 1 + i * 7));
  }
  const std::vector<double> python = Printed(command);
  ASSERT_EQ(python.size(), ours.size());
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i] / python[i], 1, 1e-9) << i;
}

TEST(Sentinel1, NoiseRemovalEqualsAnIndependentComputation) {
  const MadeSafe made;
  CompareWithPython(testing::MadeCalibration(made), testing::MadeNoise(made), made.lines,
                    made.samples);
  MadeSafe old;
  old.old_noise = true;
  CompareWithPython(testing::MadeCalibration(old), testing::MadeNoise(old), old.lines, old.samples);
}

TEST(Sentinel1, RealProductsTablesEqualAnIndependentComputation) {
  TW_SHARED_DATA_OR_SKIP(path, kSample);
  const auto file = MakePosixStorage()->Open(path, false);
  ASSERT_TRUE(file);
  const auto archive = ZipArchive::Open(**file, path);
  ASSERT_TRUE(archive) << archive.error().message;
  const auto text = [&](const std::string& name) -> std::string {
    for (const ZipEntry& entry : archive->entries()) {
      if (!entry.name.ends_with("/" + name)) continue;
      auto reader = ZipEntryReader::Open(*archive, entry);
      return reader ? reader->Read(std::size_t{8} << 20).value_or("") : "";
    }
    ADD_FAILURE() << name << " is not in the product";
    return "";
  };
  const auto manifest = ParseSentinel1Manifest(text("manifest.safe"), "manifest.safe");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(FormatUtc(manifest->start), "2021-01-19T03:16:53.799379Z");
  EXPECT_EQ(FormatUtc(manifest->stop), "2021-01-19T03:17:18.797132Z");
  EXPECT_EQ(manifest->relative_orbit, 79);
  EXPECT_EQ(manifest->pass, "DESCENDING");
  EXPECT_THAT(manifest->polarisations, ElementsAre("VV", "VH"));
  const auto channel = ChooseChannel(*manifest);
  ASSERT_TRUE(channel) << channel.error().message;
  EXPECT_EQ(channel->measurement.size, 874362672U);
  const auto annotation = ParseSentinel1Annotation(text(channel->annotation.href), "a");
  ASSERT_TRUE(annotation) << annotation.error().message;
  EXPECT_EQ(annotation->lines, 16854);
  EXPECT_EQ(annotation->samples, 25931);
  EXPECT_NEAR(annotation->incidence_deg, 38.73366490135589, 1e-12);
  EXPECT_EQ(annotation->grid.size(), 210U);
  EXPECT_EQ(annotation->grid_columns, 21);
  CompareWithPython(text(channel->calibration.href), text(channel->noise.href), annotation->lines,
                    annotation->samples);
}

TEST(Sentinel1, BorderPixelsAndTheirMarginAreNoMeasurement) {
  const std::vector<float> dn = {0, 0, 0, 0, 0, 0,  //
                                 0, 5, 5, 5, 5, 5,  //
                                 0, 5, 5, 5, 5, 5,  //
                                 0, 5, 5, 5, 5, 5};
  EXPECT_THAT(ValidAmplitudes(dn, 6, 0), ElementsAre(0, 0, 0, 0, 0, 0,  //
                                                     0, 1, 1, 1, 1, 1,  //
                                                     0, 1, 1, 1, 1, 1,  //
                                                     0, 1, 1, 1, 1, 1));
  EXPECT_THAT(ValidAmplitudes(dn, 6, 1), ElementsAre(0, 0, 0, 0, 0, 0,  //
                                                     0, 0, 0, 0, 0, 0,  //
                                                     0, 0, 1, 1, 1, 1,  //
                                                     0, 0, 1, 1, 1, 1));
}

TEST(Sentinel1, DocumentsCutAnywhereAreRefusedAndFlippedBitsAreSurvived) {
  MadeSafe small;
  small.lines = small.samples = 4;
  const std::string calibration = testing::MadeCalibration(small);
  const std::string noise = testing::MadeNoise(small);
  const auto parses = [&](const std::string& c, const std::string& n) {
    const auto parsed = Sentinel1Calibration::Parse(c, n, "x");
    if (!parsed) {
      EXPECT_THAT(parsed.error().message, HasSubstr("x"));
      return false;
    }
    const float dn[4] = {0, 1, 100, 65535};
    std::vector<double> row(4);
    parsed->Sigma0(2, 0, dn, row);
    for (const double value : row) EXPECT_TRUE(std::isfinite(value));
    return true;
  };
  ASSERT_TRUE(parses(calibration, noise));
  const auto last = [](const std::string& text) { return text.size() - 1; };  // the final newline
  for (std::size_t cut = 1; cut < last(calibration); ++cut) {
    EXPECT_FALSE(parses(calibration.substr(0, cut), noise)) << cut;
  }
  for (std::size_t cut = 1; cut < last(noise); ++cut) {
    EXPECT_FALSE(parses(calibration, noise.substr(0, cut))) << cut;
  }
  for (std::size_t bit = 0; bit < calibration.size() * 8; ++bit) {
    std::string flipped = calibration;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    parses(flipped, noise);
  }
  const std::string manifest = testing::MadeManifest({});
  for (std::size_t cut = 0; cut + 1 < manifest.size(); ++cut) {
    EXPECT_FALSE(ParseSentinel1Manifest(manifest.substr(0, cut), "m")) << cut;
  }
  for (std::size_t bit = 0; bit < manifest.size() * 8; ++bit) {
    std::string flipped = manifest;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto parsed = ParseSentinel1Manifest(flipped, "m");
    if (!parsed) continue;
    for (const SafeFile& f : parsed->files) {
      EXPECT_TRUE(f.href[0] != '/' && f.href.find("../") == std::string::npos) << f.href;
    }
  }
}

}  // namespace
}  // namespace trucewatch
