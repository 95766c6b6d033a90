// SPDX-License-Identifier: Apache-2.0
#include "core/json/json_writer.h"
#include "ingest/video/dji_srt.h"

namespace trucewatch {
namespace {

constexpr std::size_t kChunk = 256 << 10;

std::string CueLine(const std::string& file, const DjiCue& cue) {
  JsonWriter json;
  json.BeginObject().Field("file", file).Field("offset", cue.offset).Field("length", cue.length);
  json.Field("format", std::string_view("dji_srt")).Field("ok", cue.problem.empty());
  if (!cue.problem.empty()) json.Field("error", cue.problem);
  if (cue.number > 0) json.Field("cue", cue.number);
  json.Field("start_s", cue.start.seconds()).Field("end_s", cue.end.seconds());
  if (cue.picture) json.Field("picture", *cue.picture);
  // Without the Z: nobody says which zone it is.
  if (cue.local_time) {
    std::string time = FormatUtc(*cue.local_time);
    time.pop_back();
    json.Field("time_local", time);
  }
  const auto number = [&](const char* key, const std::optional<double>& value) {
    if (value) json.Field(key, *value);
  };
  number("lat_deg", cue.latitude_deg);
  number("lon_deg", cue.longitude_deg);
  number("relative_height_m", cue.relative_height_m);
  number("absolute_height_m", cue.absolute_height_m);
  number("gimbal_yaw_deg", cue.gimbal_yaw_deg);
  number("gimbal_pitch_deg", cue.gimbal_pitch_deg);
  number("gimbal_roll_deg", cue.gimbal_roll_deg);
  number("focal_length_mm", cue.focal_length_mm);
  return json.EndObject().text();
}

}  // namespace

Result<void> InspectDjiSrt(const std::string& file, const ReadChunk& read, const EmitLine& emit) {
  DjiSrtReader reader;
  while (true) {
    TW_ASSIGN_OR_RETURN(const std::string chunk, read(kChunk));
    for (const DjiCue& cue : chunk.empty() ? reader.Finish() : reader.Push(AsBytes(chunk)))
      emit(CueLine(file, cue));
    if (chunk.empty()) return {};
  }
}

}  // namespace trucewatch
