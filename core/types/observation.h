// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/geo/camera.h"
#include "core/geo/geodetic.h"
#include "core/time/instant.h"
#include "core/types/class_probabilities.h"
#include "core/types/ids.h"
#include "core/types/lineage.h"

namespace trucewatch {

// Raw bytes as they came from a source, before any parsing: the journal's record.
struct RawRecord {
  SourceId source;
  std::uint64_t source_sequence = 0;  // 1, 2, ... within the source
  Instant receive_time;               // of the recording or of the receiver's clock
  std::uint64_t source_offset = 0;    // byte offset in the source's stream
  bool end_of_source = false;         // the source has ended; bytes may be empty
  std::string bytes;
};

// One encoded picture with the platform state of its moment.
struct VideoFrame {
  Instant time;                    // UTC of the exposure
  std::string access_unit;         // Annex B for H.264/H.265
  bool key = false;                // decoding can start here
  std::optional<CameraPose> pose;  // nothing when the metadata has none that is valid
  CameraPoseSigma pose_sigma;
  // How far the metadata used for it may be beside the picture in time (0 when interpolated between
  // packets that fit); what the platform moves in that time is in pose_sigma.
  Duration metadata_skew;
};

// A run of frames that decodes alone: it starts at a key frame.
struct VideoSegment {
  SourceId source;
  Lineage lineage;
  std::string codec;      // FFmpeg codec name: "h264", "hevc", "mpeg2video"
  std::string extradata;  // codec parameters outside the stream; often empty for MPEG-TS
  int width_px = 0;
  int height_px = 0;
  bool exercise = false;  // the metadata says training, exercise or test (ST 0601 item 77)
  std::vector<VideoFrame> frames;
  std::vector<Digest> raw_digests;  // SHA-256 of the raw records the bytes came from
  Duration metadata_skew;           // largest of the frames

  // The metadata is further beside its pictures than positions should bear.
  static constexpr Duration kMaxMetadataSkew = Duration::Millis(100);
  bool skewed() const { return metadata_skew > kMaxMetadataSkew; }
};

// One radar target report, still in the sensor's own coordinates where they are the better ones.
struct Plot {
  Geodetic position;
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Zero();
  // Radial ground speed, positive when it moves away from the sensor, and its 1-sigma.
  std::optional<double> range_rate_mps;
  double range_rate_sigma_mps = 0.0;
  std::optional<double> snr_db;
  ClassProbabilities classes;
};

// One look of a radar: where it looked, how well, and what it reported. No plots is a result too.
struct RadarDwell {
  SourceId source;
  Lineage lineage;
  Instant time;                      // temporal centre
  Geodetic sensor;                   // position of the antenna
  std::vector<Geodetic> footprint;   // polygon on the ground, not closed, counter-clockwise
  double detection_probability = 0;  // of one vehicle that moves faster than the limit below
  double min_detectable_speed_mps = 0;
  double false_alarms_per_km2 = 0;
  bool exercise = false;  // header or classes say exercise or simulated
  std::vector<Plot> plots;
  std::vector<Digest> raw_digests;
};

struct Detection {
  Geodetic position;
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Zero();
  // Ground velocity over the short track in the image, east and north, with its covariance.
  std::optional<Eigen::Vector2d> velocity_en_mps;
  Eigen::Matrix2d velocity_cov_en = Eigen::Matrix2d::Zero();
  double length_m = 0;
  double width_m = 0;
  double score = 0;  // 0..1
  ClassProbabilities classes;
  // In the encoded frame; for pictures and scoring only.
  double box_x_px = 0, box_y_px = 0, box_width_px = 0, box_height_px = 0;
  std::uint64_t image_track = 0;  // same number: same thing followed within this segment; 0 none
};

// Fewer people are no group, whatever a config says: what is expected to be fewer never gets into a
// message, and a message that holds it is refused.
inline constexpr double kFewestPeople = 3;

// Several people, or several vehicles that stand together: a count with its interval, never a list
// of people.
struct GroupObservation {
  ObjectClass object_class = ObjectClass::kUnspecified;
  Geodetic position;  // of the middle
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Zero();
  double extent_m = 0;  // radius that holds nine in ten of them
  double count_expected = 0;
  int count_min = 0;  // 95 % interval
  int count_max = 0;
  double score = 0;  // 0..1, that it is a group at all
  double box_x_px = 0, box_y_px = 0, box_width_px = 0, box_height_px = 0;  // of the whole group
};

enum class ChangeKind { kUnspecified = 0, kAppeared = 1, kVanished = 2 };

// What differs between two passes over the same ground.
struct SiteChange {
  ChangeKind kind = ChangeKind::kUnspecified;
  Geodetic position;
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Zero();
  double length_m = 0;
  double width_m = 0;
  double probability = 0;  // that something of vehicle size really came or went
  ClassProbabilities classes;
};

// A file that a scene was made from, besides its raster; roles in ingest/satellite/scene_chunk.h.
struct SceneInput {
  std::string name, role;
  Digest sha256{};
  std::uint64_t size_bytes = 0;
};

// One satellite scene; field meanings in observation.proto. The pixels stay in the scene store
// under their digest (core/storage).
struct Scene {
  SourceId source;
  Lineage lineage;
  std::string item;  // id of the scene
  Instant time;      // acquisition
  Digest sha256{};   // of the raster file
  std::uint64_t size_bytes = 0;
  int width_px = 0, height_px = 0, bands = 0;
  double resolution_m = 0;          // ground sample distance
  std::vector<Geodetic> footprint;  // polygon on the ground, not closed, counter-clockwise
  double position_sigma_m = 0;      // 1-sigma of its georeference, each of east and north
  bool exercise = false;
  double sun_azimuth_deg = 0, sun_elevation_deg = 0;  // 0, 0: not stated
  std::vector<Digest> raw_digests;
  std::vector<SceneInput> inputs;
  std::string time_source, georeference;
  bool view_known = false;
  double view_off_nadir_deg = 0, view_incidence_deg = 0, view_azimuth_deg = 0;
  double cloud_fraction = -1, nodata_fraction = -1;  // -1: not known
  std::string calibration, product;
  std::vector<std::string> remarks;
};

enum class HumanRecordKind {
  kUnspecified = 0,
  kObservation = 1,
  kAllegation = 2,
  kImpediment = 3,
  // About an event or a challenge, not about a place.
  kDecision = 4,
  kChallenge = 5,
  kRuling = 6,
  // About the mission itself.
  kKeySet = 7,
  kCustody = 8,
};

// A signed record of an officer; field meanings in observation.proto.
struct HumanRecord {
  SourceId source;
  Lineage lineage;
  std::string record_id;
  HumanRecordKind kind = HumanRecordKind::kUnspecified;
  Instant time_first, time_last, reported;
  Geodetic position;
  double radius_m = 0;
  std::string means;
  ObjectClass object_class = ObjectClass::kUnspecified;
  int count_min = 0, count_max = 0;
  std::string assessed_as;
  std::string text;
  std::string author;
  std::string informant;
  std::string impediment;
  bool nothing_observed = false;
  bool exercise = false;
  std::vector<Digest> raw_digests;
  std::string event_id;
  std::string decision;
  std::string audience;
  std::string challenge_id;
  std::string role;
  std::string key_set, outcome;                                    // kKeySet
  std::string item, item_name, item_sha256, handed_by, handed_to;  // kCustody, at time_first
};

// One look of an imaging sensor. An empty one is a result: "we looked here and saw nothing".
struct ObservationSet {
  SourceId source;
  Lineage lineage;
  Instant time;
  int frame_index = 0;  // within the segment
  std::vector<Geodetic>
      footprint;  // polygon on the ground, not closed, counter-clockwise; may be empty: unknown
  double detection_probability = 0;     // of one moving vehicle inside the footprint
  double min_detectable_speed_mps = 0;  // slower objects are not seen as moving
  double false_alarms_per_km2 = 0;
  bool exercise = false;
  std::string degraded_reason;  // empty when the look was a good one
  std::vector<Detection> detections;
  std::vector<Digest> raw_digests;
  // Of what stands still, and of groups of people; 0: says nothing about them.
  double standing_detection_probability = 0;
  double group_detection_probability = 0;
  double resolution_m = 0;
  std::vector<GroupObservation> groups;
  // Satellite passes: what changed since the earlier pass at `baseline`; nothing: there was none.
  std::optional<Instant> baseline;
  std::vector<SiteChange> changes;
  // Of drone video: errors of the poses on the ground in the middle of the picture, 1-sigma; 0: not
  // known. Computed from the configured errors; measured by registration; and why covariances are
  // wider than stated (empty: they are not).
  double position_sigma_stated_m = 0;
  double position_scatter_m = 0;
  std::string georeference_note;
};

enum class SourceState { kUnspecified = 0, kStarted = 1, kLate = 2, kResumed = 3, kEnded = 4 };

// What the clock or the feed decided about a source: part of the journal, so a replay decides the
// same.
struct SourceStatus {
  SourceId source;
  Instant time;
  SourceState state = SourceState::kUnspecified;
  std::string reason;
};

// Input that could not be used. It stays in the journal as evidence and is counted, never dropped
// in silence.
struct DataFault {
  SourceId source;
  Instant time;
  std::string format;               // "st0601", "stanag4607", "mpegts", "h264"
  std::uint64_t source_offset = 0;  // byte offset in the source's stream
  std::string reason;
};

}  // namespace trucewatch
