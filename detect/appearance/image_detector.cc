// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance/image_detector.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace trucewatch::appearance {
namespace {

using v1::config::ModelCard;
using v1::config::ModelClass;

constexpr int kFillGrey = 114;   // what YOLO networks are trained to see beside a picture
constexpr double kEdgePx = 2.0;  // a box that ends so close to its tile's edge is cut by it

// The picture as the network takes it: right channels, reduced by `scale`.
cv::Mat Prepared(const PictureView& picture, const ModelCard& card, double scale) {
  const int type = picture.channels == 1 ? CV_8UC1 : CV_8UC3;
  // OpenCV has no read-only view; the picture is only read.
  const cv::Mat full(picture.height_px, picture.width_px, type,
                     const_cast<std::uint8_t*>(picture.pixels.data()));
  cv::Mat reduced = full;
  if (scale < 1.0) {
    const cv::Size size(std::max(1, static_cast<int>(std::lround(full.cols * scale))),
                        std::max(1, static_cast<int>(std::lround(full.rows * scale))));
    cv::resize(full, reduced, size, 0, 0, cv::INTER_AREA);
  }
  cv::Mat prepared;
  const bool grey = card.colour_order() == ModelCard::GRAY;
  if (grey && reduced.channels() == 3) {
    cv::cvtColor(reduced, prepared, cv::COLOR_BGR2GRAY);
    reduced = prepared;
  }
  if (card.channels() == 3 && reduced.channels() == 1) {
    cv::Mat three;
    cv::cvtColor(reduced, three, cv::COLOR_GRAY2BGR);
    return three;
  }
  if (card.colour_order() == ModelCard::RGB_ORDER) {
    cv::Mat rgb;
    cv::cvtColor(reduced, rgb, cv::COLOR_BGR2RGB);
    return rgb;
  }
  return reduced;
}

// One tile as planes of floats.
std::vector<float> InputOf(const cv::Mat& prepared, const Tile& tile, const ModelCard& card) {
  const auto width = static_cast<std::size_t>(tile.width_px);
  const std::size_t plane = width * static_cast<std::size_t>(tile.height_px);
  const auto channels = static_cast<std::size_t>(card.channels());
  const auto scale = static_cast<float>(card.scale());
  std::vector<float> input(channels * plane, kFillGrey * scale);
  const int rows = std::min(tile.height_px, prepared.rows - tile.y_px);
  const int columns = std::min(tile.width_px, prepared.cols - tile.x_px);
  for (int y = 0; y < rows; ++y) {
    const std::uint8_t* from =
        prepared.ptr<std::uint8_t>(tile.y_px + y) + static_cast<std::size_t>(tile.x_px) * channels;
    float* to = input.data() + static_cast<std::size_t>(y) * width;
    for (std::size_t x = 0; x < static_cast<std::size_t>(columns); ++x) {
      for (std::size_t c = 0; c < channels; ++c) {
        to[c * plane + x] = scale * static_cast<float>(from[x * channels + c]);
      }
    }
  }
  return input;
}

// From a tile of the reduced picture to the picture; false when nothing of it is inside.
bool PlaceInPicture(const Tile& tile, const cv::Mat& prepared, const PictureView& picture,
                    Box* box) {
  const double tile_right = std::min<double>(tile.width_px, prepared.cols - tile.x_px);
  const double tile_bottom = std::min<double>(tile.height_px, prepared.rows - tile.y_px);
  const double left = std::max(box->x_px, 0.0), top = std::max(box->y_px, 0.0);
  const double right = std::min(box->x_px + box->width_px, tile_right);
  const double bottom = std::min(box->y_px + box->height_px, tile_bottom);
  if (!(right > left && bottom > top)) return false;
  box->cut_left = tile.cuts_left && left <= kEdgePx;
  box->cut_top = tile.cuts_top && top <= kEdgePx;
  box->cut_right = tile.cuts_right && right >= tile.width_px - kEdgePx;
  box->cut_bottom = tile.cuts_bottom && bottom >= tile.height_px - kEdgePx;
  const double x_scale = static_cast<double>(picture.width_px) / prepared.cols;
  const double y_scale = static_cast<double>(picture.height_px) / prepared.rows;
  box->x_px = (tile.x_px + left) * x_scale;
  box->y_px = (tile.y_px + top) * y_scale;
  box->width_px = (right - left) * x_scale;
  box->height_px = (bottom - top) * y_scale;
  return true;
}

Result<void> CheckPicture(const PictureView& picture) {
  const auto expected = static_cast<std::size_t>(std::max(picture.width_px, 0)) *
                        static_cast<std::size_t>(std::max(picture.height_px, 0)) *
                        static_cast<std::size_t>(std::max(picture.channels, 0));
  const int longest = std::max(picture.width_px, picture.height_px);
  if (expected == 0 || picture.pixels.size() != expected ||
      (picture.channels != 1 && picture.channels != 3) || longest > ImageDetector::kMaxSidePx) {
    return Fail(ErrorCode::kBadInput, "a picture of {} x {} with {} channels and {} bytes",
                picture.width_px, picture.height_px, picture.channels, picture.pixels.size());
  }
  return {};
}

}  // namespace

// A network for one caller, given back at the end.
class ImageDetector::Lease {
 public:
  static Result<Lease> Take(const ImageDetector& detector) {
    {
      const std::lock_guard lock(detector.mutex_);
      if (!detector.idle_.empty()) {
        Lease lease(detector, std::move(detector.idle_.back()));
        detector.idle_.pop_back();
        return lease;
      }
    }
    TW_ASSIGN_OR_RETURN(Network network, Network::Load(detector.model_));
    return Lease(detector, std::move(network));
  }
  Lease(Lease&&) = default;
  ~Lease() {
    if (!network_) return;
    const std::lock_guard lock(detector_->mutex_);
    detector_->idle_.push_back(std::move(*network_));
  }
  Network& network() { return *network_; }

 private:
  Lease(const ImageDetector& detector, Network network)
      : detector_(&detector), network_(std::make_unique<Network>(std::move(network))) {}
  const ImageDetector* detector_;
  std::unique_ptr<Network> network_;  // null once moved from
};

Result<std::unique_ptr<ImageDetector>> ImageDetector::Create(ModelFile model) {
  std::unique_ptr<ImageDetector> detector(new ImageDetector(std::move(model)));
  TW_ASSIGN_OR_RETURN(Network network, Network::Load(detector->model_));
  detector->idle_.push_back(std::move(network));
  return detector;
}

double ImageDetector::ScaleOf(const PictureView& picture, const LookOptions& options) const {
  double scale = 1.0;
  const double longest = std::max(picture.width_px, picture.height_px);
  if (card().reduce_to_long_side_px() > 0) {
    scale = std::min(scale, card().reduce_to_long_side_px() / longest);
  }
  if (options.gsd_m && card().min_gsd_m() > 0) {
    scale = std::min(scale, *options.gsd_m / card().min_gsd_m());
  }
  return scale;
}

Result<Look> ImageDetector::LookAt(const PictureView& picture, const LookOptions& options) const {
  TW_RETURN_IF_ERROR(CheckPicture(picture));
  Look look;
  if (options.gsd_m && card().max_gsd_m() > 0 && *options.gsd_m > card().max_gsd_m()) {
    look.degraded_reason = fmt::format("{:.3g} m a pixel; the network knows {:.3g} m and finer",
                                       *options.gsd_m, card().max_gsd_m());
    return look;
  }
  return Search(picture, ScaleOf(picture, options), options.min_score);
}

Result<Look> ImageDetector::Search(const PictureView& picture, double scale,
                                   double min_score) const {
  TW_ASSIGN_OR_RETURN(Lease lease, Lease::Take(*this));
  Look look;
  std::vector<Box> boxes;
  try {
    const cv::Mat prepared = Prepared(picture, card(), scale);
    const std::vector<Tile> tiles = CoverWithTiles(
        {prepared.cols, prepared.rows},
        {static_cast<int>(card().input_width_px()), static_cast<int>(card().input_height_px())},
        kTileOverlap);
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      TW_ASSIGN_OR_RETURN(const NetworkOutput output,
                          lease.network().Run(InputOf(prepared, tiles[i], card())));
      for (Box& box : BoxesOf(output, card(), min_score)) {
        box.tile = i;
        if (PlaceInPicture(tiles[i], prepared, picture, &box)) boxes.push_back(std::move(box));
      }
    }
  } catch (const cv::Exception& e) {
    return Fail(ErrorCode::kBadInput, "the picture cannot be brought to the network's scale: {}",
                e.what());
  }
  look.boxes = MergeBoxes(std::move(boxes), card(), card().nms_iou());
  return look;
}

Result<Look> ImageDetector::LookAtChip(const PictureView& picture, double x_px, double y_px,
                                       const LookOptions& options) const {
  TW_RETURN_IF_ERROR(CheckPicture(picture));
  const double scale = ScaleOf(picture, options);
  const auto side = [&](std::uint32_t input, int whole) {
    return std::min(whole, static_cast<int>(std::ceil(input / scale)));
  };
  const int width = side(card().input_width_px(), picture.width_px);
  const int height = side(card().input_height_px(), picture.height_px);
  const auto start = [](double middle, int length, int whole) {
    return std::clamp(static_cast<int>(std::lround(middle - length / 2.0)), 0, whole - length);
  };
  const int left = start(x_px, width, picture.width_px);
  const int top = start(y_px, height, picture.height_px);
  const auto channels = static_cast<std::size_t>(picture.channels);
  std::vector<std::uint8_t> pixels;
  pixels.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * channels);
  for (int y = top; y < top + height; ++y) {
    const std::size_t first = (static_cast<std::size_t>(y) * picture.width_px + left) * channels;
    const auto row = picture.pixels.subspan(first, static_cast<std::size_t>(width) * channels);
    pixels.insert(pixels.end(), row.begin(), row.end());
  }
  TW_ASSIGN_OR_RETURN(Look look,
                      Search({width, height, picture.channels, pixels}, scale, options.min_score));
  for (Box& box : look.boxes) {
    box.x_px += left;
    box.y_px += top;
  }
  return look;
}

std::optional<ObjectClass> VehicleClassOf(ModelClass::Object object) {
  switch (object) {
    case ModelClass::LIGHT_VEHICLE:
      return ObjectClass::kLightVehicle;
    case ModelClass::TRUCK:
      return ObjectClass::kTruck;
    case ModelClass::TRACKED_VEHICLE:
      return ObjectClass::kTrackedVehicle;
    case ModelClass::UNKNOWN_VEHICLE:
      return ObjectClass::kUnknownVehicle;
    default:
      return std::nullopt;
  }
}

ClassProbabilities VehicleClassesOf(const Box& box, const ModelCard& card) {
  ClassProbabilities classes;
  double sum = 0;
  for (std::size_t c = 0; c < box.class_scores.size(); ++c) {
    const auto vehicle = VehicleClassOf(card.class_(static_cast<int>(c)).object());
    if (!vehicle || !(box.class_scores[c] > 0)) continue;
    classes[*vehicle] += box.class_scores[c];
    sum += box.class_scores[c];
  }
  // Independent scores may add up to more than one.
  for (auto& [object_class, share] : classes) share /= std::max(sum, 1.0);
  if (sum < 1.0) classes[ObjectClass::kUnknownVehicle] += 1.0 - sum;
  return classes;
}

}  // namespace trucewatch::appearance
