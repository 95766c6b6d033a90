// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/thing_paint.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "tools/simulate/box_models.h"
#include "tools/simulate/clip/paint_order.h"
#include "tools/simulate/random.h"
#include "tools/simulate/raster.h"

namespace trucewatch::clip {
namespace {

using simulate::Box;
using simulate::Colour;
using v1::config::ClipScene;

constexpr double kTau = 2 * std::numbers::pi;

Colour Lit(const Colour& colour, double factor) {
  const auto f = static_cast<float>(factor);
  return {std::clamp(16 + (colour.y - 16) * f, 16.0F, 235.0F), colour.u, colour.v};
}

constexpr double kDull =
    0.75;  // under a cover of cloud: walls the same on all sides, roofs lighter

// Sky light, and the sun where it reaches.
double WallLight(const Daylight& sun, const Eigen::Vector2d& outward) {
  if (!sun.day) return 1;
  const double lit =
      0.5 + 0.75 * std::max(0.0, std::sqrt(1 - sun.sine * sun.sine) * outward.dot(sun.towards));
  return kDull + sun.direct * (lit - kDull);
}
double RoofLight(const Daylight& sun) {
  return sun.day ? kDull + 0.15 + sun.direct * (0.35 - kDull + 0.75 * sun.sine) : 1;
}

// From image points to (s, t) on the plane origin + s * x (over the ground) at a height, or up a
// wall: the inverse of a homography, evaluated along a row.
struct PlaneMap {
  Eigen::Matrix3f plane_from_image;
  static PlaneMap Wall(const simulate::View& view, const Eigen::Vector2d& a,
                       const Eigen::Vector2d& along) {
    Eigen::Matrix3d m;
    const Eigen::Vector3d o = view.Homogeneous(a, 0);
    m << view.Homogeneous(a + along, 0) - o, view.Homogeneous(a, 1) - o, o;
    return {m.inverse().cast<float>()};
  }
  static PlaneMap Level(const simulate::View& view, const Eigen::Vector2d& o,
                        const Eigen::Vector2d& x, const Eigen::Vector2d& y, double height_m) {
    Eigen::Matrix3d m;
    const Eigen::Vector3d h = view.Homogeneous(o, height_m);
    m << view.Homogeneous(o + x, height_m) - h, view.Homogeneous(o + y, height_m) - h, h;
    return {m.inverse().cast<float>()};
  }
  void At(int column, int row, float* s, float* t) const {
    const float u = static_cast<float>(column) + 0.5F, v = static_cast<float>(row) + 0.5F;
    const auto& m = plane_from_image;
    const float w = 1.0F / (m(2, 0) * u + m(2, 1) * v + m(2, 2));
    *s = (m(0, 0) * u + m(0, 1) * v + m(0, 2)) * w;
    *t = (m(1, 0) * u + m(1, 1) * v + m(1, 2)) * w;
  }
};

// Of numbers above -4096. The library's own is a call, and this is asked for each sample of a wall.
float Floor(float x) { return static_cast<float>(static_cast<int>(x + 4096.0F) - 4096); }

// A tile of smooth noise, -1 to 1, that repeats each 64 units.
float TileNoise(float x, float y) {
  static const std::array<float, 64 * 64> tile = [] {
    std::array<float, 64 * 64> made{};
    simulate::Random random(7, "roof tile");
    for (float& value : made) value = static_cast<float>(random.Uniform(-1, 1));
    return made;
  }();
  const float fx = Floor(x), fy = Floor(y);
  const auto ix = static_cast<unsigned>(static_cast<int>(fx)) & 63U,
             iy = static_cast<unsigned>(static_cast<int>(fy)) & 63U;
  const float wx = x - fx, wy = y - fy;
  const auto at = [&](unsigned i, unsigned j) { return tile[(j & 63U) * 64 + (i & 63U)]; };
  const float top = at(ix, iy) + (at(ix + 1, iy) - at(ix, iy)) * wx;
  const float low = at(ix, iy + 1) + (at(ix + 1, iy + 1) - at(ix, iy + 1)) * wx;
  return top + (low - top) * wy;
}

// How much of a sample lies in the middle `share` of a period; `sharp`: samples a period.
float Band(float x, float share, float sharp) {
  const float f = x - Floor(x);
  const float inside = 0.5F * share - std::abs(f - 0.5F);
  if (sharp < 2.2F) return share;  // too fine to be resolved
  return std::clamp(inside * sharp + 0.5F, 0.0F, 1.0F);
}

void PaintBox(const Box& box, double light, std::uint16_t thing, const Brush& brush) {
  const auto corners = Rectangle(box.centre, box.along, box.half_length_m, box.half_width_m);
  const Eigen::Vector2d camera = brush.view.camera_enu_m().head<2>();
  for (std::size_t i = 0; i < 4; ++i) {
    const Eigen::Vector2d& a = corners[i];
    const Eigen::Vector2d& b = corners[(i + 1) % 4];
    const Eigen::Vector2d outward = Eigen::Vector2d(b.y() - a.y(), a.x() - b.x()).normalized();
    if (outward.dot(camera - a) <= 0) continue;
    const std::array<Eigen::Vector2d, 4> side{
        brush.view.Project(a, box.bottom_m), brush.view.Project(b, box.bottom_m),
        brush.view.Project(b, box.top_m), brush.view.Project(a, box.top_m)};
    const Colour colour = Lit(box.wall, light * WallLight(brush.sun, outward));
    PaintConvex(brush.canvas, side, thing, colour, [&](int, int) { return colour.y; });
  }
  std::array<Eigen::Vector2d, 4> roof;
  for (std::size_t i = 0; i < 4; ++i) roof[i] = brush.view.Project(corners[i], box.top_m);
  const Colour colour = Lit(box.roof, light * RoofLight(brush.sun));
  PaintConvex(brush.canvas, roof, thing, colour, [&](int, int) { return colour.y; });
}

// A part of a vehicle may hide another: lower ones first, of equals the farther.
void PaintBoxes(std::vector<Box> boxes, double light, std::uint16_t thing, const Brush& brush) {
  const Eigen::Vector2d camera = brush.view.camera_enu_m().head<2>();
  std::stable_sort(boxes.begin(), boxes.end(), [&](const Box& a, const Box& b) {
    const bool stacked = a.bottom_m >= b.top_m - 0.01 || b.bottom_m >= a.top_m - 0.01;
    if (stacked) return a.bottom_m < b.bottom_m;
    return (a.centre - camera).squaredNorm() > (b.centre - camera).squaredNorm();
  });
  for (const Box& box : boxes) PaintBox(box, light, thing, brush);
}

// Heat instead of paint: roofs mirror the cold sky, engines and tracks glow.
std::vector<Box> WarmBoxes(const simulate::Mover& vehicle, const simulate::MoverState& state,
                           bool warm) {
  std::vector<Box> boxes = simulate::BoxesOf(vehicle, state);
  const float own = 0.12F * (vehicle.colour.y - 128);  // paints differ in the infrared, too
  for (Box& box : boxes) {
    box.roof = {84 + own, 128, 128};
    box.wall = {warm ? 126 + own : 92 + own, 128, 128};
  }
  Box engine = boxes.front();
  const bool rear =
      vehicle.kind == simulate::MoverKind::kBus || vehicle.kind == simulate::MoverKind::kTracked;
  const double share = vehicle.length_m > 6 ? 0.18 : 0.28;
  engine.centre =
      state.position + (rear ? -1 : 1) * (0.5 - 0.5 * share) * vehicle.length_m * state.direction;
  engine.half_length_m = 0.5 * share * vehicle.length_m;
  engine.half_width_m *= 0.86;
  engine.bottom_m = boxes.front().top_m;
  engine.top_m = boxes.front().top_m + 0.03;
  engine.roof = engine.wall = {warm ? 196 + own : 90 + own, 128, 128};
  boxes.insert(boxes.begin() + 1, engine);
  return boxes;
}

}  // namespace

void PaintHouse(const House& house, std::uint16_t thing, const Brush& brush) {
  const simulate::Building& b = house.body;
  const auto corners = Rectangle(b.centre, b.along, b.half_length_m, b.half_width_m);
  const Eigen::Vector2d camera = brush.view.camera_enu_m().head<2>();
  const bool thermal = brush.plan.thermal();
  Colour wall = b.wall, roof = b.roof;
  if (thermal) {
    // Walls give back the day's heat; roofs face the cold sky.
    wall = {92 + 0.22F * b.wall.y, 128, 128};
    roof = {52 + 0.38F * b.roof.y, 128, 128};
  } else if (brush.plan.scene.ground() == ClipScene::SNOW) {
    roof = {218, 130, 126};
  }
  for (std::size_t i = 0; i < 4; ++i) {
    const Eigen::Vector2d& from = corners[i];
    const Eigen::Vector2d& to = corners[(i + 1) % 4];
    const Eigen::Vector2d outward =
        Eigen::Vector2d(to.y() - from.y(), from.x() - to.x()).normalized();
    if (outward.dot(camera - from) <= 0) continue;
    const Colour lit = Lit(wall, WallLight(brush.sun, outward));
    const std::array<Eigen::Vector2d, 4> side{
        brush.view.Project(from, 0), brush.view.Project(to, 0), brush.view.Project(to, b.height_m),
        brush.view.Project(from, b.height_m)};
    const PlaneMap map = PlaneMap::Wall(brush.view, from, (to - from).normalized());
    const auto across = static_cast<float>(1 / house.window_m),
               up = static_cast<float>(1 / house.storey_m);
    const double span_px =
        (side[1] - side[0]).norm() * house.window_m / std::max(0.1, (to - from).norm());
    const double rise_px = (side[3] - side[0]).norm() * house.storey_m / std::max(0.1, b.height_m);
    const auto sharp_s = static_cast<float>(span_px), sharp_t = static_cast<float>(rise_px);
    const float dark = thermal ? 10.0F : 0.55F * (lit.y - 16);
    PaintConvex(brush.canvas, side, thing, lit, [&](int column, int row) {
      float s, t;
      map.At(column, row, &s, &t);
      const float window = Band(s * across, 0.46F, sharp_s) * Band(t * up, 0.42F, sharp_t);
      return lit.y - dark * window;
    });
  }
  std::array<Eigen::Vector2d, 4> top;
  for (std::size_t i = 0; i < 4; ++i) top[i] = brush.view.Project(corners[i], b.height_m);
  const Eigen::Vector2d across(-b.along.y(), b.along.x());
  const PlaneMap map = PlaneMap::Level(brush.view, b.centre, b.along, across, b.height_m);
  const Colour lit = Lit(roof, RoofLight(brush.sun));
  const bool pitched = b.half_width_m < 5.5 && b.height_m < 12;
  // A pitched roof: one half to the sun, one away from it.
  const float slope = !pitched        ? 0.0F
                      : brush.sun.day ? static_cast<float>(0.22 * brush.sun.direct * (lit.y - 16) *
                                                           across.dot(brush.sun.towards))
                                      : 3.0F;
  const float grain = thermal ? 2.0F : 5.0F;
  const auto half_length = static_cast<float>(b.half_length_m),
             half_width = static_cast<float>(b.half_width_m);
  PaintConvex(brush.canvas, top, thing, lit, [&](int column, int row) {
    float s, t;
    map.At(column, row, &s, &t);
    float value = lit.y + grain * TileNoise(s * 0.8F, t * 0.8F) + (t > 0 ? slope : -slope);
    if (!pitched && std::min(half_length - std::abs(s), half_width - std::abs(t)) < 0.45F)
      value += grain * 2;
    return value;
  });
  for (const simulate::Building& on : house.on_roof) {
    Box box;
    box.centre = on.centre, box.along = on.along;
    box.half_length_m = on.half_length_m, box.half_width_m = on.half_width_m;
    box.bottom_m = b.height_m, box.top_m = b.height_m + on.height_m;
    box.roof = thermal ? Colour{60 + 0.5F * on.roof.y, 128, 128} : on.roof;
    box.wall = thermal ? Colour{80 + 0.4F * on.wall.y, 128, 128} : on.wall;
    PaintBox(box, 1, thing, brush);
  }
}

Eigen::Vector2d SwayOf(const Tree& tree, const ClipPlan& plan, double t_s) {
  // Amplitude grows with the square of the wind, the tree's own frequency falls with its height.
  const double reach = std::min(0.9, 0.0022 * plan.wind_mps * plan.wind_mps * tree.height_m / 8);
  const double hertz = 0.75 * std::sqrt(7.0 / tree.height_m);
  const double heading = plan.sun_azimuth_deg + 40;  // the wind's; any will do
  const Eigen::Vector2d along(std::sin(heading), std::cos(heading));
  const Eigen::Vector2d across(-along.y(), along.x());
  const double gust = 0.6 + 0.4 * std::sin(kTau * 0.11 * t_s - 0.04 * tree.place.dot(along));
  return reach * (gust * (0.5 + std::sin(kTau * hertz * t_s + tree.phase_rad)) * along +
                  0.4 * std::sin(kTau * 1.31 * hertz * t_s + 2 * tree.phase_rad) * across);
}

void PaintTree(const Tree& tree, std::uint16_t thing, const Brush& brush) {
  const auto& sprites = LeafSprites();
  const Eigen::Vector2d sway = SwayOf(tree, brush.plan, brush.t_s);
  const bool thermal = brush.plan.thermal();
  const bool snow = brush.plan.scene.ground() == ClipScene::SNOW;
  const bool scrub = brush.plan.scene.ground() == ClipScene::DESERT;
  Colour leaf = simulate::FromRgb(82 * tree.tone, 96 * tree.tone, 54 * tree.tone);
  if (snow) leaf = simulate::FromRgb(64 * tree.tone, 76 * tree.tone, 64 * tree.tone);
  if (scrub) leaf = simulate::FromRgb(118 * tree.tone, 112 * tree.tone, 76 * tree.tone);
  if (thermal) leaf = {static_cast<float>(112 + 8 * (tree.tone - 1)), 128, 128};
  const Eigen::Vector2d up_px =
      brush.view.Project(tree.place, tree.height_m) - brush.view.Project(tree.place, 0);
  const double px = (brush.view.Project(tree.place + Eigen::Vector2d(1, 0), 0.7 * tree.height_m) -
                     brush.view.Project(tree.place, 0.7 * tree.height_m))
                            .norm() *
                        0.5 +
                    (brush.view.Project(tree.place + Eigen::Vector2d(0, 1), 0.7 * tree.height_m) -
                     brush.view.Project(tree.place, 0.7 * tree.height_m))
                            .norm() *
                        0.5;
  const double r = tree.crown_radius_m;
  // The trunk.
  const double trunk = std::max(0.1, 0.035 * tree.height_m);
  Box stem;
  stem.centre = tree.place, stem.along = {1, 0};
  stem.half_length_m = stem.half_width_m = trunk;
  stem.top_m = 0.5 * tree.height_m;
  stem.roof = stem.wall = thermal ? Colour{108, 128, 128} : simulate::FromRgb(88, 74, 60);
  if (up_px.norm() > 6) PaintBox(stem, 1, thing, brush);
  simulate::Random shape(static_cast<std::uint64_t>(tree.variant), "crown");
  const int tufts = px * r < 3 ? 2 : tree.conifer ? 9 : 8;
  for (int i = 0; i < tufts; ++i) {
    const double level = static_cast<double>(i) / std::max(1, tufts - 1);  // lowest first
    const double angle = shape.Uniform(0, kTau);
    double out, size, height;
    if (tree.conifer) {
      out = 0, size = r * (1.05 - 0.75 * level), height = tree.height_m * (0.18 + 0.72 * level);
    } else {
      out = r * shape.Uniform(0.25, 0.55) * (1 - 0.6 * level), size = r * shape.Uniform(0.5, 0.72);
      height = tree.height_m * (0.5 + 0.4 * level);
    }
    const double own_phase = shape.Uniform(0, kTau);
    // Twigs flutter on their own.
    const double flutter = std::min(0.25, 0.0010 * brush.plan.wind_mps * brush.plan.wind_mps);
    const Eigen::Vector2d stir(flutter * std::sin(kTau * 1.9 * brush.t_s + own_phase),
                               flutter * std::sin(kTau * 2.3 * brush.t_s + 2 * own_phase));
    const Eigen::Vector2d place = tree.place +
                                  out * Eigen::Vector2d(std::cos(angle), std::sin(angle)) +
                                  sway * (height / tree.height_m) + stir;
    const Eigen::Vector2d at = brush.view.Project(place, height);
    const double light = brush.sun.day
                             ? (0.62 + 0.5 * brush.sun.sine * (0.6 + 0.6 * level)) *
                                   (1 + 0.05 * std::sin(kTau * 0.7 * brush.t_s + own_phase) *
                                            std::min(1.0, brush.plan.wind_mps / 8))
                             : 1;
    Colour colour = Lit(leaf, light);
    if (snow && tree.conifer && level > 0.5) colour.y = std::min(220.0F, colour.y + 40);
    PaintSprite(brush.canvas, sprites[static_cast<std::size_t>(tree.variant + i) % sprites.size()],
                at, size * px, size * px * (tree.conifer ? 0.8 : 0.9), colour, thing);
  }
}

void ShadeTree(const Tree& tree, const Brush& brush) {
  if (!brush.sun.day) return;
  const auto& sprites = LeafSprites();
  const Eigen::Vector2d sway = SwayOf(tree, brush.plan, brush.t_s);
  const double height = tree.conifer ? 0.45 * tree.height_m : 0.68 * tree.height_m;
  const Eigen::Vector2d foot = tree.place + sway * 0.8 + brush.sun.shadow_per_metre * height;
  if (!brush.view.InFront(foot)) return;
  const Eigen::Vector2d at = brush.view.Project(foot, 0);
  const double px = (brush.view.Project(foot + Eigen::Vector2d(1, 0), 0) - at).norm();
  const double py = (brush.view.Project(foot + Eigen::Vector2d(0, 1), 0) - at).norm();
  const double mean = 0.5 * (px + py) * tree.crown_radius_m * 1.1;
  ShadeSprite(brush.canvas, sprites[static_cast<std::size_t>(tree.variant) % sprites.size()], at,
              mean * 1.1, mean, ShadowFactor(brush.sun, 0.52));
}

void PaintVehicle(const simulate::Mover& vehicle, const simulate::MoverState& state,
                  const VehicleLook& look, std::uint16_t thing, const Brush& brush) {
  PaintBoxes(brush.plan.thermal() ? WarmBoxes(vehicle, state, look.warm)
                                  : simulate::BoxesOf(vehicle, state),
             look.light, thing, brush);
}

void ShadeVehicle(const simulate::Mover& vehicle, const simulate::MoverState& state, bool warm,
                  const Brush& brush) {
  std::vector<Eigen::Vector2d> points;
  const auto corners =
      Rectangle(state.position, state.direction, 0.5 * vehicle.length_m, 0.5 * vehicle.width_m);
  for (const Eigen::Vector2d& corner : corners) points.push_back(brush.view.Project(corner, 0));
  if (!brush.sun.day) {
    // The ground below a vehicle: warmed by it, or sheltered from the cold sky.
    ShadeConvex(brush.canvas, points, warm ? 1.22F : 1.04F);
    return;
  }
  for (const Eigen::Vector2d& corner : corners) {
    points.push_back(
        brush.view.Project(corner + brush.sun.shadow_per_metre * 0.85 * vehicle.height_m, 0));
  }
  ShadeConvex(brush.canvas, simulate::ConvexHull(std::move(points)), ShadowFactor(brush.sun, 0.45));
}

void PaintPerson(const simulate::MoverState& state, const Colour& colour, std::uint16_t thing,
                 const Brush& brush) {
  const Colour look = brush.plan.thermal() ? Colour{188, 128, 128} : colour;
  PaintBoxes(simulate::PersonBoxes(state.position, state.direction, look), 1, thing, brush);
}

void ShadePerson(const simulate::MoverState& state, const Brush& brush) {
  if (!brush.sun.day) return;
  const auto corners = Rectangle(state.position, state.direction, 0.16, 0.25);
  std::vector<Eigen::Vector2d> points;
  for (const Eigen::Vector2d& corner : corners) {
    points.push_back(brush.view.Project(corner, 0));
    points.push_back(brush.view.Project(corner + brush.sun.shadow_per_metre * 1.7, 0));
  }
  ShadeConvex(brush.canvas, simulate::ConvexHull(std::move(points)), ShadowFactor(brush.sun, 0.55));
}

}  // namespace trucewatch::clip
