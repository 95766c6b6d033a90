// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "fusion/track_state.h"
#include "fusion/tracker_options.h"

namespace trucewatch::internal {

// Confirmed tracks that drive, and who drives near whom and alike.
class Company {
 public:
  struct Member {
    std::size_t track = 0;  // index
    Gaussian state;
    std::vector<std::size_t> alike;  // numbers of members; of every pair both or none
  };

  // Of the tracks at these indices, all at one time.
  Company(const std::vector<TrackState>& tracks, std::span<const std::size_t> looked_at,
          const TrackerOptions& options);

  const std::vector<Member>& members() const { return members_; }

 private:
  std::vector<Member> members_;
};

// Vehicles in a column do what those before and behind them do: what is common to a group and what
// is each one's own (Salmond and Gordon 1999), here as a measurement of each one's velocity by the
// others'. Two others at least, so that a pair that crosses is not drawn together.
// since_s: from the look before.
void KeepCompany(std::vector<TrackState>& tracks, const Company& company, double since_s,
                 const TrackerOptions& options);

}  // namespace trucewatch::internal
