// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/geo/angle.h"
#include "core/geo/geodetic.h"

namespace trucewatch {

// A pixel of a VMTI frame; 1-based, top-left is (1, 1).
struct VmtiPixel {
  std::uint64_t row = 0;
  std::uint64_t column = 0;
};

// One target of a Video Moving Target Indicator set (MISB ST 0903 VTarget).
struct VmtiTarget {
  std::uint64_t id = 0;
  std::optional<VmtiPixel> centroid;                // items 19 and 20, else 1 with the frame width
  std::optional<VmtiPixel> box_top_left;            // 2
  std::optional<VmtiPixel> box_bottom_right;        // 3
  std::optional<std::uint64_t> priority;            // 4
  std::optional<std::uint64_t> confidence_percent;  // 5
  std::optional<std::uint64_t> history;             // 6: earlier frames with this target
  std::optional<std::uint64_t> pixels_percent;      // 7: of the box that are target
  std::optional<std::uint64_t> color_rgb;           // 8: 0xRRGGBB
  std::optional<std::uint64_t> intensity;           // 9
  std::optional<Angle> latitude_offset;             // 10, from the frame centre of the parent set
  std::optional<Angle> longitude_offset;            // 11
  std::optional<double> height_hae_m;               // 12
  // 13 to 16: corners of the box, from the frame centre of the parent set.
  std::optional<Angle> box_top_left_latitude_offset, box_top_left_longitude_offset;
  std::optional<Angle> box_bottom_right_latitude_offset, box_bottom_right_longitude_offset;
  std::optional<Geodetic> location;  // 17
  // 17: 1-sigma east, north, up, when the pack has them, and their correlations.
  std::optional<double> sigma_east_m, sigma_north_m, sigma_up_m;
  std::optional<double> rho_east_north, rho_east_up, rho_north_up;
  std::optional<std::uint64_t> algorithm_id;      // 22
  std::optional<std::uint64_t> detection_status;  // 23
  std::vector<std::string> object_classes;        // 102 and 107: item 2, class in an ontology
  std::string track_uuid;                         // 104: item 1, hex
  // 104: item 10.
  std::optional<double> velocity_east_mps, velocity_north_mps, velocity_up_mps;
  std::vector<std::uint32_t> other_items;  // tags that the fields above do not hold whole
  Bytes items;  // the target's items; views the value given to DecodeVmti
};

// A VMTI local set: nested in ST 0601 item 74, or alone.
struct Vmti {
  std::optional<std::int64_t> time_us;     // 2; a nested set without it has its parent's time
  std::optional<std::string> system_name;  // 3
  std::optional<std::uint64_t> version;    // 4
  std::optional<std::uint64_t> targets_in_frame;      // 5
  std::optional<std::uint64_t> targets_reported;      // 6
  std::optional<std::uint64_t> frame_number;          // 7
  std::optional<std::uint64_t> frame_width_px;        // 8
  std::optional<std::uint64_t> frame_height_px;       // 9
  std::optional<std::string> source_sensor;           // 10
  std::optional<Angle> horizontal_fov, vertical_fov;  // 11, 12
  bool early_edition = false;                         // maps of ST 0903.3 and before
  std::vector<VmtiTarget> targets;                    // 101
  std::vector<std::uint32_t> other_items;             // tags that the fields above do not hold
  std::vector<std::string> problems;  // what in it could not be used, with byte positions
};

// Reads the value of a VMTI set (without key). `offset`: of its first byte, for messages.
// `default_width_px`: width of the video, for pixel numbers when the set does not say its frame
// width; 0 when not known. Fails when the items do not fill the value; a target that cannot be read
// costs that target.
// Bytes that targets view must outlive the result. `default_version`: of the sets before it in the
// stream, where this one does not say its own.
Result<Vmti> DecodeVmti(Bytes value, std::uint64_t offset, std::uint64_t default_width_px,
                        std::optional<std::uint64_t> default_version = {});

}  // namespace trucewatch
