// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "fusion/look.h"
#include "fusion/registration.h"

// The filter of one object that the reference and another source report (registration.h).
namespace trucewatch::internal {

using Matrix23 = Eigen::Matrix<double, 2, 3>;
using Matrix27 = Eigen::Matrix<double, 2, 7>;

// Directions in which growing range and azimuth (without a sensor's place: east and north) move a
// report: [m per m, m per rad].
Eigen::Matrix2d PlaceJacobian(const std::optional<Eigen::Vector2d>& sensor,
                              const Eigen::Vector2d& p);

// Where a source with this bias (range and azimuth, or east and north) reports what is at p.
Eigen::Vector2d Displaced(const std::optional<Eigen::Vector2d>& sensor, const Eigen::Vector2d& p,
                          const Eigen::Vector2d& bias);

// What one report of a target is expected to be.
struct Expected {
  Eigen::Vector2d p = Eigen::Vector2d::Zero();
  Eigen::Matrix2d cov = Eigen::Matrix2d::Identity();  // without the report's own
  std::optional<double> range_rate_mps;
  double range_rate_variance = 0;
};

Expected ExpectReference(const CommonTarget& target, const Look& look);
// By what all targets say of the bias, not by this one's own word.
Expected ExpectOther(const CommonTarget& target, const Look& look, const Bias& bias);

// Report of a target, where its gate holds one report and that one lies in no other gate.
struct SureReport {
  std::optional<std::size_t> plot;
  bool crowded = false;  // there are reports, but none for sure
};

std::vector<SureReport> SureReports(const std::vector<Expected>& expected, const Look& look,
                                    double gate_d2);

void PredictTarget(CommonTarget& target, Instant time, double noise_m2ps3);
// Takes in the residual y of covariance s.
void UpdateTarget(CommonTarget& target, const Matrix27& h, const Eigen::Vector2d& y,
                  const Eigen::Matrix2d& s);
void UpdateTargetRangeRate(CommonTarget& target, const Look& look, const LookPlot& plot);

// For CommonTarget::log_ratio: what a look without a report of the target says of whether the
// source sees it at all, and what a report with a residual of squared Mahalanobis distance d2 and
// covariance s says.
double LogRatioOfMiss(const CommonTarget& target, const Expected& expected, const Look& look);
double LogRatioOfReport(const CommonTarget& target, const Look& look, const LookPlot& plot,
                        double d2, const Eigen::Matrix2d& s);

}  // namespace trucewatch::internal
