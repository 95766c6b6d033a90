// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/detections.h"

#include <utility>

#include "detect/motion/evidence.h"
#include "detect/motion/judge.h"

namespace trucewatch::motion {
namespace {

// Whether what a rule speaks against is only another box of what is surely there.
bool IsDouble(const Sight& doubtful, const Sight& sure) {
  const Eigen::Vector2d apart = (doubtful.middle - sure.middle).cwiseAbs();
  return (apart.array() <= doubtful.half.array() + sure.half.array()).all();
}

bool IsDoubleOfAny(std::size_t i, const std::vector<const Mover*>& movers,
                   const std::vector<Sight>& sights, const std::vector<bool>& kept) {
  for (std::size_t j = 0; j < sights.size(); ++j) {
    if (kept[j] && !movers[j]->doubtful && IsDouble(sights[i], sights[j])) return true;
  }
  return false;
}

}  // namespace

void AddDetections(const std::vector<Mover>& movers, std::size_t m,
                   const std::vector<Moment>& moments, const GroundView& view,
                   const std::vector<cv::Mat>& images, const MotionOptions& options,
                   MotionMoment& out) {
  std::vector<const Mover*> seen;
  std::vector<Sight> sights;
  for (std::size_t i = 0; i < movers.size(); ++i) {
    auto sight = SightAt(movers[i], moments[m], view);
    // What has left the picture is no longer seen in it.
    if (!sight || (sight->middle.array() < -0.5).any() ||
        sight->middle.x() > images[m].cols - 0.5 || sight->middle.y() > images[m].rows - 0.5) {
      continue;
    }
    sight->detection.image_track = i + 1;
    seen.push_back(&movers[i]);
    sights.push_back(std::move(*sight));
  }
  std::vector<Evidence> evidence;
  for (std::size_t i = 0; i < sights.size(); ++i) {
    evidence.push_back(seen[i]->evidence);
    AddMomentEvidence(*seen[i], sights[i], m, moments, images, evidence.back());
  }
  AddNeighbourEvidence(seen, sights, evidence);
  std::vector<bool> keep(sights.size());
  for (std::size_t i = 0; i < sights.size(); ++i) {
    if (seen[i]->pixel_m > kCoarsestJudged_m) {
      keep[i] = !seen[i]->doubtful;
      continue;
    }
    sights[i].detection.score = Probability(evidence[i]);
    keep[i] = sights[i].detection.score >= options.least_probability;
  }
  for (std::size_t i = 0; i < sights.size(); ++i) {
    if (!keep[i] ||
        (seen[i]->doubtful && !options.evidence && IsDoubleOfAny(i, seen, sights, keep))) {
      continue;
    }
    out.detections.push_back(std::move(sights[i].detection));
    if (options.evidence) out.evidence.push_back(std::move(evidence[i]));
  }
}

}  // namespace trucewatch::motion
