// SPDX-License-Identifier: Apache-2.0
#include "ingest/position_watch.h"

#include <fmt/format.h>

namespace trucewatch {

bool PositionWatch::CanReach(const Fix& from, const Fix& to) {
  return GeodesicDistanceM(from.place, to.place) <=
         kReachM + kMaxSpeedMps * (to.time - from.time).seconds();
}

std::optional<std::string> PositionWatch::Add(Instant time, const Geodetic& place) {
  const Fix fix{time, place};
  if (!recent_.empty() && time <= recent_.back().time) return std::nullopt;
  while (recent_.size() > 1 && time - recent_[1].time >= kWindow) recent_.pop_front();
  const std::optional<Fix> from = recent_.empty() ? std::nullopt : std::optional(recent_.front());
  recent_.push_back(fix);
  // Over a longer gap there is no telling.
  if (!from || CanReach(*from, fix)) return std::nullopt;
  recent_ = {fix};
  const bool back = !trusted_ && CanReach(*before_, fix);
  if (!trusted_ && !back) return std::nullopt;  // elsewhere again
  trusted_ = back;
  before_ = back ? std::nullopt : from;
  return fmt::format("the platform went {:.0f} m in {:.2f} s",
                     GeodesicDistanceM(from->place, fix.place), (time - from->time).seconds());
}

}  // namespace trucewatch
