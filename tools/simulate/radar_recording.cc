// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/radar_recording.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ingest/radar/stanag4607_encoder.h"
#include "tools/simulate/flight.h"
#include "tools/simulate/random.h"

namespace trucewatch::simulate {
namespace {

using namespace stanag4607;

constexpr double kBoresightDegree = std::numbers::pi / 180.0;
constexpr std::uint32_t kMissionId = 1;
constexpr std::uint32_t kJobId = 1;
constexpr double kMissionRepeatS = 60;
constexpr std::uint8_t kExerciseSimulated = 129;  // P7
constexpr std::uint8_t kTrackedSimulated = 129;   // D32.10, here and below
constexpr std::uint8_t kWheeledSimulated = 130;
constexpr std::uint8_t kVehicleSimulated = 138;
constexpr std::uint8_t kUnknownSimulated = 255;
constexpr std::uint8_t kGroundBased = 15;  // M3
constexpr std::uint8_t kOtherSensor = 1;   // J2
constexpr std::uint8_t kMti = 1;           // J14

std::uint16_t ToU16(double value) {
  return static_cast<std::uint16_t>(std::clamp(std::lround(value), 0L, 0xFFFEL));
}
std::uint8_t ToU8(double value) {
  return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 0xFEL));
}
std::int16_t ToS16(double value) {
  return static_cast<std::int16_t>(std::clamp(std::lround(value), -32768L, 32767L));
}

// Where a ray of this azimuth and slant range meets the flat ground.
Geodetic PlaceOf(const LocalFrame& radar, double azimuth_rad, double range_m, double ground_hae_m) {
  double sine = (ground_hae_m - radar.origin().height_hae_m) / range_m;
  Geodetic place;
  for (int i = 0; i < 4; ++i) {
    sine = std::clamp(sine, -1.0, 1.0);
    const double cosine = std::sqrt(1 - sine * sine);
    place = radar.GeodeticFromEnu(range_m * Eigen::Vector3d(cosine * std::sin(azimuth_rad),
                                                            cosine * std::cos(azimuth_rad), sine));
    sine += (ground_hae_m - place.height_hae_m) / range_m;
  }
  place.height_hae_m = ground_hae_m;
  return place;
}

// What a look along the boresight covers.
bool InSector(const v1::config::GmtiRadarConfig& config, double azimuth_rad, double range_m) {
  const double off = Angle::Radians(azimuth_rad - config.boresight_deg() * kBoresightDegree)
                         .NormalisedSigned()
                         .deg();
  return std::abs(off) <= config.sector_half_deg() && range_m >= config.min_range_m() &&
         range_m <= config.max_range_m();
}

void AddDwellTargets(const Scenario& scenario, const World& world, const LocalFrame& area,
                     const LocalFrame& radar, SimulatedScan& scan, Random& random) {
  const auto& config = scenario.config.radar();
  for (const Mover& mover : world.movers) {
    // The same draws whether it is seen or not, so that one object's fate does not change
    // another's.
    const double chance = random.Uniform();
    const double range_error = random.Normal(), azimuth_error = random.Normal();
    const double rate_error = random.Normal(), fading = random.Normal();
    const bool class_right = random.Uniform() < config.class_right_probability();
    if (mover.IsPeople()) continue;  // nobody on foot is ever in a list
    const auto state = world.StateOf(mover, scan.t_s);
    if (!state) continue;
    const Eigen::Vector3d p = radar.EnuFromGeodetic(GroundPlace(area, state->position));
    const double range = p.norm();
    const double azimuth = std::atan2(p.x(), p.y());
    if (!InSector(config, azimuth, range)) continue;
    // Velocity is horizontal at the target; turned into the radar's frame.
    const Eigen::Vector3d velocity =
        radar.enu_from_ecef() * area.enu_from_ecef().transpose() *
        Eigen::Vector3d(state->velocity_mps.x(), state->velocity_mps.y(), 0);
    const double rate = velocity.dot(p) / range;
    if (std::abs(rate) < config.min_detectable_speed_mps()) continue;
    if (chance >= config.detection_probability()) continue;
    SimulatedPlot plot;
    plot.slant_range_m = range + config.sigma_range_m() * range_error;
    plot.position =
        PlaceOf(radar, azimuth + config.sigma_azimuth_deg() * kBoresightDegree * azimuth_error,
                plot.slant_range_m, scenario.ground_hae_m());
    plot.range_rate_mps = rate + config.sigma_range_rate_mps() * rate_error;
    // Radar equation: fourth power of range; larger vehicles reflect more.
    plot.snr_db = static_cast<int>(std::lround(18 - 40 * std::log10(range / 14'000) +
                                               10 * std::log10(mover.length_m / 6) + 2 * fading));
    plot.mover_id = mover.id;
    if (config.class_right_probability() > 0) {
      const bool says_tracked = (mover.kind == MoverKind::kTracked) == class_right;
      plot.classification = says_tracked ? kTrackedSimulated : kWheeledSimulated;
      plot.class_percent = ToU8(100 * config.class_right_probability());
    } else {
      plot.classification = kVehicleSimulated;
      plot.class_percent = 70;
    }
    scan.plots.push_back(plot);
  }
}

void AddDwellFalseAlarms(const Scenario& scenario, const LocalFrame& radar, SimulatedScan& scan,
                         Random& random) {
  const auto& config = scenario.config.radar();
  const double low = config.min_range_m() * config.min_range_m();
  const double high = config.max_range_m() * config.max_range_m();
  const double area_km2 = config.sector_half_deg() * kBoresightDegree * (high - low) * 1e-6;
  const int count = random.Poisson(area_km2 * config.false_alarms_per_km2());
  for (int i = 0; i < count; ++i) {
    SimulatedPlot plot;
    plot.slant_range_m = std::sqrt(random.Uniform(low, high));
    const double azimuth =
        (config.boresight_deg() + random.Uniform(-1, 1) * config.sector_half_deg()) *
        kBoresightDegree;
    plot.position = PlaceOf(radar, azimuth, plot.slant_range_m, scenario.ground_hae_m());
    plot.range_rate_mps =
        random.Uniform(config.min_detectable_speed_mps(), 15) * (random.Below(2) == 0 ? -1 : 1);
    plot.snr_db = static_cast<int>(random.Uniform(8, 13));
    plot.classification = kUnknownSimulated;
    scan.plots.push_back(plot);
  }
}

MissionSegment MissionOf(const Scenario& scenario) {
  const std::string date = FormatUtc(scenario.start);  // "2026-03-01T..."
  MissionSegment mission;
  mission.mission_plan = Text<12>::From("EXERCISE");
  mission.flight_plan = Text<12>::From(scenario.config.mission().name());
  mission.platform_type = kGroundBased;
  mission.platform_configuration = Text<10>::From("SIMULATED");
  mission.year = static_cast<std::uint16_t>(std::stoi(date.substr(0, 4)));
  mission.month = static_cast<std::uint8_t>(std::stoi(date.substr(5, 2)));
  mission.day = static_cast<std::uint8_t>(std::stoi(date.substr(8, 2)));
  return mission;
}

JobDefinitionSegment JobOf(const Scenario& scenario) {
  const auto& config = scenario.config.radar();
  JobDefinitionSegment job;
  job.job_id = kJobId;
  job.sensor_type = kOtherSensor;
  job.sensor_model = Text<6>::From("SIMRDR");
  const LocalFrame area(scenario.origin);
  const double e = scenario.config.half_extent_m();
  const Eigen::Vector2d corners[] = {{-e, e}, {e, e}, {e, -e}, {-e, -e}};  // clockwise
  for (std::size_t i = 0; i < 4; ++i) {
    const Geodetic corner = GroundPlace(area, corners[i]);
    job.area_latitude[i] = Sa32::From(corner.latitude);
    job.area_longitude[i] = Ba32::From(corner.longitude);
  }
  job.radar_mode = kMti;
  job.revisit_interval_ds = ToU16(config.scan_period_s() * 10);
  job.sensor_sigma_along_track_dm = job.sensor_sigma_cross_track_dm = 10;
  job.sensor_sigma_height_dm = 10;
  job.slant_range_sigma_cm = ToU16(config.sigma_range_m() * 100);
  job.cross_range_sigma = Ba16::From(Angle::Degrees(config.sigma_azimuth_deg()));
  job.radial_velocity_sigma_cmps = ToU16(config.sigma_range_rate_mps() * 100);
  job.min_detectable_velocity_dmps = ToU8(config.min_detectable_speed_mps() * 10);
  job.detection_probability_percent = ToU8(config.detection_probability() * 100);
  if (config.false_alarms_per_km2() > 0) {
    job.false_alarm_density_minus_db = MinusDbFromFalseAlarmsPerKm2(config.false_alarms_per_km2());
  }
  return job;
}

TargetReport ReportOf(const Scenario& scenario, const SimulatedPlot& plot, std::size_t index) {
  const auto& config = scenario.config.radar();
  TargetReport report;
  report.report_index = static_cast<std::uint16_t>(index);
  report.latitude = Sa32::From(plot.position.latitude);
  report.longitude = Ba32::From(plot.position.longitude);
  report.height_hae_m = ToS16(plot.position.height_hae_m);
  report.los_velocity_cmps = ToS16(plot.range_rate_mps * 100);
  report.wrap_velocity_cmps = 0xFFFE;  // far above any speed on the ground: no ambiguity
  report.snr_db = static_cast<std::int8_t>(std::clamp(plot.snr_db, 0, 100));
  report.classification = plot.classification;
  report.class_probability_percent = plot.class_percent;
  report.slant_range_sigma_cm = ToU16(config.sigma_range_m() * 100);
  report.cross_range_sigma_dm =
      ToU16(plot.slant_range_m * config.sigma_azimuth_deg() * kBoresightDegree * 10);
  report.height_sigma_m = 1;
  report.radial_velocity_sigma_cmps = ToU16(config.sigma_range_rate_mps() * 100);
  return report;
}

DwellSegment DwellOf(const Scenario& scenario, const SimulatedScan& scan, std::size_t index,
                     std::uint32_t midnight_offset_ms) {
  const auto& config = scenario.config.radar();
  const Geodetic place = RadarPlace(scenario);
  DwellSegment dwell;
  dwell.revisit_index = static_cast<std::uint16_t>(index);
  dwell.dwell_index = 0;
  dwell.last_dwell = 1;  // the whole sector in one dwell
  dwell.time_ms = midnight_offset_ms + static_cast<std::uint32_t>(std::lround(scan.t_s * 1000));
  dwell.sensor_latitude = Sa32::From(place.latitude);
  dwell.sensor_longitude = Ba32::From(place.longitude);
  dwell.sensor_height_hae_cm = static_cast<std::int32_t>(std::lround(place.height_hae_m * 100));
  dwell.sensor_sigma_along_track_cm = 100;
  dwell.sensor_sigma_cross_track_cm = 100;
  dwell.sensor_sigma_height_cm = 100;
  const Geodetic centre =
      PlaceOf(LocalFrame(place), config.boresight_deg() * kBoresightDegree,
              0.5 * (config.min_range_m() + config.max_range_m()), scenario.ground_hae_m());
  dwell.centre_latitude = Sa32::From(centre.latitude);
  dwell.centre_longitude = Ba32::From(centre.longitude);
  dwell.range_half_extent_km =
      B16::From(0.5 * (config.max_range_m() - config.min_range_m()) * 1e-3);
  dwell.angle_half_extent = Ba16::From(Angle::Degrees(config.sector_half_deg()));
  dwell.min_detectable_velocity_dmps = ToU8(config.min_detectable_speed_mps() * 10);
  for (std::size_t i = 0; i < scan.plots.size(); ++i) {
    dwell.targets.push_back(ReportOf(scenario, scan.plots[i], i));
  }
  return dwell;
}

}  // namespace

Geodetic RadarPlace(const Scenario& scenario) {
  const auto& config = scenario.config.radar();
  Geodetic place = GroundPlace(LocalFrame(scenario.origin), ToVector(config.position()));
  place.height_hae_m += config.height_above_ground_m();
  return place;
}

std::vector<SimulatedScan> SimulateScans(const Scenario& scenario, const World& world) {
  const auto& config = scenario.config.radar();
  const LocalFrame area(scenario.origin);
  const LocalFrame radar(RadarPlace(scenario));
  std::vector<SimulatedScan> scans;
  for (std::uint64_t k = 0;; ++k) {
    SimulatedScan scan;
    scan.t_s = std::round((static_cast<double>(k) + 0.5) * config.scan_period_s() * 1000) / 1000;
    if (scan.t_s > scenario.duration_s()) break;
    if (std::any_of(config.outage().begin(), config.outage().end(), [&](const auto& outage) {
          return scan.t_s >= outage.start_s() && scan.t_s < outage.end_s();
        })) {
      continue;
    }
    Random random(scenario.seed, "radar scan", k);
    AddDwellTargets(scenario, world, area, radar, scan, random);
    AddDwellFalseAlarms(scenario, radar, scan, random);
    std::stable_sort(scan.plots.begin(), scan.plots.end(),
                     [](const SimulatedPlot& a, const SimulatedPlot& b) {
                       return a.slant_range_m < b.slant_range_m;
                     });
    scans.push_back(std::move(scan));
  }
  return scans;
}

Result<std::string> EncodeScans(const Scenario& scenario, const std::vector<SimulatedScan>& scans) {
  PacketHeader header;
  header.nationality = Text<2>::From("XX");
  header.classification_system = Text<2>::From("XX");
  header.exercise = kExerciseSimulated;
  header.platform = Text<10>::From(scenario.config.radar().platform());
  header.mission_id = kMissionId;
  header.job_id = kJobId;
  constexpr std::int64_t kDayUs = 86'400'000'000;
  const auto since_midnight_ms =
      static_cast<std::uint32_t>((scenario.start.micros() % kDayUs + kDayUs) % kDayUs / 1000);
  std::string bytes;
  double next_mission_s = 0;
  for (std::size_t k = 0; k < scans.size(); ++k) {
    std::vector<Segment> segments;
    if (scans[k].t_s >= next_mission_s) {
      segments.emplace_back(MissionOf(scenario));
      segments.emplace_back(JobOf(scenario));
      next_mission_s += kMissionRepeatS;
    }
    segments.emplace_back(DwellOf(scenario, scans[k], k, since_midnight_ms));
    TW_ASSIGN_OR_RETURN(const std::string packet, EncodePacket(header, segments));
    bytes += packet;
  }
  return bytes;
}

}  // namespace trucewatch::simulate
