// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/stanag4607.h"

#include <algorithm>
#include <cmath>

namespace trucewatch::stanag4607 {
namespace {

// Nearest count of an angle on a circle of 2^bits counts.
std::uint64_t Wrapped(Angle angle, double counts) {
  double turns = angle.deg() / 360.0;
  turns -= std::floor(turns);
  const double count = std::floor(turns * counts + 0.5);
  return count >= counts ? 0 : static_cast<std::uint64_t>(count);
}

double Held(Angle angle, double counts) {
  return std::clamp(std::floor(angle.deg() / 180.0 * counts + 0.5), -counts / 2.0,
                    counts / 2.0 - 1.0);
}

}  // namespace

Ba16 Ba16::From(Angle angle) { return {static_cast<std::uint16_t>(Wrapped(angle, 65536.0))}; }
Ba32 Ba32::From(Angle angle) { return {static_cast<std::uint32_t>(Wrapped(angle, 4294967296.0))}; }
Sa16 Sa16::From(Angle angle) { return {static_cast<std::int16_t>(Held(angle, 65536.0))}; }
Sa32 Sa32::From(Angle angle) { return {static_cast<std::int32_t>(Held(angle, 4294967296.0))}; }

Angle Ba32::longitude() const {
  // The same bits read as a signed number: exact, and in [-180, 180).
  return Angle::Degrees(static_cast<std::int32_t>(raw) * (360.0 / 4294967296.0));
}

B16 B16::From(double value) {
  const double magnitude = std::clamp(std::floor(std::abs(value) * 128.0 + 0.5), 0.0, 32767.0);
  const auto raw = static_cast<std::uint16_t>(magnitude);
  return {static_cast<std::uint16_t>(value < 0 && raw != 0 ? raw | 0x8000U : raw)};
}

std::uint8_t TypeOf(const Segment& segment) {
  if (const auto* skipped = std::get_if<SkippedSegment>(&segment)) return skipped->type;
  constexpr std::array kTypes = {
      SegmentType::kMission,          SegmentType::kDwell,         SegmentType::kJobDefinition,
      SegmentType::kFreeText,         SegmentType::kTestAndStatus, SegmentType::kProcessingHistory,
      SegmentType::kPlatformLocation,
  };
  static_assert(kTypes.size() + 1 == std::variant_size_v<Segment>);
  return static_cast<std::uint8_t>(kTypes[segment.index()]);
}

std::string_view SegmentName(std::uint8_t type) {
  switch (type) {
    case 1:
      return "mission";
    case 2:
      return "dwell";
    case 3:
      return "hrr";
    case 5:
      return "job_definition";
    case 6:
      return "free_text";
    case 7:
      return "low_reflectivity_index";
    case 8:
      return "group";
    case 9:
      return "attached_target";
    case 10:
      return "test_and_status";
    case 11:
      return "system_specific";
    case 12:
      return "processing_history";
    case 13:
      return "platform_location";
    case 101:
      return "job_request";
    case 102:
      return "job_acknowledge";
    default:
      return type >= 128 ? "extension" : "reserved";
  }
}

std::optional<double> Stated(std::uint16_t raw, double scale) {
  if (raw == 0xFFFF) return std::nullopt;
  return raw * scale;
}

std::optional<double> Stated(std::uint8_t raw, double scale) {
  if (raw == 0xFF) return std::nullopt;
  return raw * scale;
}

std::optional<Angle> Stated(Ba16 raw) {
  if (raw.raw >= 0x8000) return std::nullopt;
  return raw.angle();
}

double FalseAlarmsPerKm2(std::uint8_t minus_db) { return 1e6 * std::pow(10.0, -minus_db / 10.0); }

std::uint8_t MinusDbFromFalseAlarmsPerKm2(double per_km2) {
  if (!(per_km2 > 0)) return 254;
  return static_cast<std::uint8_t>(
      std::clamp(std::round(-10.0 * std::log10(per_km2 * 1e-6)), 0.0, 254.0));
}

}  // namespace trucewatch::stanag4607
