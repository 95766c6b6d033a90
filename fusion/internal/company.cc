// SPDX-License-Identifier: Apache-2.0
#include "fusion/internal/company.h"

#include <Eigen/Dense>
#include <algorithm>

#include "fusion/internal/plot_grid.h"

namespace trucewatch::internal {

Company::Company(const std::vector<TrackState>& tracks, std::span<const std::size_t> looked_at,
                 const TrackerOptions& options) {
  constexpr double kAlikeMps = 5.0;
  constexpr double kMostlyMoving = 0.8;
  std::vector<Eigen::Vector2d> points;
  for (const std::size_t index : looked_at) {
    const TrackState& track = tracks[index];
    if (!track.confirmed || track.imm.probability[kStopped] > 1.0 - kMostlyMoving) continue;
    members_.push_back({.track = index, .state = Estimate(track.imm), .alike = {}});
    points.push_back(members_.back().state.mean.head<2>());
  }
  if (members_.size() < 3) return;
  const PlotGrid grid(points, 250.0);
  const double variance = options.company_speed_sigma_mps * options.company_speed_sigma_mps;
  std::vector<std::size_t> near;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    near.clear();
    grid.Find(points[i], Eigen::Vector2d::Constant(options.company_distance_m), near);
    const Gaussian& self = members_[i].state;
    for (const std::size_t k : near) {
      if (k == i) continue;
      const Gaussian& other = members_[k].state;
      const Eigen::Vector2d dv = (other.mean - self.mean).tail<2>();
      const Eigen::Matrix2d both = other.cov.bottomRightCorner<2, 2>() +
                                   self.cov.bottomRightCorner<2, 2>() +
                                   variance * Eigen::Matrix2d::Identity();
      if (dv.dot(both.inverse() * dv) > 9.0 || dv.norm() > kAlikeMps) continue;
      members_[i].alike.push_back(k);
    }
  }
}

void KeepCompany(std::vector<TrackState>& tracks, const Company& company, double since_s,
                 const TrackerOptions& options) {
  if (!(since_s > 0)) return;
  const double variance = options.company_speed_sigma_mps * options.company_speed_sigma_mps;
  for (const Company::Member& member : company.members()) {
    if (member.alike.size() < 2) continue;
    Eigen::Matrix2d information = Eigen::Matrix2d::Zero();
    Eigen::Vector2d sum = Eigen::Vector2d::Zero();
    for (const std::size_t k : member.alike) {
      const Gaussian& other = company.members()[k].state;
      const Eigen::Matrix2d w =
          (other.cov.bottomRightCorner<2, 2>() + variance * Eigen::Matrix2d::Identity()).inverse();
      information += w;
      sum += w * other.mean.tail<2>();
    }
    const Eigen::Matrix2d cov = information.inverse();
    UpdateVelocity(tracks[member.track].imm, cov * sum,
                   cov * std::max(1.0, options.company_time_s / since_s));
  }
}

}  // namespace trucewatch::internal
