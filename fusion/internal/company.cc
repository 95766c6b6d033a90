// SPDX-License-Identifier: Apache-2.0
#include "fusion/internal/company.h"

#include <Eigen/Dense>
#include <algorithm>

#include "fusion/internal/plot_grid.h"

namespace trucewatch::internal {

void KeepCompany(std::vector<TrackState>& tracks, std::span<const std::size_t> looked_at,
                 double since_s, const TrackerOptions& options) {
  if (!(since_s > 0)) return;
  constexpr double kAlikeMps = 5.0;
  constexpr double kMostlyMoving = 0.8;
  struct Member {
    std::size_t track;
    Gaussian state;
  };
  std::vector<Member> members;
  std::vector<Eigen::Vector2d> points;
  for (const std::size_t index : looked_at) {
    const TrackState& track = tracks[index];
    if (!track.confirmed || track.imm.probability[kStopped] > 1.0 - kMostlyMoving) continue;
    members.push_back({index, Estimate(track.imm)});
    points.push_back(members.back().state.mean.head<2>());
  }
  if (members.size() < 3) return;
  const PlotGrid grid(points, 250.0);
  const double variance = options.company_speed_sigma_mps * options.company_speed_sigma_mps;
  std::vector<std::size_t> near;
  for (std::size_t i = 0; i < members.size(); ++i) {
    near.clear();
    grid.Find(points[i], Eigen::Vector2d::Constant(options.company_distance_m), near);
    if (near.size() < 3) continue;
    const Gaussian& self = members[i].state;
    Eigen::Matrix2d information = Eigen::Matrix2d::Zero();
    Eigen::Vector2d sum = Eigen::Vector2d::Zero();
    int others = 0;
    for (const std::size_t k : near) {
      if (k == i) continue;
      const Gaussian& other = members[k].state;
      const Eigen::Vector2d dv = (other.mean - self.mean).tail<2>();
      const Eigen::Matrix2d s =
          other.cov.bottomRightCorner<2, 2>() + variance * Eigen::Matrix2d::Identity();
      const Eigen::Matrix2d both = s + self.cov.bottomRightCorner<2, 2>();
      if (dv.dot(both.inverse() * dv) > 9.0 || dv.norm() > kAlikeMps) continue;
      const Eigen::Matrix2d w = s.inverse();
      information += w;
      sum += w * other.mean.tail<2>();
      ++others;
    }
    if (others < 2) continue;
    const Eigen::Matrix2d cov = information.inverse();
    UpdateVelocity(tracks[members[i].track].imm, cov * sum,
                   cov * std::max(1.0, options.company_time_s / since_s));
  }
}

}  // namespace trucewatch::internal
