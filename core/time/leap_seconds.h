// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/time/instant.h"

namespace trucewatch {

// TAI - UTC in whole seconds at a UTC instant (IERS Bulletin C; 10 s before 1972 is taken as 10 s).
// The table ends 2017-01-01 (37 s); no leap second had been announced since when it was written.
int TaiMinusUtcSeconds(Instant utc);

// UTC of a MISP time stamp (MISB ST 0603): microseconds since 1970 without leap seconds,
// MISP = TAI - 8.000082 s, so 29 s ahead of UTC since 2017 (to the whole second the standard speaks
// of).
Instant UtcFromMisp(std::int64_t misp_us);

}  // namespace trucewatch
