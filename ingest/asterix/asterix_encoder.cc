// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/asterix_encoder.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "core/base/bytes.h"
#include "core/base/check.h"

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

std::string Be16(std::int64_t value) {
  std::string out;
  AppendBe16(out, static_cast<std::uint16_t>(value & 0xFFFF));
  return out;
}
std::string Octet(unsigned value) { return std::string(1, static_cast<char>(value & 0xFFU)); }

std::string Angle16(double deg) {
  return Be16(std::llround(std::fmod(std::fmod(deg, 360.0) + 360.0, 360.0) / 360.0 * 65536.0));
}

// 1/128 s since UTC midnight; the last half tick of a day is the next day's midnight.
std::string TimeOfDay(Instant time) {
  constexpr std::int64_t kDayUs = 86'400'000'000;
  const std::int64_t us = ((time.micros() % kDayUs) + kDayUs) % kDayUs;
  const std::int64_t ticks = (us * 128 + 500'000) / 1'000'000 % kDayTicks;
  return Octet(static_cast<unsigned>(ticks >> 16)) + Be16(ticks);
}

// Items by FRN; writes the FSPEC that fits.
class Record {
 public:
  void Add(int frn, std::string item) { items_[frn] = std::move(item); }
  std::string Bytes() const {
    const int last = items_.rbegin()->first;
    std::string out;
    for (int first = 1; first <= last; first += 7) {
      unsigned octet = first + 7 <= last ? 1U : 0U;  // FX
      for (int bit = 0; bit < 7; ++bit) {
        if (items_.contains(first + bit)) octet |= 0x80U >> static_cast<unsigned>(bit);
      }
      out += Octet(octet);
    }
    for (const auto& [frn, item] : items_) out += item;
    return out;
  }

 private:
  std::map<int, std::string> items_;
};

template <typename T>
std::string Block(std::uint8_t category, std::span<const T> records,
                  std::string (*encode)(const T&)) {
  if (records.empty()) return {};
  TW_CHECK(records.size() <= kMaxRecordsPerBlock);
  std::string body;
  for (const T& record : records) body += encode(record);
  return Octet(category) + Be16(static_cast<std::int64_t>(body.size() + 3)) + body;
}

std::string Encode010(const Cat010Record& r) {
  Record record;
  record.Add(1, Octet(r.sac) + Octet(r.sic));
  record.Add(2, Octet(r.message));
  record.Add(4, TimeOfDay(r.time));
  if (r.message == Cat010Record::kPeriodicStatus || r.message == Cat010Record::kEventStatus) {
    record.Add(20, Octet((r.nogo & 3U) << 6U | (r.time_invalid ? 0x10U : 0U)));
  }
  if (r.message != Cat010Record::kTargetReport) return record.Bytes();
  const unsigned target = static_cast<unsigned>(r.target);
  record.Add(3, Octet(static_cast<unsigned>(r.sensor & 7U) << 5U | 1U) +
                    Octet((r.simulated ? 0x80U : 0U) | (target & 3U) << 1U));
  record.Add(6, Be16(Counts(r.range_m, 1, 0, 65535)) + Angle16(r.azimuth_deg));
  if (r.velocity) {
    record.Add(8, Be16(Counts(r.velocity->speed_mps, kSpeedStepMps, 0, 65535)) +
                      Angle16(r.velocity->track_deg));
  }
  if (r.velocity_en_mps) {
    // The LSB of I010/202 is 0.25 m/s: only so are its limits of +-8192 m/s right.
    record.Add(9, Be16(Counts(r.velocity_en_mps->x(), 0.25, -32768, 32767)) +
                      Be16(Counts(r.velocity_en_mps->y(), 0.25, -32768, 32767)));
  }
  if (r.track_number) record.Add(10, Be16(*r.track_number & 0xFFF));
  return record.Bytes();
}

std::string Encode048(const Cat048Record& r) {
  Record record;
  record.Add(1, Octet(r.sac) + Octet(r.sic));
  record.Add(2, TimeOfDay(r.time));
  std::string descriptor = Octet(static_cast<unsigned>(r.type & 7U) << 5U |
                                 (r.simulated ? 0x10U : 0U) | (r.test_target ? 1U : 0U));
  if (r.test_target) descriptor += Octet(0x80);
  record.Add(3, std::move(descriptor));
  record.Add(4, Be16(Counts(r.range_m, kNauticalMileM / 256, 0, 65535)) + Angle16(r.azimuth_deg));
  if (r.track_number) record.Add(11, Be16(*r.track_number & 0xFFF));
  if (!r.warnings.empty()) {
    TW_CHECK(r.warnings.size() <= 10);
    std::string codes;
    for (std::size_t i = 0; i < r.warnings.size(); ++i) {
      codes += Octet(static_cast<unsigned>(r.warnings[i] & 0x7FU) << 1U |
                     (i + 1 < r.warnings.size() ? 1U : 0U));
    }
    record.Add(16, std::move(codes));
  }
  if (r.doppler_mps) {
    record.Add(20, Octet(0x80) + Be16((r.doppler_doubtful ? 0x8000 : 0) |
                                      (Counts(*r.doppler_mps, 1, -512, 511) & 0x3FF)));
  }
  return record.Bytes();
}

std::string Encode034(const Cat034Record& r) {
  Record record;
  record.Add(1, Octet(r.sac) + Octet(r.sic));
  record.Add(2, Octet(r.message));
  record.Add(3, TimeOfDay(r.time));
  if (r.sector_deg) {
    const double turned = std::fmod(std::fmod(*r.sector_deg, 360.0) + 360.0, 360.0);
    record.Add(4, Octet(static_cast<unsigned>(std::llround(turned / 360.0 * 256.0))));
  }
  if (r.rotation_period_s) record.Add(5, Be16(Counts(*r.rotation_period_s, 1 / 128.0, 0, 65535)));
  if (r.nogo || r.time_invalid) {
    record.Add(6, Octet(0x80) + Octet((r.nogo ? 0x80U : 0U) | (r.time_invalid ? 0x02U : 0U)));
  }
  return record.Bytes();
}

}  // namespace

std::string EncodeCat010(std::span<const Cat010Record> records) {
  return Block<Cat010Record>(10, records, Encode010);
}
std::string EncodeCat048(std::span<const Cat048Record> records) {
  return Block<Cat048Record>(48, records, Encode048);
}
std::string EncodeCat034(std::span<const Cat034Record> records) {
  return Block<Cat034Record>(34, records, Encode034);
}

}  // namespace trucewatch::asterix
