// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/clip_lens.h"

#include <fmt/format.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "tools/simulate/clip/yard.h"
#include "tools/simulate/scene_renderer.h"

namespace trucewatch::clip {
namespace {

constexpr std::size_t kTile = 1 << 19;
constexpr double kFullTurn = 2 * std::numbers::pi;
constexpr double kCloudTexelM = 8;
constexpr int kCloudSize = 512;  // the pattern goes on mirrored

std::int8_t Clipped(double value) {
  return static_cast<std::int8_t>(std::lround(std::clamp(value, -120.0, 120.0)));
}

// One row of light: value * gain + offset (both 1/256, straight lines over the row), noise,
// pattern.
void ExposeRow(std::uint8_t* row, int width, float gain_left, float gain_right, float offset_left,
               float offset_right, const std::int8_t* noise, const std::int8_t* pattern) {
  const float gain_step = (gain_right - gain_left) / static_cast<float>(width);
  const float offset_step = (offset_right - offset_left) / static_cast<float>(width);
  for (int c = 0; c < width; ++c) {
    const auto x = static_cast<float>(c);
    const float value = static_cast<float>(row[c]) * (gain_left + gain_step * x) + offset_left +
                        offset_step * x + static_cast<float>(noise[c]) +
                        static_cast<float>(pattern[c]);
    row[c] = static_cast<std::uint8_t>(std::min(235.0F, std::max(16.0F, value)));
  }
}

void Letter(cv::Mat& luma, const std::string& text, const cv::Point& at, double scale) {
  cv::putText(luma, text, at, cv::FONT_HERSHEY_PLAIN, scale, cv::Scalar(20), 3, cv::LINE_8);
  cv::putText(luma, text, at, cv::FONT_HERSHEY_PLAIN, scale, cv::Scalar(232), 1, cv::LINE_8);
}

}  // namespace

ClipLens::ClipLens(const ClipPlan& plan, const ClipFlight& flight)
    : plan_(plan),
      flight_(flight),
      noise_(kTile),
      mark_(simulate::ExerciseMark(static_cast<int>(plan.scene.width_px()),
                                   static_cast<int>(plan.scene.height_px()))) {
  simulate::Random random(plan.seed, "clip noise");
  for (std::int8_t& sample : noise_) sample = Clipped(plan.noise * random.Normal());
  const auto width = static_cast<std::size_t>(plan.sensor_width_px());
  pattern_.resize(width * static_cast<std::size_t>(plan.sensor_height_px()));
  simulate::Random fixed(plan.seed, "fixed pattern");
  std::vector<double> column(width);
  for (double& value : column) value = 0.8 * plan.fixed_pattern * fixed.Normal();
  for (std::size_t i = 0; i < pattern_.size(); ++i) {
    pattern_[i] = Clipped(column[i % width] +
                          0.6 * plan.fixed_pattern * (plan.fixed_pattern > 0 ? fixed.Normal() : 0));
  }
  if (plan.cloud_shadow > 0) {
    cv::Mat small(kCloudSize / 32, kCloudSize / 32, CV_8U);
    cv::RNG clouds(simulate::Mix(plan.seed ^ 0xc10d));
    clouds.fill(small, cv::RNG::UNIFORM, 0, 256);
    cv::resize(small, clouds_, cv::Size(kCloudSize, kCloudSize), 0, 0, cv::INTER_CUBIC);
    // To shares of light: clear, or in shadow, with soft edges.
    for (int r = 0; r < clouds_.rows; ++r) {
      for (int c = 0; c < clouds_.cols; ++c) {
        const double x = std::clamp((clouds_.at<std::uint8_t>(r, c) - 120) / 40.0, 0.0, 1.0);
        clouds_.at<std::uint8_t>(r, c) =
            static_cast<std::uint8_t>(std::lround(255 * (1 - plan.cloud_shadow * x)));
      }
    }
  }
}

double ClipLens::ExposureAt(double t_s) const {
  const double weather = plan_.is_day() ? WeatherAt(plan_, t_s).light : 1;
  if (plan_.exposure_swing <= 0 || plan_.exposure_period_s <= 0) return weather;
  const double phase = kFullTurn * simulate::Random(plan_.seed, "exposure phase").Uniform();
  return weather +
         plan_.exposure_swing * std::sin(kFullTurn * t_s / plan_.exposure_period_s + phase);
}

void ClipLens::ShadeClouds(const simulate::View& view, double t_s, Canvas& canvas) const {
  // Quarter size is plenty: the edges are soft.
  constexpr int kStep = 4;
  const Eigen::Matrix3d ground_from_image = view.image_from_ground().inverse();
  Eigen::Matrix3d texel_from_en, point_from_index;
  // With the wind; over a day far beyond what a warp can hold, so within the mirrored pattern.
  const double drift = std::fmod(9 * t_s / kCloudTexelM, 2.0 * kCloudSize);
  texel_from_en << 1 / kCloudTexelM, 0, 0.5 * kCloudSize + drift, 0, -1 / kCloudTexelM,
      0.5 * kCloudSize, 0, 0, 1;
  point_from_index << kStep, 0, 0.5 * kStep, 0, kStep, 0.5 * kStep, 0, 0, 1;
  const Eigen::Matrix3d m = texel_from_en * ground_from_image * point_from_index;
  cv::Mat map(3, 3, CV_64F);
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) map.at<double>(r, c) = m(r, c);
  }
  cv::Mat small(canvas.height_px / kStep, canvas.width_px / kStep, CV_8U), light;
  cv::warpPerspective(clouds_, small, map, small.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                      cv::BORDER_REFLECT);
  cv::resize(small, light, cv::Size(canvas.width_px, canvas.height_px), 0, 0, cv::INTER_LINEAR);
  cv::Mat luma(canvas.height_px, canvas.width_px, CV_8U, canvas.y.data());
  cv::multiply(luma, light, luma, 1.0 / 255);
}

void ClipLens::Expose(const simulate::View& view, double t_s, int frame, int field,
                      Canvas& canvas) const {
  const double rain = plan_.is_day() ? WeatherAt(plan_, t_s).rain : 0;
  if (plan_.cloud_shadow > 0 && (!plan_.is_day() || WeatherAt(plan_, t_s).direct > 0.6)) {
    ShadeClouds(view, t_s, canvas);
  }
  Fade(canvas);
  if (rain > 0) Rain(rain, frame, canvas);
  cv::Mat luma(canvas.height_px, canvas.width_px, CV_8U, canvas.y.data());
  if (plan_.blur_px > 0.2) {
    const int size = plan_.blur_px <= 0.8 ? 3 : plan_.blur_px <= 1.4 ? 5 : 9;
    cv::GaussianBlur(luma, luma, cv::Size(size, size), plan_.blur_px);
  }
  // Distance along the rays of the left and right edge, relative to the middle of the picture.
  const Eigen::Matrix3d ground_from_image = view.image_from_ground().inverse();
  const auto range = [&](double u, double v) {
    const Eigen::Vector3d g = ground_from_image * Eigen::Vector3d(u, v, 1);
    const Eigen::Vector3d ground(g.x() / g.z(), g.y() / g.z(), 0);
    return (ground - view.camera_enu_m()).norm();
  };
  const double middle = range(0.5 * canvas.width_px, 0.5 * canvas.height_px);
  const double exposure = ExposureAt(t_s);
  const double pivot = plan_.thermal() ? 104 : 112, air = plan_.thermal() ? 112 : 186;
  const double contrast = plan_.contrast, haze = plan_.haze + 0.5 * rain;
  simulate::Random random(plan_.seed, "clip noise offset",
                          static_cast<std::uint64_t>(2 * frame + field));
  const auto width = static_cast<std::size_t>(canvas.width_px);
  for (int row = 0; row < canvas.height_px; ++row) {
    float gain[2], offset[2];
    for (int side = 0; side < 2; ++side) {
      const double through =
          haze > 0 ? std::exp(-haze * range(side * canvas.width_px, row + 0.5) / middle) : 1;
      // Light above black: contrast about its mean, then haze, then exposure.
      gain[side] = static_cast<float>(exposure * through * contrast);
      offset[side] = static_cast<float>(
          16 + exposure * (through * (pivot - contrast * pivot) + (1 - through) * air - 16) + 0.5);
    }
    const std::int8_t* noise = noise_.data() + random.Below(kTile - width);
    ExposeRow(canvas.y.data() + static_cast<std::size_t>(row) * width, canvas.width_px, gain[0],
              gain[1], offset[0], offset[1], noise,
              pattern_.data() + static_cast<std::size_t>(row) * width);
  }
}

// Streaks of falling drops, a few hundred, thin and bright.
void ClipLens::Rain(double rain, int frame, Canvas& canvas) const {
  simulate::Random random(plan_.seed, "drops", static_cast<std::uint64_t>(frame));
  cv::Mat luma(canvas.height_px, canvas.width_px, CV_8U, canvas.y.data());
  const double slant = random.Uniform(-0.4, 0.4);
  const int count = static_cast<int>(rain * 1.2e-3 * canvas.width_px * canvas.height_px);
  for (int i = 0; i < count; ++i) {
    const auto x = static_cast<int>(random.Below(static_cast<std::uint64_t>(canvas.width_px)));
    const auto y = static_cast<int>(random.Below(static_cast<std::uint64_t>(canvas.height_px - 1)));
    const int length = 4 + static_cast<int>(random.Below(16));
    const double light = random.Uniform(6, 26);
    for (int k = 0; k < length; ++k) {
      const int column = x + static_cast<int>(slant * k);
      if (y + k >= canvas.height_px || column < 0 || column >= canvas.width_px) break;
      std::uint8_t& sample = luma.at<std::uint8_t>(y + k, column);
      sample = static_cast<std::uint8_t>(std::min(235.0, sample + light));
    }
  }
}

void ClipLens::Fade(Canvas& canvas) const {
  if (!canvas.colour || plan_.haze <= 0.05) return;
  const float through = static_cast<float>(std::exp(-plan_.haze));  // in the middle of the picture
  for (auto* plane : {&canvas.u, &canvas.v}) {
    for (std::uint8_t& sample : *plane) {
      sample = static_cast<std::uint8_t>(128.5F + (static_cast<float>(sample) - 128.0F) * through);
    }
  }
}

void ClipLens::Place(const Canvas& canvas, int field, simulate::YuvPicture& picture) const {
  const auto plane = [&](const std::vector<std::uint8_t>& from, int w, int h,
                         std::vector<std::uint8_t>& to, int tw, int th) {
    const cv::Mat source(h, w, CV_8U, const_cast<std::uint8_t*>(from.data()));  // only read
    cv::Mat target(th, tw, CV_8U, to.data());
    if (plan_.interlaced) {
      cv::Mat enlarged = source;
      if (w != tw || h != th) cv::resize(source, enlarged, target.size(), 0, 0, cv::INTER_CUBIC);
      for (int r = field; r < th; r += 2) enlarged.row(r).copyTo(target.row(r));
    } else if (w == tw && h == th) {
      source.copyTo(target);
    } else {
      cv::resize(source, target, target.size(), 0, 0, cv::INTER_CUBIC);
    }
  };
  plane(canvas.y, canvas.width_px, canvas.height_px, picture.y, picture.width_px,
        picture.height_px);
  if (!canvas.colour) {
    std::fill(picture.u.begin(), picture.u.end(), std::uint8_t{128});
    std::fill(picture.v.begin(), picture.v.end(), std::uint8_t{128});
    return;
  }
  plane(canvas.u, canvas.width_px / 2, canvas.height_px / 2, picture.u, picture.width_px / 2,
        picture.height_px / 2);
  plane(canvas.v, canvas.width_px / 2, canvas.height_px / 2, picture.v, picture.width_px / 2,
        picture.height_px / 2);
}

void ClipLens::Burn(double t_s, int frame, simulate::YuvPicture& picture) const {
  cv::Mat luma(picture.height_px, picture.width_px, CV_8U, picture.y.data());
  if (plan_.overlay) {
    const int w = picture.width_px, h = picture.height_px;
    const double scale = std::clamp(h / 720.0, 0.6, 2.5);
    const int line = static_cast<int>(16 * scale);
    const cv::Point c(w / 2, h / 2);
    for (const auto& [a, b] : {std::pair(cv::Point(c.x - 30, c.y), cv::Point(c.x - 10, c.y)),
                               {cv::Point(c.x + 10, c.y), cv::Point(c.x + 30, c.y)},
                               {cv::Point(c.x, c.y - 30), cv::Point(c.x, c.y - 10)},
                               {cv::Point(c.x, c.y + 10), cv::Point(c.x, c.y + 30)}}) {
      cv::line(luma, a, b, cv::Scalar(20), 3);
      cv::line(luma, a, b, cv::Scalar(232), 1);
    }
    const CameraPose pose = flight_.MetadataPose(frame);
    Letter(luma, FormatUtc(flight_.TimeOf(frame)).substr(0, 21), {12, line + 4}, scale);
    Letter(luma,
           fmt::format("ACFT {:9.5f} {:10.5f}", pose.position.latitude.deg(),
                       pose.position.longitude.deg()),
           {12, 2 * line + 6}, scale);
    Letter(luma,
           fmt::format("ALT {:5.0f} HDG {:05.1f}", pose.position.height_hae_m,
                       pose.platform_heading.deg()),
           {12, 3 * line + 8}, scale);
    Letter(luma, fmt::format("FOV {:4.1f}", pose.horizontal_fov.deg()),
           {w - static_cast<int>(110 * scale), line + 4}, scale);
    // A heading tape that slides along the upper edge.
    const double heading = pose.platform_heading.deg() + pose.sensor_azimuth.deg();
    for (int tick = -6; tick <= 6; ++tick) {
      const double at = std::floor(heading / 5) * 5 + 5 * tick;
      const int x = c.x + static_cast<int>(std::lround((at - heading) * 6 * scale));
      cv::line(luma, {x, 6}, {x, 6 + static_cast<int>(8 * scale)}, cv::Scalar(232), 1);
    }
    // The beam of a rangefinder blinks.
    if (std::fmod(t_s, 1.0) < 0.5)
      Letter(luma, "LRF ARMED", {w - static_cast<int>(110 * scale), 2 * line + 6}, scale);
  }
  for (int row = std::max(0, picture.height_px - 48); row < picture.height_px; ++row) {
    const std::uint8_t* mark = mark_.ptr<std::uint8_t>(row);
    std::uint8_t* y = luma.ptr<std::uint8_t>(row);
    for (int c = 0; c < picture.width_px; ++c) {
      if (mark[c] != 0) y[c] = mark[c] == 2 ? 225 : 30;
    }
  }
}

}  // namespace trucewatch::clip
