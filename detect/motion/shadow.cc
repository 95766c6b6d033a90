// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/shadow.h"

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "detect/motion/patch_sample.h"
#include "detect/motion/swept_box.h"

namespace trucewatch::motion {
namespace {

constexpr std::size_t kShadowLooks = 4, kGroundLooks = 8;
constexpr double kInset_m = 0.5, kShadowStep_m = 0.3;  // of the places looked at in a box
constexpr double kClear_m = 0.6;                       // of a box: there the ground is bare
constexpr int kAlongSweep = 3;
constexpr int kPairApart = 2;  // steps
constexpr double kLeastPairs = 6;
constexpr double kUnseen = -1e9;
constexpr double kEvenFrom = 0.01;  // natural log of brightness: noise
constexpr double kBrighter = 0.02;
constexpr double kLeastEvidence = 0.4;
constexpr double kLeastSwept = 0.3;      // of the bodies: one sun shines on all
constexpr double kLeastCommon_m = 3;     // shorter shadows hardly matter
constexpr double kAloneEvidence = 0.8;   // where a single body speaks of the shadow
constexpr double kLeastAgreement = 0.4;  // of all evidence, to one side
constexpr double kCommonShadow = 0.4;    // quantile of the shadows: that of a car
constexpr double kErodeShare = 0.85;     // of it, for edges that are not seen
constexpr double kWidestVehicle_m = 3.4, kLongest_m = 13.0;
constexpr double kLonger_m = 6.5;  // than a car
constexpr double kLeastLength_m = 3.2, kLeastBreadth_m = 1.4;
constexpr std::size_t kMostSplit = 6;
constexpr double kMostFit_m2 = 0.25;  // mean square misfit of a shape of known sun
constexpr double kSunnier = 0.8;      // of the misfit without a sun
constexpr double kUsualHeight_m = 1.5;
constexpr double kLeastAlike = 0.8;  // cosine of two shadows of one sun

bool InBox(const Eigen::Vector2d& p, const SweptBox& box, double margin_m) {
  return std::abs(p.x()) < box.length / 2 + margin_m &&
         std::abs(p.y()) < box.breadth / 2 + margin_m;
}

// One sighting of a trail: takes places about it to its picture.
struct ShadowLook {
  Homography working_from_stable;
  Eigen::Vector2d place;
  Eigen::Matrix2d stable_from_metres;
  const cv::Mat* image = nullptr;
  double exposure = 1;
};
std::vector<ShadowLook> LooksAt(const Candidate& c, std::size_t most,
                                const std::vector<Moment>& moments,
                                const std::vector<cv::Mat>& images) {
  const auto& points = c.trail->points;
  const double level = moments[points.front().moment].level;
  const std::size_t step = std::max<std::size_t>(1, (points.size() + most - 1) / most);
  std::vector<ShadowLook> looks;
  for (std::size_t i = (points.size() - 1) % step / 2; i < points.size(); i += step) {
    const Moment& moment = moments[points[i].moment];
    const Eigen::Vector2d velocity =
        PathAbout(*c.trail, points[i].time_s).VelocityAt(points[i].time_s);
    looks.push_back({moment.stable_from_working.inverse(), points[i].place,
                     MetricHeading(c.metres, velocity).inverse(), &images[points[i].moment],
                     level / std::max(1.0, moment.level)});
  }
  return looks;
}

// Grey level at a place of the stabilised plane; negative outside the picture.
double GreyAt(const ShadowLook& look, const Eigen::Vector2d& stable) {
  const std::int32_t v = Sample(*look.image, Fixed(Apply(look.working_from_stable, stable)));
  return v < 0 ? -1.0 : v * look.exposure / static_cast<double>(kGrey);
}

// How unevenly the box at one end is darker or brighter than the bare ground under it: mean change
// of the logarithm from place to place; no count when too little of it is seen.
struct EndOfSweep {
  double uneven = 0, share = 0;  // natural logarithms
  bool seen = false;
};
EndOfSweep LookAtEnd(const SweptBox& box, const Eigen::Vector2d& middle, double end,
                     const std::vector<ShadowLook>& looks, const std::vector<ShadowLook>& grounds) {
  const int columns = static_cast<int>((box.length - 2 * kInset_m) / kShadowStep_m) + 1;
  const int rows = static_cast<int>((box.breadth - 2 * kInset_m) / kShadowStep_m) + 1;
  const auto is_bare = [&](const Eigen::Vector2d& p) {
    for (int i = -kAlongSweep; i <= kAlongSweep; ++i) {
      if (InBox(p - middle - box.sweep * i / (2.0 * kAlongSweep), box, kClear_m)) return false;
    }
    return true;
  };
  std::vector<double> shares(static_cast<std::size_t>(columns * rows), kUnseen);
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      const Eigen::Vector2d from_end((x - (columns - 1) / 2.0) * kShadowStep_m,
                                     (y - (rows - 1) / 2.0) * kShadowStep_m);
      if (InBox(from_end + end * box.sweep, box, kInset_m)) continue;  // covered by both ends
      const Eigen::Vector2d at = middle + end * box.sweep / 2 + from_end;
      double here = 0, seen = 0;
      std::vector<double> bare;
      for (const ShadowLook& look : looks) {
        const Eigen::Vector2d stable = look.place + look.stable_from_metres * at;
        const double grey = GreyAt(look, stable);
        if (grey < 0) continue;
        here += grey;
        seen += 1;
        for (const ShadowLook& other : grounds) {
          if (!is_bare(other.stable_from_metres.inverse() * (stable - other.place))) continue;
          const double ground = GreyAt(other, stable);
          if (ground >= 0) bare.push_back(ground);
        }
      }
      if (seen == 0 || bare.empty()) continue;
      shares[static_cast<std::size_t>(y * columns + x)] =
          std::log(std::max(1.0, here / seen) / std::max(1.0, Quantile(bare, 0.5)));
    }
  }
  double sum = 0, count = 0, shares_sum = 0, shares_count = 0;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      const double share = shares[static_cast<std::size_t>(y * columns + x)];
      if (share == kUnseen) continue;
      shares_sum += share;
      shares_count += 1;
      for (const auto& [dx, dy] : {std::pair{kPairApart, 0}, {0, kPairApart}}) {
        if (x + dx >= columns || y + dy >= rows) continue;
        const double other = shares[static_cast<std::size_t>((y + dy) * columns + x + dx)];
        if (other == kUnseen) continue;
        sum += std::abs(share - other);
        count += 1;
      }
    }
  }
  if (count < kLeastPairs) return {};
  return {sum / count, shares_sum / shares_count, true};
}

// Positive when the shadow seems to lie at the end that the sweep leads to, negative when at its
// beginning: under a shadow all ground is darker by the same share, whatever its pattern; a vehicle
// has panes, edges and a colour of its own over it.
double EvidenceOf(const Candidate& c, const Body& body, const SweptBox& box,
                  const std::vector<Moment>& moments, const std::vector<cv::Mat>& images) {
  const Eigen::Vector2d middle((body.extent.rear + body.extent.front) / 2, body.extent.across);
  const auto looks = LooksAt(c, kShadowLooks, moments, images);
  const auto grounds = LooksAt(c, kGroundLooks, moments, images);
  const EndOfSweep first = LookAtEnd(box, middle, -1, looks, grounds);
  const EndOfSweep last = LookAtEnd(box, middle, 1, looks, grounds);
  if (!first.seen || !last.seen) return 0;
  double evidence = std::log((first.uneven + kEvenFrom) / (last.uneven + kEvenFrom));
  // A shadow is darker than the ground.
  if (first.share > kBrighter) evidence += 1;
  if (last.share > kBrighter) evidence -= 1;
  return evidence;
}

// What of a body can throw such a shadow and have it within the body: a column of vehicles falls
// apart when the shadows that link it are taken off.
std::vector<Extent> WithoutShadow(const Body& body, const Eigen::Vector2d& shadow) {
  const int border = 2;
  const int columns = static_cast<int>(std::lround(body.extent.length / body.cell_m)) + 2 * border;
  const int rows = static_cast<int>(std::lround(body.extent.breadth / body.cell_m)) + 2 * border;
  const Eigen::Vector2d low(body.extent.rear, body.extent.across - body.extent.breadth / 2);
  cv::Mat mask = cv::Mat::zeros(rows, columns, CV_8U);
  for (const Eigen::Vector2d& cell : body.cells) {
    const Eigen::Vector2d p = (cell - low) / body.cell_m;
    const int x = static_cast<int>(p.x()) + border, y = static_cast<int>(p.y()) + border;
    if (x >= 0 && y >= 0 && x < columns && y < rows) mask.at<std::uint8_t>(y, x) = 255;
  }
  cv::morphologyEx(mask, mask, cv::MORPH_CLOSE, cv::Mat::ones(3, 3, CV_8U));
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(mask.clone(), outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
  cv::drawContours(mask, outlines, -1, cv::Scalar(255), cv::FILLED);
  cv::Mat left = mask.clone();
  const Eigen::Vector2d step = shadow * kErodeShare / body.cell_m;
  const int steps = std::max(1, static_cast<int>(std::ceil(step.norm())));
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      for (int i = 1; i <= steps && left.at<std::uint8_t>(y, x) != 0; ++i) {
        const cv::Point p(x + static_cast<int>(std::lround(step.x() * i / steps)),
                          y + static_cast<int>(std::lround(step.y() * i / steps)));
        if (!p.inside({0, 0, columns, rows}) || mask.at<std::uint8_t>(p) == 0) {
          left.at<std::uint8_t>(y, x) = 0;
        }
      }
    }
  }
  cv::Mat labels, stats, centres;
  const int count = cv::connectedComponentsWithStats(left, labels, stats, centres, 8, CV_32S);
  std::vector<Extent> vehicles;
  for (int label = 1; label < count && vehicles.size() < kMostSplit; ++label) {
    const double length = stats.at<int>(label, cv::CC_STAT_WIDTH) * body.cell_m;
    const double breadth = stats.at<int>(label, cv::CC_STAT_HEIGHT) * body.cell_m;
    if (length < kLeastLength_m || breadth < kLeastBreadth_m || length > kLongest_m) continue;
    const double rear = low.x() + (stats.at<int>(label, cv::CC_STAT_LEFT) - border) * body.cell_m;
    const double side = low.y() + (stats.at<int>(label, cv::CC_STAT_TOP) - border) * body.cell_m;
    vehicles.push_back({rear, rear + length, side + breadth / 2, breadth, length});
  }
  return vehicles;
}

// A body and what may be shadow of it.
struct Shadowed {
  std::size_t candidate = 0;
  Body body;
  std::optional<SweptBox> box;
  std::optional<UprightBox> sunlit, plain;  // as the known sun has it, and without a shadow
  Eigen::Matrix2d ground_from_heading = Eigen::Matrix2d::Identity();
  double evidence = 0;

  Eigen::Vector2d Sweep() const { return ground_from_heading * box->sweep; }
};

// The shadow that an unknown sun throws in this segment, east and north as the candidates' metres
// are; zero when nothing tells it.
Eigen::Vector2d CommonShadow(const std::vector<Shadowed>& all) {
  // One sun: what the clearest says holds for those whose sweep lies along its own.
  const Shadowed* clearest = nullptr;
  for (const Shadowed& s : all) {
    if (s.box && (clearest == nullptr || std::abs(s.evidence) > std::abs(clearest->evidence))) {
      clearest = &s;
    }
  }
  if (clearest == nullptr) return Eigen::Vector2d::Zero();
  const Eigen::Vector2d line = clearest->Sweep().normalized();
  double evidence = 0, sum = 0, bodies = 0;
  std::vector<double> lengths;
  Eigen::Vector2d direction = Eigen::Vector2d::Zero();
  for (const Shadowed& s : all) {
    if (!s.body.cells.empty()) bodies += 1;
    if (!s.box) continue;
    const double alike = line.dot(s.Sweep().normalized());
    if (std::abs(alike) < kLeastAlike) continue;
    evidence += alike > 0 ? s.evidence : -s.evidence;
    sum += std::abs(s.evidence);
    lengths.push_back(s.Sweep().norm());
    direction += alike > 0 ? s.Sweep() : -s.Sweep();
  }
  if (static_cast<double>(lengths.size()) < kLeastSwept * bodies ||
      Quantile(lengths, kCommonShadow) < kLeastCommon_m) {
    return Eigen::Vector2d::Zero();
  }
  const double least = lengths.size() > 1 ? kLeastEvidence : kAloneEvidence;
  if (std::abs(evidence) < std::max(least, kLeastAgreement * sum)) {
    return Eigen::Vector2d::Zero();
  }
  return direction.normalized() * Quantile(lengths, kCommonShadow) * (evidence > 0 ? 1.0 : -1.0);
}

void FitShapes(double rim_m, const std::optional<Upright>& upright, Shadowed& s) {
  s.box = FitSweptBox(s.body.cells, rim_m);
  if (!upright) return;
  const Eigen::Matrix2d heading_from_ground = s.ground_from_heading.transpose();
  const Eigen::Vector2d lean = heading_from_ground * upright->lean;
  s.plain = FitUprightBox(s.body.cells, rim_m, {lean, {0, 0}});
  if (upright->shadow.isZero()) return;
  s.sunlit = FitUprightBox(s.body.cells, rim_m, {lean, heading_from_ground * upright->shadow});
}

double MisfitOf(const std::optional<UprightBox>& box) {
  return box ? std::min(kMostFit_m2, box->misfit) : kMostFit_m2;
}

// Whether the bodies agree that the sun that is known throws shadows here: they have the shapes of
// vehicles with such shadows rather than without.
bool SunShines(const std::vector<Shadowed>& all) {
  double with = 0, without = 0;
  for (const Shadowed& s : all) {
    if (!s.sunlit && !s.plain) continue;
    with += MisfitOf(s.sunlit);
    without += MisfitOf(s.plain);
  }
  return with < kSunnier * without;
}

}  // namespace

void MeasureBodies(const std::vector<Moment>& moments, const std::vector<cv::Mat>& images,
                   const std::optional<Upright>& upright, std::vector<Candidate>& candidates) {
  std::vector<Shadowed> all;
  const std::size_t given = candidates.size();
  for (std::size_t i = 0; i < given; ++i) {
    if (!candidates[i].trail) continue;
    const Candidate c = candidates[i];
    const Extent patches = ExtentAbout(c.track, *c.trail, c.metres, moments);
    const Body whole = MeasureBody(*c.trail, patches, c.metres, moments, images);
    const auto parts = CutAtGaps(whole, *c.trail, c.metres, moments, images);
    for (std::size_t k = 0; k < parts.size(); ++k) {
      if (k > 0) candidates.push_back(c);
      Candidate& one = k > 0 ? candidates.back() : candidates[i];
      Shadowed& s = all.emplace_back();
      s.candidate = k > 0 ? candidates.size() - 1 : i;
      s.body = parts[k];
      s.ground_from_heading = HeadingFrame(c.metres * c.patch.velocity).transpose();
      const Extent& extent = s.body.extent;
      one.body = extent;
      if (parts.size() > 1) one.from_trail = {(extent.rear + extent.front) / 2, extent.across};
      one.seen_body = !s.body.cells.empty();
      one.narrowest_m = NarrowestWidth(s.body);
      one.area_m2 = static_cast<double>(s.body.cells.size()) * s.body.cell_m * s.body.cell_m;
      FitShapes(std::sqrt(std::abs(c.metres.determinant())), upright, s);
      if (s.box) s.evidence = EvidenceOf(one, s.body, *s.box, moments, images);
    }
  }
  const bool sunny = SunShines(all);
  for (const Shadowed& s : all) {
    const std::optional<UprightBox>& shape = sunny ? s.sunlit : s.plain;
    if (shape) candidates[s.candidate].shape = Shape{shape->misfit, shape->height, sunny};
  }
  const Eigen::Vector2d common =
      sunny ? Eigen::Vector2d(kUsualHeight_m * upright->shadow) : CommonShadow(all);
  if (common.isZero()) return;
  std::vector<Candidate> further;
  for (const Shadowed& s : all) {
    Candidate& c = candidates[s.candidate];
    const Extent& whole = s.body.extent;
    if (sunny && s.sunlit && s.sunlit->misfit < kMostFit_m2) {
      const UprightBox& box = *s.sunlit;
      c.shadow = s.ground_from_heading.transpose() * upright->shadow * box.height;
      c.body = {box.middle.x() - box.length / 2, box.middle.x() + box.length / 2, box.middle.y(),
                box.breadth, box.length};
      continue;
    }
    const double alike = s.box && !sunny ? common.normalized().dot(s.Sweep().normalized()) : 0.0;
    if (std::abs(alike) >= kLeastAlike) {
      c.shadow = alike > 0 ? s.box->sweep : Eigen::Vector2d(-s.box->sweep);
      const Eigen::Vector2d middle =
          Eigen::Vector2d((whole.rear + whole.front) / 2, whole.across) - c.shadow / 2;
      const double half = s.box->length / 2;
      c.body = {middle.x() - half, middle.x() + half, middle.y(), s.box->breadth, s.box->length};
      continue;
    }
    const double rim_m = 2 * std::sqrt(std::abs(c.metres.determinant()));
    if (s.body.cells.empty() ||
        (whole.length < kLonger_m + rim_m && whole.breadth < kWidestVehicle_m + rim_m)) {
      continue;
    }
    const Eigen::Vector2d shadow = s.ground_from_heading.transpose() * common;
    const std::vector<Extent> vehicles = WithoutShadow(s.body, shadow);
    for (std::size_t k = 0; k < vehicles.size(); ++k) {
      if (k > 0) further.push_back(c);
      Candidate& one = k > 0 ? further.back() : c;
      one.body = vehicles[k];
      one.shadow = shadow;
      if (vehicles.size() > 1) {
        one.from_trail = {(vehicles[k].rear + vehicles[k].front) / 2, vehicles[k].across};
      }
    }
  }
  candidates.insert(candidates.end(), further.begin(), further.end());
}

}  // namespace trucewatch::motion
