// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/internal/checks.h"

#include <bit>

#include "core/time/instant.h"
#include "ingest/radar/internal/fields.h"

namespace trucewatch::stanag4607::internal {
namespace {

// D6, L1 and T4 count on past midnight, up to here.
constexpr std::uint32_t kMaxTimeMs = 4'000'000'000;
constexpr std::int32_t kMinHeightCm = -50'000;
constexpr std::int32_t kMaxHeightCm = 2'000'000'000;

constexpr std::uint64_t Bits(int high, int count) {
  return ((std::uint64_t{1} << count) - 1) << (high - count + 1);
}

struct FieldGroup {
  const char* name;
  std::uint64_t mask;
};
constexpr FieldGroup kGroups[] = {
    {"D10-D11", Bits(DwellBit(10), 2)},       {"D12-D14", Bits(DwellBit(12), 3)},
    {"D15-D17", Bits(DwellBit(15), 3)},       {"D18-D20", Bits(DwellBit(18), 3)},
    {"D21-D23", Bits(DwellBit(21), 3)},       {"D32.2-D32.3", Bits(TargetBit(2), 2)},
    {"D32.4-D32.5", Bits(TargetBit(4), 2)},   {"D32.7-D32.8", Bits(TargetBit(7), 2)},
    {"D32.16-D32.17", Bits(TargetBit(16), 2)}};

Result<void> CheckTime(const char* field, std::uint32_t time_ms) {
  if (time_ms <= kMaxTimeMs) return {};
  return Fail(ErrorCode::kBadInput, "{} is {} ms, expected at most {}", field, time_ms, kMaxTimeMs);
}

Result<void> CheckHeight(const char* field, std::int32_t height_cm) {
  if (height_cm >= kMinHeightCm && height_cm <= kMaxHeightCm) return {};
  return Fail(ErrorCode::kBadInput, "{} is {} cm, expected {} to {}", field, height_cm,
              kMinHeightCm, kMaxHeightCm);
}

}  // namespace

std::vector<std::string> HalfSetGroups(std::uint64_t existence_mask) {
  std::vector<std::string> found;
  for (const FieldGroup& group : kGroups) {
    const std::uint64_t set = existence_mask & group.mask;
    if (set != 0 && set != group.mask) {
      found.push_back(fmt::format("only a part of {} is there", group.name));
    }
  }
  return found;
}

Result<void> CheckMask(std::uint64_t existence_mask, std::uint16_t target_count) {
  if ((existence_mask & kMandatoryMask) != kMandatoryMask) {
    return Fail(ErrorCode::kBadInput,
                "existence mask {:016x} lacks a mandatory field (D2-D9, D24-D27)", existence_mask);
  }
  if ((existence_mask & kSpareMask) != 0) {
    return Fail(ErrorCode::kBadInput, "existence mask {:016x} sets spare bits", existence_mask);
  }
  if (target_count > 0 && (existence_mask & kTargetMask) == 0) {
    return Fail(ErrorCode::kBadInput, "{} targets announced (D5), but none of their fields",
                target_count);
  }
  return {};
}

Result<void> CheckValues(const MissionSegment& mission) {
  if (!UtcMidnight(mission.year, mission.month, mission.day)) {
    return Fail(ErrorCode::kBadInput, "mission date {}-{}-{} (M5-M7) does not exist", mission.year,
                mission.month, mission.day);
  }
  return {};
}

Result<void> CheckValues(const DwellSegment& dwell) {
  TW_RETURN_IF_ERROR(CheckTime("dwell time (D6)", dwell.time_ms));
  return CheckHeight("sensor height (D9)", dwell.sensor_height_hae_cm);
}

Result<void> CheckValues(const PlatformLocationSegment& location) {
  TW_RETURN_IF_ERROR(CheckTime("location time (L1)", location.time_ms));
  return CheckHeight("platform height (L4)", location.height_hae_cm);
}

Result<void> CheckValues(const TestStatusSegment& status) {
  return CheckTime("status time (T4)", status.time_ms);
}

}  // namespace trucewatch::stanag4607::internal
