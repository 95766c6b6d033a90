// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "core/base/result.h"
#include "core/bus/log.h"
#include "core/keys/key_book.h"

namespace trucewatch::evidence {

// Brings `keys` up to the newest key set among the first `count` leaves of a log of leaves (or all
// that are there), and says the event time of the newest of these leaves, or `start` when that is
// later. Fails with kCheckFailed when one does not follow the one before: ingest has checked it, so
// the log is not this mission's.
Result<Instant> FollowKeyLeaves(LogReader& leaves, std::uint64_t count, Instant start,
                                KeyBook& keys);

}  // namespace trucewatch::evidence
