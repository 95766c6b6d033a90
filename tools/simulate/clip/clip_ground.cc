// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/clip_ground.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "tools/simulate/box_models.h"
#include "tools/simulate/clip/yard.h"
#include "tools/simulate/plane_map.h"
#include "tools/simulate/random.h"
#include "tools/simulate/raster.h"

namespace trucewatch::clip {
namespace {

using simulate::Colour;
using simulate::FromRgb;
using v1::config::ClipScene;

constexpr int kShift = 4;  // fractional bits of OpenCV's drawing
constexpr double kMostTexels = 48e6;

struct GroundTones {
  Colour land, paved, unpaved, marking, kerb;
  double wide, middle, fine;  // amplitudes of the texture, grey levels
};

GroundTones TonesOf(const ClipPlan& plan) {
  GroundTones t;
  switch (plan.scene.ground()) {
    case ClipScene::DESERT:
      t = {FromRgb(204, 178, 138),
           FromRgb(140, 132, 122),
           FromRgb(216, 194, 156),
           FromRgb(214, 210, 200),
           FromRgb(206, 182, 144),
           5,
           3,
           2.2};
      break;
    case ClipScene::SNOW:
      t = {FromRgb(232, 236, 242),
           FromRgb(126, 128, 134),
           FromRgb(206, 210, 216),
           FromRgb(190, 192, 196),
           FromRgb(240, 242, 246),
           3,
           2,
           1.6};
      break;
    case ClipScene::YARD:
    case ClipScene::FIELDS:
      t = {FromRgb(128, 124, 88),
           FromRgb(112, 110, 106),
           FromRgb(186, 168, 136),
           FromRgb(220, 218, 210),
           FromRgb(140, 130, 96),
           6,
           7,
           7};
      break;
    default:
      t = {FromRgb(126, 120, 106),
           FromRgb(98, 98, 100),
           FromRgb(160, 150, 130),
           FromRgb(222, 222, 216),
           FromRgb(160, 156, 148),
           6,
           6,
           8};
  }
  if (plan.thermal()) {
    // Asphalt keeps the day's heat, fields lose it to the sky, snow and sand lie between.
    const auto grey = [](float y) { return Colour{y, 128, 128}; };
    t.land = grey(92), t.paved = grey(120), t.unpaved = grey(106), t.marking = grey(114),
    t.kerb = grey(110);
    t.wide *= 0.6, t.middle *= 0.5, t.fine *= 0.35;
  }
  return t;
}

Colour PlotColour(const ClipPlan& plan, const Plot& plot) {
  static constexpr double kFields[7][3] = {{176, 160, 122}, {140, 116, 88},  {98, 112, 66},
                                           {152, 142, 96},  {186, 172, 138}, {84, 98, 58},
                                           {120, 126, 80}};
  static constexpr double kYards[4][3] = {
      {116, 118, 84}, {150, 144, 132}, {132, 122, 102}, {96, 104, 70}};
  const auto& c =
      plan.scene.ground() == ClipScene::TOWN ? kYards[plot.kind % 4] : kFields[plot.kind % 7];
  if (plot.kind == kPavedPlot) return TonesOf(plan).paved;
  Colour colour = FromRgb(c[0] * plot.tone, c[1] * plot.tone, c[2] * plot.tone);
  if (plan.thermal()) colour = {82 + 0.16F * colour.y, 128, 128};
  return colour;
}

// Draws the same shapes into luma and chroma.
class GroundBrush {
 public:
  GroundBrush(cv::Mat& luma, cv::Mat& chroma, const Eigen::Vector2d& north_west, double texel_m)
      : luma_(luma), chroma_(chroma), north_west_(north_west), texel_m_(texel_m) {}

  void Fill(std::span<const Eigen::Vector2d> corners, const Colour& colour) {
    const auto fine = Points(corners, texel_m_);
    cv::fillConvexPoly(luma_, fine.data(), static_cast<int>(fine.size()),
                       cv::Scalar(static_cast<double>(colour.y)), cv::LINE_AA, kShift);
    if (chroma_.empty()) return;
    const auto coarse = Points(corners, 2 * texel_m_);
    cv::fillConvexPoly(chroma_, coarse.data(), static_cast<int>(coarse.size()), Pair(colour),
                       cv::LINE_8, kShift);
  }
  void Line(const Eigen::Vector2d& a, const Eigen::Vector2d& b, double width_m,
            const Colour& colour) {
    const Eigen::Vector2d along = (b - a).normalized();
    const Eigen::Vector2d side = 0.5 * width_m * Eigen::Vector2d(-along.y(), along.x());
    const std::array<Eigen::Vector2d, 4> corners{a + side, b + side, b - side, a - side};
    Fill(corners, colour);
  }
  void Disc(const Eigen::Vector2d& centre, double radius_m, const Colour& colour) {
    std::array<Eigen::Vector2d, 10> corners;
    for (std::size_t i = 0; i < corners.size(); ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(i) / 10;
      corners[i] = centre + radius_m * Eigen::Vector2d(std::cos(angle), std::sin(angle));
    }
    Fill(corners, colour);
  }

 private:
  static cv::Scalar Pair(const Colour& colour) {
    return {static_cast<double>(colour.u), static_cast<double>(colour.v)};
  }
  std::vector<cv::Point> Points(std::span<const Eigen::Vector2d> corners, double texel_m) const {
    std::vector<cv::Point> points;
    for (const Eigen::Vector2d& c : corners) {
      const auto fixed = [&](double metres) {
        return static_cast<int>(
            std::lround(std::clamp((metres / texel_m - 0.5) * (1 << kShift), -1e8, 1e8)));
      };
      points.emplace_back(fixed(c.x() - north_west_.x()), fixed(north_west_.y() - c.y()));
    }
    return points;
  }
  cv::Mat& luma_;
  cv::Mat& chroma_;
  Eigen::Vector2d north_west_;
  double texel_m_;
};

// Adds smooth noise with features of `wavelength_m`.
void AddTexture(cv::Mat& luma, double wavelength_m, double texel_m, double amplitude,
                std::uint64_t seed) {
  if (amplitude <= 0) return;
  const double cells = std::max(1.0, wavelength_m / texel_m);
  cv::Mat small(static_cast<int>(luma.rows / cells) + 3, static_cast<int>(luma.cols / cells) + 3,
                CV_8U);
  cv::RNG random(simulate::Mix(seed));
  random.fill(small, cv::RNG::UNIFORM, 0, 256);
  cv::Mat layer = small;
  if (cells > 1) {
    cv::resize(small, layer, cv::Size(), cells, cells, cv::INTER_CUBIC);
  } else {
    cv::GaussianBlur(small, layer, cv::Size(3, 3), 0.6);
  }
  const double scale = amplitude / 74;  // 1-sigma of the even noise
  cv::addWeighted(luma, 1, layer(cv::Rect(0, 0, luma.cols, luma.rows)), scale, -127.5 * scale,
                  luma);
}

void PaintPlots(const ClipPlan& plan, const Land& land, GroundBrush& brush) {
  for (const Plot& plot : land.plots) {
    const Colour colour = PlotColour(plan, plot);
    brush.Fill(plot.corners, colour);
    if (plot.furrow_m <= 0) continue;
    const Eigen::Vector2d a = plot.corners[0], b = plot.corners[1], d = plot.corners[3],
                          c = plot.corners[2];
    const int lines = static_cast<int>((b - a).norm() / plot.furrow_m);
    Colour dark = colour;
    dark.y -= plan.thermal() ? 2.0F : 7.0F;
    for (int i = 1; i < lines; ++i) {
      const double f = static_cast<double>(i) / lines;
      brush.Line(a + f * (b - a), d + f * (c - d), 0.35 * plot.furrow_m, dark);
    }
  }
}

void PaintStreets(const ClipPlan& plan, const Land& land, const GroundTones& tones,
                  GroundBrush& brush) {
  simulate::Random random(plan.seed, "street marks");
  const auto each = [&](auto&& draw) {
    for (const Street& street : land.streets) {
      for (std::size_t i = 0; i + 1 < street.points.size(); ++i)
        draw(street, street.points[i], street.points[i + 1]);
    }
  };
  const double pavement = land.grid.x_m.empty() ? 0.8 : 2.1;
  each([&](const Street& s, const Eigen::Vector2d& a, const Eigen::Vector2d& b) {
    brush.Line(a, b, s.width_m + 2 * pavement, tones.kerb);
  });
  each([&](const Street& s, const Eigen::Vector2d& a, const Eigen::Vector2d& b) {
    const Colour colour = s.paved ? tones.paved : tones.unpaved;
    const Eigen::Vector2d more = 0.4 * (b - a).normalized();
    brush.Line(a - more, b + more, s.width_m, colour);
  });
  each([&](const Street& s, const Eigen::Vector2d& a, const Eigen::Vector2d& b) {
    const Eigen::Vector2d along = (b - a).normalized(), side(-along.y(), along.x());
    const double length = (b - a).norm();
    Colour worn = s.paved ? tones.paved : tones.unpaved;
    worn.y -= 6;
    for (const double lane : {-0.32, -0.15, 0.15, 0.32}) {  // where wheels run
      brush.Line(a + lane * s.width_m * side, b + lane * s.width_m * side, 0.4, worn);
    }
    for (double at = random.Uniform(0, 40); at < length; at += random.Uniform(15, 70)) {  // repairs
      if (!s.paved) break;
      Colour patch = tones.paved;
      patch.y += static_cast<float>(random.Uniform(-16, 12));
      const Eigen::Vector2d p = a + at * along + random.Uniform(-0.3, 0.3) * s.width_m * side;
      brush.Line(p, p + random.Uniform(1, 6) * along, random.Uniform(0.6, 2.4), patch);
    }
    if (!s.paved || s.width_m < 6) return;
    for (double at = 0; at < length; at += 6) {
      brush.Line(a + at * along, a + std::min(length, at + 3) * along, 0.15, tones.marking);
    }
  });
  // Crossings of a town: the surface again, and zebra stripes.
  for (std::size_t i = 0; i < land.grid.x_m.size(); ++i) {
    for (std::size_t j = 0; j < land.grid.y_m.size(); ++j) {
      const Eigen::Vector2d p = land.grid.At(i, j);
      if (!land.extent.Holds(p, 20)) continue;
      const Eigen::Vector2d x(std::cos(land.grid.turn_rad), std::sin(land.grid.turn_rad)),
          y(-x.y(), x.x());
      brush.Line(p - 5.4 * x, p + 5.4 * x, 8.2, tones.paved);
      brush.Line(p - 5.4 * y, p + 5.4 * y, 8.2, tones.paved);
      for (const Eigen::Vector2d& d : {x, Eigen::Vector2d(-x), y, Eigen::Vector2d(-y)}) {
        const Eigen::Vector2d s(-d.y(), d.x());
        for (double k = -3.5; k <= 3.5; k += 1)
          brush.Line(p + 5.6 * d + k * s, p + 7.8 * d + k * s, 0.5, tones.marking);
      }
    }
  }
}

// Stones, tufts, puddles, bins: what gives bare land its few marks.
void PaintMarks(const ClipPlan& plan, const Land& land, const GroundTones& tones,
                GroundBrush& brush) {
  simulate::Random random(plan.seed, "marks");
  const Eigen::Vector2d size = land.extent.high - land.extent.low;
  const bool bare =
      plan.scene.ground() == ClipScene::DESERT || plan.scene.ground() == ClipScene::SNOW;
  const int count = static_cast<int>(size.x() * size.y() / 1e4 * (bare ? 9 : 40));
  for (int i = 0; i < std::min(count, 60'000); ++i) {
    const Eigen::Vector2d p(random.Uniform(land.extent.low.x(), land.extent.high.x()),
                            random.Uniform(land.extent.low.y(), land.extent.high.y()));
    Colour mark = tones.land;
    const double strength = plan.thermal() ? 0.35 : 1;
    mark.y += static_cast<float>(strength * random.Uniform(-34, 16));
    brush.Disc(p, random.Uniform(0.15, bare ? 0.7 : 0.9), mark);
  }
}

void ShadeHouses(const Land& land, const Daylight& sun, bool snow, cv::Mat& luma,
                 const Eigen::Vector2d& north_west, double texel_m) {
  if (!sun.day) return;
  cv::Mat mask(luma.size(), CV_8U, cv::Scalar(0)), none;
  GroundBrush brush(mask, none, north_west, texel_m);
  for (const House& house : land.houses) {
    std::vector<Eigen::Vector2d> points;
    const simulate::Building& b = house.body;
    const Eigen::Vector2d across(-b.along.y(), b.along.x());
    for (const double i : {-1.0, 1.0}) {
      for (const double j : {-1.0, 1.0}) {
        const Eigen::Vector2d corner =
            b.centre + i * b.half_length_m * b.along + j * b.half_width_m * across;
        points.push_back(corner);
        points.push_back(corner + sun.shadow_per_metre * b.height_m);
      }
    }
    brush.Fill(simulate::ConvexHull(std::move(points)), {255, 128, 128});
  }
  cv::GaussianBlur(mask, mask, cv::Size(3, 3), 0.8);
  // Of 255: the sky's light.
  const int keep = static_cast<int>(255 * ShadowFactor(sun, snow ? 0.46 : 0.376));
  for (int r = 0; r < luma.rows; ++r) {
    std::uint8_t* to = luma.ptr<std::uint8_t>(r);
    const std::uint8_t* m = mask.ptr<std::uint8_t>(r);
    for (int c = 0; c < luma.cols; ++c) {
      if (m[c] == 0) continue;
      const int factor = 255 - m[c] * (255 - keep) / 255;
      to[c] = static_cast<std::uint8_t>(16 + std::max(0, to[c] - 16) * factor / 255);
    }
  }
}

}  // namespace

Daylight DaylightOf(const ClipPlan& plan, double t_s) {
  const Weather weather = WeatherAt(plan, t_s);
  Daylight sun;
  sun.direct = weather.direct;
  sun.day = !plan.thermal();
  const double azimuth = weather.sun_azimuth_deg * std::numbers::pi / 180;
  const double elevation = std::max(5.0, weather.sun_elevation_deg) * std::numbers::pi / 180;
  sun.towards = {std::sin(azimuth), std::cos(azimuth)};
  sun.sine = std::sin(elevation);
  sun.shadow_per_metre = -sun.towards / std::tan(elevation);
  return sun;
}

ClipGround::ClipGround(const ClipPlan& plan, const Land& land, double gsd_m)
    : north_west_(land.extent.low.x(), land.extent.high.y()),
      texel_m_(gsd_m),
      colour_(!plan.thermal()),
      snow_(plan.scene.ground() == ClipScene::SNOW) {
  const Eigen::Vector2d size = land.extent.high - land.extent.low;
  texel_m_ = std::max(texel_m_, std::sqrt(size.x() * size.y() / kMostTexels));
  const auto even = [&](double metres) {
    return (static_cast<int>(std::ceil(metres / texel_m_)) + 2) / 2 * 2;
  };
  const cv::Size texels(even(size.x()), even(size.y()));
  const GroundTones tones = TonesOf(plan);
  cv::Mat luma(texels, CV_8UC1, cv::Scalar(static_cast<double>(tones.land.y)));
  if (colour_) {
    chroma_ =
        cv::Mat(texels / 2, CV_8UC2,
                cv::Scalar(static_cast<double>(tones.land.u), static_cast<double>(tones.land.v)));
  }
  GroundBrush brush(luma, chroma_, north_west_, texel_m_);
  PaintPlots(plan, land, brush);
  PaintMarks(plan, land, tones, brush);
  PaintStreets(plan, land, tones, brush);
  for (const auto& [a, b] : land.lines) brush.Line(a, b, 0.14, tones.marking);
  AddTexture(luma, 90, texel_m_, tones.wide, plan.seed ^ 0x11);
  AddTexture(luma, 22, texel_m_, 0.7 * tones.middle, plan.seed ^ 0x12);
  AddTexture(luma, 6, texel_m_, 0.7 * tones.middle, plan.seed ^ 0x13);
  AddTexture(luma, 1.6, texel_m_, 0.6 * tones.fine, plan.seed ^ 0x14);
  AddTexture(luma, 0.5, texel_m_, 0.6 * tones.fine, plan.seed ^ 0x15);
  bare_ = luma;
  Light(land, DaylightOf(plan), 0);
}

void ClipGround::Light(const Land& land, const Daylight& sun, double wet) {
  luma_.resize(3);
  if (wet > 0) {
    // Black stays black.
    bare_.convertTo(luma_[0], CV_8U, 1 - 0.22 * wet, 16 * 0.22 * wet);
  } else {
    bare_.copyTo(luma_[0]);
  }
  ShadeHouses(land, sun, snow_, luma_[0], north_west_, texel_m_);
  for (std::size_t level = 1; level < luma_.size(); ++level) {
    const cv::Mat& finer = luma_[level - 1];
    cv::resize(finer, luma_[level], cv::Size(finer.cols / 2, finer.rows / 2), 0, 0, cv::INTER_AREA);
  }
}

Eigen::Matrix3d ClipGround::TexelFromEn(double texel_m) const {
  Eigen::Matrix3d m;
  m << 1 / texel_m, 0, -north_west_.x() / texel_m - 0.5,  //
      0, -1 / texel_m, north_west_.y() / texel_m - 0.5,   //
      0, 0, 1;
  return m;
}

void ClipGround::Draw(const simulate::View& view, double gsd_m, Canvas& canvas) const {
  const Eigen::Matrix3d ground_from_image = view.image_from_ground().inverse();
  const int flags = cv::INTER_LINEAR | cv::WARP_INVERSE_MAP;
  const auto warp = [&](const cv::Mat& from, double texel_m, double step, cv::Mat& to) {
    cv::warpPerspective(
        from, to,
        simulate::ToMat(TexelFromEn(texel_m) * ground_from_image * simulate::ImageFromIndex(step)),
        to.size(), flags, cv::BORDER_REPLICATE);
  };
  const double lod = std::clamp(std::log2(std::max(gsd_m / texel_m_, 1.0)), 0.0, 1.999);
  const auto level = static_cast<std::size_t>(lod);
  const double next = lod - static_cast<double>(level);
  const auto size_of = [&](std::size_t k) { return texel_m_ * static_cast<double>(1U << k); };
  cv::Mat luma(canvas.height_px, canvas.width_px, CV_8UC1, canvas.y.data());
  if (next < 0.3) {
    warp(luma_[level], size_of(level), 1, luma);
  } else if (next > 0.95) {
    warp(luma_[level + 1], size_of(level + 1), 1, luma);
  } else {
    cv::Mat coarse(luma.size(), CV_8UC1);
    warp(luma_[level], size_of(level), 1, luma);
    warp(luma_[level + 1], size_of(level + 1), 1, coarse);
    const double share = (next - 0.3) / 0.65;
    cv::addWeighted(luma, 1 - share, coarse, share, 0, luma);
  }
  if (!canvas.colour || chroma_.empty()) return;
  cv::Mat chroma(canvas.height_px / 2, canvas.width_px / 2, CV_8UC2);
  warp(chroma_, 2 * texel_m_, 2, chroma);
  cv::Mat planes[] = {cv::Mat(chroma.size(), CV_8UC1, canvas.u.data()),
                      cv::Mat(chroma.size(), CV_8UC1, canvas.v.data())};
  cv::split(chroma, planes);
}

}  // namespace trucewatch::clip
