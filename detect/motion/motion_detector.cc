// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/motion_detector.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "detect/motion/detections.h"
#include "detect/motion/difference.h"
#include "detect/motion/movers.h"
#include "detect/motion/overlay.h"
#include "detect/motion/pose_refinement.h"
#include "detect/motion/registration.h"
#include "detect/motion/tape.h"

namespace trucewatch {
namespace motion {

// The pictures looked at, and their reduced copies.
struct Samples {
  std::vector<std::size_t> picture;
  std::vector<double> time_s;  // since the first
  std::vector<cv::Mat> image;
  double scale = 1.0;  // working = scale * encoded
};

}  // namespace motion
namespace {

using motion::Blob;
using motion::GroundView;
using motion::Homography;
using motion::Moment;
using motion::Samples;

constexpr double kCompare_s = 1.0;      // a vehicle moves its own length in about this time
constexpr double kMinCompare_s = 0.09;  // with less there is nothing to compare
constexpr int kMaxSamples = 1000;       // a segment
constexpr double kCoarseGsd_m = 0.8;
constexpr int kMinSide = 64;   // pixels
constexpr int kMaxAspect = 8;  // longer side over shorter
constexpr int kOverlaySamples = 6;
constexpr int kSymbolReachPx = 12;
constexpr double kGoodOverlapShare = 0.6;
constexpr double kMinOverlapShare = 0.3;
constexpr double kFirmDisplacementPx = 3.0;  // over 60 % of a segment: reliably seen as moving

// Ground sample distance at the middle of the picture.
std::optional<double> CentreGsd(const MotionPicture& picture, const Terrain& terrain) {
  if (!picture.pose) return std::nullopt;
  const auto centre =
      GroundFromPixelWithCovariance(*picture.pose, picture.pose_sigma, picture.pose->width_px / 2.0,
                                    picture.pose->height_px / 2.0, terrain);
  if (!centre) return std::nullopt;
  const double gsd = GroundSampleDistanceM(*picture.pose, centre->slant_range_m);
  if (!std::isfinite(gsd) || gsd <= 0) return std::nullopt;
  return gsd;
}

// A field of view that a camera can have; anything else is no pose.
bool Usable(const CameraPose& pose) {
  const auto fine = [](Angle fov) { return fov.deg() > 0.01 && fov.deg() < 150; };
  return fine(pose.horizontal_fov) && fine(pose.vertical_fov) && pose.width_px > 0 &&
         pose.height_px > 0;
}

std::vector<bool> ChooseSamples(const std::vector<MotionPicture>& pictures,
                                const MotionOptions& options) {
  std::vector<bool> wanted(pictures.size(), false);
  if (pictures.empty()) return wanted;
  const Duration length = pictures.back().time - pictures.front().time;
  // Short segments need every picture they have; endless ones are thinned out.
  const Duration longest = std::min(options.sample_period, length / 20);
  const Duration period = std::max(longest, length / kMaxSamples);
  std::optional<Instant> last;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const Duration since = last ? pictures[i].time - *last : Duration();
    if (last && (since <= Duration() || since < period * 9 / 10)) continue;
    wanted[i] = true;
    last = pictures[i].time;
  }
  return wanted;
}

// Whole-number reductions are cheap and sharp: taken when they are near enough.
double WorkingScale(double encoded_gsd_m, const MotionOptions& options, int shorter_px) {
  double scale = std::min(1.0, encoded_gsd_m / options.working_gsd_m);
  scale = std::min(1.0, std::max(scale, static_cast<double>(kMinSide) / shorter_px));
  const double whole = std::round(1.0 / scale);
  if (std::abs(scale * whole - 1.0) < 0.15 && shorter_px / whole >= kMinSide) scale = 1.0 / whole;
  return scale;
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
    const std::vector<double>& times, std::size_t m, double longest_s) {
  const double t = times[m], before = t - times.front(), after = times.back() - t;
  const double symmetric = std::min({before, after, longest_s});
  const double later = std::min(after / 2, longest_s), earlier = std::min(before / 2, longest_s);
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

// Samples spread over the segment.
std::vector<std::size_t> Spread(std::size_t count) {
  std::vector<std::size_t> few;
  const std::size_t step = std::max<std::size_t>(1, count / kOverlaySamples);
  for (std::size_t i = 0; i < count; i += step) few.push_back(i);
  return few;
}

cv::Mat StillEdgesOf(const Samples& samples) {
  std::vector<const cv::Mat*> few;
  for (const std::size_t i : Spread(samples.image.size())) few.push_back(&samples.image[i]);
  return motion::StillEdges(few);
}

// The symbols among the still edges, now that the ground has been followed.
cv::Mat ConfirmedOverlay(const Samples& samples, const cv::Mat& still_edges,
                         motion::Registration& registration) {
  if (still_edges.empty()) return {};
  std::vector<motion::CarriedPicture> pairs;
  const std::vector<std::size_t> few = Spread(samples.image.size());
  for (const auto& [from, to] : {std::pair{few.front(), few[few.size() / 2]},
                                 {few[few.size() / 2], few.back()},
                                 {few.front(), few.back()}}) {
    const auto h = registration.Relate(static_cast<int>(from), static_cast<int>(to));
    if (h) pairs.push_back({&samples.image[from], &samples.image[to], *h});
  }
  std::vector<Homography> from_first;
  for (std::size_t i = 1; i < few.size(); ++i) {
    const auto h = registration.Relate(static_cast<int>(few.front()), static_cast<int>(few[i]));
    if (h) from_first.push_back(*h);
  }
  if (from_first.size() + 1 < few.size()) from_first.clear();  // nobody knows
  return motion::ConfirmOverlay(motion::EdgesWhereGroundMoves(still_edges, from_first), pairs);
}

// Marks the patches that lie within a few pixels of a burnt-in symbol.
void MarkSymbols(const cv::Mat& overlay, std::vector<Blob>& blobs) {
  if (overlay.empty()) return;
  const cv::Rect frame(0, 0, overlay.cols, overlay.rows);
  for (Blob& blob : blobs) {
    const cv::Rect around(blob.x - kSymbolReachPx, blob.y - kSymbolReachPx,
                          blob.width + 2 * kSymbolReachPx, blob.height + 2 * kSymbolReachPx);
    blob.near_symbol = cv::countNonZero(overlay(around & frame)) > 0;
  }
}

void Say(const MotionOptions& options, const char* step) {
  if (options.on_step) options.on_step(step);
}

void Compare(const Samples& samples, const cv::Mat& overlay, double working_gsd_m,
             const MotionOptions& options, motion::Registration& registration,
             std::vector<Moment>& moments) {
  const int middle = static_cast<int>(moments.size() / 2);
  for (std::size_t m = 0; m < moments.size(); ++m) {
    Moment& moment = moments[m];
    const auto present = static_cast<int>(m);
    Say(options, "register");
    const auto stable = registration.Relate(present, middle);
    // A camera that turns fast leaves little common ground after a second: then compare sooner.
    std::optional<std::pair<std::size_t, std::size_t>> references;
    std::optional<Homography> to_a, to_b;
    double share = 0;
    for (double longest_s = kCompare_s; longest_s > 0.2; longest_s /= 2) {
      const auto next = ChooseReferences(samples.time_s, m, longest_s);
      if (!next) break;
      references = next;
      to_a = registration.Relate(present, static_cast<int>(next->first));
      to_b = registration.Relate(present, static_cast<int>(next->second));
      if (!to_a || !to_b) continue;
      share = motion::ViewOfAll(samples.image[m].size(), *to_a, *to_b).share;
      if (share > kGoodOverlapShare) break;
    }
    if (!references) {
      moment.failure = "segment too short to compare pictures";
      continue;
    }
    if (!stable || !to_a || !to_b) {
      moment.failure = "registration failed";
      continue;
    }
    if (share < kMinOverlapShare) {
      moment.failure = "pictures of the segment hardly overlap";
      continue;
    }
    const auto [a, b] = *references;
    Say(options, "difference");
    const motion::Difference difference = motion::ThreeFrameDifference(
        samples.image[m], overlay, {&samples.image[a], &overlay, *to_a},
        {&samples.image[b], &overlay, *to_b});
    moment.compared = true;
    moment.stable_from_working = *stable;
    moment.noise = difference.noise;
    moment.level = cv::mean(samples.image[m])[0];
    moment.overlap_share = difference.overlap_share;
    for (const cv::Point2f& p : difference.overlap) moment.overlap.emplace_back(p.x, p.y);
    Say(options, "label");
    moment.blobs =
        motion::FindBlobs(difference.change, Thresholds(difference.noise, working_gsd_m));
    MarkSymbols(overlay, moment.blobs);
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
      if (blob.symbol) continue;
      // Far larger than anything sought: a change of light, or a mistake of registration.
      if (size * working_gsd_m > 4 * options.max_size_m) continue;
      here.push_back({motion::Apply(moment.stable_from_working, blob.centroid), size, i});
    }
  }
  motion::ImageTrackerOptions tracker;
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

// Holds the poses against the registration: where each puts the middle of the middle picture.
motion::PoseRefinement RefineSegment(const std::vector<Moment>& moments,
                                     const std::vector<GroundView>& views, cv::Size size) {
  const Eigen::Vector2d stable(0.5 * (size.width - 1), 0.5 * (size.height - 1));
  std::vector<motion::PoseSighting> sightings;
  for (std::size_t m = 0; m < moments.size(); ++m) {
    if (!moments[m].compared || !views[m].georeferenced()) continue;
    const Eigen::Vector2d working = motion::Apply(moments[m].stable_from_working.inverse(), stable);
    // Far outside the picture the homography is a guess.
    if (working.x() < -stable.x() || working.x() > 3 * stable.x() || working.y() < -stable.y() ||
        working.y() > 3 * stable.y()) {
      continue;
    }
    const auto ground = views[m].Locate(working, 0);
    if (!ground) continue;
    sightings.push_back({ground->position, ground->cov_en_m2});
  }
  return motion::RefinePoses(sightings);
}

void Refine(const motion::PoseRefinement& poses, MotionMoment& out) {
  out.position_sigma_stated_m = poses.stated_sigma_m;
  out.position_scatter_m = poses.scatter_m;
  out.georeference_note = poses.note;
  // Places stay those of each picture's own pose: on the only real clip with recorded places the
  // mean of a segment lies further from them (24 m against 6 m).
  if (!out.georeferenced || !poses.disagree) return;
  for (Detection& detection : out.detections) {
    detection.cov_en_m2 = poses.transform * detection.cov_en_m2 * poses.transform.transpose();
  }
}

void Report(const Moment& moment, const GroundView& view, const MotionPicture& picture,
            MotionMoment& out) {
  out.picture = moment.picture;
  out.time = picture.time;
  out.georeferenced = picture.pose.has_value();
  if (!moment.compared) {
    out.degraded_reason = moment.failure;
    return;
  }
  out.footprint = view.Project(moment.overlap);
  if (!picture.pose) {
    out.degraded_reason = "no platform pose";
  } else if (out.footprint.empty()) {
    out.degraded_reason = "horizon in view";
  }
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
  thin += other.thin;
  ghost += other.ghost;
  symbol += other.symbol;
  parallax += other.parallax;
  duplicate += other.duplicate;
  return *this;
}

MotionDetector::MotionDetector(std::vector<MotionPicture> pictures, const MotionOptions& options,
                               const Terrain& terrain)
    : pictures_(std::move(pictures)),
      options_(options),
      terrain_(terrain),
      encoded_gsd_m_(options.assumed_gsd_m),
      samples_(std::make_unique<Samples>()) {
  std::optional<double> gsd;
  for (MotionPicture& picture : pictures_) {
    if (picture.pose && !Usable(*picture.pose)) picture.pose.reset();
    // One scale for the segment, from the first picture whose middle is on the ground.
    if (!gsd) gsd = CentreGsd(picture, terrain_);
  }
  encoded_gsd_m_ = gsd.value_or(options_.assumed_gsd_m);
  wanted_ = ChooseSamples(pictures_, options_);
}

MotionDetector::~MotionDetector() = default;

bool MotionDetector::Wants(std::size_t picture) const {
  return picture < wanted_.size() && wanted_[picture];
}

void MotionDetector::Add(std::size_t picture, int width_px, int height_px, Bytes luma) {
  if (width_px <= 0 || height_px <= 0 ||
      luma.size() != static_cast<std::size_t>(width_px) * static_cast<std::size_t>(height_px)) {
    return;
  }
  Add(picture, width_px, height_px, luma.data(), width_px);
}

void MotionDetector::Add(std::size_t picture, int width_px, int height_px, const std::uint8_t* luma,
                         std::ptrdiff_t stride) {
  Samples& samples = *samples_;
  if (!Wants(picture) || (!samples.picture.empty() && picture <= samples.picture.back())) return;
  const int shorter = std::min(width_px, height_px), longer = std::max(width_px, height_px);
  if (shorter < kMinSide || longer > kMaxAspect * shorter) return;
  if (samples.picture.empty()) {
    width_px_ = width_px;
    height_px_ = height_px;
    samples.scale = WorkingScale(encoded_gsd_m_, options_, shorter);
  } else if (width_px != width_px_ || height_px != height_px_) {
    return;
  }
  // The field of view is of the whole picture, whatever its size was said to be.
  if (auto& pose = pictures_[picture].pose) {
    pose->width_px = width_px;
    pose->height_px = height_px;
  }
  Say(options_, "reduce");
  // OpenCV has no read-only view; the picture is only read.
  const cv::Mat full(height_px, width_px, CV_8U, const_cast<std::uint8_t*>(luma),
                     static_cast<std::size_t>(stride));
  cv::Mat image;
  if (samples.scale < 1.0) {
    cv::resize(full, image, {}, samples.scale, samples.scale, cv::INTER_AREA);
  }
  // Averaging over a reduced pixel already quietens the noise; vehicles of two pixels bear no blur.
  if (samples.scale > 0.7 && encoded_gsd_m_ < kCoarseGsd_m) {
    cv::GaussianBlur(image.empty() ? full : image, image, {3, 3}, 0.8);
  }
  if (image.empty()) image = full.clone();
  samples.picture.push_back(picture);
  samples.time_s.push_back(
      (pictures_[picture].time - pictures_[samples.picture[0]].time).seconds());
  samples.image.push_back(std::move(image));
}

MotionResult MotionDetector::Finish() {
  MotionResult result;
  const Samples& samples = *samples_;
  if (samples.picture.empty()) return result;
  const motion::RaisedTerrain raised(terrain_, options_.object_height_m / 2);
  const double working_gsd = encoded_gsd_m_ / samples.scale;

  Say(options_, "overlay");
  const cv::Mat still_edges = StillEdgesOf(samples);
  cv::Mat followable = motion::OverlayOfEdges(still_edges);
  if (!followable.empty()) cv::bitwise_not(followable, followable);
  Say(options_, "register");
  motion::Registration registration;
  for (const cv::Mat& image : samples.image) registration.Add(image, followable);
  Say(options_, "overlay");
  const cv::Mat overlay = ConfirmedOverlay(samples, still_edges, registration);

  std::vector<Moment> moments(samples.picture.size());
  std::vector<GroundView> views;
  for (std::size_t m = 0; m < moments.size(); ++m) {
    moments[m].picture = samples.picture[m];
    moments[m].time_s = samples.time_s[m];
    views.emplace_back(pictures_[samples.picture[m]], samples.scale, raised,
                       options_.assumed_gsd_m);
  }
  Compare(samples, overlay, working_gsd, options_, registration, moments);
  Say(options_, "associate");
  motion::MarkTapes(moments);
  const auto tracks = Follow(moments, working_gsd, options_);
  Say(options_, "select");
  const auto movers = motion::SelectMovers(tracks, moments, views, samples.image, pictures_,
                                           options_, result.counts);
  Say(options_, "refine");
  const motion::PoseRefinement poses = RefineSegment(moments, views, samples.image.front().size());
  Say(options_, "report");

  const double span = samples.time_s.back();
  for (const std::size_t m : ReportMoments(samples.time_s, options_.observation_period)) {
    MotionMoment out;
    out.min_detectable_speed_mps = options_.min_speed_mps;
    if (span > 0) {
      out.min_detectable_speed_mps =
          std::max(options_.min_speed_mps, kFirmDisplacementPx * working_gsd / (0.6 * span));
    }
    Report(moments[m], views[m], pictures_[samples.picture[m]], out);
    if (moments[m].compared) {
      motion::AddDetections(movers, m, moments, views[m], samples.image, options_, out);
    }
    Refine(poses, out);
    result.moments.push_back(std::move(out));
  }
  return result;
}

}  // namespace trucewatch
