// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/st0601_encoder.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "ingest/klv/keys.h"
#include "ingest/klv/klv_writer.h"
#include "ingest/klv/mapping.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxTextBytes = 127;
constexpr ValueRange kCircle = {0, 360};
constexpr ValueRange kFieldOfView = {0, 180};
constexpr ValueRange kHeight = {-900, 19000};
constexpr ValueRange kHeightExtended = {-900, 40000};
constexpr ValueRange kRange = {0, 5'000'000};
constexpr ValueRange kWidth = {0, 10000};

// Collects items by tag; ascending order is what the map gives.
class ItemWriter {
 public:
  void Put(std::uint32_t tag, std::optional<std::string> value) {
    if (value) items_[tag] = std::move(*value);
  }
  void Text(std::uint32_t tag, const std::optional<std::string>& text) {
    if (!text) return;
    std::size_t size = std::min(text->size(), kMaxTextBytes);
    // A cut never splits a UTF-8 character: step back over continuation bytes.
    while (size < text->size() && size > 0 &&
           (static_cast<unsigned char>((*text)[size]) & 0xC0) == 0x80) {
      --size;
    }
    items_[tag] = text->substr(0, size);
  }
  void Unsigned(std::uint32_t tag, std::uint64_t value, int size) {
    std::string bytes;
    AppendUnsigned(bytes, value, size);
    items_[tag] = bytes;
  }
  void Metres(std::uint32_t tag, const std::optional<double>& metres, ValueRange range, int size) {
    if (metres) Put(tag, EncodeUnsignedMap(*metres, range, size));
  }
  void Circle(std::uint32_t tag, const std::optional<Angle>& angle, int size) {
    if (angle) Put(tag, EncodeUnsignedMap(angle->NormalisedPositive().deg(), kCircle, size));
  }
  void Signed(std::uint32_t tag, const std::optional<Angle>& angle, double bound_deg, int size) {
    if (angle) Put(tag, EncodeSignedMap(angle->deg(), bound_deg, size));
  }
  void Place(std::uint32_t latitude_tag, std::uint32_t longitude_tag, const Geodetic& place) {
    Put(latitude_tag, EncodeSignedMap(place.latitude.deg(), 90, 4));
    Put(longitude_tag, EncodeSignedMap(place.longitude.NormalisedSigned().deg(), 180, 4));
  }

  // Adds what was collected to the set.
  void PutAll(KlvSetWriter& set) const {
    for (const auto& [tag, value] : items_) set.Put(tag, value);
  }

 private:
  std::map<std::uint32_t, std::string> items_;
};

void WriteFootprint(const St0601Fields& fields, ItemWriter& items) {
  if (fields.frame_center) {
    items.Place(23, 24, *fields.frame_center);
    items.Put(78, EncodeUnsignedMap(fields.frame_center->height_hae_m, kHeight, 2));
  }
  items.Metres(25, fields.frame_center_elevation_msl_m, kHeight, 2);
  if (!fields.corners) return;
  for (std::uint32_t k = 0; k < 4; ++k) {
    const Geodetic& corner = (*fields.corners)[k];
    items.Place(82 + 2 * k, 83 + 2 * k, corner);
    if (!fields.frame_center) continue;
    const Angle north = corner.latitude - fields.frame_center->latitude;
    const Angle east = (corner.longitude - fields.frame_center->longitude).NormalisedSigned();
    const auto north_bytes = EncodeSignedMap(north.deg(), 0.075, 2);
    const auto east_bytes = EncodeSignedMap(east.deg(), 0.075, 2);
    if (!north_bytes || !east_bytes) continue;
    items.Put(26 + 2 * k, north_bytes);
    items.Put(27 + 2 * k, east_bytes);
  }
}

}  // namespace

std::string EncodeSt0601(const St0601Fields& fields) {
  ItemWriter items;
  items.Text(3, fields.mission_id);
  items.Text(4, fields.platform_tail_number);
  items.Circle(5, fields.platform_heading, 2);
  items.Signed(6, fields.platform_pitch, 20, 2);
  items.Signed(7, fields.platform_roll, 50, 2);
  items.Signed(90, fields.platform_pitch, 90, 4);
  items.Signed(91, fields.platform_roll, 90, 4);
  items.Text(10, fields.platform_designation);
  items.Text(11, fields.image_source_sensor);
  items.Text(12, fields.image_coordinate_system);
  if (fields.sensor) {
    items.Place(13, 14, *fields.sensor);
    items.Put(75, EncodeUnsignedMap(fields.sensor->height_hae_m, kHeight, 2));
    items.Put(104, EncodeImapb(fields.sensor->height_hae_m, kHeightExtended, 3));
  }
  items.Metres(15, fields.sensor_altitude_msl_m, kHeight, 2);
  if (fields.horizontal_fov) {
    items.Put(16, EncodeUnsignedMap(fields.horizontal_fov->deg(), kFieldOfView, 2));
  }
  if (fields.vertical_fov) {
    items.Put(17, EncodeUnsignedMap(fields.vertical_fov->deg(), kFieldOfView, 2));
  }
  items.Circle(18, fields.sensor_azimuth, 4);
  items.Signed(19, fields.sensor_elevation, 180, 4);
  items.Circle(20, fields.sensor_roll, 4);
  items.Metres(21, fields.slant_range_m, kRange, 4);
  items.Metres(22, fields.target_width_m, kWidth, 2);
  WriteFootprint(fields, items);
  if (fields.platform_ground_speed_mps && *fields.platform_ground_speed_mps >= 0 &&
      *fields.platform_ground_speed_mps < 255.5) {
    items.Unsigned(56, static_cast<std::uint64_t>(std::llround(*fields.platform_ground_speed_mps)),
                   1);
  }
  items.Unsigned(65, static_cast<std::uint64_t>(fields.version), 1);
  if (fields.operational_mode) {
    items.Unsigned(77, static_cast<std::uint64_t>(*fields.operational_mode), 1);
  }

  std::string time;
  AppendUnsigned(time, static_cast<std::uint64_t>(fields.time.micros()), 8);
  KlvSetWriter set;
  set.Put(2, time);
  items.PutAll(set);
  return set.Packet(kSt0601Key);
}

}  // namespace trucewatch
