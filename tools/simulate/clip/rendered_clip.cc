// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/rendered_clip.h"

#include <algorithm>
#include <cmath>

#include "tools/simulate/clip/thing_paint.h"
#include "tools/simulate/clip/yard.h"
#include "tools/simulate/random.h"
#include "tools/simulate/raster.h"
#include "tools/simulate/vehicle_kinds.h"

namespace trucewatch::clip {
namespace {

using simulate::View;

constexpr std::uint16_t kNoVehicle = 1;     // things that are none: houses, trees, people
constexpr std::uint16_t kFirstVehicle = 2;  // the frame's vehicles, in order

enum class ThingKind { kHouse, kTree, kVehicle, kPerson };
struct Thing {
  ThingKind kind;
  const void* what = nullptr;       // House, Tree, simulate::Mover or Walker
  simulate::MoverState state = {};  // of what moves
  bool warm = true;
  std::uint16_t number = kNoVehicle;
};

// Fills in where the prism lies in the picture; false when it does not touch it.
bool Locate(const View& view, Prism& prism) {
  if (!view.InFront(prism.middle())) return false;
  prism.image_low.setConstant(1e300), prism.image_high.setConstant(-1e300);
  for (const Eigen::Vector2d& corner : prism.footprint) {
    for (const double height : {prism.bottom_m, prism.top_m}) {
      const Eigen::Vector2d p = view.Project(corner, height);
      prism.image_low = prism.image_low.cwiseMin(p),
      prism.image_high = prism.image_high.cwiseMax(p);
    }
  }
  return prism.image_high.x() > 0 && prism.image_high.y() > 0 &&
         prism.image_low.x() < view.width_px() && prism.image_low.y() < view.height_px();
}

Prism PrismOf(const simulate::Mover& body, const simulate::MoverState& state) {
  Prism prism;
  prism.footprint =
      Rectangle(state.position, state.direction, 0.5 * body.length_m, 0.5 * body.width_m);
  prism.top_m = body.height_m;
  return prism;
}

double AreaOf(const std::vector<Eigen::Vector2d>& hull) {
  double twice = 0;
  for (std::size_t i = 0; i < hull.size(); ++i) {
    const Eigen::Vector2d& a = hull[i];
    const Eigen::Vector2d& b = hull[(i + 1) % hull.size()];
    twice += a.x() * b.y() - b.x() * a.y();
  }
  return 0.5 * std::abs(twice);
}

}  // namespace

double VisibleShare(const Prism& prism, const View& view, const Canvas& canvas,
                    std::uint16_t number) {
  std::vector<Eigen::Vector2d> points;
  for (const Eigen::Vector2d& corner : prism.footprint) {
    points.push_back(view.Project(corner, 0.12 * prism.top_m));
    points.push_back(view.Project(corner, prism.top_m));
  }
  const double area = AreaOf(simulate::ConvexHull(points));
  const int x0 = std::max(0, static_cast<int>(prism.image_low.x()) - 1),
            x1 = std::min(canvas.width_px - 1, static_cast<int>(prism.image_high.x()) + 1);
  const int y0 = std::max(0, static_cast<int>(prism.image_low.y()) - 1),
            y1 = std::min(canvas.height_px - 1, static_cast<int>(prism.image_high.y()) + 1);
  int count = 0;
  for (int y = y0; y <= y1; ++y) {
    const std::uint16_t* row = canvas.thing.data() + static_cast<std::size_t>(y) *
                                                         static_cast<std::size_t>(canvas.width_px);
    for (int x = x0; x <= x1; ++x) count += row[x] == number ? 1 : 0;
  }
  // Bodies are stepped, outlines are not: a car fills about nine tenths of its own.
  return std::min(1.0, count / std::max(1.0, 0.88 * area));
}

double ParallaxCosine(const Eigen::Vector2d& platform_mps, const Eigen::Vector2d& vehicle_mps) {
  if (platform_mps.norm() < 1 || vehicle_mps.norm() < 0.1) return 0;
  return -platform_mps.normalized().dot(vehicle_mps.normalized());
}

Result<std::unique_ptr<RenderedClip>> RenderedClip::Create(const ClipPlan& plan) {
  std::unique_ptr<RenderedClip> scene(new RenderedClip(plan));
  TW_ASSIGN_OR_RETURN(const Extent seen, scene->flight_.Seen());
  scene->land_ = MakeLand(scene->plan_, seen);
  scene->traffic_ = MakeTraffic(scene->plan_, scene->land_);
  scene->sun_ = DaylightOf(scene->plan_);
  scene->ground_ = std::make_unique<ClipGround>(
      scene->plan_, scene->land_, 0.9 * scene->flight_.finest_gsd_m() * plan.upscaling());
  scene->lens_ = std::make_unique<ClipLens>(scene->plan_, scene->flight_);
  scene->canvas_ =
      std::make_unique<Canvas>(plan.sensor_width_px(), plan.sensor_height_px(), !plan.thermal());
  return scene;
}

RenderedClip::RenderedClip(const ClipPlan& plan) : plan_(plan), flight_(plan_) {}

bool RenderedClip::InHouseShadow(const Eigen::Vector2d& place) const {
  if (!sun_.day) return false;
  for (const House& house : land_.houses) {
    const simulate::Building& b = house.body;
    // Walk back towards the sun: the place is in the shadow when the ray meets the house below its
    // roof. Two steps a metre of height are plenty for a yes or no.
    const Eigen::Vector2d away = place - b.centre;
    const double reach =
        sun_.shadow_per_metre.norm() * b.height_m + b.half_length_m + b.half_width_m;
    if (away.squaredNorm() > reach * reach) continue;
    const Eigen::Vector2d across(-b.along.y(), b.along.x());
    for (double height = 0.25; height < b.height_m; height += 0.5) {
      const Eigen::Vector2d at = away - sun_.shadow_per_metre * height;
      if (std::abs(at.dot(b.along)) < b.half_length_m && std::abs(at.dot(across)) < b.half_width_m)
        return true;
    }
  }
  return false;
}

VehicleTruth RenderedClip::TruthOf(const simulate::Mover& body, const simulate::MoverState& state,
                                   const View& view, double t_s) const {
  const double scale = plan_.upscaling();
  VehicleTruth truth;
  truth.kind = simulate::MoverKindName(body.kind);
  std::array<Eigen::Vector2d, 8> corners;
  const Prism prism = PrismOf(body, state);
  Eigen::Vector2d low(1e300, 1e300), high(-1e300, -1e300);
  for (std::size_t i = 0; i < 8; ++i) {
    corners[i] = scale * view.Project(prism.footprint[i % 4], i < 4 ? 0 : body.height_m);
    low = low.cwiseMin(corners[i]), high = high.cwiseMax(corners[i]);
  }
  for (std::size_t i = 0; i < 8; ++i) {
    for (std::size_t j = 0; j < i; ++j)
      truth.size_px = std::max(truth.size_px, (corners[i] - corners[j]).norm());
  }
  truth.box_px[0] = low.x(), truth.box_px[1] = low.y();
  truth.box_px[2] = high.x() - low.x(), truth.box_px[3] = high.y() - low.y();
  if (sun_.day) {
    for (const Eigen::Vector2d& corner : prism.footprint) {
      const Eigen::Vector2d p =
          scale * view.Project(corner + sun_.shadow_per_metre * body.height_m, 0);
      low = low.cwiseMin(p), high = high.cwiseMax(p);
    }
  }
  truth.shadow_box_px[0] = low.x(), truth.shadow_box_px[1] = low.y();
  truth.shadow_box_px[2] = high.x() - low.x(), truth.shadow_box_px[3] = high.y() - low.y();
  truth.centre_px = scale * view.Project(state.position, 0.5 * body.height_m);
  const double slant =
      (Eigen::Vector3d(state.position.x(), state.position.y(), 0) - view.camera_enu_m()).norm();
  const double slant_middle =
      std::hypot((flight_.PlatformAt(t_s) - flight_.StareAt(t_s)).norm(), plan_.height_m);
  truth.gsd_m = flight_.GsdAt(t_s) * slant / slant_middle;
  truth.position_en_m = state.position;
  truth.velocity_en_mps = state.velocity_mps;
  truth.parallax_cosine = ParallaxCosine(flight_.PlatformVelocity(t_s), state.velocity_mps);
  return truth;
}

std::vector<std::pair<simulate::Mover, simulate::MoverState>> RenderedClip::PassingAt(
    double t_s) const {
  simulate::Random random(plan_.seed, "passing", static_cast<std::uint64_t>(std::llround(t_s)));
  std::vector<std::pair<simulate::Mover, simulate::MoverState>> passing;
  for (std::size_t i = 0; i < land_.streets.size(); ++i) {
    const Street& street = land_.streets[i];
    const Eigen::Vector2d span = street.points.back() - street.points.front();
    const Eigen::Vector2d along = span.normalized(), right(along.y(), -along.x());
    const int count = random.Poisson(plan_.vehicles_per_km * span.norm() / 1000);
    for (int k = 0; k < count; ++k) {
      const double sense = random.Below(2) == 0 ? 1 : -1;
      simulate::Mover body = simulate::MakeVehicle(
          static_cast<simulate::MoverKind>(random.Below(4)), random);  // car, jeep, truck, bus
      simulate::MoverState state;
      state.direction = sense * along;
      state.position =
          street.points.front() + random.Uniform() * span + sense * 0.25 * street.width_m * right;
      state.velocity_mps = plan_.vehicle_speed_mps * state.direction;
      const bool clear = std::all_of(passing.begin(), passing.end(), [&](const auto& other) {
        return (other.second.position - state.position).norm() > 12;
      });
      if (clear) passing.emplace_back(body, state);
    }
  }
  return passing;
}

void RenderedClip::Draw(const View& view, double t_s, Canvas& canvas,
                        std::vector<VehicleTruth>* truth) const {
  std::fill(canvas.thing.begin(), canvas.thing.end(), std::uint16_t{0});
  const double gsd_m = flight_.GsdAt(t_s) * plan_.upscaling();
  ground_->Draw(view, gsd_m, canvas);
  const Brush brush{plan_, view, sun_, t_s, gsd_m, canvas};

  std::vector<Thing> things;
  std::vector<Prism> prisms;
  const auto add = [&](Prism prism, const Thing& thing) {
    if (!Locate(view, prism)) return false;
    prisms.push_back(prism);
    things.push_back(thing);
    return true;
  };
  for (const House& house : land_.houses) {
    Prism prism;
    prism.footprint = Rectangle(house.body.centre, house.body.along, house.body.half_length_m,
                                house.body.half_width_m);
    prism.top_m = house.body.height_m + (house.on_roof.empty() ? 0 : 2.6);
    add(prism, {ThingKind::kHouse, &house});
  }
  for (const Tree& tree : land_.trees) {
    Prism prism;
    prism.footprint =
        Rectangle(tree.place, {1, 0}, 0.6 * tree.crown_radius_m, 0.6 * tree.crown_radius_m);
    prism.top_m = tree.height_m + 0.5;
    prism.overhangs = true;
    // Its shadow reaches farther than it does.
    if (view.InFront(tree.place)) {
      const Eigen::Vector2d p = view.Project(tree.place, 0);
      const double margin = 4 * tree.height_m / gsd_m + 8;
      if (p.x() > -margin && p.y() > -margin && p.x() < canvas.width_px + margin &&
          p.y() < canvas.height_px + margin) {
        ShadeTree(tree, brush);
      }
    }
    add(prism, {ThingKind::kTree, &tree});
  }
  const auto passing = plan_.is_day() ? PassingAt(t_s) : decltype(PassingAt(t_s))();
  std::uint16_t number = kFirstVehicle;
  std::vector<std::size_t> vehicles;  // their prisms
  const auto add_vehicle = [&](const simulate::Mover& body, const simulate::MoverState& state,
                               bool warm, int id, bool parked) {
    if (!add(PrismOf(body, state), {ThingKind::kVehicle, &body, state, warm, number})) return;
    ShadeVehicle(body, state, warm, brush);
    ++number;
    vehicles.push_back(prisms.size() - 1);
    if (truth == nullptr) return;
    truth->push_back(TruthOf(body, state, view, t_s));
    truth->back().id = id;
    truth->back().parked = parked;
  };
  for (std::size_t i = 0; i < land_.parked.size(); ++i) {
    if (!land_.parked[i].IsThere(t_s)) continue;
    // One in four has not stood for long.
    add_vehicle(land_.parked[i].vehicle, land_.parked[i].state, i % 4 == 0,
                10'000 + static_cast<int>(i), true);
  }
  for (std::size_t i = 0; i < passing.size(); ++i) {
    add_vehicle(passing[i].first, passing[i].second, true, 1 + static_cast<int>(i), false);
  }
  for (const Vehicle& vehicle : traffic_.vehicles) {
    if (const auto state = vehicle.At(t_s))
      add_vehicle(vehicle.body, *state, true, vehicle.id, false);
  }
  for (const Walker& walker : traffic_.walkers) {
    const simulate::MoverState state = walker.At(t_s);
    Prism prism;
    prism.footprint = Rectangle(state.position, state.direction, 0.16, 0.25);
    prism.top_m = 1.7;
    if (add(prism, {ThingKind::kPerson, &walker, state})) ShadePerson(state, brush);
  }

  for (const std::size_t i : PaintOrder(prisms, view.camera_enu_m().head<2>())) {
    const Thing& thing = things[i];
    switch (thing.kind) {
      case ThingKind::kHouse:
        PaintHouse(*static_cast<const House*>(thing.what), kNoVehicle, brush);
        break;
      case ThingKind::kTree:
        PaintTree(*static_cast<const Tree*>(thing.what), kNoVehicle, brush);
        break;
      case ThingKind::kVehicle:
        PaintVehicle(
            *static_cast<const simulate::Mover*>(thing.what), thing.state,
            {InHouseShadow(thing.state.position) ? ShadowFactor(sun_, 0.5) : 1.0, thing.warm},
            thing.number, brush);
        break;
      case ThingKind::kPerson:
        PaintPerson(thing.state, static_cast<const Walker*>(thing.what)->colour, kNoVehicle, brush);
        break;
    }
  }
  if (truth == nullptr) return;
  for (std::size_t i = 0; i < vehicles.size(); ++i) {
    (*truth)[i].visible = VisibleShare(prisms[vehicles[i]], view, canvas,
                                       static_cast<std::uint16_t>(kFirstVehicle + i));
  }
}

void RenderedClip::Render(int frame, simulate::YuvPicture& picture,
                          std::vector<VehicleTruth>* truth) {
  if (truth != nullptr) truth->clear();
  if (plan_.is_day()) {
    const double t_s = flight_.SecondsOf(frame);
    sun_ = DaylightOf(plan_, t_s);
    ground_->Light(land_, sun_, WeatherAt(plan_, t_s).wet);
  }
  for (int field = 0; field < (plan_.interlaced ? 2 : 1); ++field) {
    const double t_s = flight_.SecondsOf(frame) + 0.5 * field / plan_.scene.frames_per_second();
    const View view = flight_.ViewAt(t_s);
    Draw(view, t_s, *canvas_, field == 0 ? truth : nullptr);
    lens_->Expose(view, t_s, frame, field, *canvas_);
    lens_->Place(*canvas_, field, picture);
  }
  lens_->Burn(flight_.SecondsOf(frame), frame, picture);
}

}  // namespace trucewatch::clip
