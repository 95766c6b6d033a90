// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/candidate.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

namespace trucewatch::motion {
namespace {

constexpr double kTwinLateral_m = 2.0;
constexpr double kTouching_m = 1.5;
constexpr double kEndsApart_m = 6.0;
constexpr double kUsualLength_m = 14.0;
constexpr double kInside = 0.4;  // of the shorter patch lies within the other: one vehicle
constexpr double kMergeGap_s = 1.0;
constexpr double kBeyondTrail_s = 0.2;  // a trail is carried on for so long
constexpr double kAboutBody_m = 0.5;
constexpr double kSteady_m = 0.3;  // of the way from one trail to the other, r.m.s.
constexpr double kSteadyShare = 0.03;
constexpr double kBeside_m = 0.5;  // between the sides of roof and shadow
constexpr double kMostly = 0.6;
constexpr double kFarApart_m = 60, kFastest_mps = 80;
constexpr int kShadowSteps = 6;  // a vehicle's breadth apart, with the sun low
constexpr std::size_t kLeastTogether = 3;
constexpr double kHardlySeen = 0.3, kMostlySeen = 0.6;                 // of the pictures of a trail
constexpr double kJerkyShare = 0.45, kJerky_px = 0.8, kLittle_m2 = 5;  // of a trail that swims
constexpr double kBetween_s = 0.9;    // pictures compared are so far apart
constexpr double kNarrowest_m = 1.1;  // no vehicle is narrower
constexpr double kBlur_px = 2, kCoarse_px = 1, kCoarse_m = 0.8;

// Collects where patches lie.
class ExtentSums {
 public:
  void Add(const Eigen::Vector2d& place, const Eigen::Matrix2d& spread) {
    // A uniform bar of length L has a variance of L^2/12.
    const double half = std::sqrt(3 * std::max(0.0, spread(0, 0)));
    rears_.push_back(place.x() - half);
    fronts_.push_back(place.x() + half);
    sides_.push_back(place.y());
    lengths_.push_back(2 * half);
    breadths_.push_back(2 * std::sqrt(3 * std::max(0.0, spread(1, 1))));
  }
  bool empty() const { return rears_.empty(); }
  Extent Typical() const {
    return {Quantile(rears_, 0.15), Quantile(fronts_, 0.85), Quantile(sides_, 0.5),
            Quantile(breadths_, 0.5), Quantile(lengths_, 0.5)};
  }

 private:
  std::vector<double> rears_, fronts_, sides_, breadths_, lengths_;
};

Eigen::Matrix2d SpreadOfBlob(const Blob& blob, const Moment& moment) {
  const Eigen::Matrix2d j = Linear(moment.stable_from_working, blob.centroid);
  return j * blob.spread * j.transpose();
}

// One behind the other and close, `b` seen from `a`; the same numbers for both kinds of extent.
bool OneBody(const Extent& a, const Extent& b, double scale_m, bool together_in_time,
             double max_size_m) {
  if (std::abs(a.across - b.across) * scale_m > kTwinLateral_m) return false;
  const double apart = (std::max(a.rear, b.rear) - std::min(a.front, b.front)) * scale_m;
  const double together = (std::max(a.front, b.front) - std::min(a.rear, b.rear)) * scale_m;
  const double shorter = std::min(a.front - a.rear, b.front - b.rear) * scale_m;
  if (apart < -kInside * shorter && together < max_size_m) return true;
  if (together > std::max(kUsualLength_m, max_size_m / 2)) return false;
  // Seen at the same moments they are two vehicles unless they nearly touch; seen in turn they may
  // be its two ends.
  return apart < (together_in_time ? kTouching_m : kEndsApart_m);
}

// The hits of both.
ImageTrack Join(const ImageTrack& a, const ImageTrack& b) {
  ImageTrack joined = a;
  joined.hits.insert(joined.hits.end(), b.hits.begin(), b.hits.end());
  std::stable_sort(joined.hits.begin(), joined.hits.end(),
                   [](const auto& x, const auto& y) { return x.moment < y.moment; });
  return joined;
}

// How `other` lies from the vehicle's trail while both are seen, along the way and across, metres.
// Of what goes with the other's trail, so far from it.
std::vector<Eigen::Vector2d> OffsetsFrom(
    const Candidate& vehicle, const Candidate& other,
    const Eigen::Vector2d& from_trail = Eigen::Vector2d::Zero()) {
  const Trail& trail = *vehicle.trail;
  std::vector<Eigen::Vector2d> offsets;
  const auto look = [&](double time_s, const Eigen::Vector2d& place) {
    if (time_s < trail.points.front().time_s - kBeyondTrail_s ||
        time_s > trail.points.back().time_s + kBeyondTrail_s) {
      return;
    }
    const PathFit path = PathAbout(trail, time_s);
    offsets.push_back(MetricHeading(vehicle.metres, path.VelocityAt(time_s)) *
                      (place - path.PlaceAt(time_s)));
  };
  if (other.trail) {
    for (const TrailPoint& point : other.trail->points) look(point.time_s, point.place);
  } else {
    for (const auto& hit : other.track.hits) look(hit.time_s, hit.place);
  }
  for (Eigen::Vector2d& o : offsets) o += from_trail;
  return offsets;
}

Eigen::Vector2d MeanOf(const std::vector<Eigen::Vector2d>& values) {
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  for (const Eigen::Vector2d& v : values) mean += v / static_cast<double>(values.size());
  return mean;
}

// Two rigid parts, one behind or beside the other and close.
bool OneRigidBody(const Extent& a, const Extent& b, double max_size_m) {
  const double beside = std::abs(a.across - b.across) - (a.breadth + b.breadth) / 2;
  if (beside > kBeside_m) return false;
  const double apart = std::max(a.rear, b.rear) - std::min(a.front, b.front);
  const double together = std::max(a.front, b.front) - std::min(a.rear, b.rear);
  if (apart < 0) return together < max_size_m;
  return apart < kTouching_m && together < std::max(kUsualLength_m, max_size_m / 2);
}

Extent MovedBy(const Eigen::Vector2d& offset, const Extent& extent) {
  Extent moved = extent;
  moved.rear += offset.x();
  moved.front += offset.x();
  moved.across += offset.y();
  return moved;
}

// Whether `other` goes with the vehicle, close to it.
bool GoesAlong(const Candidate& vehicle, const Candidate& other, double max_size_m) {
  const std::vector<Eigen::Vector2d> offsets = OffsetsFrom(vehicle, other);
  if (offsets.size() < kLeastTogether || !other.body) return false;
  const Eigen::Vector2d mean = MeanOf(offsets);
  double sum = 0;
  for (const Eigen::Vector2d& o : offsets) sum += (o - mean).squaredNorm();
  // A turn of the heading by its error moves what lies far off.
  if (std::sqrt(sum / static_cast<double>(offsets.size())) >
      kSteady_m + kSteadyShare * mean.norm()) {
    return false;
  }
  return OneRigidBody(*vehicle.body, MovedBy(mean, *other.body), max_size_m);
}

// So far apart at its beginning, middle and end that nothing more need be looked at: no body
// reaches so far.
bool FarApart(const Candidate& vehicle, const Candidate& other) {
  const auto& points = vehicle.trail->points;
  const auto far = [&](double time_s, const Eigen::Vector2d& place) {
    const auto after = std::lower_bound(points.begin(), points.end(), time_s,
                                        [](const TrailPoint& p, double t) { return p.time_s < t; });
    const TrailPoint& near = after == points.end() ? points.back() : *after;
    return (vehicle.metres * (place - near.place)).norm() >
           kFarApart_m + kFastest_mps * std::abs(near.time_s - time_s);
  };
  if (other.trail) {
    const auto& p = other.trail->points;
    return far(p.front().time_s, p.front().place) && far(p.back().time_s, p.back().place) &&
           far(p[p.size() / 2].time_s, p[p.size() / 2].place);
  }
  const auto& h = other.track.hits;
  return far(h.front().time_s, h.front().place) && far(h.back().time_s, h.back().place) &&
         far(h[h.size() / 2].time_s, h[h.size() / 2].place);
}

// Whether most of `other` is seen on the vehicle's body, or on its shadow.
bool LiesOn(const Candidate& vehicle, const Candidate& other) {
  const std::vector<Eigen::Vector2d> offsets = OffsetsFrom(vehicle, other, other.from_trail);
  if (offsets.size() < kLeastTogether) return false;
  const Extent& body = *vehicle.body;
  const int steps = vehicle.shadow.isZero() ? 0 : kShadowSteps;
  const auto on = std::count_if(offsets.begin(), offsets.end(), [&](const Eigen::Vector2d& o) {
    for (int i = 0; i <= steps; ++i) {
      const Eigen::Vector2d p = o - vehicle.shadow * i / kShadowSteps;
      if (p.x() > body.rear - kAboutBody_m && p.x() < body.front + kAboutBody_m &&
          std::abs(p.y() - body.across) < body.breadth / 2 + kAboutBody_m) {
        return true;
      }
    }
    return false;
  });
  return static_cast<double>(on) >= kMostly * static_cast<double>(offsets.size());
}

}  // namespace

Eigen::Matrix2d HeadingFrame(const Eigen::Vector2d& velocity) {
  const Eigen::Vector2d along = velocity.normalized();
  Eigen::Matrix2d frame;
  frame << along.x(), along.y(), -along.y(), along.x();
  return frame;
}

Eigen::Matrix2d MetricHeading(const Eigen::Matrix2d& metres, const Eigen::Vector2d& velocity) {
  return HeadingFrame(metres * velocity) * metres;
}

double Quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto i = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  return values[i];
}

Extent ExtentOf(const ImageTrack& track, const Eigen::Vector2d& velocity,
                const std::vector<Moment>& moments) {
  const Eigen::Matrix2d frame = HeadingFrame(velocity);
  ExtentSums sums;
  for (const auto& hit : track.hits) {
    const Blob& blob = moments[hit.moment].blobs[hit.blob];
    const Eigen::Matrix2d spread = SpreadOfBlob(blob, moments[hit.moment]);
    sums.Add(frame * (hit.place - velocity * hit.time_s), frame * spread * frame.transpose());
  }
  return sums.Typical();
}

Extent ExtentAbout(const ImageTrack& track, const Trail& trail, const Eigen::Matrix2d& metres,
                   const std::vector<Moment>& moments) {
  ExtentSums sums;
  for (const auto& hit : track.hits) {
    if (hit.time_s < trail.points.front().time_s - kBeyondTrail_s ||
        hit.time_s > trail.points.back().time_s + kBeyondTrail_s) {
      continue;
    }
    const PathFit path = PathAbout(trail, hit.time_s);
    const Eigen::Matrix2d frame = MetricHeading(metres, path.VelocityAt(hit.time_s));
    const Blob& blob = moments[hit.moment].blobs[hit.blob];
    const Eigen::Matrix2d spread = SpreadOfBlob(blob, moments[hit.moment]);
    sums.Add(frame * (hit.place - path.PlaceAt(hit.time_s)), frame * spread * frame.transpose());
  }
  return sums.empty() ? Extent{} : sums.Typical();
}

bool SameVehicle(const Candidate& a, const Candidate& b, const std::vector<Moment>& moments,
                 double max_size_m) {
  const double scale = std::sqrt(std::abs(a.metres.determinant()));  // metres a stabilised pixel
  if (a.trail) {
    if (FarApart(a, b)) return false;
    return LiesOn(a, b) || GoesAlong(a, b, max_size_m) ||
           (b.trail && b.body && !b.shadow.isZero() && LiesOn(b, a));
  }
  const auto &ah = a.track.hits, &bh = b.track.hits;
  const double gap =
      std::max(ah.front().time_s, bh.front().time_s) - std::min(ah.back().time_s, bh.back().time_s);
  if (gap > kMergeGap_s) return false;
  const double faster = std::max(a.velocity.norm(), b.velocity.norm());
  if ((a.velocity - b.velocity).norm() > 1.0 + 0.12 * faster) return false;
  const Eigen::Vector2d velocity = (a.patch.velocity + b.patch.velocity) / 2;
  return OneBody(ExtentOf(a.track, velocity, moments), ExtentOf(b.track, velocity, moments), scale,
                 gap < 0, max_size_m);
}

double BlurM(const Candidate& c) {
  const double pixel_m = std::sqrt(std::abs(c.metres.determinant()));
  return (pixel_m < kCoarse_m ? kBlur_px : kCoarse_px) * pixel_m;
}

std::size_t MomentsSeen(const ImageTrack& track) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < track.hits.size(); ++i) {
    if (i == 0 || track.hits[i].moment != track.hits[i - 1].moment) ++seen;
  }
  return seen;
}

bool IsGap(const Candidate& c) {
  if (!c.trail) return false;
  const double share =
      static_cast<double>(MomentsSeen(c.track)) / static_cast<double>(c.trail->points.size());
  if (share < kJerkyShare && c.trail->path.residual_px > kJerky_px && c.area_m2 < kLittle_m2) {
    return true;
  }
  if (c.seen_body) return false;
  if (share < kHardlySeen) return true;
  const double length_m = std::max(c.body->length, c.body->front - c.body->rear);
  return share < kMostlySeen &&
         c.velocity.norm() * kBetween_s > std::max(length_m, c.body->breadth) - BlurM(c);
}

bool NarrowerThanVehicles(const Candidate& c) {
  return c.seen_body && c.narrowest_m - BlurM(c) < kNarrowest_m;
}

bool LieApart(const Candidate& a, const Candidate& b) {
  const std::vector<Eigen::Vector2d> offsets = OffsetsFrom(a, b);
  if (offsets.empty()) return true;
  const Extent other = MovedBy(MeanOf(offsets), *b.body);
  const double along = std::max(a.body->rear, other.rear) - std::min(a.body->front, other.front);
  const double across =
      std::abs(a.body->across - other.across) - (a.body->breadth + other.breadth) / 2;
  return std::max(along, across) > 0;
}

void Absorb(const Candidate& other, Candidate& vehicle) {
  if (vehicle.trail && other.trail) {
    // What the one trail saw of the time outside the other's, from that one's place.
    const std::vector<Eigen::Vector2d> offsets = OffsetsFrom(vehicle, other);
    if (!offsets.empty()) {
      const Eigen::Vector2d apart = MeanOf(offsets);
      if (other.body && vehicle.shadow.isZero() && !other.shadow.isZero()) {
        vehicle.body = MovedBy(apart, *other.body);  // it was only a part, or the shadow
        vehicle.shadow = other.shadow;
      } else if (other.body && vehicle.shadow.isZero()) {
        const Extent& own = *vehicle.body;
        const Extent more = MovedBy(apart, *other.body);
        const double right = std::max(own.across + own.breadth / 2, more.across + more.breadth / 2);
        const double left = std::min(own.across - own.breadth / 2, more.across - more.breadth / 2);
        const double rear = std::min(own.rear, more.rear);
        const double front = std::max(own.front, more.front);
        vehicle.body = {rear, front, (left + right) / 2, right - left, front - rear};
      }
      const double first = vehicle.trail->points.front().time_s;
      const double last = vehicle.trail->points.back().time_s;
      for (TrailPoint point : other.trail->points) {
        if (point.time_s >= first && point.time_s <= last) continue;
        const Eigen::Vector2d heading =
            PathAbout(*other.trail, point.time_s).VelocityAt(point.time_s);
        point.place -= MetricHeading(vehicle.metres, heading).inverse() * apart;
        vehicle.trail->points.push_back(point);
      }
      std::stable_sort(
          vehicle.trail->points.begin(), vehicle.trail->points.end(),
          [](const TrailPoint& x, const TrailPoint& y) { return x.moment < y.moment; });
    }
  } else if (!vehicle.trail) {
    const double na = vehicle.patch.pairs, nb = other.patch.pairs;
    vehicle.patch.velocity = (vehicle.patch.velocity * na + other.patch.velocity * nb) / (na + nb);
  }
  vehicle.track = Join(vehicle.track, other.track);
}

}  // namespace trucewatch::motion
