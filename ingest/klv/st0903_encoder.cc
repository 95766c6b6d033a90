// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/st0903_encoder.h"

#include "ingest/klv/ber.h"
#include "ingest/klv/klv_writer.h"
#include "ingest/klv/nested_items.h"

namespace trucewatch {
namespace {

constexpr ValueRange kEncodedHeight = {-900, 19000};
constexpr ValueRange kEncodedSigma = {0, 650};
constexpr ValueRange kEncodedRho = {-1, 1};
constexpr ValueRange kEncodedSpeed = {-900, 900};
constexpr int kOffsetBytes = 3;
constexpr int kShortBytes = 2;

class Writer {
 public:
  explicit Writer(KlvSchema schema) : schema_(schema) {}

  // As few bytes as the number needs.
  void Number(std::uint32_t tag, const std::optional<std::uint64_t>& number) {
    if (!number) return;
    int size = 1;
    while (size < 8 && (*number >> (8 * size)) != 0) ++size;
    std::string bytes;
    AppendUnsigned(bytes, *number, size);
    set_.Put(tag, bytes);
  }
  void Text(std::uint32_t tag, const std::optional<std::string>& text) {
    if (text) set_.Put(tag, *text);
  }
  void Real(std::uint32_t tag, const std::optional<double>& value, int size) {
    if (!value) return;
    const auto bytes = EncodeKlvValue(*FindKlvItem(schema_, tag), *value, size);
    if (bytes) set_.Put(tag, *bytes);
  }
  void Degrees(std::uint32_t tag, const std::optional<Angle>& angle, int size) {
    if (angle) Real(tag, angle->deg(), size);
  }
  void Pixel(std::uint32_t tag, const std::optional<VmtiPixel>& pixel, std::uint64_t width) {
    if (!pixel || width == 0 || pixel->row == 0 || pixel->column == 0) return;
    Number(tag, pixel->column + (pixel->row - 1) * width);
  }
  void Bytes(std::uint32_t tag, const std::string& bytes) {
    if (!bytes.empty()) set_.Put(tag, bytes);
  }
  const std::string& value() const { return set_.value(); }

 private:
  KlvSchema schema_;
  KlvSetWriter set_;
};

// Three numbers of two bytes each; empty when one is missing or out of range.
std::string Triple(const std::optional<double> (&values)[3], ValueRange range) {
  std::string out;
  for (const std::optional<double>& value : values) {
    const auto bytes = value ? EncodeImapb(*value, range, kShortBytes) : std::nullopt;
    if (!bytes) return "";
    out += *bytes;
  }
  return out;
}

std::string Location(const VmtiTarget& target) {
  if (!target.location) return "";
  const auto latitude = EncodeImapb(target.location->latitude.deg(), {-90, 90}, 4);
  const auto longitude = EncodeImapb(target.location->longitude.deg(), {-180, 180}, 4);
  const auto height = EncodeImapb(target.location->height_hae_m, kEncodedHeight, kShortBytes);
  if (!latitude || !longitude || !height) return "";
  std::string out = *latitude + *longitude + *height;
  const std::string sigma =
      Triple({target.sigma_east_m, target.sigma_north_m, target.sigma_up_m}, kEncodedSigma);
  if (sigma.empty()) return out;
  return out + sigma +
         Triple({target.rho_east_north, target.rho_east_up, target.rho_north_up}, kEncodedRho);
}

std::string Tracker(const VmtiTarget& target) {
  KlvSetWriter set;
  const auto uuid = HexDecode(target.track_uuid);
  if (uuid && uuid->size() == 16) set.Put(1, *uuid);
  const std::string velocity = Triple(
      {target.velocity_east_mps, target.velocity_north_mps, target.velocity_up_mps}, kEncodedSpeed);
  if (!velocity.empty()) set.Put(10, velocity);
  return set.value();
}

// One entry of a series.
void AppendCounted(std::string& out, const std::string& bytes) {
  AppendBerLength(out, static_cast<std::uint32_t>(bytes.size()));
  out += bytes;
}

std::string Objects(const VmtiTarget& target) {
  std::string series;
  for (const std::string& name : target.object_classes) {
    AppendCounted(series, KlvSetWriter().Put(2, name).value());
  }
  return series;
}

std::string Target(const VmtiTarget& target, std::uint64_t width) {
  Writer out(VTargetSchema());
  out.Pixel(1, target.centroid, width);
  out.Pixel(2, target.box_top_left, width);
  out.Pixel(3, target.box_bottom_right, width);
  out.Number(4, target.priority);
  out.Number(5, target.confidence_percent);
  out.Number(6, target.history);
  out.Number(7, target.pixels_percent);
  out.Number(8, target.color_rgb);
  out.Number(9, target.intensity);
  out.Degrees(10, target.latitude_offset, kOffsetBytes);
  out.Degrees(11, target.longitude_offset, kOffsetBytes);
  out.Real(12, target.height_hae_m, kShortBytes);
  out.Degrees(13, target.box_top_left_latitude_offset, kOffsetBytes);
  out.Degrees(14, target.box_top_left_longitude_offset, kOffsetBytes);
  out.Degrees(15, target.box_bottom_right_latitude_offset, kOffsetBytes);
  out.Degrees(16, target.box_bottom_right_longitude_offset, kOffsetBytes);
  out.Bytes(17, Location(target));
  if (target.centroid) {
    out.Number(19, target.centroid->row);
    out.Number(20, target.centroid->column);
  }
  out.Number(22, target.algorithm_id);
  out.Number(23, target.detection_status);
  out.Bytes(104, Tracker(target));
  out.Bytes(107, Objects(target));
  std::string entry;
  AppendBerOid(entry, static_cast<std::uint32_t>(target.id));
  return entry + out.value();
}

}  // namespace

std::string EncodeVmti(const Vmti& vmti) {
  Writer out(VmtiSchema());
  if (vmti.time_us) out.Number(2, static_cast<std::uint64_t>(*vmti.time_us));
  out.Text(3, vmti.system_name);
  out.Number(4, vmti.version);
  out.Number(5, vmti.targets_in_frame);
  out.Number(6, vmti.targets_reported);
  out.Number(7, vmti.frame_number);
  out.Number(8, vmti.frame_width_px);
  out.Number(9, vmti.frame_height_px);
  out.Text(10, vmti.source_sensor);
  out.Degrees(11, vmti.horizontal_fov, kShortBytes);
  out.Degrees(12, vmti.vertical_fov, kShortBytes);
  std::string series;
  for (const VmtiTarget& target : vmti.targets) {
    AppendCounted(series, Target(target, vmti.frame_width_px.value_or(0)));
  }
  out.Bytes(101, series);
  return out.value();
}

}  // namespace trucewatch
