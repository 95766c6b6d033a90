// SPDX-License-Identifier: Apache-2.0
#include "detect/parked_report.h"

#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "core/json/json_writer.h"
#include "detect/appearance_look.h"

namespace trucewatch {
namespace {

double ToDecimals(double value, double per_unit) { return std::round(value * per_unit) / per_unit; }

// As a video decoder would have given it: planes in video range.
Result<DecodedPicture> DecodeStill(Bytes image) {
  cv::Mat bgr;
  try {
    const cv::Mat bytes(1, static_cast<int>(image.size()), CV_8U,
                        const_cast<std::uint8_t*>(image.data()));  // NOLINT: only read
    if (!image.empty()) bgr = cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception&) {
    bgr.release();
  }
  if (bgr.empty())
    return Fail(ErrorCode::kBadInput, "does not decode; expected a JPEG, PNG, BMP or WebP picture");
  DecodedPicture picture;
  // Chroma has half the size: an odd last row or column is left out.
  picture.width_px = bgr.cols & ~1;
  picture.height_px = bgr.rows & ~1;
  if (picture.width_px == 0 || picture.height_px == 0)
    return Fail(ErrorCode::kBadInput, "is too small a picture");
  cv::Mat planes;
  cv::cvtColor(bgr(cv::Rect(0, 0, picture.width_px, picture.height_px)), planes,
               cv::COLOR_BGR2YUV_I420);
  const std::size_t pixels =
      static_cast<std::size_t>(picture.width_px) * static_cast<std::size_t>(picture.height_px);
  picture.luma.assign(planes.data, planes.data + pixels);
  picture.chroma_u.assign(planes.data + pixels, planes.data + pixels + pixels / 4);
  picture.chroma_v.assign(planes.data + pixels + pixels / 4, planes.data + pixels + pixels / 2);
  return picture;
}

void AddParkedPlace(const parked::GroundFrame& frame, const Eigen::Vector2d& en_m, double length_m,
                    double width_m, double probability, JsonWriter& json) {
  const Geodetic place = LocalFrame(frame.middle).GeodeticFromEnu({en_m.x(), en_m.y(), 0});
  json.Field("lat_deg", ToDecimals(place.latitude.deg(), 1e7))
      .Field("lon_deg", ToDecimals(place.longitude.deg(), 1e7));
  json.Key("site_en_m").BeginArray();
  json.Number(ToDecimals(en_m.x(), 100)).Number(ToDecimals(en_m.y(), 100)).EndArray();
  if (length_m > 0) {
    json.Field("length_m", ToDecimals(length_m, 10)).Field("width_m", ToDecimals(width_m, 10));
  }
  json.Field("probability", ToDecimals(probability, 1000));
}

void AddCount(const parked::ParkedCount& count, JsonWriter& json) {
  json.Key("count").BeginObject();
  json.Field("expected", ToDecimals(count.expected, 100))
      .Field("low", count.low)
      .Field("high", count.high)
      .EndObject();
}

}  // namespace

Result<parked::ParkedLook> LookAtStill(const StillLook& look,
                                       const appearance::ImageDetector& detector,
                                       const Terrain& terrain) {
  TW_ASSIGN_OR_RETURN(DecodedPicture picture, DecodeStill(look.image));
  parked::ParkedLook parked_look;
  parked_look.time = look.time;
  parked_look.pose = look.pose;
  parked_look.pose_sigma = look.pose_sigma;
  parked_look.width_px = picture.width_px;
  parked_look.height_px = picture.height_px;
  if (look.ask_network) {
    TW_ASSIGN_OR_RETURN(AppearanceLook seen,
                        LookByAppearance(picture, {look.time, look.pose, look.pose_sigma}, detector,
                                         terrain, {.min_score = parked::kWeakestScore}));
    if (seen.look.degraded_reason.empty()) parked_look.vehicles = std::move(seen.vehicles);
  }
  parked_look.grey = std::move(picture.luma);
  return parked_look;
}

std::string ParkedReport::Add(const std::string& file, const parked::ParkedLook& look) {
  const parked::ParkedUpdate update = book_.Add(look, terrain_);
  ++tally_.looks;
  if (!update.fits) ++tally_.poor;
  site_ = update.site;

  JsonWriter json;
  json.BeginObject()
      .Field("file", file)
      .Field("time_utc", FormatUtc(look.time))
      .Field("fits", update.fits)
      .Field("network", look.vehicles.has_value());
  json.Key("events").BeginArray();
  for (const parked::ParkedEvent& event : update.events) {
    const bool arrival = event.kind == ChangeKind::kAppeared;
    ++(arrival ? tally_.arrivals : tally_.departures);
    json.BeginObject().Field("kind", std::string(arrival ? "arrival" : "departure"));
    json.Field("before_utc", FormatUtc(event.before)).Field("since_utc", FormatUtc(event.since));
    AddParkedPlace(site_->frame(), event.en_m, event.length_m, event.width_m, event.probability,
                   json);
    json.EndObject();
  }
  json.EndArray();
  if (site_ != nullptr) AddCount(site_->Count(), json);
  if (update.pixel_from_site) {
    json.Key("pixel_from_site").BeginArray();
    for (int i = 0; i < 9; ++i) json.Number((*update.pixel_from_site)(i / 3, i % 3));
    json.EndArray();
  }
  return json.EndObject().text();
}

std::string ParkedReport::ListLine() const {
  JsonWriter json;
  json.BeginObject();
  json.Key("parked").BeginArray();
  if (site_ != nullptr) {
    for (const parked::ParkedVehicle& vehicle : site_->Vehicles()) {
      json.BeginObject();
      AddParkedPlace(site_->frame(), vehicle.en_m, vehicle.length_m, vehicle.width_m,
                     vehicle.probability, json);
      if (vehicle.since) json.Field("since_utc", FormatUtc(*vehicle.since));
      json.EndObject();
    }
  }
  json.EndArray();
  if (site_ != nullptr) AddCount(site_->Count(), json);
  return json.EndObject().text();
}

}  // namespace trucewatch
