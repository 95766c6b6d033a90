// SPDX-License-Identifier: Apache-2.0
// What a STANAG 4607 (AEDP-4607) stream says, field by field, as it stands on the wire. Field names
// D1, J1 ... are the standard's. Integers keep the wire's unit, which the comment states; angles
// are binary and convert by name.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/geo/angle.h"

namespace trucewatch::stanag4607 {

// Binary angles (raw * 360 / 2^n, or * 180 / 2^n signed). From() takes the nearest count: BA wraps
// at 360 degrees, SA is held inside [-90, 90).
struct Ba16 {
  std::uint16_t raw = 0;
  Angle angle() const { return Angle::Degrees(raw * (360.0 / 65536.0)); }
  static Ba16 From(Angle angle);
  bool operator==(const Ba16&) const = default;
};
struct Ba32 {
  std::uint32_t raw = 0;
  Angle angle() const { return Angle::Degrees(raw * (360.0 / 4294967296.0)); }  // [0, 360)
  Angle longitude() const;                                                      // [-180, 180)
  static Ba32 From(Angle angle);
  bool operator==(const Ba32&) const = default;
};
struct Sa16 {
  std::int16_t raw = 0;
  Angle angle() const { return Angle::Degrees(raw * (180.0 / 65536.0)); }
  static Sa16 From(Angle angle);
  bool operator==(const Sa16&) const = default;
};
struct Sa32 {
  std::int32_t raw = 0;
  Angle angle() const { return Angle::Degrees(raw * (180.0 / 4294967296.0)); }
  static Sa32 From(Angle angle);
  bool operator==(const Sa32&) const = default;
};
// Sign and magnitude, 8 integer and 7 fraction bits.
struct B16 {
  std::uint16_t raw = 0;
  double value() const { return ((raw & 0x8000U) != 0 ? -1.0 : 1.0) * (raw & 0x7FFFU) / 128.0; }
  static B16 From(double value);
  bool operator==(const B16&) const = default;
};

// Fixed-width text: left aligned, padded with spaces. The wire's bytes are kept; str() leaves the
// padding out (NUL padding, which exists in the field, too).
template <std::size_t N>
struct Text {
  std::array<char, N> raw = Blank();
  std::string str() const {
    std::string_view view(raw.data(), N);
    const std::size_t nul = view.find('\0');
    if (nul != std::string_view::npos) view = view.substr(0, nul);
    const std::size_t end = view.find_last_not_of(' ');
    return std::string(end == std::string_view::npos ? std::string_view()
                                                     : view.substr(0, end + 1));
  }
  static Text From(std::string_view text) {  // cut to N characters
    Text result;
    for (std::size_t i = 0; i < N && i < text.size(); ++i) result.raw[i] = text[i];
    return result;
  }
  bool operator==(const Text&) const = default;

 private:
  static constexpr std::array<char, N> Blank() {
    std::array<char, N> blank{};
    for (char& c : blank) c = ' ';
    return blank;
  }
};

inline constexpr std::uint32_t kPacketHeaderSize = 32;
inline constexpr std::uint32_t kSegmentHeaderSize = 5;
inline constexpr std::uint32_t kMaxPacketSize =
    1U << 20;  // of ours; the standard has no limit but 2^32

inline constexpr std::uint32_t kMaxSegments =
    4096;  // in a packet, of ours: bounds the search for the next packet

struct PacketHeader {
  Text<2> version = Text<2>::From("30");  // P1
  std::uint32_t size = 0;                 // P2, with this header; the encoder fills it
  Text<2> nationality;                    // P3
  std::uint8_t classification =
      5;  // P4: 1 top secret, 2 secret, 3 confidential, 4 restricted, 5 unclassified
  Text<2> classification_system;    // P5
  std::uint16_t security_code = 0;  // P6: meaning differs between editions, kept as it is
  std::uint8_t exercise =
      0;  // P7: 0 operation; 1, 2 simulated, synthesised; 128-130 the same of an exercise
  Text<10> platform;             // P8: tail number or name
  std::uint32_t mission_id = 0;  // P9
  std::uint32_t job_id = 0;      // P10
  bool operator==(const PacketHeader&) const = default;
};

enum class SegmentType : std::uint8_t {
  kMission = 1,
  kDwell = 2,
  kHrr = 3,
  kJobDefinition = 5,
  kFreeText = 6,
  kTestAndStatus = 10,
  kProcessingHistory = 12,
  kPlatformLocation = 13,
};

// Type 1. Its date is midnight UTC of all millisecond times that follow.
struct MissionSegment {
  Text<12> mission_plan;            // M1
  Text<12> flight_plan;             // M2
  std::uint8_t platform_type = 0;   // M3
  Text<10> platform_configuration;  // M4
  std::uint16_t year = 0;           // M5
  std::uint8_t month = 0;           // M6
  std::uint8_t day = 0;             // M7
  bool operator==(const MissionSegment&) const = default;
};

// D32: one target report. All reports of one dwell have the same fields.
struct TargetReport {
  std::optional<std::uint16_t> report_index;      // D32.1
  std::optional<Sa32> latitude;                   // D32.2
  std::optional<Ba32> longitude;                  // D32.3
  std::optional<std::int16_t> delta_latitude;     // D32.4, counts of D10
  std::optional<std::int16_t> delta_longitude;    // D32.5, counts of D11
  std::optional<std::int16_t> height_hae_m;       // D32.6
  std::optional<std::int16_t> los_velocity_cmps;  // D32.7, positive away from the sensor
  std::optional<std::uint16_t>
      wrap_velocity_cmps;                      // D32.8: the true speed is D32.7 + k * 2 * D32.8
  std::optional<std::int8_t> snr_db;           // D32.9
  std::optional<std::uint8_t> classification;  // D32.10, 128 and above: simulated
  std::optional<std::uint8_t> class_probability_percent;    // D32.11
  std::optional<std::uint16_t> slant_range_sigma_cm;        // D32.12
  std::optional<std::uint16_t> cross_range_sigma_dm;        // D32.13
  std::optional<std::uint8_t> height_sigma_m;               // D32.14
  std::optional<std::uint16_t> radial_velocity_sigma_cmps;  // D32.15
  std::optional<std::uint8_t> truth_tag_application;        // D32.16
  std::optional<std::uint32_t> truth_tag_entity;            // D32.17
  std::optional<std::int8_t> radar_cross_section_half_db;   // D32.18
  bool operator==(const TargetReport&) const = default;
};

// Type 2: one look. D1, the existence mask, is what is set below; D5 is the number of targets.
struct DwellSegment {
  std::uint16_t revisit_index = 0;  // D2
  std::uint16_t dwell_index = 0;    // D3
  std::uint8_t last_dwell = 0;      // D4: 1 when the revisit has no more
  std::uint32_t time_ms =
      0;                  // D6: temporal centre, since midnight of the mission date; may pass 24 h
  Sa32 sensor_latitude;   // D7
  Ba32 sensor_longitude;  // D8
  std::int32_t sensor_height_hae_cm = 0;                     // D9
  std::optional<Sa32> scale_latitude;                        // D10: one count of D32.4
  std::optional<Ba32> scale_longitude;                       // D11: one count of D32.5
  std::optional<std::uint32_t> sensor_sigma_along_track_cm;  // D12
  std::optional<std::uint32_t> sensor_sigma_cross_track_cm;  // D13
  std::optional<std::uint16_t> sensor_sigma_height_cm;       // D14
  std::optional<Ba16> sensor_track;                          // D15: clockwise from true north
  std::optional<std::uint32_t> sensor_speed_mmps;            // D16
  std::optional<std::int8_t> sensor_vertical_velocity_dmps;  // D17
  std::optional<std::uint8_t> sensor_track_sigma_deg;        // D18
  std::optional<std::uint16_t> sensor_speed_sigma_mmps;      // D19
  std::optional<std::uint16_t> sensor_vertical_sigma_cmps;   // D20
  std::optional<Ba16> platform_heading;                      // D21
  std::optional<Sa16> platform_pitch;                        // D22
  std::optional<Sa16> platform_roll;                         // D23
  Sa32 centre_latitude;                                      // D24
  Ba32 centre_longitude;                                     // D25
  B16 range_half_extent_km;                                  // D26
  Ba16 angle_half_extent;                                    // D27
  std::optional<Ba16> sensor_heading;                        // D28
  std::optional<Sa16> sensor_pitch;                          // D29
  std::optional<Sa16> sensor_roll;                           // D30
  std::optional<std::uint8_t> min_detectable_velocity_dmps;  // D31
  std::vector<TargetReport> targets;                         // D32
  bool operator==(const DwellSegment&) const = default;
};

// Type 5. The "no statement" values of J15-J26 (FF, FFFF; J22 from 8000 on) stand as they are: see
// Stated().
struct JobDefinitionSegment {
  std::uint32_t job_id = 0;      // J1
  std::uint8_t sensor_type = 0;  // J2
  Text<6> sensor_model;          // J3
  std::uint8_t filtering = 0;    // J4: bit 0 area filtering, 1 area blanking, 2 sector blanking
  std::uint8_t priority = 1;     // J5: 255 ends the job
  std::array<Sa32, 4> area_latitude;                   // J6, J8, J10, J12: corners A-D, clockwise
  std::array<Ba32, 4> area_longitude;                  // J7, J9, J11, J13
  std::uint8_t radar_mode = 0;                         // J14
  std::uint16_t revisit_interval_ds = 0xFFFF;          // J15, tenths of a second
  std::uint16_t sensor_sigma_along_track_dm = 0xFFFF;  // J16
  std::uint16_t sensor_sigma_cross_track_dm = 0xFFFF;  // J17
  std::uint16_t sensor_sigma_height_dm = 0xFFFF;       // J18
  std::uint8_t track_heading_sigma_deg = 0xFF;         // J19
  std::uint16_t sensor_speed_sigma_mmps = 0xFFFF;      // J20
  std::uint16_t slant_range_sigma_cm = 0xFFFF;         // J21
  Ba16 cross_range_sigma{0x8000};                      // J22, an angle
  std::uint16_t radial_velocity_sigma_cmps = 0xFFFF;   // J23
  std::uint8_t min_detectable_velocity_dmps = 0xFF;    // J24
  std::uint8_t detection_probability_percent = 0xFF;   // J25
  std::uint8_t false_alarm_density_minus_db = 0xFF;    // J26, see FalseAlarmsPerKm2
  std::uint8_t terrain_model = 0;  // J27: 0 none, 1-6 DTED0-5, 7 SRTM1, 8 SRTM2 ...
  std::uint8_t geoid_model = 0;    // J28: 0 none, 1 EGM96, 2 GEO96, 3 flat earth
  bool operator==(const JobDefinitionSegment&) const = default;
};

// Type 6.
struct FreeTextSegment {
  Text<10> originator;  // F1
  Text<10> recipient;   // F2
  std::string text;     // F3, at least one byte
  bool operator==(const FreeTextSegment&) const = default;
};

// Type 10.
struct TestStatusSegment {
  std::uint32_t job_id = 0;         // T1
  std::uint16_t revisit_index = 0;  // T2
  std::uint16_t dwell_index = 0;    // T3
  std::uint32_t time_ms = 0;        // T4
  std::uint8_t hardware =
      0;  // T5: bits 7 antenna, 6 RF, 5 processor, 4 datalink, 3 calibration; 1 is failed
  std::uint8_t mode = 0;  // T6: bits 7 range limit, 6 azimuth, 5 elevation, 4 temperature
  bool operator==(const TestStatusSegment&) const = default;
};

// Type 13: where the sensor was while it did not look.
struct PlatformLocationSegment {
  std::uint32_t time_ms = 0;               // L1
  Sa32 latitude;                           // L2
  Ba32 longitude;                          // L3
  std::int32_t height_hae_cm = 0;          // L4
  Ba16 track;                              // L5
  std::uint32_t speed_mmps = 0;            // L6
  std::int8_t vertical_velocity_dmps = 0;  // L7
  bool operator==(const PlatformLocationSegment&) const = default;
};

// Type 12: from which data set this one was made, and who changed it, oldest first. Provenance.
struct ProcessingRecord {
  std::uint8_t sequence = 0;     // C6.1
  Text<2> nationality;           // C6.2
  Text<10> platform;             // C6.3
  std::uint32_t mission_id = 0;  // C6.4
  std::uint32_t job_id = 0;      // C6.5
  std::uint16_t processing = 0;  // C6.6: flags, see ProcessingNames()
  bool operator==(const ProcessingRecord&) const = default;
};
struct ProcessingHistorySegment {
  Text<2> nationality;                    // C2, of the data set it is based on
  Text<10> platform;                      // C3
  std::uint32_t mission_id = 0;           // C4
  std::uint32_t job_id = 0;               // C5
  std::vector<ProcessingRecord> records;  // C6; C1 is their number
  bool operator==(const ProcessingHistorySegment&) const = default;
};

// HRR, tasking, extensions ...: passed over by its size.
struct SkippedSegment {
  std::uint8_t type = 0;
  std::string payload;
  bool operator==(const SkippedSegment&) const = default;
};

using Segment = std::variant<MissionSegment, DwellSegment, JobDefinitionSegment, FreeTextSegment,
                             TestStatusSegment, ProcessingHistorySegment, PlatformLocationSegment,
                             SkippedSegment>;

// Type number of a segment, and its name as `inspect` prints it ("dwell").
std::uint8_t TypeOf(const Segment& segment);
std::string_view SegmentName(std::uint8_t type);

// J15-J26 and the like: nothing when the field makes no statement.
std::optional<double> Stated(std::uint16_t raw, double scale);
std::optional<double> Stated(std::uint8_t raw, double scale);
std::optional<Angle> Stated(Ba16 raw);

// J26 is a density in negative decibels; taken as 10 log10 of false alarms per square metre (80 is
// 0.01 per km^2).
double FalseAlarmsPerKm2(std::uint8_t minus_db);
std::uint8_t MinusDbFromFalseAlarmsPerKm2(double per_km2);

}  // namespace trucewatch::stanag4607
