// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/sentinel1_calibration.h"

#include <algorithm>
#include <cmath>

#include "core/xml/xml.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxVectors = 5'000;
constexpr std::size_t kMaxVectorValues = 20'000;
constexpr double kMaxLine = 1e6;

Result<std::vector<double>> Vector(const XmlElement& element, std::string_view child,
                                   const std::string& name) {
  return XmlNumbers(element.TextAt(child), kMaxVectorValues, fmt::format("{}: {}", name, child));
}

Result<int> WholeAt(const XmlElement& element, std::string_view path, const std::string& name) {
  const auto number = XmlNumber(element.TextAt(path));
  if (!number || std::abs(*number) > kMaxLine || *number != std::floor(*number)) {
    return Fail(ErrorCode::kBadInput, "{}: {} is \"{}\"; expected a line or pixel", name, path,
                element.TextAt(path).substr(0, 32));
  }
  return static_cast<int>(*number);
}

// Adds the vectors of a list: `value` names the element with the numbers.
Result<void> AddVectors(const XmlElement& list, std::string_view vector, std::string_view value,
                        double low, const std::string& name, LineTable& table) {
  if (list.children.size() > kMaxVectors) {
    return Fail(ErrorCode::kBadInput, "{}: {} vectors; expected at most {}", name,
                list.children.size(), kMaxVectors);
  }
  for (const XmlElement* element : list.All(vector)) {
    TW_ASSIGN_OR_RETURN(const int line, WholeAt(*element, "line", name));
    TW_ASSIGN_OR_RETURN(auto pixels, Vector(*element, "pixel", name));
    TW_ASSIGN_OR_RETURN(auto values, Vector(*element, value, name));
    const auto bad = std::find_if(values.begin(), values.end(),
                                  [&](double v) { return !(v >= low && v <= 1e12); });
    if (bad != values.end()) {
      return Fail(ErrorCode::kBadInput, "{}: {} of line {} has the value {}", name, value, line,
                  *bad);
    }
    TW_RETURN_IF_ERROR(table.Add(line, std::move(pixels), std::move(values), name));
  }
  return {};
}

double Along1D(const std::vector<double>& at, const std::vector<double>& values, double x) {
  if (x <= at.front()) return values.front();
  if (x >= at.back()) return values.back();
  const auto after =
      static_cast<std::size_t>(std::upper_bound(at.begin(), at.end(), x) - at.begin());
  const double t = (x - at[after - 1]) / (at[after] - at[after - 1]);
  return values[after - 1] + t * (values[after] - values[after - 1]);
}

Result<AzimuthNoise> ParseAzimuthNoise(const XmlElement& element, const std::string& name) {
  AzimuthNoise noise;
  TW_ASSIGN_OR_RETURN(noise.first_line, WholeAt(element, "firstAzimuthLine", name));
  TW_ASSIGN_OR_RETURN(noise.last_line, WholeAt(element, "lastAzimuthLine", name));
  TW_ASSIGN_OR_RETURN(noise.first_pixel, WholeAt(element, "firstRangeSample", name));
  TW_ASSIGN_OR_RETURN(noise.last_pixel, WholeAt(element, "lastRangeSample", name));
  TW_ASSIGN_OR_RETURN(noise.lines, Vector(element, "line", name));
  TW_ASSIGN_OR_RETURN(noise.values, Vector(element, "noiseAzimuthLut", name));
  const bool rising =
      std::adjacent_find(noise.lines.begin(), noise.lines.end(),
                         [](double a, double b) { return a >= b; }) == noise.lines.end();
  const bool sane = std::all_of(noise.values.begin(), noise.values.end(),
                                [](double v) { return v >= 0 && v <= 1e6; });
  if (noise.lines.empty() || noise.lines.size() != noise.values.size() || !rising || !sane) {
    return Fail(ErrorCode::kBadInput,
                "{}: a noiseAzimuthVector of {} lines and {} values; expected as many of both, "
                "lines rising",
                name, noise.lines.size(), noise.values.size());
  }
  return noise;
}

}  // namespace

Result<void> LineTable::Add(double line, std::vector<double> pixels, std::vector<double> values,
                            const std::string& name) {
  const bool rising = std::adjacent_find(pixels.begin(), pixels.end(),
                                         [](double a, double b) { return a >= b; }) == pixels.end();
  if (pixels.empty() || pixels.size() != values.size() || !rising) {
    return Fail(ErrorCode::kBadInput,
                "{}: the vector of line {} has {} pixels and {} values; expected as many of both, "
                "pixels rising",
                name, line, pixels.size(), values.size());
  }
  if (!lines_.empty() && line <= lines_.back().line) {
    return Fail(ErrorCode::kBadInput, "{}: the vector of line {} comes after that of line {}", name,
                line, lines_.back().line);
  }
  lines_.push_back({line, std::move(pixels), std::move(values)});
  return {};
}

void LineTable::Along(const Line& line, int first, std::vector<double>& row) {
  std::size_t after = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double x = static_cast<double>(first) + static_cast<double>(i);
    while (after < line.pixels.size() && line.pixels[after] <= x) ++after;
    if (after == 0) {
      row[i] = line.values.front();
    } else if (after == line.pixels.size()) {
      row[i] = line.values.back();
    } else {
      const double t = (x - line.pixels[after - 1]) / (line.pixels[after] - line.pixels[after - 1]);
      row[i] = line.values[after - 1] + t * (line.values[after] - line.values[after - 1]);
    }
  }
}

void LineTable::Row(double line, int first, std::vector<double>& row) const {
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), line,
                                      [](double l, const Line& entry) { return l < entry.line; });
  if (after == lines_.begin()) return Along(lines_.front(), first, row);
  const Line& before = *(after - 1);
  Along(before, first, row);
  if (after == lines_.end() || line == before.line) return;
  std::vector<double> next(row.size());
  Along(*after, first, next);
  const double t = (line - before.line) / (after->line - before.line);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] += t * (next[i] - row[i]);
}

Result<Sentinel1Calibration> Sentinel1Calibration::Parse(std::string_view calibration_xml,
                                                         std::string_view noise_xml,
                                                         const std::string& name) {
  TW_ASSIGN_OR_RETURN(const XmlElement root, ParseXml(calibration_xml, name));
  Sentinel1Calibration result;
  result.polarisation_ = root.TextAt("adsHeader/polarisation");
  const XmlElement* list = root.Child("calibrationVectorList");
  if (root.name != "calibration" || list == nullptr) {
    return Fail(ErrorCode::kBadInput,
                "{}: is no Sentinel-1 calibration: expected <calibration> with a "
                "calibrationVectorList",
                name);
  }
  TW_RETURN_IF_ERROR(
      AddVectors(*list, "calibrationVector", "sigmaNought", 1e-6, name, result.amplitude_));
  if (result.amplitude_.empty()) {
    return Fail(ErrorCode::kBadInput, "{}: no calibrationVector", name);
  }
  if (!noise_xml.empty()) TW_RETURN_IF_ERROR(result.ReadNoise(noise_xml, name + ": noise"));
  return result;
}

Result<void> Sentinel1Calibration::ReadNoise(std::string_view xml, const std::string& name) {
  TW_ASSIGN_OR_RETURN(const XmlElement root, ParseXml(xml, name));
  if (root.name != "noise") {
    return Fail(ErrorCode::kBadInput, "{}: is no Sentinel-1 noise annotation: its root is <{}>",
                name, root.name.substr(0, 32));
  }
  if (const XmlElement* list = root.Child("noiseRangeVectorList")) {
    TW_RETURN_IF_ERROR(AddVectors(*list, "noiseRangeVector", "noiseRangeLut", 0, name, noise_));
  } else if (const XmlElement* old = root.Child("noiseVectorList")) {
    TW_RETURN_IF_ERROR(AddVectors(*old, "noiseVector", "noiseLut", 0, name, noise_));
  }
  if (noise_.empty()) {
    return Fail(ErrorCode::kBadInput, "{}: neither noiseRangeVector nor noiseVector", name);
  }
  if (const XmlElement* list = root.Child("noiseAzimuthVectorList")) {
    if (list->children.size() > kMaxVectors) {
      return Fail(ErrorCode::kBadInput, "{}: {} noiseAzimuthVectors; expected at most {}", name,
                  list->children.size(), kMaxVectors);
    }
    for (const XmlElement* element : list->All("noiseAzimuthVector")) {
      TW_ASSIGN_OR_RETURN(auto noise, ParseAzimuthNoise(*element, name));
      azimuth_noise_.push_back(std::move(noise));
    }
  }
  return {};
}

Sentinel1Calibration Sentinel1Calibration::WithoutNoise() const {
  Sentinel1Calibration copy = *this;
  copy.noise_ = LineTable();
  return copy;
}

void Sentinel1Calibration::Eta(int line, int first, std::vector<double>& eta) const {
  noise_.Row(line, first, eta);
  for (const AzimuthNoise& block : azimuth_noise_) {
    if (line < block.first_line || line > block.last_line) continue;
    const double factor = Along1D(block.lines, block.values, line);
    const int from = std::max(block.first_pixel, first);
    const int to = std::min(block.last_pixel, first + static_cast<int>(eta.size()) - 1);
    for (int pixel = from; pixel <= to; ++pixel) {
      eta[static_cast<std::size_t>(pixel - first)] *= factor;
    }
  }
}

void Sentinel1Calibration::Sigma0(int line, int first, const float* dn,
                                  std::vector<double>& sigma0) const {
  amplitude_.Row(line, first, sigma0);
  std::vector<double> eta(noise_.empty() ? 0 : sigma0.size());
  if (!noise_.empty()) Eta(line, first, eta);
  for (std::size_t i = 0; i < sigma0.size(); ++i) {
    const double amplitude = dn[i];
    if (!(amplitude > 0)) {
      sigma0[i] = 0;
      continue;
    }
    const double power = amplitude * amplitude - (eta.empty() ? 0 : eta[i]);
    sigma0[i] = std::max(kFloor, power / (sigma0[i] * sigma0[i]));
  }
}

std::vector<std::uint8_t> ValidAmplitudes(const std::vector<float>& dn, int width, int margin) {
  const auto w = static_cast<std::size_t>(std::max(width, 1));
  const auto reach = static_cast<std::size_t>(std::max(margin, 0));
  const std::size_t height = dn.size() / w;
  // Along the rows, then across them: the square around each zero.
  std::vector<std::uint8_t> along(dn.size(), 1);
  for (std::size_t i = 0; i < dn.size(); ++i) {
    if (dn[i] > 0) continue;
    const std::size_t x = i % w;
    const std::size_t from = i - std::min(x, reach);
    const std::size_t to = i + std::min(w - 1 - x, reach);
    for (std::size_t k = from; k <= to; ++k) along[k] = 0;
  }
  std::vector<std::uint8_t> valid = along;
  for (std::size_t y = 0; y < height; ++y) {
    const std::size_t end = std::min(height, y + reach + 1);
    for (std::size_t other = y - std::min(y, reach); other < end; ++other) {
      for (std::size_t x = 0; x < w; ++x) valid[y * w + x] &= along[other * w + x];
    }
  }
  return valid;
}

}  // namespace trucewatch
