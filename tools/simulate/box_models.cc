// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/box_models.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace trucewatch::simulate {
namespace {

Colour Scaled(const Colour& colour, double factor) {
  const auto f = static_cast<float>(factor);
  Colour scaled = colour;
  scaled.y = std::clamp(16 + (colour.y - 16) * f, 16.0F, 235.0F);
  scaled.u = 128 + (colour.u - 128) * std::min(f, 1.0F);
  scaled.v = 128 + (colour.v - 128) * std::min(f, 1.0F);
  return scaled;
}

std::array<Eigen::Vector2d, 4> Corners(const Box& box) {
  const Eigen::Vector2d a = box.along * box.half_length_m;
  const Eigen::Vector2d b = Eigen::Vector2d(-box.along.y(), box.along.x()) * box.half_width_m;
  return {box.centre + a + b, box.centre - a + b, box.centre - a - b, box.centre + a - b};
}

// Where a part sits: `forward` of the middle, as shares of the vehicle's length, width and height.
struct Part {
  double forward, length, width, bottom, top;
  double roof_tone, wall_tone;
};

Box MakePart(const Mover& mover, const MoverState& state, const Part& part) {
  Box box;
  box.centre = state.position + state.direction * part.forward * mover.length_m;
  box.along = state.direction;
  box.half_length_m = 0.5 * part.length * mover.length_m;
  box.half_width_m = 0.5 * part.width * mover.width_m;
  box.bottom_m = part.bottom * mover.height_m;
  box.top_m = part.top * mover.height_m;
  box.roof = Scaled(mover.colour, part.roof_tone);
  box.wall = Scaled(mover.colour, part.wall_tone);
  return box;
}

}  // namespace

std::vector<Box> BoxesOf(const Mover& mover, const MoverState& state) {
  // Bodies first, then what stands on them. Glass is a dark wall under a bright roof.
  static constexpr std::array<Part, 2> kCar{
      {{0, 1, 1, 0.12, 0.6, 1.0, 0.8}, {-0.06, 0.52, 0.86, 0.6, 1, 1.05, 0.35}}};
  static constexpr std::array<Part, 2> kJeep{
      {{0, 1, 1, 0.15, 0.58, 0.95, 0.75}, {-0.16, 0.6, 0.92, 0.58, 1, 1.08, 0.45}}};
  static constexpr std::array<Part, 2> kTruck{
      {{-0.13, 0.74, 1, 0.2, 1, 1.0, 0.72}, {0.38, 0.23, 0.94, 0.12, 0.82, 0.86, 0.6}}};
  static constexpr std::array<Part, 2> kBus{
      {{0, 1, 1, 0.1, 1, 1.0, 0.6}, {-0.1, 0.2, 0.6, 1, 1.08, 0.8, 0.7}}};
  static constexpr std::array<Part, 2> kTracked{
      {{0, 1, 1, 0.1, 0.6, 0.92, 0.55}, {-0.06, 0.4, 0.62, 0.6, 1, 1.12, 0.7}}};
  const std::array<Part, 2>* parts = &kCar;
  switch (mover.kind) {
    case MoverKind::kJeep:
      parts = &kJeep;
      break;
    case MoverKind::kTruck:
      parts = &kTruck;
      break;
    case MoverKind::kBus:
      parts = &kBus;
      break;
    case MoverKind::kTracked:
      parts = &kTracked;
      break;
    default:
      break;
  }
  std::vector<Box> boxes;
  for (const Part& part : *parts) boxes.push_back(MakePart(mover, state, part));
  return boxes;
}

std::vector<Box> PersonBoxes(const Eigen::Vector2d& place, const Eigen::Vector2d& along,
                             const Colour& colour) {
  Box body;
  body.centre = place;
  body.along = along;
  body.half_length_m = 0.16, body.half_width_m = 0.25;
  body.top_m = 1.45;
  body.roof = body.wall = colour;
  Box head = body;
  head.half_length_m = head.half_width_m = 0.11;
  head.bottom_m = 1.45, head.top_m = 1.7;
  head.roof = head.wall = FromRgb(70, 52, 42);
  return {body, head};
}

Box BoxOf(const Building& building) {
  Box box;
  box.centre = building.centre;
  box.along = building.along;
  box.half_length_m = building.half_length_m;
  box.half_width_m = building.half_width_m;
  box.top_m = building.height_m;
  box.roof = building.roof;
  box.wall = building.wall;
  return box;
}

void PaintBox(const Box& box, const View& view, const Sun& sun, YuvPicture& picture) {
  const auto corners = Corners(box);
  const Eigen::Vector2d to_camera = view.camera_enu_m().head<2>() - box.centre;
  const double cosine = std::sqrt(1 - sun.elevation_sine * sun.elevation_sine);
  for (std::size_t i = 0; i < 4; ++i) {
    const Eigen::Vector2d& a = corners[i];
    const Eigen::Vector2d& b = corners[(i + 1) % 4];
    const Eigen::Vector2d outward = Eigen::Vector2d(b.y() - a.y(), a.x() - b.x()).normalized();
    if (outward.dot(to_camera) <= outward.dot(0.5 * (a + b) - box.centre)) continue;
    // Sky light, and the sun when the side faces it.
    const double light = 0.5 + 0.75 * std::max(0.0, cosine * outward.dot(sun.direction));
    const std::array<Eigen::Vector2d, 4> side{
        view.Project(a, box.bottom_m), view.Project(b, box.bottom_m), view.Project(b, box.top_m),
        view.Project(a, box.top_m)};
    PaintConvex(picture, side, Scaled(box.wall, light), 1.0F);
  }
  std::array<Eigen::Vector2d, 4> roof;
  for (std::size_t i = 0; i < 4; ++i) roof[i] = view.Project(corners[i], box.top_m);
  PaintConvex(picture, roof, Scaled(box.roof, 0.5 + 0.75 * sun.elevation_sine), 1.0F);
}

void PaintShadow(const Box& box, const View& view, const Sun& sun, YuvPicture& picture) {
  std::vector<Eigen::Vector2d> points;
  for (const Eigen::Vector2d& corner : Corners(box)) {
    points.push_back(view.Project(corner + sun.shadow_per_metre * box.bottom_m, 0));
    points.push_back(view.Project(corner + sun.shadow_per_metre * box.top_m, 0));
  }
  ShadeConvex(picture, ConvexHull(std::move(points)), 0.5F);
}

}  // namespace trucewatch::simulate
