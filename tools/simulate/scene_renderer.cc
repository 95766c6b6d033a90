// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/scene_renderer.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "tools/simulate/box_models.h"
#include "tools/simulate/ground_paint.h"
#include "tools/simulate/plane_map.h"
#include "tools/simulate/random.h"

namespace trucewatch::simulate {
namespace {

constexpr std::size_t kNoiseTile = 1 << 20;  // samples
constexpr double kNoiseSigma = 2.2;          // grey levels

Sun SunOf(const Scenario& scenario) {
  const auto& look = scenario.config.look();
  const double azimuth = look.sun_azimuth_deg() * std::numbers::pi / 180.0;
  return {{std::sin(azimuth), std::cos(azimuth)},
          std::sin(look.sun_elevation_deg() * std::numbers::pi / 180.0),
          ShadowPerMetre(scenario)};
}

}  // namespace

cv::Mat ExerciseMark(int width_px, int height_px) {
  const double scale = std::clamp(width_px / 960.0 * 0.42, 0.3, 1.0);
  cv::Mat edge(height_px, width_px, CV_8UC1, cv::Scalar(0));
  cv::Mat letters = edge.clone();
  const cv::Point at(5, height_px - 6);
  const char* text = "EXERCISE - SIMULATED";
  cv::putText(edge, text, at, cv::FONT_HERSHEY_SIMPLEX, scale, cv::Scalar(1), 3, cv::LINE_8);
  cv::putText(letters, text, at, cv::FONT_HERSHEY_SIMPLEX, scale, cv::Scalar(2), 1, cv::LINE_8);
  return cv::max(edge, letters);
}

void DrawGround(const GroundTexture& texture, const View& view, YuvPicture& picture) {
  const Eigen::Matrix3d ground_from_image = view.image_from_ground().inverse();
  const int flags = cv::INTER_LINEAR | cv::WARP_INVERSE_MAP;
  cv::Mat luma(picture.height_px, picture.width_px, CV_8UC1, picture.y.data());
  cv::warpPerspective(texture.luma(), luma,
                      ToMat(texture.luma_from_en() * ground_from_image * ImageFromIndex(1)),
                      luma.size(), flags, cv::BORDER_REPLICATE);
  const cv::Size half(picture.width_px / 2, picture.height_px / 2);
  cv::Mat chroma;
  cv::warpPerspective(texture.chroma(), chroma,
                      ToMat(texture.chroma_from_en() * ground_from_image * ImageFromIndex(2)), half,
                      flags, cv::BORDER_REPLICATE);
  cv::Mat planes[] = {cv::Mat(half, CV_8UC1, picture.u.data()),
                      cv::Mat(half, CV_8UC1, picture.v.data())};
  cv::split(chroma, planes);
}

void DrawObjects(const Scenario& scenario, const World& world, const View& view, double t_s,
                 bool movers, YuvPicture& picture) {
  const Sun sun = SunOf(scenario);
  const auto visible = [&](const Eigen::Vector2d& place, double reach_m) {
    if (!view.InFront(place)) return false;
    const Eigen::Vector2d p = view.Project(place, 0);
    const Eigen::Vector2d q = view.Project(place + Eigen::Vector2d(reach_m, 0), 0);
    const Eigen::Vector2d r = view.Project(place + Eigen::Vector2d(0, reach_m), 0);
    const double margin = (q - p).norm() + (r - p).norm();
    return p.x() > -margin && p.y() > -margin && p.x() < view.width_px() + margin &&
           p.y() < view.height_px() + margin;
  };
  struct Item {
    double distance_m;
    std::vector<Box> boxes;
  };
  std::vector<Item> items;
  const auto distance = [&](const Eigen::Vector2d& place) {
    return (view.camera_enu_m().head<2>() - place).norm();
  };
  for (const Building& building : world.buildings) {
    if (visible(building.centre, 20)) {
      items.push_back({distance(building.centre), {BoxOf(building)}});
    }
  }
  for (const ParkedVehicle& parked : world.parked) {
    if (!parked.IsThere(t_s) || !visible(parked.state.position, 20)) continue;
    Item item{distance(parked.state.position), BoxesOf(parked.vehicle, parked.state)};
    for (const Box& box : item.boxes) PaintShadow(box, view, sun, picture);
    items.push_back(std::move(item));
  }
  const auto person = [&](const Eigen::Vector2d& place, const Eigen::Vector2d& along,
                          const Colour& colour) {
    Item item{distance(place), PersonBoxes(place, along, colour)};
    for (const Box& box : item.boxes) PaintShadow(box, view, sun, picture);
    items.push_back(std::move(item));
  };
  for (const Mover& mover : world.movers) {
    if (!movers) break;
    for (const PersonPath& path : mover.paths) {
      const PersonState state = StateOfPerson(path, t_s);
      if (visible(state.position, 3)) person(state.position, state.direction, path.colour);
    }
    if (mover.kind == MoverKind::kGathering) continue;
    const auto state = world.StateOf(mover, t_s);
    if (!state || !visible(state->position, 20)) continue;
    if (mover.kind != MoverKind::kPersonGroup) {
      Item item{distance(state->position), BoxesOf(mover, *state)};
      for (const Box& box : item.boxes) PaintShadow(box, view, sun, picture);
      items.push_back(std::move(item));
      continue;
    }
    for (std::size_t i = 0; i < mover.people.size(); ++i) {
      // Nobody walks in step: each sways a little about their place in the group.
      const double sway = 0.25 * std::sin(1.1 * t_s + 1.7 * static_cast<double>(i));
      person(state->position + mover.people[i] + sway * state->direction, state->direction,
             mover.colour);
    }
  }
  // Painter's algorithm: what stands farther away is painted first.
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return a.distance_m > b.distance_m; });
  for (const Item& item : items) {
    for (const Box& box : item.boxes) PaintBox(box, view, sun, picture);
  }
}

SceneRenderer::SceneRenderer(const Scenario& scenario, const World& world, const Flight& flight,
                             const GroundTexture& texture)
    : scenario_(scenario),
      world_(world),
      flight_(flight),
      texture_(texture),
      noise_(kNoiseTile),
      mark_(ExerciseMark(static_cast<int>(flight.drone().width_px()),
                         static_cast<int>(flight.drone().height_px()))) {
  Random random(scenario.seed, "sensor noise");
  for (std::int8_t& sample : noise_) {
    sample = static_cast<std::int8_t>(
        std::lround(std::clamp(kNoiseSigma * random.Normal(), -100.0, 100.0)));
  }
}

View SceneRenderer::ViewOf(int frame) const {
  const double t_s = static_cast<double>(frame) / flight_.drone().frames_per_second();
  return View(flight_.TruePose(t_s), flight_.frame(), flight_.StarePoint(t_s));
}

void SceneRenderer::Render(int frame, const Options& options, YuvPicture& picture) const {
  const double t_s = static_cast<double>(frame) / flight_.drone().frames_per_second();
  const View view = ViewOf(frame);
  DrawGround(texture_, view, picture);
  DrawObjects(scenario_, world_, view, t_s, options.movers, picture);
  cv::Mat luma(picture.height_px, picture.width_px, CV_8UC1, picture.y.data());
  cv::GaussianBlur(luma, luma, cv::Size(3, 3), 0.6);  // the lens
  if (options.noise) AddNoise(frame, picture);
  if (options.mark) BurnMark(picture);
}

void SceneRenderer::AddNoise(int frame, YuvPicture& picture) const {
  Random random(scenario_.seed, "noise offset", FrameKey(flight_.index(), frame));
  const std::size_t size = picture.y.size();
  for (std::size_t done = 0; done < size;) {
    const std::size_t run = std::min<std::size_t>(size - done, kNoiseTile / 2);
    const std::int8_t* noise = noise_.data() + random.Below(kNoiseTile - run + 1);
    std::uint8_t* luma = picture.y.data() + done;
    for (std::size_t i = 0; i < run; ++i) {
      luma[i] = static_cast<std::uint8_t>(std::clamp(luma[i] + noise[i], 16, 235));
    }
    done += run;
  }
}

void SceneRenderer::BurnMark(YuvPicture& picture) const {
  const int top = std::max(0, picture.height_px - 40);
  for (int row = top; row < picture.height_px; ++row) {
    const std::uint8_t* mark = mark_.ptr<std::uint8_t>(row);
    for (int column = 0; column < picture.width_px; ++column) {
      if (mark[column] == 0) continue;
      const auto w = static_cast<std::size_t>(picture.width_px);
      const auto r = static_cast<std::size_t>(row);
      const auto c = static_cast<std::size_t>(column);
      picture.y[r * w + c] = mark[column] == 2 ? 225 : 30;
      picture.u[r / 2 * (w / 2) + c / 2] = picture.v[r / 2 * (w / 2) + c / 2] = 128;
    }
  }
}

}  // namespace trucewatch::simulate
