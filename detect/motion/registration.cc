// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/registration.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <opencv2/calib3d.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

namespace trucewatch::motion {
namespace {

constexpr int kMaxCorners = 160;
constexpr int kRefreshEvery = 10;         // pictures
constexpr double kCornerDistancePx = 11;  // small pixels
constexpr double kCornerQuality = 0.004;  // of the best corner
constexpr double kContrast = 40;          // grey levels, standard deviation after levelling
constexpr int kPyramidLevels = 3;
const cv::Size kWindow(15, 15);
// Of pictures with so little contrast (standard deviation, grey levels) more is looked at, and the
// columns of an infrared detector show.
constexpr double kFaint = 8;
const cv::Size kFaintWindow(21, 21);
constexpr int kStripeAbout = 15;        // columns
constexpr double kInlierPx = 0.8;       // small pixels
constexpr double kUsual = 1.4;          // times the usual misfit is usual still
constexpr double kTrustExpected = 1.2;  // how much worse the expected motion may fit
constexpr int kMinCommon = 24;
constexpr double kMinInlierShare = 0.5;

// A map that a camera can make between two pictures of one scene: no mirror, no change of area past
// 4 times.
bool Plausible(const Homography& h, cv::Size size) {
  if (!h.allFinite()) return false;
  const double w = size.width, ht = size.height;
  for (const auto& [x, y] : {std::pair{0.0, 0.0}, {w, 0.0}, {0.0, ht}, {w, ht}}) {
    const double z = h(2, 0) * x + h(2, 1) * y + h(2, 2);
    if (z < 0.3 || z > 3.0) return false;
    // Change of area at the point: determinant of the homography over the cube of its denominator.
    const double area = h.determinant() / (z * z * z);
    if (area < 0.25 || area > 4.0) return false;
  }
  return true;
}

// Without what a column has in all its height and its neighbours have not: the columns of an
// infrared detector differ, and corners of such stripes stay on the screen. Medians: neither the
// ground nor burnt-in symbols have that shape. 32-bit floats.
cv::Mat WithoutStripes(const cv::Mat& picture) {
  cv::Mat smooth, columns;
  cv::blur(picture, smooth, {kStripeAbout, 1});
  cv::transpose(picture - smooth, columns);
  cv::Mat plain = picture.clone();
  for (int x = 0; x < columns.rows; ++x) {
    auto* first = columns.ptr<float>(x);
    auto* middle = first + columns.cols / 2;
    std::nth_element(first, middle, first + columns.cols);
    plain.col(x) -= *middle;
  }
  return plain;
}

// Mean absolute difference of two coarse pictures when `to` is shifted back by whole pixels; large
// when they hardly overlap.
double ShiftMisfit(const cv::Mat& from, const cv::Mat& to, cv::Point shift) {
  const cv::Rect frame(0, 0, from.cols, from.rows);
  const cv::Rect there = (frame + shift) & frame;
  if (there.area() * 4 < frame.area()) return 255;
  return cv::norm(from(there - shift), to(there), cv::NORM_L1) / there.area();
}

// The likelier of two first guesses of how `from` moves to `to`: the one given, and a shift found
// by phase correlation of the coarse pictures (levels of the pyramids, every second entry). The
// correlation is dear and is left out while the expected motion fits as well as it usually does.
Homography FirstGuess(const std::vector<cv::Mat>& from, const std::vector<cv::Mat>& to,
                      const Homography& expected, std::optional<double>& usual_misfit) {
  const std::size_t level = std::min<std::size_t>(4, (from.size() - 1) / 2 * 2);
  const cv::Mat &a = from[level], &b = to[level];
  const double scale = static_cast<double>(from[0].cols) / a.cols;
  const Eigen::Vector2d middle(from[0].cols / 2.0, from[0].rows / 2.0);
  const Eigen::Vector2d moved = Apply(expected, middle) - middle;
  const double as_expected =
      ShiftMisfit(a, b, {cvRound(moved.x() / scale), cvRound(moved.y() / scale)});
  if (usual_misfit && as_expected <= kUsual * *usual_misfit) {
    usual_misfit = 0.8 * *usual_misfit + 0.2 * as_expected;
    return expected;
  }
  cv::Mat a_real, b_real, window;
  a.convertTo(a_real, CV_32F);
  b.convertTo(b_real, CV_32F);
  cv::createHanningWindow(window, a.size(), CV_32F);
  const cv::Point2d shift = cv::phaseCorrelate(a_real, b_real, window);
  const double as_shifted = ShiftMisfit(a, b, {cvRound(shift.x), cvRound(shift.y)});
  usual_misfit = std::max(1.0, std::min(as_expected, as_shifted));
  if (as_expected <= kTrustExpected * as_shifted) return expected;
  Homography jerk = Homography::Identity();
  jerk(0, 2) = shift.x * scale;
  jerk(1, 2) = shift.y * scale;
  return jerk;
}

}  // namespace

void Registration::Add(const cv::Mat& picture, const cv::Mat& mask) {
  cv::Mat small_mask = mask;
  cv::Size shrunk = picture.size();
  const int side = std::max(picture.cols, picture.rows);
  if (side > kMaxSide) {
    scale_ = static_cast<double>(kMaxSide) / side;
    shrunk = {std::max(16, static_cast<int>(std::lround(picture.cols * scale_))),
              std::max(16, static_cast<int>(std::lround(picture.rows * scale_)))};
    if (!mask.empty()) cv::resize(mask, small_mask, shrunk, 0, 0, cv::INTER_NEAREST);
  }
  cv::Mat small = picture;
  if (shrunk != picture.size()) cv::resize(picture, small, shrunk, 0, 0, cv::INTER_AREA);
  // Following assumes constant brightness: automatic exposure is taken out first.
  cv::Scalar mean, sigma;
  cv::meanStdDev(small, mean, sigma, small_mask);
  if (pyramids_.empty()) faint_ = sigma[0] < kFaint;
  if (faint_) {
    // Whole grey levels are too coarse.
    picture.convertTo(small, CV_32F);
    if (shrunk != picture.size()) cv::resize(small, small, shrunk, 0, 0, cv::INTER_AREA);
    small = WithoutStripes(small);
    cv::meanStdDev(small, mean, sigma, small_mask);
  }
  const double gain = kContrast / std::max(4.0, sigma[0]);
  cv::Mat even;
  small.convertTo(even, CV_8U, gain, 128 - gain * mean[0]);
  small = even;
  std::vector<cv::Mat> pyramid;
  cv::buildOpticalFlowPyramid(small, pyramid, Window(), kPyramidLevels);
  pyramids_.push_back(std::move(pyramid));
  if (size() > 1) Follow();
  const bool thin = alive_.size() < alive_after_refresh_ * 7 / 10;
  if (size() == 1 || thin || size() - last_refresh_ >= kRefreshEvery) Refresh(small, small_mask);
  // Only the newest pyramid is needed to go on.
  if (size() > 1) pyramids_[static_cast<std::size_t>(size() - 2)].clear();
}

cv::Size Registration::Window() const { return faint_ ? kFaintWindow : kWindow; }

void Registration::Follow() {
  const int now = size() - 1;
  last_step_ = now > 1 ? last_step_ : std::nullopt;
  if (alive_.empty()) {
    last_step_.reset();
    return;
  }
  std::vector<cv::Point2f> before, after;
  for (const Trail& trail : alive_) before.push_back(trail.points.back());
  after = before;
  const auto& from = pyramids_[static_cast<std::size_t>(now - 1)];
  const auto& to = pyramids_[static_cast<std::size_t>(now)];
  // The camera goes on as before, or it jerks: the coarse pictures say which.
  const Homography guess =
      FirstGuess(from, to, last_step_.value_or(Homography::Identity()), usual_misfit_);
  for (cv::Point2f& p : after) {
    const Eigen::Vector2d q = Apply(guess, {p.x, p.y});
    p = {static_cast<float>(q.x()), static_cast<float>(q.y())};
  }
  std::vector<std::uint8_t> found;
  std::vector<float> error;
  cv::calcOpticalFlowPyrLK(
      from, to, before, after, found, error, Window(), kPyramidLevels,
      cv::TermCriteria(cv::TermCriteria::COUNT + cv::TermCriteria::EPS, 20, 0.02),
      cv::OPTFLOW_USE_INITIAL_FLOW, 1e-4);
  const cv::Rect2f inside(2, 2, static_cast<float>(to[0].cols - 4),
                          static_cast<float>(to[0].rows - 4));
  std::vector<Trail> kept;
  for (std::size_t i = 0; i < alive_.size(); ++i) {
    if (found[i] != 0 && inside.contains(after[i])) {
      alive_[i].points.push_back(after[i]);
      kept.push_back(std::move(alive_[i]));
    } else {
      ended_.push_back(std::move(alive_[i]));
    }
  }
  alive_ = std::move(kept);
  last_step_ = Direct(now - 1, now);
  if (!last_step_) {
    // Nobody knows which corners were followed rightly: none is.
    for (Trail& trail : alive_) {
      trail.points.pop_back();
      ended_.push_back(std::move(trail));
    }
    alive_.clear();
    return;
  }
  // A corner that does not move with the ground (a vehicle, a roof, a mistake) is given up at once.
  kept.clear();
  for (Trail& trail : alive_) {
    const cv::Point2f p = trail.points[trail.points.size() - 2];
    const cv::Point2f q = trail.points.back();
    const Eigen::Vector2d miss = Apply(*last_step_, {p.x, p.y}) - Eigen::Vector2d(q.x, q.y);
    if (miss.norm() < 2.0 * kInlierPx) {
      kept.push_back(std::move(trail));
    } else {
      trail.points.pop_back();
      ended_.push_back(std::move(trail));
    }
  }
  alive_ = std::move(kept);
}

void Registration::Refresh(const cv::Mat& small, const cv::Mat& small_mask) {
  last_refresh_ = size();
  cv::Mat free_area =
      small_mask.empty() ? cv::Mat(small.size(), CV_8U, cv::Scalar(255)) : small_mask.clone();
  for (const Trail& trail : alive_) {
    cv::circle(free_area, trail.points.back(), static_cast<int>(kCornerDistancePx), 0, cv::FILLED);
  }
  const int wanted = kMaxCorners - static_cast<int>(alive_.size());
  if (wanted > 0) {
    std::vector<cv::Point2f> corners;
    cv::goodFeaturesToTrack(small, corners, wanted, kCornerQuality, kCornerDistancePx, free_area,
                            5);
    for (const cv::Point2f& corner : corners) alive_.push_back({size() - 1, {corner}});
  }
  alive_after_refresh_ = alive_.size();
}

std::optional<Homography> Registration::Direct(int from, int to) const {
  const int low = std::min(from, to), high = std::max(from, to);
  std::vector<cv::Point2f> a, b;
  for (const auto* trails : {&ended_, &alive_}) {
    for (const Trail& trail : *trails) {
      if (trail.first > low || trail.first + static_cast<int>(trail.points.size()) <= high)
        continue;
      a.push_back(trail.points[static_cast<std::size_t>(from - trail.first)]);
      b.push_back(trail.points[static_cast<std::size_t>(to - trail.first)]);
    }
  }
  if (static_cast<int>(a.size()) < kMinCommon) return std::nullopt;
  try {
    std::vector<std::uint8_t> inliers;
    const cv::Mat found = cv::findHomography(a, b, cv::USAC_MAGSAC, kInlierPx, inliers, 300, 0.999);
    if (found.empty()) return std::nullopt;
    const auto good = static_cast<double>(std::count(inliers.begin(), inliers.end(), 1));
    if (good < kMinCommon * 0.6 || good < kMinInlierShare * static_cast<double>(a.size())) {
      return std::nullopt;
    }
    Homography h;
    for (int r = 0; r < 3; ++r) {
      for (int c = 0; c < 3; ++c) h(r, c) = found.at<double>(r, c);
    }
    if (!Plausible(h, pyramids_.back()[0].size())) return std::nullopt;
    return h;
  } catch (const cv::Exception&) {
    return std::nullopt;  // degenerate points
  }
}

std::optional<Homography> Registration::RelateSmall(int from, int to, int depth) {
  if (from == to) return Homography::Identity();
  const auto key = std::pair{from, to};
  if (const auto known = cache_.find(key); known != cache_.end()) return known->second;
  std::optional<Homography> result;
  if (const auto back = cache_.find({to, from}); back != cache_.end()) {
    if (back->second) result = back->second->inverse();
  } else {
    result = Direct(from, to);
    if (!result && std::abs(from - to) > 1 && depth < 6) {
      const int middle = (from + to) / 2;
      const auto first = RelateSmall(from, middle, depth + 1);
      const auto second = first ? RelateSmall(middle, to, depth + 1) : std::nullopt;
      if (second) result = *second * *first;
    }
  }
  cache_[key] = result;
  return result;
}

std::optional<Homography> Registration::Relate(int from, int to) {
  const auto small = RelateSmall(from, to, 0);
  if (!small) return std::nullopt;
  // Pixel centres: x_small + 1/2 = scale * (x + 1/2).
  Homography small_from_full = Homography::Identity();
  small_from_full(0, 0) = small_from_full(1, 1) = scale_;
  small_from_full(0, 2) = small_from_full(1, 2) = 0.5 * scale_ - 0.5;
  Homography h = small_from_full.inverse() * *small * small_from_full;
  h /= h(2, 2);
  return h;
}

}  // namespace trucewatch::motion
