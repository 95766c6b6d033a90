// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/asterix_encoder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/check.h"
#include "ingest/asterix/item_encoder.h"

namespace trucewatch::asterix {
namespace {

constexpr double kNauticalMileM = 1852.0;
constexpr double kSpeedStepMps = kNauticalMileM / 16384.0;  // I010/200: 2^-14 NM/s
constexpr std::int64_t kDayTicks = 86400LL * 128;

std::int64_t Counts(double value, double step, std::int64_t low, std::int64_t high) {
  if (!std::isfinite(value)) return 0;
  return std::llround(
      std::clamp(value / step, static_cast<double>(low), static_cast<double>(high)));
}

// An angle in steps of a circle by 2^bits.
std::int64_t Turns(double deg, int bits) {
  const std::int64_t steps = std::int64_t{1} << static_cast<unsigned>(bits);
  const double turned = std::fmod(std::fmod(deg, 360.0) + 360.0, 360.0);
  return std::llround(turned / 360.0 * static_cast<double>(steps)) % steps;
}

// 1/128 s since UTC midnight; the last half tick of a day is the next day's midnight.
std::int64_t TicksOfDay(Instant time) {
  constexpr std::int64_t kUsOfDay = 86'400'000'000;
  const std::int64_t us = ((time.micros() % kUsOfDay) + kUsOfDay) % kUsOfDay;
  return (us * 128 + 500'000) / 1'000'000 % kDayTicks;
}

Content Value(std::string_view name, std::int64_t raw) { return {name, raw, {}, {}}; }
Content Group(std::string_view name, std::vector<Content> children) {
  return {name, 0, {}, std::move(children)};
}
Content Source(std::string_view name, std::uint8_t sac, std::uint8_t sic) {
  return Group(name, {Value("sac", sac), Value("sic", sic)});
}
Content TimeOfDay(std::string_view name, Instant time) {
  return Group(name, {Value("time_of_day_s", TicksOfDay(time))});
}

template <typename T>
std::string BlockOf(std::uint8_t category, std::span<const T> records,
                    std::vector<Content> (*items)(const T&)) {
  TW_CHECK(records.size() <= kMaxRecordsPerBlock);
  std::string body;
  for (const T& record : records) body += EncodeRecord(category, items(record));
  return EncodeBlock(category, body);
}

std::vector<Content> Items010(const Cat010Record& r) {
  std::vector<Content> items = {Source("I010/010", r.sac, r.sic),
                                Group("I010/000", {Value("message_type", r.message)}),
                                TimeOfDay("I010/140", r.time)};
  if (r.message == Cat010Record::kPeriodicStatus || r.message == Cat010Record::kEventStatus) {
    items.push_back(
        Group("I010/550", {Value("nogo", r.nogo & 3), Value("tsv", r.time_invalid ? 1 : 0)}));
  }
  if (r.message != Cat010Record::kTargetReport) return items;
  items.push_back(Group("I010/020", {Value("typ", r.sensor & 7), Value("sim", r.simulated ? 1 : 0),
                                     Value("tot", r.target & 3)}));
  items.push_back(Group("I010/040", {Value("rho_m", Counts(r.range_m, 1, 0, 65535)),
                                     Value("theta_deg", Turns(r.azimuth_deg, 16))}));
  if (r.velocity) {
    items.push_back(
        Group("I010/200",
              {Value("ground_speed_mps", Counts(r.velocity->speed_mps, kSpeedStepMps, 0, 65535)),
               Value("track_angle_deg", Turns(r.velocity->track_deg, 16))}));
  }
  if (r.velocity_en_mps) {
    // The LSB of I010/202 is 0.25 m/s: only so are its limits of +-8192 m/s right.
    items.push_back(
        Group("I010/202", {Value("vx_mps", Counts(r.velocity_en_mps->x(), 0.25, -32768, 32767)),
                           Value("vy_mps", Counts(r.velocity_en_mps->y(), 0.25, -32768, 32767))}));
  }
  if (r.track_number) {
    items.push_back(Group("I010/161", {Value("track_number", *r.track_number & 0xFFF)}));
  }
  return items;
}

std::vector<Content> Items048(const Cat048Record& r) {
  Content descriptor =
      Group("I048/020", {Value("typ", r.type & 7), Value("sim", r.simulated ? 1 : 0)});
  if (r.test_target) descriptor.children.push_back(Value("tst", 1));
  std::vector<Content> items = {
      Source("I048/010", r.sac, r.sic), TimeOfDay("I048/140", r.time), std::move(descriptor),
      Group("I048/040", {Value("rho_m", Counts(r.range_m, kNauticalMileM / 256, 0, 65535)),
                         Value("theta_deg", Turns(r.azimuth_deg, 16))})};
  if (r.track_number) {
    items.push_back(Group("I048/161", {Value("track_number", *r.track_number & 0xFFF)}));
  }
  if (!r.warnings.empty()) {
    TW_CHECK(r.warnings.size() <= 10);
    Content codes = Group("I048/030", {});
    for (const std::uint8_t code : r.warnings) codes.children.push_back(Value("", code & 0x7F));
    items.push_back(std::move(codes));
  }
  if (r.doppler_mps) {
    items.push_back(Group(
        "I048/120", {Group("cal", {Value("d", r.doppler_doubtful ? 1 : 0),
                                   Value("speed_mps", Counts(*r.doppler_mps, 1, -512, 511))})}));
  }
  return items;
}

std::vector<Content> Items034(const Cat034Record& r) {
  std::vector<Content> items = {Source("I034/010", r.sac, r.sic),
                                Group("I034/000", {Value("message_type", r.message)}),
                                TimeOfDay("I034/030", r.time)};
  if (r.sector_deg) {
    items.push_back(Group("I034/020", {Value("sector_deg", Turns(*r.sector_deg, 8))}));
  }
  if (r.rotation_period_s) {
    items.push_back(Group("I034/041", {Value("rotation_period_s",
                                             Counts(*r.rotation_period_s, 1 / 128.0, 0, 65535))}));
  }
  if (r.nogo || r.time_invalid) {
    items.push_back(Group("I034/050", {Group("com", {Value("nogo", r.nogo ? 1 : 0),
                                                     Value("tsv", r.time_invalid ? 1 : 0)})}));
  }
  return items;
}

}  // namespace

std::string EncodeCat010(std::span<const Cat010Record> records) {
  return BlockOf<Cat010Record>(10, records, Items010);
}
std::string EncodeCat048(std::span<const Cat048Record> records) {
  return BlockOf<Cat048Record>(48, records, Items048);
}
std::string EncodeCat034(std::span<const Cat034Record> records) {
  return BlockOf<Cat034Record>(34, records, Items034);
}

}  // namespace trucewatch::asterix
