// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/motion_detector.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "detect/motion/difference.h"
#include "detect/motion/movers.h"
#include "detect/motion/registration.h"

namespace trucewatch {
namespace {

using motion::Blob;
using motion::GroundView;
using motion::Homography;
using motion::Moment;

constexpr double kCompare_s = 0.8;      // a vehicle moves its own length in about this time
constexpr double kMinCompare_s = 0.09;  // with less there is nothing to compare
constexpr int kMaxSamples = 1000;       // a segment
constexpr int kMinSide = 48;            // working pixels
constexpr int kOverlaySamples = 6;
constexpr double kMinOverlapShare = 0.3;
constexpr double kFirmDisplacementPx = 3.0;  // over 60 % of a segment: reliably seen as moving

// The pictures looked at, and their reduced copies.
struct Samples {
  std::vector<std::size_t> picture;
  std::vector<double> time_s;
  std::vector<cv::Mat> image;
  double scale = 1.0;  // working = scale * encoded
};

// Ground sample distance at the middle of the picture.
std::optional<double> CentreGsd(const MotionPicture& picture, const Terrain& terrain) {
  if (!picture.pose) return std::nullopt;
  const auto centre = GroundFromPixelWithCovariance(
      *picture.pose, picture.pose_sigma, picture.width_px / 2.0, picture.height_px / 2.0, terrain);
  if (!centre) return std::nullopt;
  const double gsd = GroundSampleDistanceM(*picture.pose, centre->slant_range_m);
  if (!std::isfinite(gsd) || gsd <= 0) return std::nullopt;
  return gsd;
}

std::vector<std::size_t> ChooseSamples(std::span<const MotionPicture> pictures,
                                       const MotionOptions& options) {
  std::vector<std::size_t> chosen;
  if (pictures.empty()) return chosen;
  const Duration length = pictures.back().time - pictures.front().time;
  // Short segments need every picture they have; endless ones are thinned out.
  const Duration longest = std::min(options.sample_period, length / 20);
  const Duration period = std::max(longest, length / kMaxSamples);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const MotionPicture& picture = pictures[i];
    if (picture.width_px != pictures[0].width_px || picture.height_px != pictures[0].height_px) {
      continue;
    }
    if (!chosen.empty()) {
      const Duration since = picture.time - pictures[chosen.back()].time;
      if (since <= Duration() || since < period * 9 / 10) continue;
    }
    chosen.push_back(i);
  }
  return chosen;
}

Samples Prepare(std::span<const MotionPicture> pictures, const MotionOptions& options,
                double gsd_m) {
  Samples samples;
  samples.picture = ChooseSamples(pictures, options);
  if (samples.picture.empty()) return samples;
  const MotionPicture& first = pictures[samples.picture[0]];
  samples.scale = std::min(1.0, gsd_m / options.working_gsd_m);
  const int shorter = std::min(first.width_px, first.height_px);
  samples.scale = std::min(1.0, std::max(samples.scale, static_cast<double>(kMinSide) / shorter));
  const cv::Size size(static_cast<int>(std::lround(first.width_px * samples.scale)),
                      static_cast<int>(std::lround(first.height_px * samples.scale)));
  for (const std::size_t i : samples.picture) {
    const MotionPicture& picture = pictures[i];
    samples.time_s.push_back((picture.time - first.time).seconds());
    // OpenCV has no const view; the picture is only read.
    const cv::Mat luma(picture.height_px, picture.width_px, CV_8U,
                       const_cast<std::uint8_t*>(picture.luma.data()));
    cv::Mat image;
    if (samples.scale < 0.999) cv::resize(luma, image, size, 0, 0, cv::INTER_AREA);
    // Averaging over a reduced pixel already quietens the noise.
    if (samples.scale > 0.7) cv::GaussianBlur(image.empty() ? luma : image, image, {3, 3}, 0.8);
    samples.image.push_back(std::move(image));
  }
  return samples;
}

std::size_t Nearest(const std::vector<double>& times, double t) {
  const auto after = std::lower_bound(times.begin(), times.end(), t);
  if (after == times.begin()) return 0;
  if (after == times.end()) return times.size() - 1;
  const auto i = static_cast<std::size_t>(after - times.begin());
  return t - times[i - 1] <= times[i] - t ? i - 1 : i;
}

// Two other samples to compare `m` with: one before and one after where the segment has room for
// it, else two on one side.
std::optional<std::pair<std::size_t, std::size_t>> ChooseReferences(
    const std::vector<double>& times, std::size_t m) {
  const double t = times[m], before = t - times.front(), after = times.back() - t;
  const double symmetric = std::min({before, after, kCompare_s});
  const double later = std::min(after / 2, kCompare_s), earlier = std::min(before / 2, kCompare_s);
  std::size_t a = 0, b = 0;
  if (symmetric >= std::max(later, earlier)) {
    a = Nearest(times, t - symmetric);
    b = Nearest(times, t + symmetric);
  } else if (later >= earlier) {
    a = Nearest(times, t + later);
    b = Nearest(times, t + 2 * later);
  } else {
    a = Nearest(times, t - earlier);
    b = Nearest(times, t - 2 * earlier);
  }
  const double least =
      std::min({std::abs(times[a] - t), std::abs(times[b] - t), std::abs(times[a] - times[b])});
  if (a == m || b == m || a == b || least < kMinCompare_s) return std::nullopt;
  return std::pair{a, b};
}

motion::BlobThresholds Thresholds(double noise, double gsd_m) {
  motion::BlobThresholds thresholds;
  thresholds.low = std::clamp(static_cast<int>(std::lround(2.2 * noise + 2.0)), 4, 60);
  thresholds.high = std::clamp(static_cast<int>(std::lround(1.7 * thresholds.low)), 7, 100);
  // Patches of one vehicle lie up to a metre and a half apart: windscreen, load, shadow.
  const int gap = static_cast<int>(std::lround(1.5 / std::max(gsd_m, 1e-3)));
  thresholds.close_px = std::clamp(gap | 1, 3, 9);
  return thresholds;
}

cv::Mat OverlayOf(const Samples& samples) {
  std::vector<const cv::Mat*> few;
  const std::size_t n = samples.image.size();
  const std::size_t step = std::max<std::size_t>(1, n / kOverlaySamples);
  for (std::size_t i = 0; i < n; i += step) few.push_back(&samples.image[i]);
  return motion::FindOverlay(few);
}

void Compare(const Samples& samples, const cv::Mat& overlay, double working_gsd_m,
             motion::Registration& registration, std::vector<Moment>& moments) {
  const int middle = static_cast<int>(moments.size() / 2);
  for (std::size_t m = 0; m < moments.size(); ++m) {
    Moment& moment = moments[m];
    const auto references = ChooseReferences(samples.time_s, m);
    if (!references) {
      moment.failure = "segment too short to compare pictures";
      continue;
    }
    const auto [a, b] = *references;
    const auto present = static_cast<int>(m);
    const auto stable = registration.Relate(present, middle);
    const auto to_a = registration.Relate(present, static_cast<int>(a));
    const auto to_b = registration.Relate(present, static_cast<int>(b));
    if (!stable || !to_a || !to_b) {
      moment.failure = "registration failed";
      continue;
    }
    const motion::Difference difference = motion::ThreeFrameDifference(
        samples.image[m], overlay, {&samples.image[a], &overlay, *to_a},
        {&samples.image[b], &overlay, *to_b});
    if (difference.overlap_share < kMinOverlapShare) {
      moment.failure = "pictures of the segment hardly overlap";
      continue;
    }
    moment.compared = true;
    moment.stable_from_working = *stable;
    moment.noise = difference.noise;
    moment.overlap_share = difference.overlap_share;
    for (const cv::Point2f& p : difference.overlap) moment.overlap.emplace_back(p.x, p.y);
    moment.blobs =
        motion::FindBlobs(difference.change, Thresholds(difference.noise, working_gsd_m));
  }
}

std::vector<motion::ImageTrack> Follow(const std::vector<Moment>& moments, double working_gsd_m,
                                       const MotionOptions& options) {
  std::vector<double> times;
  std::vector<std::vector<motion::Sighting>> sightings;
  for (const Moment& moment : moments) {
    times.push_back(moment.time_s);
    auto& here = sightings.emplace_back();
    for (std::size_t i = 0; i < moment.blobs.size(); ++i) {
      const Blob& blob = moment.blobs[i];
      const double size = std::max(blob.width, blob.height);
      // Far larger than anything sought: a change of light, or a mistake of registration.
      if (size * working_gsd_m > 4 * options.max_size_m) continue;
      here.push_back({motion::Apply(moment.stable_from_working, blob.centroid), size, i});
    }
  }
  motion::TrackerOptions tracker;
  // The scale of an oblique picture varies; near the lower edge a metre has more pixels.
  tracker.max_speed_px_per_s = 1.4 * options.max_speed_mps / working_gsd_m;
  return motion::FollowSightings(times, sightings, tracker);
}

// Samples to report on: the middle of each observation period, or all.
std::vector<std::size_t> ReportMoments(const std::vector<double>& times, Duration period) {
  std::vector<std::size_t> result;
  if (times.empty()) return result;
  if (period <= Duration()) {
    for (std::size_t i = 0; i < times.size(); ++i) result.push_back(i);
    return result;
  }
  const double step = times.size() > 1 ? times.back() / static_cast<double>(times.size() - 1) : 0;
  const double length = times.back() + step;
  const auto count = std::max(1L, std::lround(length / period.seconds()));
  for (long i = 0; i < count; ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * length / static_cast<double>(count);
    const std::size_t nearest = Nearest(times, middle - step / 2);
    if (result.empty() || nearest > result.back()) result.push_back(nearest);
  }
  return result;
}

double PlatformSpeed(std::span<const MotionPicture> pictures) {
  const MotionPicture &a = pictures.front(), &b = pictures.back();
  if (!a.pose || !b.pose || b.time <= a.time) return 0;
  return GeodesicDistanceM(a.pose->position, b.pose->position) / (b.time - a.time).seconds();
}

}  // namespace

MotionCounts& MotionCounts::operator+=(const MotionCounts& other) {
  accepted += other.accepted;
  brief += other.brief;
  slow += other.slow;
  fast += other.fast;
  crooked += other.crooked;
  small += other.small;
  large += other.large;
  parallax += other.parallax;
  duplicate += other.duplicate;
  return *this;
}

MotionResult DetectMotion(std::span<const MotionPicture> pictures, const MotionOptions& options,
                          const Terrain& terrain) {
  MotionResult result;
  if (pictures.empty()) return result;
  const motion::RaisedTerrain raised(terrain, options.object_height_m / 2);
  // One scale for the segment, from the first picture whose middle is on the ground.
  std::optional<double> gsd;
  for (const MotionPicture& picture : pictures) {
    if ((gsd = CentreGsd(picture, raised))) break;
  }
  const double encoded_gsd = gsd.value_or(options.assumed_gsd_m);
  const Samples samples = Prepare(pictures, options, encoded_gsd);
  const double working_gsd = encoded_gsd / samples.scale;

  const cv::Mat overlay = OverlayOf(samples);
  cv::Mat followable;
  if (!overlay.empty()) cv::bitwise_not(overlay, followable);
  motion::Registration registration;
  for (const cv::Mat& image : samples.image) registration.Add(image, followable);

  std::vector<Moment> moments(samples.picture.size());
  std::vector<GroundView> views;
  for (std::size_t m = 0; m < moments.size(); ++m) {
    moments[m].picture = samples.picture[m];
    moments[m].time_s = samples.time_s[m];
    views.emplace_back(pictures[samples.picture[m]], samples.scale, raised, options.assumed_gsd_m);
  }
  Compare(samples, overlay, working_gsd, registration, moments);
  const auto movers = motion::SelectMovers(Follow(moments, working_gsd, options), moments, views,
                                           pictures, options, result.counts);

  const double span = samples.time_s.back();
  const double platform_speed = PlatformSpeed(pictures);
  for (const std::size_t m : ReportMoments(samples.time_s, options.observation_period)) {
    const MotionPicture& picture = pictures[samples.picture[m]];
    MotionMoment out;
    out.picture = samples.picture[m];
    out.time = picture.time;
    out.georeferenced = picture.pose.has_value();
    out.min_detectable_speed_mps = options.min_speed_mps;
    if (span > 0) {
      out.min_detectable_speed_mps =
          std::max(options.min_speed_mps, kFirmDisplacementPx * working_gsd / (0.6 * span));
    }
    if (!moments[m].compared) {
      out.degraded_reason = moments[m].failure;
    } else {
      if (!picture.pose) out.degraded_reason = "no platform pose";
      out.footprint = views[m].Project(moments[m].overlap);
      if (picture.pose && out.footprint.empty()) out.degraded_reason = "horizon in view";
      for (std::size_t i = 0; i < movers.size(); ++i) {
        auto detection = motion::DetectionAt(movers[i], moments[m], views[m], platform_speed,
                                             picture.metadata_skew);
        if (!detection) continue;
        detection->image_track = i + 1;
        // What has left the picture is no longer seen in it.
        const double u = detection->box_x_px + detection->box_width_px / 2;
        const double v = detection->box_y_px + detection->box_height_px / 2;
        if (u < 0 || v < 0 || u > picture.width_px || v > picture.height_px) continue;
        out.detections.push_back(std::move(*detection));
      }
    }
    result.moments.push_back(std::move(out));
  }
  return result;
}

}  // namespace trucewatch
