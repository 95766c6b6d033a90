// SPDX-License-Identifier: Apache-2.0
#include "detect/still.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <span>
#include <vector>

#include "core/geo/geodetic.h"
#include "core/types/names.h"
#include "detect/best_class.h"

namespace trucewatch {
namespace {

constexpr int kEmptyGround = 112;  // grey level
constexpr double kPeopleMarginM = 1;
constexpr int kLargestCell = 24;   // pixels of the drawing, for one block
constexpr int kWantedWidth = 720;  // of the drawing, about
constexpr int kMostBlocks = 400;   // of the drawing, each way

std::string Png(const cv::Mat& picture) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(".png", picture, bytes);
  return {bytes.begin(), bytes.end()};
}

cv::Mat LumaOf(const DecodedPicture& picture) {
  return {picture.height_px, picture.width_px, CV_8U,
          const_cast<std::uint8_t*>(picture.luma.data())};  // only read
}

// BT.601 planes side by side, as OpenCV wants them: of even sizes only.
cv::Mat ColouredCopy(const DecodedPicture& picture) {
  const bool even = picture.width_px % 2 == 0 && picture.height_px % 2 == 0;
  const std::size_t quarter = picture.luma.size() / 4;
  cv::Mat colour;
  if (even && picture.chroma_u.size() == quarter && picture.chroma_v.size() == quarter) {
    std::vector<std::uint8_t> planes = picture.luma;
    planes.insert(planes.end(), picture.chroma_u.begin(), picture.chroma_u.end());
    planes.insert(planes.end(), picture.chroma_v.begin(), picture.chroma_v.end());
    const cv::Mat yuv(picture.height_px * 3 / 2, picture.width_px, CV_8U, planes.data());
    cv::cvtColor(yuv, colour, cv::COLOR_YUV2BGR_I420);
  } else {
    cv::cvtColor(LumaOf(picture), colour, cv::COLOR_GRAY2BGR);
  }
  return colour;
}

void Label(cv::Mat& colour, const std::string& text, double x, double y, const cv::Scalar& ink) {
  const cv::Point2d at(std::clamp(x, 2.0, std::max(2.0, colour.cols - 110.0)), std::max(11.0, y));
  cv::putText(colour, text, at, cv::FONT_HERSHEY_SIMPLEX, 0.38, {0, 0, 0}, 3, cv::LINE_AA);
  cv::putText(colour, text, at, cv::FONT_HERSHEY_SIMPLEX, 0.38, ink, 1, cv::LINE_AA);
}

// In pixels of the decoded picture, which its metadata may take for another size.
struct EdgeBox {
  double left = 0, top = 0, right = 0, bottom = 0;
  bool Meets(const EdgeBox& o) const {
    return left < o.right && o.left < right && top < o.bottom && o.top < bottom;
  }
};

template <typename Seen>
EdgeBox EdgesOf(const Seen& seen) {
  return {seen.box_x_px, seen.box_y_px, seen.box_x_px + seen.box_width_px,
          seen.box_y_px + seen.box_height_px};
}

// Metres that a pixel is wide where the thing is, across the line of sight; nothing: not known. The
// place is that which the detector found on the ground.
std::optional<double> MetresPerPixel(const Geodetic& place, const DecodedPicture& picture,
                                     const CameraPose& pose) {
  if (pose.width_px <= 0 || pose.height_px <= 0) return std::nullopt;
  const double range_m = (EcefFromGeodetic(place) - EcefFromGeodetic(pose.position)).norm();
  // The metadata may take the picture for another size.
  const double finer = std::min(static_cast<double>(pose.width_px) / picture.width_px,
                                static_cast<double>(pose.height_px) / picture.height_px);
  const double metres = GroundSampleDistanceM(pose, range_m) * finer;
  if (!(metres > 0) || !std::isfinite(metres)) return std::nullopt;
  return metres;
}

// A vehicle that is kept.
struct Kept {
  EdgeBox box;
  double metres_per_px = 0;
};

// Boxes of vehicles that may be shown; nearest to what the event is about first.
std::vector<Kept> KeptVehicles(const DecodedPicture& picture, const ObservationSet& look,
                               const CameraPose& pose, const RedrawTerms& terms) {
  std::vector<std::pair<double, const Detection*>> near;
  for (const Detection& d : look.detections) {
    const ObjectClass best = BestClass(d.classes);
    if (best == ObjectClass::kPersonGroup || best == ObjectClass::kUnspecified) continue;
    const double away = GeodesicDistanceM(d.position, terms.about);
    if (away <= kRedrawNearM) near.emplace_back(away, &d);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Kept> kept;
  for (const auto& [away, d] : near) {
    if (static_cast<int>(kept.size()) >= terms.most_vehicles) break;
    const EdgeBox box = EdgesOf(*d);
    const auto metres = MetresPerPixel(d->position, picture, pose);
    if (!metres) continue;
    const double length = std::max(box.right - box.left, box.bottom - box.top) * *metres;
    if (length < kRedrawLeastVehicleM) continue;
    kept.push_back({box, *metres});
  }
  return kept;
}

// Mean grey of what lies in the block and in the vehicle's box; nothing: no pixel does.
std::optional<int> ShadeOf(const DecodedPicture& picture, const EdgeBox& block,
                           const EdgeBox& box) {
  const int x0 = static_cast<int>(std::ceil(std::max({block.left, box.left, 0.0})));
  const int y0 = static_cast<int>(std::ceil(std::max({block.top, box.top, 0.0})));
  const int x1 = static_cast<int>(
      std::ceil(std::min({block.right, box.right, static_cast<double>(picture.width_px)})));
  const int y1 = static_cast<int>(
      std::ceil(std::min({block.bottom, box.bottom, static_cast<double>(picture.height_px)})));
  if (x0 >= x1 || y0 >= y1) return std::nullopt;
  std::int64_t sum = 0;
  for (int y = y0; y < y1; ++y) {
    const std::uint8_t* row =
        picture.luma.data() + static_cast<std::ptrdiff_t>(y) * picture.width_px;
    for (int x = x0; x < x1; ++x) sum += row[x];
  }
  const std::int64_t mean = sum / (static_cast<std::int64_t>(x1 - x0) * (y1 - y0));
  const int shade = static_cast<int>(mean) * kRedrawGreys / 256;
  return (2 * shade + 1) * 256 / (2 * kRedrawGreys);
}

}  // namespace

Result<DecodedPicture> PictureOf(const VideoSegment& segment, std::size_t frame) {
  std::vector<std::string> units;
  for (const VideoFrame& f : segment.frames) units.push_back(f.access_unit);
  std::optional<DecodedPicture> found;
  const auto decoded = DecodeAccessUnits(
      {.codec = segment.codec, .extradata = segment.extradata, .chroma = true}, units,
      [&](DecodedPicture&& picture) {
        const bool wanted = static_cast<std::size_t>(picture.access_unit) == frame;
        if (wanted) found = std::move(picture);
        return !wanted;
      });
  if (!decoded) return tl::unexpected<Error>(decoded.error());
  if (!found)
    return Fail(ErrorCode::kBadInput, "{}: picture {} of a segment does not decode",
                segment.source.value, frame);
  return std::move(*found);
}

Result<std::string> DrawLook(const DecodedPicture& picture, const ObservationSet& look) {
  try {
    cv::Mat colour = ColouredCopy(picture);
    const cv::Scalar red(0, 0, 255), yellow(0, 255, 255), cyan(255, 200, 0);
    for (const Detection& d : look.detections) {
      const cv::Rect2d box(d.box_x_px - 2, d.box_y_px - 2, d.box_width_px + 4, d.box_height_px + 4);
      cv::rectangle(colour, box, red, 1);
      Label(colour, ObjectClassName(BestClass(d.classes)), box.x, box.y - 3, yellow);
    }
    for (const GroupObservation& g : look.groups) {
      if (!(g.box_width_px > 0)) continue;
      const cv::Point2d middle(g.box_x_px + g.box_width_px / 2, g.box_y_px + g.box_height_px / 2);
      const cv::Size2d size(g.box_width_px + 12, g.box_height_px + 12);
      cv::ellipse(colour, cv::RotatedRect(middle, size, 0), cyan, 1, cv::LINE_AA);
      const char* what = g.object_class == ObjectClass::kPersonGroup ? "people" : "standing";
      Label(colour, fmt::format("{}: {} to {}", what, g.count_min, g.count_max), g.box_x_px,
            g.box_y_px - 10, cyan);
    }
    return Png(colour);
  } catch (const cv::Exception& exception) {
    return Fail(ErrorCode::kBadInput, "picture of {}: {}", look.source.value, exception.what());
  }
}

std::optional<std::string> RedrawVehicles(const DecodedPicture& picture, const ObservationSet& look,
                                          const std::optional<CameraPose>& pose,
                                          const RedrawTerms& terms) {
  if (!pose || picture.width_px <= 0 || picture.height_px <= 0) return std::nullopt;
  const std::vector<Kept> kept = KeptVehicles(picture, look, *pose, terms);
  if (kept.empty()) return std::nullopt;
  EdgeBox all = kept.front().box;
  double finest = kept.front().metres_per_px;  // what is nearest to the camera is the sharpest
  for (const Kept& one : kept) {
    all = {std::min(all.left, one.box.left), std::min(all.top, one.box.top),
           std::max(all.right, one.box.right), std::max(all.bottom, one.box.bottom)};
    finest = std::min(finest, one.metres_per_px);
  }
  // Whole pixels, so that where the corner lies between two of them is not told either.
  all.left = std::floor(all.left);
  all.top = std::floor(all.top);
  const double extent = std::max(all.right - all.left, all.bottom - all.top);
  const double block =
      std::max({2.0, std::ceil(kRedrawBlockM / finest), std::ceil(extent / kMostBlocks),
                std::ceil(kRedrawBlockShare * picture.height_px)});
  std::vector<EdgeBox> people;
  const double margin = kPeopleMarginM / finest;
  for (const GroupObservation& g : look.groups) {
    if (g.object_class != ObjectClass::kPersonGroup && g.object_class != ObjectClass::kUnspecified)
      continue;
    // Where in the picture they are must be known.
    if (!(g.box_width_px > 0 && g.box_height_px > 0)) return std::nullopt;
    const EdgeBox box = EdgesOf(g);
    people.push_back(
        {box.left - margin, box.top - margin, box.right + margin, box.bottom + margin});
  }
  const int columns = static_cast<int>(std::ceil((all.right - all.left) / block)) + 2;
  const int rows = static_cast<int>(std::ceil((all.bottom - all.top) / block)) + 2;
  cv::Mat blocks(rows, columns, CV_8U, cv::Scalar(kEmptyGround));
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      const double left = all.left + (column - 1) * block, top = all.top + (row - 1) * block;
      const EdgeBox cell{left, top, left + block, top + block};
      if (std::any_of(people.begin(), people.end(),
                      [&](const EdgeBox& group) { return group.Meets(cell); }))
        continue;
      for (const Kept& one : kept) {
        if (!one.box.Meets(cell)) continue;
        if (const auto shade = ShadeOf(picture, cell, one.box))
          blocks.at<std::uint8_t>(row, column) = static_cast<std::uint8_t>(*shade);
      }
    }
  }
  const int cell_px = std::clamp(kWantedWidth / columns, 1, kLargestCell);
  cv::Mat drawing;
  cv::resize(blocks, drawing, {}, cell_px, cell_px, cv::INTER_NEAREST);
  return Png(drawing);
}

}  // namespace trucewatch
