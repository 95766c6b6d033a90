// SPDX-License-Identifier: Apache-2.0
#include "detect/people/people_detector.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "detect/motion/blobs.h"
#include "detect/motion/ground_view.h"
#include "detect/motion/registration.h"
#include "detect/motion/warp.h"
#include "detect/people/crowd.h"
#include "detect/people/foreground.h"
#include "detect/people/vehicles.h"

namespace trucewatch {
namespace people {

struct Pictures {
  std::vector<std::size_t> picture;
  std::vector<double> time_s;  // since the first
  std::vector<cv::Mat> image;
  double scale = 1.0;  // working = scale * encoded
};

}  // namespace people
namespace {

using motion::Apply;
using motion::GroundView;
using motion::Homography;
using people::Crowd;
using people::Pictures;

constexpr double kSharpEnough_m = 0.09;  // finer pictures are reduced to this
constexpr double kCornerGsd = 1.7;       // how much coarser a corner may be than the middle's limit
constexpr double kBodyMiddle_m = 0.5;    // height of a person's patch, shadow included
constexpr std::size_t kLeastSamples = 6;
constexpr double kLeastSpan_s = 1.2;  // in which somebody who mills about leaves his place
constexpr double kLeastPatch_m2 = 0.08, kMostPatch_m2 = 60;
constexpr double kLeastWidth_m = 0.45;
constexpr int kMinSide = 120;
constexpr int kMaxSide = 4096;

bool IsUsable(const CameraPose& pose) {
  const auto fine = [](Angle fov) { return fov.deg() > 0.01 && fov.deg() < 150; };
  return fine(pose.horizontal_fov) && fine(pose.vertical_fov) && pose.width_px > 0 &&
         pose.height_px > 0;
}

// Metres on the ground about the middle of the reference picture, east and
// north, of its pixels.
struct GroundPlane {
  Homography plane_from_image = Homography::Identity();
  Homography image_from_plane = Homography::Identity();
  double middle_gsd_m = 0;
  double coarsest_gsd_m = 0;
};

double GsdAt(const Homography& plane_from_image, const Eigen::Vector2d& at) {
  return std::sqrt(std::abs(motion::Linear(plane_from_image, at).determinant()));
}

// Nothing when a corner does not meet the ground.
std::optional<GroundPlane> PlaneOf(const CameraPose& pose, double scale, cv::Size working,
                                   const Terrain& terrain) {
  const auto ground = [&](double x, double y) {
    return GroundFromPixel(pose, (x + 0.5) / scale, (y + 0.5) / scale, terrain);
  };
  const double w = working.width - 1.0, h = working.height - 1.0;
  const auto middle = ground(w / 2, h / 2);
  if (!middle) return std::nullopt;
  const LocalFrame frame(*middle);
  // Four corners fix the eight numbers of the homography.
  Eigen::Matrix<double, 8, 8> a = Eigen::Matrix<double, 8, 8>::Zero();
  Eigen::Matrix<double, 8, 1> b;
  const std::array<Eigen::Vector2d, 4> corners{Eigen::Vector2d(0, 0), Eigen::Vector2d(w, 0),
                                               Eigen::Vector2d(w, h), Eigen::Vector2d(0, h)};
  for (int i = 0; i < 4; ++i) {
    const Eigen::Vector2d& p = corners[static_cast<std::size_t>(i)];
    const auto place = ground(p.x(), p.y());
    if (!place) return std::nullopt;
    const Eigen::Vector2d q = frame.EnuFromGeodetic(*place).head<2>();
    for (int axis = 0; axis < 2; ++axis) {
      const int row = 2 * i + axis;
      a.block<1, 3>(row, 3 * axis) << p.x(), p.y(), 1;
      a.block<1, 2>(row, 6) << -q(axis) * p.x(), -q(axis) * p.y();
      b(row) = q(axis);
    }
  }
  const Eigen::Matrix<double, 8, 1> x = a.colPivHouseholderQr().solve(b);
  if (!x.allFinite()) return std::nullopt;
  GroundPlane plane;
  plane.plane_from_image << x(0), x(1), x(2), x(3), x(4), x(5), x(6), x(7), 1;
  plane.image_from_plane = plane.plane_from_image.inverse();
  if (!plane.image_from_plane.allFinite()) return std::nullopt;
  plane.middle_gsd_m = GsdAt(plane.plane_from_image, {w / 2, h / 2});
  for (const Eigen::Vector2d& corner : corners) {
    plane.coarsest_gsd_m = std::max(plane.coarsest_gsd_m, GsdAt(plane.plane_from_image, corner));
  }
  return plane;
}

std::vector<bool> ChoosePictures(const std::vector<MotionPicture>& pictures,
                                 const PeopleOptions& options) {
  std::vector<bool> wanted(pictures.size(), false);
  if (pictures.empty()) return wanted;
  const Duration length = pictures.back().time - pictures.front().time;
  const Duration period = std::max(options.sample_period, length / options.max_samples);
  std::optional<Instant> last;
  int chosen = 0;
  for (std::size_t i = 0; i < pictures.size() && chosen < options.max_samples; ++i) {
    if (last && pictures[i].time - *last < period) continue;
    wanted[i] = true;
    last = pictures[i].time;
    ++chosen;
  }
  return wanted;
}

std::size_t NearestSample(const Pictures& samples, std::size_t picture) {
  const auto after = std::lower_bound(samples.picture.begin(), samples.picture.end(), picture);
  if (after == samples.picture.end()) return samples.picture.size() - 1;
  const auto i = static_cast<std::size_t>(after - samples.picture.begin());
  return i > 0 && picture - samples.picture[i - 1] < *after - picture ? i - 1 : i;
}

// Patches of one picture on the ground. Those at the rim of what was searched
// are kept: half a person counts by its area.
std::vector<people::Patch> PatchesOf(const cv::Mat& mask, const GroundPlane& plane) {
  motion::BlobThresholds thresholds;
  thresholds.low = 100;   // foreground of either kind
  thresholds.high = 200;  // changed
  const double px2 = plane.middle_gsd_m * plane.middle_gsd_m;
  thresholds.min_strong = std::max(3, static_cast<int>(0.03 / px2));
  thresholds.min_area = std::max(4, static_cast<int>(0.7 * kLeastPatch_m2 / px2));
  thresholds.close_px = 3;
  thresholds.max_blobs = 1500;
  std::vector<people::Patch> patches;
  for (const motion::Blob& blob : motion::FindBlobs(mask, thresholds)) {
    const double gsd = GsdAt(plane.plane_from_image, blob.centroid);
    const double area = blob.area * gsd * gsd;
    if (area < kLeastPatch_m2 || area > kMostPatch_m2) continue;
    const Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d> axes(blob.spread);
    // Uniform along its length, half of it is sqrt(3) standard deviations.
    const Eigen::Vector2d half =
        std::sqrt(3.0 * axes.eigenvalues()(1)) * axes.eigenvectors().col(1);
    // Strips are edges of houses that were registered badly. Nobody is so thin, nor his shadow.
    const double width = std::sqrt(12.0 * axes.eigenvalues()(0)) * gsd;
    const double length = std::sqrt(12.0 * axes.eigenvalues()(1)) * gsd;
    if (width < kLeastWidth_m && length > 4.0 * width) continue;
    patches.push_back(
        {.place_m = Apply(plane.plane_from_image, blob.centroid),
         .area_m2 = area,
         .half_axis_m = motion::Linear(plane.plane_from_image, blob.centroid) * half});
  }
  return patches;
}

}  // namespace

PeopleDetector::PeopleDetector(std::vector<MotionPicture> pictures, const PeopleOptions& options,
                               const Terrain& terrain)
    : pictures_(std::move(pictures)),
      options_(options),
      terrain_(terrain),
      samples_(std::make_unique<Pictures>()) {
  wanted_.assign(pictures_.size(), false);
  result_.reason = "no platform pose";
  for (MotionPicture& picture : pictures_) {
    if (picture.pose && !IsUsable(*picture.pose)) picture.pose.reset();
    if (!picture.pose || result_.gsd_m > 0) continue;
    const CameraPose& pose = *picture.pose;
    const auto middle = GroundFromPixel(pose, pose.width_px / 2.0, pose.height_px / 2.0, terrain_);
    if (!middle) continue;
    const Eigen::Vector3d ray = EcefFromGeodetic(*middle) - EcefFromGeodetic(pose.position);
    result_.gsd_m = GroundSampleDistanceM(pose, ray.norm());
  }
  if (!(result_.gsd_m > 0)) return;
  if (result_.gsd_m > options_.max_gsd_m) {
    result_.reason = "too coarse to tell people";
    return;
  }
  result_.reason = "too few pictures";
  wanted_ = ChoosePictures(pictures_, options_);
}

PeopleDetector::~PeopleDetector() = default;

bool PeopleDetector::Wants(std::size_t picture) const {
  return picture < wanted_.size() && wanted_[picture];
}

void PeopleDetector::Add(std::size_t picture, int width_px, int height_px, Bytes luma) {
  Pictures& samples = *samples_;
  if (!Wants(picture) || !pictures_[picture].pose) return;
  if (!samples.picture.empty() && picture <= samples.picture.back()) return;
  if (std::min(width_px, height_px) < kMinSide || std::max(width_px, height_px) > kMaxSide) return;
  if (luma.size() != static_cast<std::size_t>(width_px) * static_cast<std::size_t>(height_px)) {
    return;
  }
  if (samples.picture.empty()) {
    width_px_ = width_px;
    height_px_ = height_px;
    // The pose may speak of another size than the pictures have.
    result_.gsd_m *= static_cast<double>(pictures_[picture].pose->width_px) / width_px;
    if (result_.gsd_m > options_.max_gsd_m) {
      result_.reason = "too coarse to tell people";
      wanted_.assign(pictures_.size(), false);
      return;
    }
    samples.scale = std::min(1.0, result_.gsd_m / kSharpEnough_m);
    if (samples.scale > 0.75) samples.scale = 1.0;
  } else if (width_px != width_px_ || height_px != height_px_) {
    return;
  }
  pictures_[picture].pose->width_px = width_px;
  pictures_[picture].pose->height_px = height_px;
  // OpenCV has no read-only view; the picture is only read.
  const cv::Mat full(height_px, width_px, CV_8U, const_cast<std::uint8_t*>(luma.data()));
  cv::Mat image;
  if (samples.scale < 1.0) {
    cv::resize(full, image, {}, samples.scale, samples.scale, cv::INTER_AREA);
  } else {
    image = full.clone();
  }
  samples.picture.push_back(picture);
  samples.time_s.push_back(
      (pictures_[picture].time - pictures_[samples.picture[0]].time).seconds());
  samples.image.push_back(std::move(image));
}

PeopleResult PeopleDetector::Finish(std::span<const std::size_t> moments) {
  PeopleResult result = std::move(result_);
  result.groups.resize(moments.size());
  const Pictures& samples = *samples_;
  if (samples.picture.size() < kLeastSamples || samples.time_s.back() < kLeastSpan_s) return result;

  const motion::RaisedTerrain raised(terrain_, kBodyMiddle_m);
  const std::size_t middle = samples.picture.size() / 2;
  const cv::Size size = samples.image[0].size();
  const auto plane = PlaneOf(*pictures_[samples.picture[middle]].pose, samples.scale, size, raised);
  if (!plane) {
    result.reason = "horizon in view";
    return result;
  }
  if (plane->coarsest_gsd_m * samples.scale > kCornerGsd * options_.max_gsd_m) {
    result.reason = "too coarse to tell people";
    return result;
  }

  const cv::Mat still = people::FindStillEdges(samples.image);
  cv::Mat shown;
  cv::bitwise_not(still, shown);
  motion::Registration registration;
  for (const cv::Mat& image : samples.image) registration.Add(image, {});
  std::vector<cv::Mat> warped, valid;
  std::vector<double> times;
  std::vector<std::optional<Homography>> sample_from_plane_image(samples.picture.size());
  for (std::size_t k = 0; k < samples.picture.size(); ++k) {
    const auto to_sample = registration.Relate(static_cast<int>(middle), static_cast<int>(k));
    if (!to_sample) continue;
    sample_from_plane_image[k] = to_sample;
    cv::Mat image = cv::Mat::zeros(size, CV_8U), mask = cv::Mat::zeros(size, CV_8U);
    if (k == middle) {
      image = samples.image[k];
      mask = shown;
    } else {
      motion::WarpInto(samples.image[k], *to_sample, image);
      motion::WarpInto(shown, *to_sample, mask);
      mask = mask > 200;
    }
    warped.push_back(std::move(image));
    valid.push_back(std::move(mask));
    times.push_back(samples.time_s[k]);
  }
  if (warped.size() < kLeastSamples || warped.size() * 10 < samples.picture.size() * 7) {
    result.reason = "registration failed";
    return result;
  }
  people::ForegroundResult foreground =
      people::FindForeground(warped, valid, {.gsd_m = plane->middle_gsd_m});
  std::vector<cv::Mat> masks;
  for (people::Foreground& picture : foreground.pictures) masks.push_back(std::move(picture.mask));
  people::RemoveVehicles(masks, times, plane->middle_gsd_m);
  std::vector<std::vector<people::Patch>> patches;
  for (const cv::Mat& mask : masks) patches.push_back(PatchesOf(mask, *plane));
  const std::vector<Crowd> crowds =
      people::CountCrowds(patches, {.group_radius_m = options_.group_radius_m,
                                    .min_count = options_.min_count,
                                    .least_patch_m2 = kLeastPatch_m2});
  result.searched = true;
  result.reason.clear();

  for (std::size_t i = 0; i < moments.size(); ++i) {
    std::size_t k = NearestSample(samples, moments[i]);
    if (!sample_from_plane_image[k]) k = middle;
    const Homography to_sample = sample_from_plane_image[k].value_or(Homography::Identity());
    const GroundView view(pictures_[samples.picture[k]], samples.scale, raised, 1.0);
    for (const Crowd& crowd : crowds) {
      const Eigen::Vector2d at = Apply(plane->image_from_plane, crowd.middle_m);
      // The middle of those who were seen is not quite that of all.
      const double sigma_m =
          std::sqrt(0.5 * crowd.spread_m2.trace() / std::max(crowd.count_expected, 1.0));
      const auto place =
          view.Locate(Apply(to_sample, at), sigma_m / GsdAt(plane->plane_from_image, at));
      if (!place) continue;
      GroupObservation group;
      group.object_class = ObjectClass::kPersonGroup;
      group.position = place->position;
      group.cov_en_m2 = place->cov_en_m2;
      group.extent_m = crowd.extent_m;
      group.count_expected = crowd.count_expected;
      group.count_min = crowd.count_min;
      group.count_max = crowd.count_max;
      group.score = crowd.score;
      Eigen::Vector2d low = Eigen::Vector2d::Constant(1e9), high = -low;
      for (const auto& [x, y] : {std::pair{crowd.low_m.x(), crowd.low_m.y()},
                                 {crowd.high_m.x(), crowd.low_m.y()},
                                 {crowd.high_m.x(), crowd.high_m.y()},
                                 {crowd.low_m.x(), crowd.high_m.y()}}) {
        const Eigen::Vector2d corner =
            view.Encoded(Apply(to_sample, Apply(plane->image_from_plane, {x, y})));
        low = low.cwiseMin(corner);
        high = high.cwiseMax(corner);
      }
      low = low.cwiseMax(Eigen::Vector2d::Zero());
      high = high.cwiseMin(Eigen::Vector2d(width_px_, height_px_)).cwiseMax(low);
      group.box_x_px = low.x();
      group.box_y_px = low.y();
      group.box_width_px = high.x() - low.x();
      group.box_height_px = high.y() - low.y();
      result.groups[i].push_back(group);
    }
  }
  return result;
}

}  // namespace trucewatch
