// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/vmti_looks.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cctype>
#include <cmath>

namespace trucewatch {
namespace {

constexpr std::size_t kMaxName = 64;

// The smallest covariance that is nowhere smaller than either.
Eigen::Matrix2d Envelope(const Eigen::Matrix2d& a, const Eigen::Matrix2d& b) {
  const Eigen::LLT<Eigen::Matrix2d> factor(a);
  if (factor.info() != Eigen::Success) return a + b;
  const Eigen::Matrix2d l = factor.matrixL();
  const Eigen::Matrix2d inverse = l.inverse();
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d> solver(inverse * b * inverse.transpose());
  const Eigen::Matrix2d scaled = l * solver.eigenvectors();
  return scaled * solver.eigenvalues().cwiseMax(1.0).asDiagonal() * scaled.transpose();
}

// Into a lineage goes what any message may hold.
std::string Printable(const std::string& text) {
  std::string out;
  for (const char c : text.substr(0, kMaxName)) {
    out += std::isprint(static_cast<unsigned char>(c)) != 0 ? c : '?';
  }
  return out;
}

bool Contains(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return text.find(word) != std::string::npos; });
}

class Placer {
 public:
  Placer(const MetadataReader::Targets& targets, std::optional<VmtiCamera> camera,
         const Terrain& terrain)
      : targets_(targets), camera_(std::move(camera)), terrain_(terrain) {
    if (!camera_) return;
    // Pixels are counted in the set's own frame where it states one.
    const Vmti& vmti = targets_.vmti;
    const auto use = [](const std::optional<std::uint64_t>& px, int& size) {
      if (px && *px > 0 && *px <= 65'536) size = static_cast<int>(*px);
    };
    use(vmti.frame_width_px, camera_->pose.width_px);
    use(vmti.frame_height_px, camera_->pose.height_px);
    if (camera_->pose.width_px < 1 || camera_->pose.height_px < 1) camera_.reset();
  }

  struct Place {
    Geodetic position;
    Eigen::Matrix2d cov_en_m2;
  };
  std::optional<Place> Of(const VmtiTarget& target) const {
    if (target.location) return Given(*target.location, target);
    if (target.latitude_offset && target.longitude_offset && targets_.state.frame_center) {
      Geodetic place = *targets_.state.frame_center;
      place.latitude = place.latitude + *target.latitude_offset;
      place.longitude = (place.longitude + *target.longitude_offset).NormalisedSigned();
      if (target.height_hae_m) place.height_hae_m = *target.height_hae_m;
      return Given(place, target);
    }
    if (!target.centroid || !camera_) return std::nullopt;
    // The middle of a pixel that is counted from 1.
    const auto ground = GroundFromPixelWithCovariance(
        camera_->pose, camera_->sigma, static_cast<double>(target.centroid->column) - 0.5,
        static_cast<double>(target.centroid->row) - 0.5, terrain_);
    if (!ground) return std::nullopt;
    return Place{ground->position, ground->cov_en_m2};
  }

  // Corners of the picture on the ground; empty when one is above the horizon.
  std::vector<Geodetic> Footprint() const {
    std::vector<Geodetic> corners;
    if (!camera_) return corners;
    const double w = camera_->pose.width_px;
    const double h = camera_->pose.height_px;
    for (const auto& [u, v] :
         {std::pair(0.0, h), std::pair(w, h), std::pair(w, 0.0), std::pair(0.0, 0.0)}) {
      const auto corner = GroundFromPixel(camera_->pose, u, v, terrain_);
      if (!corner) return {};
      corners.push_back(*corner);
    }
    return corners;
  }

 private:
  std::optional<Place> Given(const Geodetic& position, const VmtiTarget& target) const {
    if (!(std::abs(position.latitude.deg()) <= 90) || !MayBeInPicture(position))
      return std::nullopt;
    std::optional<Eigen::Matrix2d> stated;
    if (target.sigma_east_m && target.sigma_north_m && *target.sigma_east_m > 0 &&
        *target.sigma_north_m > 0) {
      stated = Eigen::Vector2d(*target.sigma_east_m * *target.sigma_east_m,
                               *target.sigma_north_m * *target.sigma_north_m)
                   .asDiagonal();
      const double rho = target.rho_east_north.value_or(0);
      if (std::abs(rho) < 0.999)
        (*stated)(0, 1) = (*stated)(1, 0) = rho * *target.sigma_east_m * *target.sigma_north_m;
    }
    const auto allowed = AllowedAt(position);
    if (stated && allowed) return Place{position, Envelope(*stated, *allowed)};
    if (stated || allowed) return Place{position, stated ? *stated : *allowed};
    return std::nullopt;
  }

  // A place far outside the picture that it was seen in contradicts the pose; within one picture's
  // size around it is the error of both.
  bool MayBeInPicture(const Geodetic& position) const {
    if (!camera_) return true;
    const auto pixel = PixelFromGround(camera_->pose, position);
    const double w = camera_->pose.width_px;
    const double h = camera_->pose.height_px;
    return pixel && pixel->x() > -w && pixel->x() < 2 * w && pixel->y() > -h && pixel->y() < 2 * h;
  }

  // What the pose allows where this place lies in the picture.
  std::optional<Eigen::Matrix2d> AllowedAt(const Geodetic& position) const {
    if (!camera_) return std::nullopt;
    const auto pixel = PixelFromGround(camera_->pose, position);
    if (!pixel) return std::nullopt;
    const auto ground = GroundFromPixelWithCovariance(camera_->pose, camera_->sigma, pixel->x(),
                                                      pixel->y(), terrain_);
    return ground ? std::optional(ground->cov_en_m2) : std::nullopt;
  }

  const MetadataReader::Targets& targets_;
  std::optional<VmtiCamera> camera_;
  const Terrain& terrain_;
};

void SetBox(const VmtiTarget& target, Detection& detection) {
  if (!target.box_top_left || !target.box_bottom_right) return;
  const auto &a = *target.box_top_left, &b = *target.box_bottom_right;
  if (b.column < a.column || b.row < a.row) return;
  detection.box_x_px = static_cast<double>(a.column) - 1;
  detection.box_y_px = static_cast<double>(a.row) - 1;
  detection.box_width_px = static_cast<double>(b.column - a.column) + 1;
  detection.box_height_px = static_cast<double>(b.row - a.row) + 1;
}

// Item 23: inactive, dropped, coasting.
bool WasSeen(const VmtiTarget& target) {
  const auto status = target.detection_status;
  return !status || (*status != 0 && *status != 2 && *status != 4);
}

}  // namespace

VmtiClass ClassFromWords(const std::vector<std::string>& words) {
  std::string text = " ";  // lower case, words between single spaces
  for (const std::string& word : words) {
    for (const char c : word + " ") {
      const auto byte = static_cast<unsigned char>(c);
      if (std::isalpha(byte) != 0) {
        text += static_cast<char>(std::tolower(byte));
      } else if (text.back() != ' ') {
        text += ' ';
      }
    }
  }
  // Anywhere in a word: what may be a person is kept back.
  if (Contains(text, {"person", "people", "human", "pedestrian", "dismount", "soldier", "civilian",
                      " man ", " men ", "woman", "women", "child"})) {
    return {VmtiKind::kPerson, ObjectClass::kUnspecified};
  }
  if (Contains(text, {"animal", "aircraft", "airplane", "helicopter", " bird ", "vessel", " boat ",
                      " ship "})) {
    return {VmtiKind::kOther, ObjectClass::kUnspecified};
  }
  if (Contains(text, {"tracked vehicle", " tank ", "armoured", "armored"}))
    return {VmtiKind::kVehicle, ObjectClass::kTrackedVehicle};
  if (Contains(text, {"truck", "lorry", " bus "})) return {VmtiKind::kVehicle, ObjectClass::kTruck};
  if (Contains(text, {" car ", " jeep ", "pickup", "automobile"}))
    return {VmtiKind::kVehicle, ObjectClass::kLightVehicle};
  return {};
}

VmtiLook LookFromVmti(const MetadataReader::Targets& targets,
                      const std::optional<VmtiCamera>& camera, const VmtiOptions& options) {
  VmtiLook out;
  ObservationSet& look = out.look;
  look.source = options.source;
  look.lineage = options.lineage;
  look.lineage.model = "st0903";
  if (targets.vmti.system_name) look.lineage.model += ":" + Printable(*targets.vmti.system_name);
  look.lineage.derived_from = options.lineage.sensor;
  look.time = targets.time;
  look.exercise = targets.state.exercise;
  look.detection_probability = options.detection_probability;
  look.false_alarms_per_km2 = options.false_alarms_per_km2;
  const Placer placer(targets, camera, *options.terrain);
  if (options.detection_probability > 0) look.footprint = placer.Footprint();
  for (const VmtiTarget& target : targets.vmti.targets) {
    const VmtiClass named = ClassFromWords(target.object_classes);
    if (named.kind != VmtiKind::kVehicle) {
      ++(named.kind == VmtiKind::kPerson ? out.persons : out.others);
      continue;
    }
    if (!WasSeen(target)) {
      ++out.unseen;
      continue;
    }
    const auto place = placer.Of(target);
    if (!place) {
      ++out.unplaced;
      continue;
    }
    if (look.detections.size() == kMaxVmtiTargets) {
      ++out.beyond;
      continue;
    }
    Detection detection;
    detection.position = place->position;
    detection.cov_en_m2 = place->cov_en_m2;
    detection.score =
        static_cast<double>(std::min<std::uint64_t>(target.confidence_percent.value_or(0), 100)) /
        100;
    detection.classes[named.object_class] = 1;
    detection.image_track = 0;
    SetBox(target, detection);
    look.detections.push_back(std::move(detection));
  }
  return out;
}

}  // namespace trucewatch
