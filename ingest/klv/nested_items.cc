// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/nested_items.h"

#include <vector>

#include "ingest/klv/klv_packs.h"

namespace trucewatch {
namespace {

using enum KlvWire;

constexpr const char* kClassifications[] = {"",       "unclassified", "restricted", "confidential",
                                            "secret", "top secret"};
constexpr const char* kDetectionStates[] = {"inactive", "active moving", "dropped",
                                            "active stopped", "active coasting"};
constexpr const char* kLookDirections[] = {"left", "right"};
constexpr const char* kImagePlanes[] = {"slant", "ground"};

// clang-format off
// MISB ST 0102. The tables of its country coding methods differ between editions: numbers are kept.
constexpr KlvItemSpec kSecurity[] = {
    {1, "security_classification", "", kUnsigned, 1, {0, 0}, kClassifications},
    {2, "classifying_country_coding_method", "", kUnsigned, 1, {0, 0}},
    {3, "classifying_country", "", kText, 0, {0, 0}},
    {4, "sci_shi_information", "", kText, 0, {0, 0}},
    {5, "caveats", "", kText, 0, {0, 0}},
    {6, "releasing_instructions", "", kText, 0, {0, 0}},
    {7, "classified_by", "", kText, 0, {0, 0}},
    {8, "derived_from", "", kText, 0, {0, 0}},
    {9, "classification_reason", "", kText, 0, {0, 0}},
    {10, "declassification_date", "", kText, 0, {0, 0}},
    {11, "marking_system", "", kText, 0, {0, 0}},
    {12, "object_country_coding_method", "", kUnsigned, 1, {0, 0}},
    {13, "object_country_codes", "", kUtf16, 0, {0, 0}},
    {14, "classification_comments", "", kText, 0, {0, 0}},
    {19, "stream_id", "", kUnsigned, 1, {0, 0}},
    {20, "transport_stream_id", "", kUnsigned, 2, {0, 0}},
    {21, "item_designator_id", "", kBytes, 16, {0, 0}},
    {22, "security_version", "", kUnsigned, 0, {0, 0}},
    {23, "classifying_country_coding_method_date", "", kText, 0, {0, 0}},
    {24, "object_country_coding_method_date", "", kText, 0, {0, 0}},
};

// MISB ST 0806 item 11.
constexpr KlvItemSpec kUserDefined[] = {
    {1, "numeric_id_and_type", "", kPack, 0, {0, 0}, {}, {}, WriteUserDataType},
    {2, "user_data", "", kBytes, 0, {0, 0}},
};

// MISB ST 0806 item 12.
constexpr KlvItemSpec kPointOfInterest[] = {
    {1, "number", "", kUnsigned, 0, {0, 0}},
    {2, "latitude", "deg", kSignedMap, 4, {-90, 90}},
    {3, "longitude", "deg", kSignedMap, 4, {-180, 180}},
    {4, "altitude", "m", kUnsignedMap, 2, {-900, 19000}},
    {5, "type", "", kUnsigned, 1, {0, 0}},
    {6, "text", "", kText, 0, {0, 0}},
    {7, "source_icon", "", kText, 0, {0, 0}},
    {8, "source_id", "", kText, 0, {0, 0}},
    {9, "label", "", kText, 0, {0, 0}},
    {10, "operation_id", "", kText, 0, {0, 0}},
};

// MISB ST 0806 item 13.
constexpr KlvItemSpec kAreaOfInterest[] = {
    {1, "number", "", kUnsigned, 0, {0, 0}},
    {2, "corner_latitude_1", "deg", kSignedMap, 4, {-90, 90}},
    {3, "corner_longitude_1", "deg", kSignedMap, 4, {-180, 180}},
    {4, "corner_latitude_3", "deg", kSignedMap, 4, {-90, 90}},
    {5, "corner_longitude_3", "deg", kSignedMap, 4, {-180, 180}},
    {6, "type", "", kUnsigned, 1, {0, 0}},
    {7, "text", "", kText, 0, {0, 0}},
    {8, "source_id", "", kText, 0, {0, 0}},
    {9, "label", "", kText, 0, {0, 0}},
    {10, "operation_id", "", kText, 0, {0, 0}},
};

// MISB ST 0806. Item 1 is a CRC-32 that is there only when the set stands alone.
constexpr KlvItemSpec kRvt[] = {
    {1, "crc32", "", kUnsigned, 4, {0, 0}},
    {2, "time_stamp", "us", kTime, 8, {0, 0}},
    {3, "platform_true_airspeed", "m/s", kUnsigned, 2, {0, 0}},
    {4, "platform_indicated_airspeed", "m/s", kUnsigned, 2, {0, 0}},
    {5, "telemetry_accuracy_indicator", "", kBytes, 0, {0, 0}},
    {6, "frag_circle_radius", "m", kUnsigned, 2, {0, 0}},
    {7, "frame_code", "", kUnsigned, 4, {0, 0}},
    {8, "version", "", kUnsigned, 1, {0, 0}},
    {9, "video_data_rate", "bit/s", kUnsigned, 4, {0, 0}},
    {10, "digital_video_file_format", "", kText, 0, {0, 0}},
    {11, "user_defined_local_set", "", kSet, 0, {0, 0}, {}, kUserDefined, nullptr},
    {12, "point_of_interest_local_set", "", kSet, 0, {0, 0}, {}, kPointOfInterest, nullptr},
    {13, "area_of_interest_local_set", "", kSet, 0, {0, 0}, {}, kAreaOfInterest, nullptr},
    {14, "mgrs_zone", "", kUnsigned, 1, {0, 0}},
    {15, "mgrs_latitude_band_and_grid_square", "", kText, 0, {0, 0}},
    {16, "mgrs_easting", "m", kUnsigned, 3, {0, 0}},
    {17, "mgrs_northing", "m", kUnsigned, 3, {0, 0}},
    {18, "frame_center_mgrs_zone", "", kUnsigned, 1, {0, 0}},
    {19, "frame_center_mgrs_latitude_band_and_grid_square", "", kText, 0, {0, 0}},
    {20, "frame_center_mgrs_easting", "m", kUnsigned, 3, {0, 0}},
    {21, "frame_center_mgrs_northing", "m", kUnsigned, 3, {0, 0}},
};

// MISB ST 0903 VTarget item 101.
constexpr KlvItemSpec kVMask[] = {
    {1, "polygon_px", "", kPack, 0, {0, 0}, {}, {}, WritePolygon},
    {2, "bit_mask_px", "", kPack, 0, {0, 0}, {}, {}, WriteBitMask},
};

// VTarget items 102 and 107.
constexpr KlvItemSpec kVObject[] = {
    {1, "ontology", "", kText, 0, {0, 0}},
    {2, "ontology_class", "", kText, 0, {0, 0}},
    {3, "ontology_id", "", kUnsigned, 0, {0, 0}},
    {4, "confidence", "%", kImapb, 0, {0, 100}},
};

// VTarget item 103.
constexpr KlvItemSpec kVFeature[] = {
    {1, "schema", "", kText, 0, {0, 0}},
    {2, "schema_feature", "", kText, 0, {0, 0}},
};

// VTarget item 104.
constexpr KlvItemSpec kVTracker[] = {
    {1, "track_id", "", kPack, 16, {0, 0}, {}, {}, WriteUuid},
    {2, "detection_status", "", kUnsigned, 0, {0, 0}, kDetectionStates},
    {3, "first_observation_time", "us", kTime, 8, {0, 0}},
    {4, "latest_observation_time", "us", kTime, 8, {0, 0}},
    {5, "track_boundary_series", "", kPack, 0, {0, 0}, {}, {}, WriteLocationSeries},
    {6, "algorithm", "", kText, 0, {0, 0}},
    {7, "confidence", "%", kUnsigned, 0, {0, 0}},
    {8, "number_of_track_points", "", kUnsigned, 0, {0, 0}},
    {9, "track_history_series", "", kPack, 0, {0, 0}, {}, {}, WriteLocationSeries},
    {10, "velocity", "m/s", kPack, 0, {0, 0}, {}, {}, WriteVelocityPack},
    {11, "acceleration", "m/s^2", kPack, 0, {0, 0}, {}, {}, WriteVelocityPack},
    {12, "algorithm_id", "", kUnsigned, 0, {0, 0}},
};

// VTarget items 105 and 106.
constexpr KlvItemSpec kVChip[] = {
    {1, "image_type", "", kText, 0, {0, 0}},
    {2, "image_uri", "", kText, 0, {0, 0}},
    {3, "embedded_image", "", kBytes, 0, {0, 0}},
};

// Entries of VMTI item 101.
constexpr KlvItemSpec kVTarget[] = {
    {1, "target_centroid", "px", kUnsigned, 0, {0, 0}},
    {2, "bounding_box_top_left", "px", kUnsigned, 0, {0, 0}},
    {3, "bounding_box_bottom_right", "px", kUnsigned, 0, {0, 0}},
    {4, "target_priority", "", kUnsigned, 0, {0, 0}},
    {5, "target_confidence", "%", kUnsigned, 0, {0, 0}},
    {6, "target_history", "", kUnsigned, 0, {0, 0}},
    {7, "percentage_of_target_pixels", "%", kUnsigned, 0, {0, 0}},
    {8, "target_color", "", kUnsigned, 0, {0, 0}},
    {9, "target_intensity", "", kUnsigned, 0, {0, 0}},
    {10, "target_latitude_offset", "deg", kImapb, 0, {-19.2, 19.2}},
    {11, "target_longitude_offset", "deg", kImapb, 0, {-19.2, 19.2}},
    {12, "target_height", "m", kImapb, 0, {-900, 19000}},
    {13, "bounding_box_top_left_latitude_offset", "deg", kImapb, 0, {-19.2, 19.2}},
    {14, "bounding_box_top_left_longitude_offset", "deg", kImapb, 0, {-19.2, 19.2}},
    {15, "bounding_box_bottom_right_latitude_offset", "deg", kImapb, 0, {-19.2, 19.2}},
    {16, "bounding_box_bottom_right_longitude_offset", "deg", kImapb, 0, {-19.2, 19.2}},
    {17, "target_location", "", kPack, 0, {0, 0}, {}, {}, WriteLocationPack},
    {18, "target_boundary_series", "", kPack, 0, {0, 0}, {}, {}, WriteLocationSeries},
    {19, "target_centroid_row", "px", kUnsigned, 0, {0, 0}},
    {20, "target_centroid_column", "px", kUnsigned, 0, {0, 0}},
    {21, "fpa_index", "", kPack, 0, {0, 0}, {}, {}, WriteFpaIndex},
    {22, "algorithm_id", "", kUnsigned, 0, {0, 0}},
    {23, "detection_status", "", kUnsigned, 0, {0, 0}, kDetectionStates},
    {101, "vmask", "", kSet, 0, {0, 0}, {}, kVMask, nullptr},
    {102, "vobject", "", kSet, 0, {0, 0}, {}, kVObject, nullptr},
    {103, "vfeature", "", kSet, 0, {0, 0}, {}, kVFeature, nullptr},
    {104, "vtracker", "", kSet, 0, {0, 0}, {}, kVTracker, nullptr},
    {105, "vchip", "", kSet, 0, {0, 0}, {}, kVChip, nullptr},
    {106, "vchip_series", "", kSeries, 0, {0, 0}, {}, kVChip, nullptr},
    {107, "vobject_series", "", kSeries, 0, {0, 0}, {}, kVObject, nullptr},
};

// VMTI item 102.
constexpr KlvItemSpec kAlgorithm[] = {
    {1, "id", "", kUnsigned, 0, {0, 0}},
    {2, "name", "", kText, 0, {0, 0}},
    {3, "version", "", kText, 0, {0, 0}},
    {4, "class", "", kText, 0, {0, 0}},
    {5, "number_of_frames", "", kUnsigned, 0, {0, 0}},
};

// VMTI item 103.
constexpr KlvItemSpec kOntology[] = {
    {1, "id", "", kUnsigned, 0, {0, 0}},
    {2, "parent_id", "", kUnsigned, 0, {0, 0}},
    {3, "ontology", "", kText, 0, {0, 0}},
    {4, "ontology_class", "", kText, 0, {0, 0}},
};

// MISB ST 0903.
constexpr KlvItemSpec kVmti[] = {
    {1, "checksum", "", kUnsigned, 2, {0, 0}},
    {2, "precision_time_stamp", "us", kTime, 0, {0, 0}},
    {3, "vmti_system_name", "", kText, 0, {0, 0}},
    {4, "vmti_ls_version", "", kUnsigned, 0, {0, 0}},
    {5, "targets_detected", "", kUnsigned, 0, {0, 0}},
    {6, "targets_reported", "", kUnsigned, 0, {0, 0}},
    {7, "frame_number", "", kUnsigned, 0, {0, 0}},
    {8, "frame_width", "px", kUnsigned, 0, {0, 0}},
    {9, "frame_height", "px", kUnsigned, 0, {0, 0}},
    {10, "vmti_source_sensor", "", kText, 0, {0, 0}},
    {11, "vmti_horizontal_fov", "deg", kImapb, 0, {0, 180}},
    {12, "vmti_vertical_fov", "deg", kImapb, 0, {0, 180}},
    {13, "miis_id", "", kPack, 0, {0, 0}, {}, {}, WriteCoreIdentifier},
    {101, "vtarget_series", "", kBytes, 0, {0, 0}},
    {102, "algorithm_series", "", kSeries, 0, {0, 0}, {}, kAlgorithm, nullptr},
    {103, "ontology_series", "", kSeries, 0, {0, 0}, {}, kOntology, nullptr},
};

// MISB ST 1206.
constexpr KlvItemSpec kSar[] = {
    {1, "grazing_angle", "deg", kImapb, 0, {0, 90}},
    {2, "ground_plane_squint_angle", "deg", kImapb, 0, {-90, 90}},
    {3, "look_direction", "", kUnsigned, 0, {0, 0}, kLookDirections},
    {4, "image_plane", "", kUnsigned, 0, {0, 0}, kImagePlanes},
    {5, "range_resolution", "m", kImapb, 0, {0, 1000000}},
    {6, "cross_range_resolution", "m", kImapb, 0, {0, 1000000}},
    {7, "range_pixel_size", "m", kImapb, 0, {0, 1000000}},
    {8, "cross_range_pixel_size", "m", kImapb, 0, {0, 1000000}},
    {9, "image_rows", "px", kUnsigned, 0, {0, 0}},
    {10, "image_columns", "px", kUnsigned, 0, {0, 0}},
    {11, "range_direction_angle", "deg", kImapb, 0, {0, 360}},
    {12, "true_north", "deg", kImapb, 0, {0, 360}},
    {13, "range_layover_angle", "deg", kImapb, 0, {0, 360}},
    {14, "ground_aperture_angular_extent", "deg", kImapb, 0, {0, 90}},
    {15, "aperture_duration", "us", kUnsigned, 0, {0, 0}},
    {16, "ground_track_angle", "deg", kImapb, 0, {0, 360}},
    {17, "minimum_detectable_velocity", "m/s", kImapb, 0, {0, 100}},
    {18, "true_pulse_repetition_frequency", "Hz", kImapb, 0, {0, 1000000}},
    {19, "pulse_repetition_frequency_scale_factor", "", kImapb, 0, {0, 1}},
    {20, "transmit_rf_center_frequency", "Hz", kImapb, 0, {0, 1e12}},
    {21, "transmit_rf_bandwidth", "Hz", kImapb, 0, {0, 1e11}},
    {22, "radar_cross_section_scale_factor_polynomial", "", kPack, 0, {0, 0}, {}, {}, WriteRealArray},
    {23, "reference_frame_time_stamp", "us", kUnsigned, 8, {0, 0}},
    {24, "reference_frame_grazing_angle", "deg", kImapb, 0, {0, 90}},
    {25, "reference_frame_ground_plane_squint_angle", "deg", kImapb, 0, {-90, 90}},
    {26, "reference_frame_range_direction_angle", "deg", kImapb, 0, {0, 360}},
    {27, "reference_frame_range_layover_angle", "deg", kImapb, 0, {0, 360}},
    {28, "document_version", "", kUnsigned, 0, {0, 0}},
};

// MISB ST 1202, as far as the samples give it.
constexpr KlvItemSpec kTransformation[] = {
    {10, "document_version", "", kUnsigned, 0, {0, 0}},
};

// MISB ST 1002. Items 2 to 10 are not known here.
constexpr KlvItemSpec kRangeImage[] = {
    {1, "precision_time_stamp", "us", kTime, 8, {0, 0}},
    {11, "document_version", "", kUnsigned, 0, {0, 0}},
    {12, "range_image_kinds", "", kPack, 0, {0, 0}, {}, {}, WriteRangeImageKinds},
    {13, "range_measurement", "m", kReal, 0, {0, 0}},
    {14, "range_measurement_uncertainty", "m", kReal, 0, {0, 0}},
    {15, "range_measurement_row", "px", kReal, 0, {0, 0}},
    {16, "range_measurement_column", "px", kReal, 0, {0, 0}},
    {17, "sections_in_x", "", kUnsigned, 0, {0, 0}},
    {18, "sections_in_y", "", kUnsigned, 0, {0, 0}},
    {19, "generalized_transformation_local_set", "", kSet, 0, {0, 0}, {}, kTransformation, nullptr},
    {20, "section_data_pack", "", kPack, 0, {0, 0}, {}, {}, WriteSectionData},
};

// MISB ST 1601.
constexpr KlvItemSpec kGeoRegistration[] = {
    {1, "document_version", "", kUnsigned, 0, {0, 0}},
    {2, "algorithm_name", "", kText, 0, {0, 0}},
    {3, "algorithm_version", "", kText, 0, {0, 0}},
    {4, "points_row_column", "px", kPack, 0, {0, 0}, {}, {}, WriteUnsignedArray},
    {5, "points_latitude_longitude", "deg", kPack, 0, {0, 0}, {}, {}, WriteRealArray},
    {6, "second_image_name", "", kText, 0, {0, 0}},
    {7, "algorithm_configuration_id", "", kPack, 16, {0, 0}, {}, {}, WriteUuid},
    {8, "points_elevation", "m", kPack, 0, {0, 0}, {}, {}, WriteRealArray},
    {9, "points_row_column_sdcc", "", kPack, 0, {0, 0}, {}, {}, WritePixelSdcc},
    {10, "points_latitude_longitude_elevation_sdcc", "", kPack, 0, {0, 0}, {}, {}, WriteGeographicSdcc},
};

// MISB ST 1602.
constexpr KlvItemSpec kComposite[] = {
    {1, "precision_time_stamp", "us", kUnsigned, 8, {0, 0}},
    {2, "document_version", "", kUnsigned, 0, {0, 0}},
    {3, "source_image_rows", "px", kUnsigned, 0, {0, 0}},
    {4, "source_image_columns", "px", kUnsigned, 0, {0, 0}},
    {5, "source_image_aoi_rows", "px", kUnsigned, 0, {0, 0}},
    {6, "source_image_aoi_columns", "px", kUnsigned, 0, {0, 0}},
    {7, "source_image_aoi_position_x", "px", kSigned, 0, {0, 0}},
    {8, "source_image_aoi_position_y", "px", kSigned, 0, {0, 0}},
    {9, "sub_image_rows", "px", kUnsigned, 0, {0, 0}},
    {10, "sub_image_columns", "px", kUnsigned, 0, {0, 0}},
    {11, "sub_image_position_x", "px", kSigned, 0, {0, 0}},
    {12, "sub_image_position_y", "px", kSigned, 0, {0, 0}},
    {13, "active_sub_image_rows", "px", kUnsigned, 0, {0, 0}},
    {14, "active_sub_image_columns", "px", kUnsigned, 0, {0, 0}},
    {15, "active_sub_image_offset_x", "px", kSigned, 0, {0, 0}},
    {16, "active_sub_image_offset_y", "px", kSigned, 0, {0, 0}},
    {17, "transparency", "", kUnsigned, 0, {0, 0}},
    {18, "z_order", "", kUnsigned, 0, {0, 0}},
};

// clang-format on

// The same items as editions up to ST 0903.3 map them.
std::vector<KlvItemSpec> Linear(KlvSchema schema) {
  std::vector<KlvItemSpec> items(schema.begin(), schema.end());
  for (KlvItemSpec& item : items) {
    if (item.wire != kImapb) continue;
    item.wire = item.range.low == -item.range.high ? kSignedMap : kUnsignedMap;
  }
  return items;
}

}  // namespace

KlvSchema SecuritySchema() { return kSecurity; }
KlvSchema RvtSchema() { return kRvt; }
KlvSchema VmtiSchema(VmtiMaps maps) {
  static const std::vector<KlvItemSpec> early = Linear(kVmti);
  return maps == VmtiMaps::kLinear ? KlvSchema(early) : kVmti;
}
KlvSchema VTargetSchema(VmtiMaps maps) {
  static const std::vector<KlvItemSpec> early = Linear(kVTarget);
  return maps == VmtiMaps::kLinear ? KlvSchema(early) : kVTarget;
}
KlvSchema SarSchema() { return kSar; }
KlvSchema RangeImageSchema() { return kRangeImage; }
KlvSchema GeoRegistrationSchema() { return kGeoRegistration; }
KlvSchema CompositeSchema() { return kComposite; }

}  // namespace trucewatch
