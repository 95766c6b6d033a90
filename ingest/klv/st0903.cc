// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/st0903.h"

#include <algorithm>

#include "ingest/klv/ber.h"
#include "ingest/klv/klv_item.h"
#include "ingest/klv/mapping.h"

namespace trucewatch {
namespace {

constexpr ValueRange kOffsetDeg = {-19.2, 19.2};
// Early editions write offsets in 2 bytes as ST 0601 does its corners (items 26 to 33): in
// osh-vmti-h264.ts only so they meet the location packs, within 20 m.
constexpr double kShortOffsetDeg = 0.075;
constexpr ValueRange kTargetHeight = {-900, 19000};
constexpr ValueRange kVmtiFieldOfView = {0, 180};
constexpr ValueRange kSigma = {0, 650};
constexpr ValueRange kRho = {-1, 1};
constexpr ValueRange kSpeed = {-900, 900};
// Editions up to ST 0903.3 map offsets, heights and angles linearly; later ones by IMAPB.
constexpr std::uint64_t kLastLinearEdition = 3;
constexpr std::size_t kMaxTargets = 65536;
constexpr std::uint64_t kLastVmtiMicros = 253'402'300'799'999'999;  // 9999-12-31

std::optional<Angle> AngleOf(std::optional<double> degrees) {
  return degrees ? std::optional(Angle::Degrees(*degrees)) : std::nullopt;
}

class VmtiReader {
 public:
  VmtiReader(std::uint64_t offset, std::uint64_t default_width_px,
             std::optional<std::uint64_t> default_version)
      : offset_(offset), width_(default_width_px), version_(default_version) {}

  Result<Vmti> Read(Bytes value) {
    TW_ASSIGN_OR_RETURN(const auto items, SplitLocalSet(value, offset_));
    // Version and width decide how targets are read, wherever they stand.
    for (const RawKlvItem& item : items) {
      if (item.tag == 4) vmti_.version = ReadUnsigned(item.bytes);
      if (item.tag == 8) vmti_.frame_width_px = ReadUnsigned(item.bytes);
    }
    if (vmti_.version) version_ = vmti_.version;
    linear_ = version_ && *version_ <= kLastLinearEdition;
    vmti_.early_edition = linear_;
    if (vmti_.frame_width_px.value_or(0) > 0) width_ = *vmti_.frame_width_px;
    for (const RawKlvItem& item : items) ReadItem(item);
    return std::move(vmti_);
  }

 private:
  void ReadItem(const RawKlvItem& item) {
    switch (item.tag) {
      case 2:
        ReadTime(item.bytes);
        break;
      case 3:
        vmti_.system_name = std::string(AsText(item.bytes));
        break;
      case 5:
        vmti_.targets_in_frame = ReadUnsigned(item.bytes);
        break;
      case 6:
        vmti_.targets_reported = ReadUnsigned(item.bytes);
        break;
      case 7:
        vmti_.frame_number = ReadUnsigned(item.bytes);
        break;
      case 9:
        vmti_.frame_height_px = ReadUnsigned(item.bytes);
        break;
      case 10:
        vmti_.source_sensor = std::string(AsText(item.bytes));
        break;
      case 11:
        vmti_.horizontal_fov = AngleOf(Mapped(item.bytes, kVmtiFieldOfView));
        break;
      case 12:
        vmti_.vertical_fov = AngleOf(Mapped(item.bytes, kVmtiFieldOfView));
        break;
      case 101:
        ReadSeries(item);
        break;
      case 1:
      case 4:
      case 8:
        break;  // the checksum; read before the others
      default:
        vmti_.other_items.push_back(item.tag);
    }
  }

  // Real writers leave out leading zeros.
  void ReadTime(Bytes bytes) {
    const auto micros = ReadUnsigned(bytes);
    if (micros && *micros <= kLastVmtiMicros) vmti_.time_us = static_cast<std::int64_t>(*micros);
  }

  std::optional<double> Mapped(Bytes bytes, ValueRange range) const {
    return linear_ ? DecodeUnsignedMap(bytes, range) : DecodeImapb(bytes, range);
  }
  std::optional<double> OffsetDeg(Bytes bytes) const {
    if (!linear_) return DecodeImapb(bytes, kOffsetDeg);
    return DecodeSignedMap(bytes, bytes.size() == 2 ? kShortOffsetDeg : kOffsetDeg.high);
  }

  std::optional<VmtiPixel> PixelOf(Bytes bytes) const {
    const auto number = ReadUnsigned(bytes);
    if (!number || *number == 0 || width_ == 0) return std::nullopt;
    return VmtiPixel{1 + (*number - 1) / width_, 1 + (*number - 1) % width_};
  }

  void ReadSeries(const RawKlvItem& series) {
    Bytes rest = series.bytes;
    while (!rest.empty()) {
      const std::uint64_t at = offset_ + series.at + (series.bytes.size() - rest.size());
      const auto length = ReadBerLength(rest);
      if (!length || length->value > rest.size() - length->size) {
        vmti_.problems.push_back(fmt::format("byte {}: the series of targets breaks off", at));
        return;
      }
      if (vmti_.targets.size() == kMaxTargets) {
        vmti_.problems.push_back(fmt::format("byte {}: more than {} targets", at, kMaxTargets));
        return;
      }
      ReadTarget(rest.subspan(length->size, length->value), at + length->size);
      rest = rest.subspan(length->size + length->value);
    }
  }

  void ReadTarget(Bytes bytes, std::uint64_t at) {
    const auto id = ReadBerOid(bytes);
    if (!id) {
      vmti_.problems.push_back(fmt::format("byte {}: a target without an id", at));
      return;
    }
    const auto items = SplitLocalSet(bytes.subspan(id->size), at + id->size);
    if (!items) {
      vmti_.problems.push_back(fmt::format("target {}: {}", id->value, items.error().message));
      return;
    }
    // A set that says no version is an early one when its offsets have 2 bytes.
    if (!version_) {
      linear_ = std::any_of(items->begin(), items->end(), [](const RawKlvItem& item) {
        return (item.tag == 10 || item.tag == 11) && item.bytes.size() == 2;
      });
    }
    VmtiTarget target;
    target.id = id->value;
    target.items = bytes.subspan(id->size);
    std::optional<std::uint64_t> row;
    std::optional<std::uint64_t> column;
    for (const RawKlvItem& item : *items) {
      if (item.tag == 19) row = ReadUnsigned(item.bytes);
      if (item.tag == 20) column = ReadUnsigned(item.bytes);
      const bool whole = ReadPixels(item, target) || ReadNumbers(item, target) ||
                         ReadPlaces(item, target) || ReadSets(item, target);
      const bool half_centroid = item.tag == 19 || item.tag == 20;
      if (!whole && !half_centroid) target.other_items.push_back(item.tag);
    }
    if (row && column) target.centroid = VmtiPixel{*row, *column};
    vmti_.targets.push_back(std::move(target));
  }

  // These four take an item if it is theirs; true when the target's fields then hold all of it.
  bool ReadPixels(const RawKlvItem& item, VmtiTarget& target) const {
    const auto take = [&](std::optional<VmtiPixel>& field) {
      field = PixelOf(item.bytes);
      return field.has_value();
    };
    switch (item.tag) {
      case 1:
        return take(target.centroid);
      case 2:
        return take(target.box_top_left);
      case 3:
        return take(target.box_bottom_right);
      default:
        return false;
    }
  }

  static bool ReadNumbers(const RawKlvItem& item, VmtiTarget& target) {
    const auto take = [&](std::optional<std::uint64_t>& field) {
      field = ReadUnsigned(item.bytes);
      return field.has_value();
    };
    switch (item.tag) {
      case 4:
        return take(target.priority);
      case 5:
        return take(target.confidence_percent);
      case 6:
        return take(target.history);
      case 7:
        return take(target.pixels_percent);
      case 8:
        return take(target.color_rgb);
      case 9:
        return take(target.intensity);
      case 22:
        return take(target.algorithm_id);
      case 23:
        return take(target.detection_status);
      default:
        return false;
    }
  }

  bool ReadPlaces(const RawKlvItem& item, VmtiTarget& target) {
    const auto take = [&](std::optional<Angle>& field) {
      field = AngleOf(OffsetDeg(item.bytes));
      return field.has_value();
    };
    switch (item.tag) {
      case 10:
        return take(target.latitude_offset);
      case 11:
        return take(target.longitude_offset);
      case 12:
        target.height_hae_m = Mapped(item.bytes, kTargetHeight);
        return target.height_hae_m.has_value();
      case 13:
        return take(target.box_top_left_latitude_offset);
      case 14:
        return take(target.box_top_left_longitude_offset);
      case 15:
        return take(target.box_bottom_right_latitude_offset);
      case 16:
        return take(target.box_bottom_right_longitude_offset);
      case 17:
        ReadLocation(item.bytes, target);
        return target.location.has_value();
      default:
        return false;
    }
  }

  // Sets inside the target: what a detection wants of them. All of them is in VTargetSchema.
  bool ReadSets(const RawKlvItem& item, VmtiTarget& target) {
    if (item.tag == 102) ReadObject(item.bytes, target);
    if (item.tag == 104) ReadTracker(item.bytes, target);
    if (item.tag == 107) {
      const auto entries = SplitSeries(item.bytes);
      if (!entries) {
        vmti_.problems.push_back(
            fmt::format("target {}: the series of VObjects breaks off", target.id));
        return false;
      }
      for (const Bytes entry : *entries) ReadObject(entry, target);
    }
    return false;
  }

  void ReadTracker(Bytes bytes, VmtiTarget& target) {
    const auto items = SplitLocalSet(bytes, 0);
    if (!items) {
      vmti_.problems.push_back(
          fmt::format("target {}: VTracker: {}", target.id, items.error().message));
      return;
    }
    for (const RawKlvItem& item : *items) {
      if (item.tag == 1 && item.bytes.size() == 16) target.track_uuid = HexEncode(item.bytes);
      if (item.tag != 10 || item.bytes.size() < 6) continue;
      target.velocity_east_mps = Mapped(item.bytes.first(2), kSpeed);
      target.velocity_north_mps = Mapped(item.bytes.subspan(2, 2), kSpeed);
      target.velocity_up_mps = Mapped(item.bytes.subspan(4, 2), kSpeed);
    }
  }

  void ReadObject(Bytes bytes, VmtiTarget& target) {
    const auto items = SplitLocalSet(bytes, 0);
    if (!items) {
      vmti_.problems.push_back(
          fmt::format("target {}: VObject: {}", target.id, items.error().message));
      return;
    }
    for (const RawKlvItem& item : *items) {
      if (item.tag == 2) target.object_classes.emplace_back(AsText(item.bytes));
    }
  }

  // Latitude, longitude, height; optionally three sigmas; optionally three correlations.
  void ReadLocation(Bytes bytes, VmtiTarget& target) {
    if (bytes.empty()) return;  // present, but not known
    if (bytes.size() != 10 && bytes.size() != 16 && bytes.size() != 22) {
      vmti_.problems.push_back(
          fmt::format("target {}: a location pack of {} bytes, expected 10, 16 or 22", target.id,
                      bytes.size()));
      return;
    }
    const auto latitude = Mapped(bytes.first(4), {-90, 90});
    const auto longitude = Mapped(bytes.subspan(4, 4), {-180, 180});
    const auto height = Mapped(bytes.subspan(8, 2), kTargetHeight);
    if (latitude && longitude && height) {
      target.location = Geodetic::FromDegrees(*latitude, *longitude, *height);
    }
    if (bytes.size() < 16) return;
    target.sigma_east_m = Mapped(bytes.subspan(10, 2), kSigma);
    target.sigma_north_m = Mapped(bytes.subspan(12, 2), kSigma);
    target.sigma_up_m = Mapped(bytes.subspan(14, 2), kSigma);
    if (bytes.size() < 22) return;
    target.rho_east_north = Mapped(bytes.subspan(16, 2), kRho);
    target.rho_east_up = Mapped(bytes.subspan(18, 2), kRho);
    target.rho_north_up = Mapped(bytes.subspan(20, 2), kRho);
  }

  std::uint64_t offset_;
  std::uint64_t width_;
  std::optional<std::uint64_t> version_;
  bool linear_ = false;
  Vmti vmti_;
};

}  // namespace

Result<Vmti> DecodeVmti(Bytes value, std::uint64_t offset, std::uint64_t default_width_px,
                        std::optional<std::uint64_t> default_version) {
  return VmtiReader(offset, default_width_px, default_version).Read(value);
}

}  // namespace trucewatch
