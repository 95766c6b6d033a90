// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance_look.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "detect/appearance/person_groups.h"
#include "detect/motion/ground_view.h"

namespace trucewatch {
namespace {

using appearance::Box;
using appearance::ImageDetector;
using v1::config::ModelCard;
using v1::config::ModelClass;

constexpr double kHalfVehicleM = 0.75, kHalfPersonM = 0.5;  // height of what a box is centred on
constexpr double kBoxSigmaPx =
    1.0;  // of the middle of a box, of its longer side's tenth if that is more

// The pose may speak of another size than the pictures have.
MotionPicture PoseOf(const MotionPicture& pose, const DecodedPicture& picture) {
  MotionPicture of = pose;
  if (of.pose) {
    of.pose->width_px = picture.width_px;
    of.pose->height_px = picture.height_px;
  }
  return of;
}

// A ground view counts pixels from their centres.
Eigen::Vector2d MiddleOf(double x, double y, double width, double height) {
  return {x + width / 2 - 0.5, y + height / 2 - 0.5};
}

Detection VehicleAt(const Box& box, const ModelCard& card, const motion::GroundView& view) {
  Detection d;
  d.score = box.score;
  d.classes = appearance::VehicleClassesOf(box, card);
  d.box_x_px = box.x_px;
  d.box_y_px = box.y_px;
  d.box_width_px = box.width_px;
  d.box_height_px = box.height_px;
  const Eigen::Vector2d middle = MiddleOf(box.x_px, box.y_px, box.width_px, box.height_px);
  const double sigma_px = std::max(kBoxSigmaPx, 0.1 * std::max(box.width_px, box.height_px));
  const auto place = view.Locate(middle, sigma_px);
  const auto scale = view.MetresPerPixel(middle);
  if (!place || !scale) return d;
  d.position = place->position;
  d.cov_en_m2 = place->cov_en_m2;
  const double across_m = box.width_px * scale->col(0).norm();
  const double along_m = box.height_px * scale->col(1).norm();
  d.length_m = std::max(across_m, along_m);
  d.width_m = std::min(across_m, along_m);
  return d;
}

std::optional<GroupObservation> GroupAt(const appearance::PersonGroup& in, double gsd_m,
                                        const motion::GroundView& view) {
  const double sigma_px = in.extent_px / std::sqrt(std::max(in.count_expected, 1.0));
  const auto place =
      view.Locate({in.middle_x_px - 0.5, in.middle_y_px - 0.5}, std::max(sigma_px, kBoxSigmaPx));
  if (!place) return std::nullopt;
  GroupObservation group;
  group.object_class = ObjectClass::kPersonGroup;
  group.position = place->position;
  group.cov_en_m2 = place->cov_en_m2;
  group.extent_m = in.extent_px * gsd_m;
  group.count_expected = in.count_expected;
  group.count_min = in.count_min;
  group.count_max = in.count_max;
  group.score = in.score;
  group.box_x_px = in.x_px;
  group.box_y_px = in.y_px;
  group.box_width_px = in.width_px;
  group.box_height_px = in.height_px;
  return group;
}

std::optional<double> GsdInTheMiddle(const MotionPicture& pose, const Terrain& terrain) {
  if (!pose.pose) return std::nullopt;
  const CameraPose& p = *pose.pose;
  const auto middle = GroundFromPixel(p, p.width_px / 2.0, p.height_px / 2.0, terrain);
  if (!middle) return std::nullopt;
  return GroundSampleDistanceM(p,
                               (EcefFromGeodetic(*middle) - EcefFromGeodetic(p.position)).norm());
}

appearance::PictureView ViewFor(const DecodedPicture& picture, const ModelCard& card,
                                const std::vector<std::uint8_t>& pixels) {
  return {picture.width_px, picture.height_px, WantsColour(card) ? 3 : 1, pixels};
}

}  // namespace

bool WantsColour(const ModelCard& card) { return card.colour_order() != ModelCard::GRAY; }

std::vector<std::uint8_t> PixelsFor(const ModelCard& card, const DecodedPicture& picture) {
  const auto level = [](int value) {
    return static_cast<std::uint8_t>(std::clamp(value >> 8, 0, 255));
  };
  // ITU-R BT.601 in 8-bit integers, as usual: 298 = 256 * 255/219 ...
  if (!WantsColour(card) || picture.chroma_u.empty()) {
    const std::size_t channels = WantsColour(card) ? 3 : 1;
    std::vector<std::uint8_t> grey;
    grey.reserve(channels * picture.luma.size());
    for (const std::uint8_t luma : picture.luma) {
      grey.insert(grey.end(), channels, level(298 * (luma - 16) + 128));
    }
    return grey;
  }
  const int width = picture.width_px, height = picture.height_px;
  const int half_width = (width + 1) / 2;
  std::vector<std::uint8_t> bgr(3 * picture.luma.size());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto at = static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                      static_cast<std::size_t>(x);
      const auto chroma = static_cast<std::size_t>(y / 2) * static_cast<std::size_t>(half_width) +
                          static_cast<std::size_t>(x / 2);
      const int c = 298 * (picture.luma[at] - 16) + 128;
      const int u = picture.chroma_u[chroma] - 128, v = picture.chroma_v[chroma] - 128;
      bgr[3 * at] = level(c + 516 * u);
      bgr[3 * at + 1] = level(c - 100 * u - 208 * v);
      bgr[3 * at + 2] = level(c + 409 * v);
    }
  }
  return bgr;
}

Result<AppearanceLook> LookByAppearance(const DecodedPicture& picture, const MotionPicture& pose,
                                        const ImageDetector& detector, const Terrain& terrain,
                                        const AppearanceLookOptions& options) {
  const ModelCard& card = detector.card();
  const MotionPicture at = PoseOf(pose, picture);
  AppearanceLook result;
  result.gsd_m = GsdInTheMiddle(at, terrain);
  result.georeferenced = at.pose.has_value() && result.gsd_m.has_value();
  const double min_score = options.min_score.value_or(card.working_score());
  const std::vector<std::uint8_t> pixels = PixelsFor(card, picture);
  TW_ASSIGN_OR_RETURN(result.look,
                      detector.LookAt(ViewFor(picture, card, pixels),
                                      {.min_score = std::min(min_score, card.working_score()),
                                       .gsd_m = result.gsd_m}));
  const motion::RaisedTerrain vehicle_ground(terrain, kHalfVehicleM);
  const motion::RaisedTerrain person_ground(terrain, kHalfPersonM);
  const motion::GroundView vehicle_view(at, 1.0, vehicle_ground, 1.0);
  for (const Box& box : result.look.boxes) {
    if (box.score < min_score) continue;
    if (!appearance::VehicleClassOf(card.class_(box.model_class).object())) continue;
    result.vehicles.push_back(VehicleAt(box, card, vehicle_view));
  }
  if (!result.georeferenced) return result;
  const motion::GroundView person_view(at, 1.0, person_ground, 1.0);
  for (const auto& group : appearance::GroupPersons(result.look.boxes, card,
                                                    {.min_count = options.min_people,
                                                    .group_radius_m = options.group_radius_m,
                                                    .gsd_m = result.gsd_m})) {
    if (auto placed = GroupAt(group, *result.gsd_m, person_view)) result.groups.push_back(*placed);
  }
  return result;
}

const Detection* VehicleOfMover(const Detection& mover, const std::vector<Detection>& vehicles) {
  const Detection* nearest = nullptr;
  double best = 0;
  for (const Detection& vehicle : vehicles) {
    const Eigen::Vector2d apart =
        MiddleOf(mover.box_x_px, mover.box_y_px, mover.box_width_px, mover.box_height_px) -
        MiddleOf(vehicle.box_x_px, vehicle.box_y_px, vehicle.box_width_px, vehicle.box_height_px);
    const double reach = 0.5 * std::max({mover.box_width_px, mover.box_height_px,
                                         vehicle.box_width_px, vehicle.box_height_px});
    if (apart.norm() > reach || (nearest != nullptr && apart.norm() >= best)) continue;
    nearest = &vehicle;
    best = apart.norm();
  }
  return nearest;
}

Result<int> ClassifyMovers(const DecodedPicture& picture, const MotionPicture& pose,
                           const ImageDetector& detector, const Terrain& terrain, std::size_t chips,
                           std::vector<Detection>& movers) {
  const ModelCard& card = detector.card();
  std::vector<std::size_t> order(movers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return movers[a].score > movers[b].score; });
  order.resize(std::min(order.size(), chips));
  if (order.empty()) return 0;
  const MotionPicture at = PoseOf(pose, picture);
  const std::optional<double> gsd_m = GsdInTheMiddle(at, terrain);
  const std::vector<std::uint8_t> pixels = PixelsFor(card, picture);
  const motion::RaisedTerrain ground(terrain, kHalfVehicleM);
  const motion::GroundView view(at, 1.0, ground, 1.0);
  int known = 0;
  for (const std::size_t i : order) {
    const Eigen::Vector2d middle = MiddleOf(movers[i].box_x_px, movers[i].box_y_px,
                                            movers[i].box_width_px, movers[i].box_height_px);
    TW_ASSIGN_OR_RETURN(const appearance::Look look,
                        detector.LookAtChip(ViewFor(picture, card, pixels), middle.x(), middle.y(),
                                            {.min_score = card.working_score(), .gsd_m = gsd_m}));
    std::vector<Detection> vehicles;
    for (const Box& box : look.boxes) {
      if (!appearance::VehicleClassOf(card.class_(box.model_class).object())) continue;
      vehicles.push_back(VehicleAt(box, card, view));
    }
    const Detection* vehicle = VehicleOfMover(movers[i], vehicles);
    if (vehicle == nullptr) continue;
    movers[i].classes = vehicle->classes;
    ++known;
  }
  return known;
}

}  // namespace trucewatch
