// SPDX-License-Identifier: Apache-2.0
#include "detect/still.h"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <vector>

#include "core/types/names.h"

namespace trucewatch {
namespace {

std::string Png(const cv::Mat& picture) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(".png", picture, bytes);
  return {bytes.begin(), bytes.end()};
}

// The likeliest; of equals the first.
ObjectClass BestOf(const ClassProbabilities& classes) {
  ObjectClass best = ObjectClass::kUnspecified;
  double most = 0;
  for (const auto& [object_class, probability] : classes) {
    if (probability > most) {
      most = probability;
      best = object_class;
    }
  }
  return best;
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
      Label(colour, ObjectClassName(BestOf(d.classes)), box.x, box.y - 3, yellow);
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

}  // namespace trucewatch
