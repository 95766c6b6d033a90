// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/time/instant.h"
#include "ingest/klv/inspect_klv.h"

namespace trucewatch {

// One cue of a DJI subtitle sidecar (.SRT): what the drone said of one picture or second.
// Sources: the files of public projects; DJI publishes no description.
struct DjiCue {
  std::uint64_t offset = 0;  // of its first line in the file
  std::uint64_t length = 0;
  std::uint64_t number = 0;  // as written above the times; 0: none
  Duration start, end;       // on the video's clock, from its first picture
  // As written: local time without a zone, here as if it were UTC.
  std::optional<Instant> local_time;
  std::optional<double> latitude_deg, longitude_deg;
  std::optional<double> relative_height_m;  // above the take-off (rel_alt, BAROMETER, H)
  // Above the sea as the drone believes (abs_alt, altitude): off by a hundred metres and more in
  // real files, so it is shown and not used.
  std::optional<double> absolute_height_m;
  // Gimbal: yaw clockwise from north, pitch up positive, roll.
  std::optional<double> gimbal_yaw_deg, gimbal_pitch_deg, gimbal_roll_deg;
  std::optional<double> focal_length_mm;
  std::optional<std::uint64_t> picture;  // FrameCnt, SrtCnt
  std::string problem;                   // why the cue is damaged; empty: it is not
};

// Reads a sidecar pushed in pieces of any size. Every line with "-->" begins a cue; lines before
// the first are one damaged cue. Dialects: "[latitude: ..] [longitude: ..] [rel_alt: .. abs_alt:
// ..]" with or without a line of date and time and "[gb_yaw: .. gb_pitch: .. gb_roll: ..]";
// "[longtitude: ..] [altitude: ..]"; "HOME(lon,lat) date" with "GPS(lon,lat,n) BAROMETER:h";
// "GPS (lon, lat, n), D .., H h". Bounded: cues are cut after 16 KiB. Threads: one caller at a
// time.
class DjiSrtReader {
 public:
  std::vector<DjiCue> Push(Bytes bytes);
  std::vector<DjiCue> Finish();

 private:
  struct Line {
    std::uint64_t offset = 0;
    std::string text;
  };
  void TakeLine(Line line, std::vector<DjiCue>& cues);
  void CloseCue(std::uint64_t end, std::vector<DjiCue>& cues);

  Line line_;                   // not ended yet
  std::optional<Line> last_;    // may be the number of the next cue
  std::vector<Line> open_;      // from the line of times on
  std::optional<Line> number_;  // of the open cue
  std::uint64_t offset_ = 0;    // of the next byte
  std::size_t open_bytes_ = 0;
  bool cut_ = false;
};

// True when a file begins with a subtitle cue that says where a drone is.
bool LooksLikeDjiSrt(std::string_view start);

// `inspect --json` of a sidecar: one line a cue, "format": "dji_srt" (docs/formats/inspect.md).
Result<void> InspectDjiSrt(const std::string& file, const ReadChunk& read, const EmitLine& emit);

}  // namespace trucewatch
