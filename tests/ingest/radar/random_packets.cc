// SPDX-License-Identifier: Apache-2.0
#include "tests/ingest/radar/random_packets.h"

#include "core/base/bytes.h"

namespace trucewatch::stanag4607::testing {
namespace {

template <typename T>
T Any(std::mt19937_64& random) {
  return static_cast<T>(random());
}

template <std::size_t N>
Text<N> AnyText(std::mt19937_64& random) {
  std::string text;
  for (std::size_t i = random() % (N + 1); i > 0; --i) {
    text.push_back(static_cast<char>('!' + random() % 90));
  }
  return Text<N>::From(text);
}

std::int32_t AnyHeight(std::mt19937_64& random) {
  return static_cast<std::int32_t>(random() % 2'000'000'000);
}

}  // namespace

DwellSegment RandomDwell(std::mt19937_64& random, const RandomDwellOptions& options) {
  const auto coin = [&] { return (random() & 1U) != 0; };
  DwellSegment d;
  d.revisit_index = Any<std::uint16_t>(random);
  d.dwell_index = Any<std::uint16_t>(random);
  d.last_dwell = Any<std::uint8_t>(random) & 1U;
  d.time_ms = static_cast<std::uint32_t>(random() % 4'000'000'000);
  d.sensor_latitude.raw = Any<std::int32_t>(random);
  d.sensor_longitude.raw = Any<std::uint32_t>(random);
  d.sensor_height_hae_cm = AnyHeight(random);
  if (coin()) {
    d.sensor_sigma_along_track_cm = Any<std::uint32_t>(random) % 1'000'001;
    d.sensor_sigma_cross_track_cm = Any<std::uint32_t>(random) % 1'000'001;
    d.sensor_sigma_height_cm = Any<std::uint16_t>(random);
  }
  if (coin()) {
    d.sensor_track = Ba16{Any<std::uint16_t>(random)};
    d.sensor_speed_mmps = Any<std::uint32_t>(random) % 8'000'001;
    d.sensor_vertical_velocity_dmps = Any<std::int8_t>(random);
  }
  if (coin()) {
    d.sensor_track_sigma_deg = Any<std::uint8_t>(random) % 46;
    d.sensor_speed_sigma_mmps = Any<std::uint16_t>(random);
    d.sensor_vertical_sigma_cmps = Any<std::uint16_t>(random);
  }
  if (coin()) {
    d.platform_heading = Ba16{Any<std::uint16_t>(random)};
    d.platform_pitch = Sa16{Any<std::int16_t>(random)};
    d.platform_roll = Sa16{Any<std::int16_t>(random)};
  }
  d.centre_latitude.raw = Any<std::int32_t>(random);
  d.centre_longitude.raw = Any<std::uint32_t>(random);
  d.range_half_extent_km.raw = Any<std::uint16_t>(random) & 0x7FFFU;
  d.angle_half_extent.raw = Any<std::uint16_t>(random);
  const bool orientation = coin();
  if (options.dissector_safe ? orientation : coin())
    d.sensor_heading = Ba16{Any<std::uint16_t>(random)};
  if (options.dissector_safe ? orientation : coin())
    d.sensor_pitch = Sa16{Any<std::int16_t>(random)};
  if (options.dissector_safe ? orientation : coin())
    d.sensor_roll = Sa16{Any<std::int16_t>(random)};
  if (coin()) d.min_detectable_velocity_dmps = Any<std::uint8_t>(random);

  const bool deltas = coin();
  bool fields[19];
  for (bool& field : fields) field = coin();
  if (options.dissector_safe) {
    fields[13] = fields[14] = fields[15] = fields[12];
    fields[2] = true;
  }
  if (deltas && (fields[2] || options.dissector_safe)) {
    d.scale_latitude = Sa32{Any<std::int32_t>(random)};
    d.scale_longitude = Ba32{Any<std::uint32_t>(random)};
  }
  fields[1] =
      fields[1] || random() % 8 != 0;  // rarely a target without any field: then there is none
  bool some = false;
  for (int k = 1; k <= 18; ++k) some = some || fields[k];
  const std::size_t count = some ? random() % 5 : 0;
  for (std::size_t i = 0; i < count; ++i) {
    TargetReport t;
    if (fields[1]) t.report_index = Any<std::uint16_t>(random);
    if (fields[2] && !deltas) {
      t.latitude = Sa32{Any<std::int32_t>(random)};
      t.longitude = Ba32{Any<std::uint32_t>(random)};
    }
    if (fields[2] && deltas) {
      t.delta_latitude = Any<std::int16_t>(random);
      t.delta_longitude = Any<std::int16_t>(random);
    }
    if (fields[6]) t.height_hae_m = Any<std::int16_t>(random);
    if (fields[7]) {
      t.los_velocity_cmps = Any<std::int16_t>(random);
      t.wrap_velocity_cmps = Any<std::uint16_t>(random);
    }
    if (fields[9]) t.snr_db = Any<std::int8_t>(random);
    if (fields[10]) t.classification = Any<std::uint8_t>(random);
    if (fields[11]) t.class_probability_percent = Any<std::uint8_t>(random) % 101;
    if (fields[12]) t.slant_range_sigma_cm = Any<std::uint16_t>(random);
    if (fields[13]) t.cross_range_sigma_dm = Any<std::uint16_t>(random);
    if (fields[14]) t.height_sigma_m = Any<std::uint8_t>(random);
    if (fields[15]) t.radial_velocity_sigma_cmps = Any<std::uint16_t>(random);
    if (fields[16]) {
      t.truth_tag_application = Any<std::uint8_t>(random);
      t.truth_tag_entity = Any<std::uint32_t>(random);
    }
    if (fields[18]) t.radar_cross_section_half_db = Any<std::int8_t>(random);
    // Random fields may all be off; a target then has no bytes and cannot be counted.
    if (t == TargetReport{}) break;
    d.targets.push_back(t);
  }
  return d;
}

Segment RandomSegment(std::mt19937_64& random) {
  switch (random() % 8) {
    case 0: {
      MissionSegment m;
      m.mission_plan = AnyText<12>(random);
      m.flight_plan = AnyText<12>(random);
      m.platform_type = Any<std::uint8_t>(random);
      m.platform_configuration = AnyText<10>(random);
      m.year = static_cast<std::uint16_t>(1990 + random() % 80);
      m.month = static_cast<std::uint8_t>(1 + random() % 12);
      m.day = static_cast<std::uint8_t>(1 + random() % 28);
      return m;
    }
    case 1: {
      JobDefinitionSegment j;
      j.job_id = Any<std::uint32_t>(random);
      j.sensor_type = Any<std::uint8_t>(random);
      j.sensor_model = AnyText<6>(random);
      j.filtering = Any<std::uint8_t>(random);
      j.priority = Any<std::uint8_t>(random);
      for (Sa32& latitude : j.area_latitude) latitude.raw = Any<std::int32_t>(random);
      for (Ba32& longitude : j.area_longitude) longitude.raw = Any<std::uint32_t>(random);
      j.radar_mode = Any<std::uint8_t>(random);
      j.revisit_interval_ds = Any<std::uint16_t>(random);
      j.sensor_sigma_along_track_dm = Any<std::uint16_t>(random);
      j.sensor_sigma_cross_track_dm = Any<std::uint16_t>(random);
      j.sensor_sigma_height_dm = Any<std::uint16_t>(random);
      j.track_heading_sigma_deg = Any<std::uint8_t>(random);
      j.sensor_speed_sigma_mmps = Any<std::uint16_t>(random);
      j.slant_range_sigma_cm = Any<std::uint16_t>(random);
      j.cross_range_sigma.raw = Any<std::uint16_t>(random);
      j.radial_velocity_sigma_cmps = Any<std::uint16_t>(random);
      j.min_detectable_velocity_dmps = Any<std::uint8_t>(random);
      j.detection_probability_percent = Any<std::uint8_t>(random);
      j.false_alarm_density_minus_db = Any<std::uint8_t>(random);
      j.terrain_model = Any<std::uint8_t>(random);
      j.geoid_model = Any<std::uint8_t>(random);
      return j;
    }
    case 2: {
      FreeTextSegment f;
      f.originator = AnyText<10>(random);
      f.recipient = AnyText<10>(random);
      f.text = std::string(1 + random() % 40, 'x');
      return f;
    }
    case 3: {
      TestStatusSegment s;
      s.job_id = Any<std::uint32_t>(random);
      s.revisit_index = Any<std::uint16_t>(random);
      s.dwell_index = Any<std::uint16_t>(random);
      s.time_ms = static_cast<std::uint32_t>(random() % 86'400'000);
      s.hardware = Any<std::uint8_t>(random);
      s.mode = Any<std::uint8_t>(random);
      return s;
    }
    case 4: {
      PlatformLocationSegment l;
      l.time_ms = static_cast<std::uint32_t>(random() % 86'400'000);
      l.latitude.raw = Any<std::int32_t>(random);
      l.longitude.raw = Any<std::uint32_t>(random);
      l.height_hae_cm = AnyHeight(random);
      l.track.raw = Any<std::uint16_t>(random);
      l.speed_mmps = Any<std::uint32_t>(random);
      l.vertical_velocity_dmps = Any<std::int8_t>(random);
      return l;
    }
    case 5: {
      ProcessingHistorySegment h;
      h.nationality = AnyText<2>(random);
      h.platform = AnyText<10>(random);
      h.mission_id = Any<std::uint32_t>(random);
      h.job_id = Any<std::uint32_t>(random);
      h.records.resize(random() % 4);
      for (ProcessingRecord& record : h.records) {
        record.sequence = Any<std::uint8_t>(random);
        record.nationality = AnyText<2>(random);
        record.platform = AnyText<10>(random);
        record.mission_id = Any<std::uint32_t>(random);
        record.job_id = Any<std::uint32_t>(random);
        record.processing = Any<std::uint16_t>(random);
      }
      return h;
    }
    case 6: {
      constexpr std::uint8_t kTypes[] = {3, 7, 8, 9, 11, 101, 102, 128, 255};
      SkippedSegment s;
      s.type = kTypes[random() % std::size(kTypes)];
      for (std::size_t i = random() % 60; i > 0; --i) s.payload.push_back(Any<char>(random));
      return s;
    }
    default:
      return RandomDwell(random);
  }
}

PacketHeader RandomHeader(std::mt19937_64& random) {
  PacketHeader header;
  header.nationality = Text<2>::From("XN");
  header.classification_system = Text<2>::From("XN");
  header.security_code = Any<std::uint16_t>(random);
  header.exercise = 129;
  header.platform = AnyText<10>(random);
  header.mission_id = Any<std::uint32_t>(random);
  header.job_id = Any<std::uint32_t>(random);
  return header;
}

std::string FromHex(std::string_view hex) {
  std::string digits;
  for (const char c : hex) {
    if (c != ' ' && c != '\n') digits.push_back(c);
  }
  return HexDecode(digits).value();
}

}  // namespace trucewatch::stanag4607::testing
