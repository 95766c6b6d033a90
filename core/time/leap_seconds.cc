// SPDX-License-Identifier: Apache-2.0
#include "core/time/leap_seconds.h"

#include <array>

namespace trucewatch {
namespace {

struct LeapStep {
  std::int64_t from_unix_s;
  int tai_minus_utc_s;
};

// IERS Bulletin C, as in the IETF's leap-seconds.list.
constexpr std::array<LeapStep, 28> kSteps = {{
    {63072000, 10},   {78796800, 11},   {94694400, 12},   {126230400, 13},  {157766400, 14},
    {189302400, 15},  {220924800, 16},  {252460800, 17},  {283996800, 18},  {315532800, 19},
    {362793600, 20},  {394329600, 21},  {425865600, 22},  {489024000, 23},  {567993600, 24},
    {631152000, 25},  {662688000, 26},  {709948800, 27},  {741484800, 28},  {773020800, 29},
    {820454400, 30},  {867715200, 31},  {915148800, 32},  {1136073600, 33}, {1230768000, 34},
    {1341100800, 35}, {1435708800, 36}, {1483228800, 37},
}};
constexpr int kMispEpochTaiMinusUtcS = 8;  // MISP runs 8 s behind TAI (8.000082 s exactly)

}  // namespace

int TaiMinusUtcSeconds(Instant utc) {
  int offset = 10;
  for (const LeapStep& step : kSteps) {
    if (utc.micros() >= step.from_unix_s * 1'000'000) offset = step.tai_minus_utc_s;
  }
  return offset;
}

Instant UtcFromMisp(std::int64_t misp_us) {
  // The offset is a function of UTC, which is at most 30 s away from the MISP count: one refinement
  // suffices.
  Instant utc = Instant::FromMicros(misp_us);
  for (int i = 0; i < 2; ++i) {
    utc = Instant::FromMicros(misp_us) -
          Duration::Seconds(TaiMinusUtcSeconds(utc) - kMispEpochTaiMinusUtcS);
  }
  return utc;
}

}  // namespace trucewatch
