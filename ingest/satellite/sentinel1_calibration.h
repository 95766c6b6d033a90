// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace trucewatch {

// Values over an image, given along some of its lines and interpolated bilinearly: first along the
// line, then between lines; outside the first or last one it stays what it is there.
class LineTable {
 public:
  // Lines rise from one Add to the next, pixels within a line do, and there are as many values.
  Result<void> Add(double line, std::vector<double> pixels, std::vector<double> values,
                   const std::string& name);
  bool empty() const { return lines_.empty(); }
  // The values of pixels first .. first + row.size() - 1 of a line.
  void Row(double line, int first, std::vector<double>& row) const;

 private:
  struct Line {
    double line = 0;
    std::vector<double> pixels, values;
  };
  static void Along(const Line& line, int first, std::vector<double>& row);
  std::vector<Line> lines_;
};

// How strong the thermal noise is at one line, for a block of pixels (noiseAzimuthVector).
struct AzimuthNoise {
  int first_line = 0, last_line = 0, first_pixel = 0, last_pixel = 0;
  std::vector<double> lines, values;
};

// Turns the amplitudes of a Sentinel-1 GRD image into backscatter: sigma0 = (DN^2 - eta) / A^2
// (Sentinel-1 Product Specification S1-RS-MDA-52-7441, sections 6.3.2 and 6.3.3; "Radiometric
// Calibration of S-1 Level-1 Products", ESA-EOPG-CSCOP-TN-0002). A: sigmaNought; eta: noiseRangeLut
// times noiseAzimuthLut where the block is covered, or noiseLut in products before IPF 2.90.
class Sentinel1Calibration {
 public:
  // From annotation/calibration/calibration-*.xml and noise-*.xml. Without noise (empty) nothing is
  // subtracted. kBadInput: no such document, a vector that is none, A or eta out of bounds.
  static Result<Sentinel1Calibration> Parse(std::string_view calibration_xml,
                                            std::string_view noise_xml, const std::string& name);

  // The same without noise removal, as GDAL's SAFE driver has it.
  Sentinel1Calibration WithoutNoise() const;

  // Backscatter (linear, a ratio of powers) of the pixels first ... of a line, as many as sigma0
  // has places. Not above the noise gives kFloor; DN 0, outside the swath, gives 0.
  static constexpr double kFloor = 1e-5;  // -50 dB
  void Sigma0(int line, int first, const float* dn, std::vector<double>& sigma0) const;

  const std::string& polarisation() const { return polarisation_; }
  bool has_noise() const { return !noise_.empty(); }

 private:
  Result<void> ReadNoise(std::string_view xml, const std::string& name);
  void Eta(int line, int first, std::vector<double>& eta) const;

  std::string polarisation_;
  LineTable amplitude_, noise_;
  std::vector<AzimuthNoise> azimuth_noise_;
};

// What of a window is no measurement: DN 0 (outside the swath), and whatever lies within `margin`
// pixels of it, because products before IPF 2.90 have small wrong values at their borders.
// `dn` is row-major, `width` wide. 1: valid. What lies outside the window is not looked at.
std::vector<std::uint8_t> ValidAmplitudes(const std::vector<float>& dn, int width, int margin);

}  // namespace trucewatch
