// SPDX-License-Identifier: Apache-2.0
#include "detect/image_report.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "core/json/json_writer.h"
#include "core/types/names.h"
#include "detect/appearance/person_groups.h"

namespace trucewatch {
namespace {

using appearance::Box;
using appearance::ImageDetector;
using appearance::PersonGroup;
using v1::config::ModelCard;
using v1::config::ModelClass;

double InDecimals(double value, double per_unit) { return std::round(value * per_unit) / per_unit; }

// 16 bits to 8: from the darkest to the brightest level, less one in a thousand at either end.
cv::Mat Stretched(const cv::Mat& deep) {
  cv::Mat grey;
  if (deep.channels() == 1) {
    grey = deep;
  } else {
    cv::cvtColor(deep, grey, cv::COLOR_BGR2GRAY);
  }
  std::vector<std::size_t> levels(65'536, 0);
  for (int y = 0; y < grey.rows; ++y) {
    for (int x = 0; x < grey.cols; ++x) ++levels[grey.at<std::uint16_t>(y, x)];
  }
  const std::size_t aside = grey.total() / 1000;
  int low = 0, high = 65'535;
  for (std::size_t n = 0; low < high && (n += levels[static_cast<std::size_t>(low)]) <= aside;)
    ++low;
  for (std::size_t n = 0; high > low && (n += levels[static_cast<std::size_t>(high)]) <= aside;)
    --high;
  cv::Mat stretched;
  const double gain = 255.0 / std::max(1, high - low);
  deep.convertTo(stretched, CV_8U, gain, -gain * low);
  return stretched;
}

Result<cv::Mat> DecodeImage(Bytes image) {
  if (image.empty()) return Fail(ErrorCode::kBadInput, "is empty");
  try {
    const cv::Mat bytes(1, static_cast<int>(image.size()), CV_8U,
                        const_cast<std::uint8_t*>(image.data()));  // only read
    cv::Mat picture = cv::imdecode(
        bytes, cv::IMREAD_ANYDEPTH | cv::IMREAD_ANYCOLOR | cv::IMREAD_IGNORE_ORIENTATION);
    if (picture.empty()) {
      return Fail(ErrorCode::kBadInput,
                  "does not decode; expected a JPEG, PNG, TIFF, BMP or WebP picture");
    }
    if (picture.depth() == CV_16U) picture = Stretched(picture);
    if (picture.depth() != CV_8U || (picture.channels() != 1 && picture.channels() != 3)) {
      return Fail(ErrorCode::kBadInput,
                  "has {} channels of another kind than 8 or 16 bits; expected grey or colour",
                  picture.channels());
    }
    return picture;
  } catch (const std::exception& e) {  // cv::Exception is one; so is a failed allocation
    return Fail(ErrorCode::kBadInput, "does not decode: {}", e.what());
  }
}

appearance::PictureView ViewOf(const cv::Mat& picture) {
  return {picture.cols, picture.rows, picture.channels(),
          Bytes(picture.data, picture.total() * picture.elemSize())};
}

const char* NameOf(const Box& box, const ModelCard& card) {
  const auto object = card.class_(box.model_class).object();
  const auto vehicle = appearance::VehicleClassOf(object);
  return vehicle ? ObjectClassName(*vehicle) : "person";
}

bool IsPersonBox(const Box& box, const ModelCard& card) {
  return card.class_(box.model_class).object() == ModelClass::PERSON;
}

void AddBox(double x, double y, double width, double height, JsonWriter& json) {
  json.Key("box_px").BeginArray();
  for (const double value : {x, y, width, height}) json.Number(InDecimals(value, 100));
  json.EndArray();
}

void AddPlace(const Box& box, const ImageReportOptions& options, JsonWriter& json) {
  if (!options.place) return;
  const auto place = options.place(box.x_px + box.width_px / 2, box.y_px + box.height_px / 2);
  if (!place) return;
  json.Field("lat_deg", place->position.latitude.deg());
  json.Field("lon_deg", place->position.longitude.deg());
  // The middle of a box is good to a tenth of its longer side.
  const double box_m = 0.1 * std::max(box.width_px, box.height_px) * options.gsd_m.value_or(0);
  const double variance = place->sigma_m * place->sigma_m + box_m * box_m;
  json.Key("cov_m2").BeginArray().Number(variance).Number(0).Number(variance).EndArray();
}

std::string ImageLine(const cv::Mat& picture, const ModelCard& card, const appearance::Look& look,
                      const std::vector<PersonGroup>& groups, const ImageReportOptions& options) {
  JsonWriter json;
  json.BeginObject().Field("file", options.file).Field("frame", 0);
  json.Field("width_px", picture.cols).Field("height_px", picture.rows);
  json.Field("model", card.name());
  json.Field("modality", card.modality() == ModelCard::INFRARED ? "ir" : "rgb");
  if (!look.degraded_reason.empty()) json.Field("degraded", look.degraded_reason);
  json.Key("detections").BeginArray();
  for (const Box& box : look.boxes) {
    json.BeginObject().Field("class", NameOf(box, card));
    json.Field("score", InDecimals(box.score, 1e4));
    AddBox(box.x_px, box.y_px, box.width_px, box.height_px, json);
    // A single person has a box for scoring, never a place.
    if (!IsPersonBox(box, card)) AddPlace(box, options, json);
    json.EndObject();
  }
  json.EndArray().Key("groups").BeginArray();
  for (const PersonGroup& group : groups) {
    json.BeginObject().Field("class", ObjectClassName(ObjectClass::kPersonGroup));
    json.Field("count_min", group.count_min).Field("count_max", group.count_max);
    AddBox(group.x_px, group.y_px, group.width_px, group.height_px, json);
    json.EndObject();
  }
  return json.EndArray().EndObject().text();
}

cv::Scalar ColourOf(const std::string& name) {
  if (name == "light_vehicle") return {80, 200, 255};
  if (name == "truck") return {255, 180, 60};
  if (name == "tracked_vehicle") return {90, 90, 255};
  if (name == "person") return {255, 120, 220};
  return {120, 255, 120};
}

// A label that can be read on any ground: dark text on the box's colour.
void DrawLabel(cv::Mat& colour, const std::string& text, const cv::Rect2d& box,
               const cv::Scalar& tint, double size) {
  int below = 0;
  const cv::Size extent = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, size, 1, &below);
  const double height = extent.height + below + 2.0;
  const double top = box.y >= height ? box.y - height : box.y + box.height;
  const double left = std::clamp(box.x, 0.0, std::max(0.0, colour.cols - extent.width - 2.0));
  cv::rectangle(colour, cv::Rect2d(left, top, extent.width + 2.0, height), tint, cv::FILLED);
  cv::putText(colour, text, cv::Point2d(left + 1, top + extent.height + 1),
              cv::FONT_HERSHEY_SIMPLEX, size, {20, 20, 20}, 1, cv::LINE_AA);
}

Result<std::string> DrawImage(const cv::Mat& picture, const ModelCard& card,
                              const appearance::Look& look,
                              const std::vector<PersonGroup>& groups) {
  try {
    cv::Mat colour;
    if (picture.channels() == 1) {
      cv::cvtColor(picture, colour, cv::COLOR_GRAY2BGR);
    } else {
      colour = picture.clone();
    }
    const double longest = std::max(colour.cols, colour.rows);
    const double size = std::clamp(longest / 2400.0, 0.33, 1.2);
    const int line = std::max(1, static_cast<int>(std::lround(longest / 1000.0)));
    // The weakest first, so that the best lie on top.
    for (auto box = look.boxes.rbegin(); box != look.boxes.rend(); ++box) {
      const std::string name = NameOf(*box, card);
      const cv::Rect2d place(box->x_px, box->y_px, box->width_px, box->height_px);
      cv::rectangle(colour, place, ColourOf(name), line, cv::LINE_AA);
      DrawLabel(colour, fmt::format("{} {:.2f}", name, box->score), place, ColourOf(name), size);
    }
    for (const PersonGroup& group : groups) {
      const cv::Rect2d place(group.x_px - 4, group.y_px - 4, group.width_px + 8,
                             group.height_px + 8);
      cv::rectangle(colour, place, {255, 200, 0}, line, cv::LINE_AA);
      DrawLabel(colour, fmt::format("people: {} to {}", group.count_min, group.count_max), place,
                {255, 200, 0}, size);
    }
    std::vector<std::uint8_t> jpeg;
    cv::imencode(".jpg", colour, jpeg, {cv::IMWRITE_JPEG_QUALITY, 92});
    return std::string(jpeg.begin(), jpeg.end());
  } catch (const std::exception& e) {  // cv::Exception is one; so is a failed allocation
    return Fail(ErrorCode::kBadInput, "cannot be drawn: {}", e.what());
  }
}

}  // namespace

Result<ImageReport> ReportImage(Bytes image, const ImageDetector& detector,
                                const ImageReportOptions& options) {
  auto picture = DecodeImage(image);
  if (!picture) return Prefix(options.file, picture.error());
  const ModelCard& card = detector.card();
  const double min_score = options.min_score.value_or(card.working_score());
  auto look = detector.LookAt(
      ViewOf(*picture),
      {.min_score = std::min(min_score, card.working_score()), .gsd_m = options.gsd_m});
  if (!look) return Prefix(options.file, look.error());
  ImageReport report;
  const std::vector<PersonGroup> groups =
      appearance::GroupPersons(look->boxes, card, {.gsd_m = options.gsd_m});
  // People are counted as the pipeline counts them, whatever else is shown.
  std::erase_if(look->boxes, [&](const Box& box) {
    return box.score < min_score || (IsPersonBox(box, card) && !options.evaluate);
  });
  report.detections = look->boxes.size();
  report.groups = groups.size();
  report.line = ImageLine(*picture, card, *look, groups, options);
  if (options.draw) {
    auto drawing = DrawImage(*picture, card, *look, groups);
    if (!drawing) return Prefix(options.file, drawing.error());
    report.drawing = std::move(*drawing);
  }
  return report;
}

Result<bool> IsGreyImage(Bytes image) {
  TW_ASSIGN_OR_RETURN(const cv::Mat picture, DecodeImage(image));
  if (picture.channels() == 1) return true;
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const cv::Vec3b& p = picture.at<cv::Vec3b>(y, x);
      // JPEG's colour planes may be off by a level or two in a grey picture.
      if (std::abs(p[0] - p[1]) > 3 || std::abs(p[1] - p[2]) > 3) return false;
    }
  }
  return true;
}

std::string ImageErrorLine(const std::string& file, const std::string& reason) {
  JsonWriter json;
  json.BeginObject().Field("file", file).Field("frame", 0).Field("width_px", 0);
  json.Field("height_px", 0).Field("error", reason);
  json.Key("detections").BeginArray().EndArray().Key("groups").BeginArray().EndArray();
  return json.EndObject().text();
}

}  // namespace trucewatch
