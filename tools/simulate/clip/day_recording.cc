// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/day_recording.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "core/json/json_writer.h"
#include "tools/simulate/clip/rendered_clip.h"
#include "tools/simulate/clip/truth_json.h"
#include "tools/simulate/clip/yard.h"

namespace trucewatch::clip {
namespace {

constexpr int kJpegQuality = 88;

// Limited-range planes to the picture that a file holds.
Result<void> WriteJpeg(const simulate::YuvPicture& picture, const std::string& path) {
  const int w = picture.width_px, h = picture.height_px;
  cv::Mat planes(h + h / 2, w, CV_8U);
  std::copy(picture.y.begin(), picture.y.end(), planes.data);
  std::copy(picture.u.begin(), picture.u.end(), planes.data + picture.y.size());
  std::copy(picture.v.begin(), picture.v.end(), planes.data + picture.y.size() + picture.u.size());
  cv::Mat bgr;
  cv::cvtColor(planes, bgr, cv::COLOR_YUV2BGR_I420);
  try {
    if (cv::imwrite(path, bgr, {cv::IMWRITE_JPEG_QUALITY, kJpegQuality})) return {};
  } catch (const cv::Exception&) {
    // Said below.
  }
  return Fail(ErrorCode::kIo, "{}: cannot be written", path);
}

Result<void> WritePacket(const std::string& packet, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  file << packet;
  file.close();
  if (file) return {};
  return Fail(ErrorCode::kIo, "{}: cannot be written", path);
}

}  // namespace

Result<DaySummary> RecordDay(const ClipPlan& plan, const std::string& folder,
                             const std::function<void(double fraction)>& progress) {
  TW_ASSIGN_OR_RETURN(const auto clip, RenderedClip::Create(plan));
  std::error_code error;
  std::filesystem::create_directories(folder + "/looks", error);
  if (error) return Fail(ErrorCode::kIo, "{}/looks: {}", folder, error.message());
  std::ofstream lines(folder + "/truth.jsonl");
  lines << HeadLine(plan, *clip) << '\n';
  DaySummary summary;
  simulate::YuvPicture picture(static_cast<int>(plan.scene.width_px()),
                               static_cast<int>(plan.scene.height_px()));
  std::vector<VehicleTruth> truth;
  for (int look = 0; look < plan.frames(); ++look) {
    clip->Render(look, picture, &truth);
    const std::string name = fmt::format("looks/{:05d}.jpg", look);
    TW_RETURN_IF_ERROR(WriteJpeg(picture, folder + "/" + name));
    TW_RETURN_IF_ERROR(WritePacket(clip->flight().MetadataPacket(look),
                                   fmt::format("{}/looks/{:05d}.klv", folder, look)));
    const Weather weather = WeatherAt(plan, clip->flight().SecondsOf(look));
    JsonWriter more;
    more.BeginObject().Field("file", name).Field("direct_light", RoundedTo(weather.direct, 1e3));
    more.Field("rain", RoundedTo(weather.rain, 1e3));
    more.Field("sun_elevation_deg", RoundedTo(weather.sun_elevation_deg, 10)).EndObject();
    lines << FrameLine(look, truth, plan, *clip, more.text()) << '\n';
    if (progress && look % 10 == 9) progress(static_cast<double>(look + 1) / plan.frames());
  }
  lines.close();
  if (!lines) return Fail(ErrorCode::kIo, "{}/truth.jsonl: cannot be written", folder);
  summary.looks = plan.frames();
  for (const Standing& stay : clip->land().parked) {
    summary.arrivals += stay.from_s > 0 ? 1 : 0;
    summary.departures += stay.to_s < plan.duration_s ? 1 : 0;
  }
  return summary;
}

}  // namespace trucewatch::clip
