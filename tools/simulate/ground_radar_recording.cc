// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/ground_radar_recording.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ingest/asterix/asterix_encoder.h"
#include "ingest/asterix/pcap.h"
#include "tools/simulate/flight.h"
#include "tools/simulate/random.h"

namespace trucewatch::simulate {
namespace {

namespace config = v1::config;

constexpr double kDegree = std::numbers::pi / 180.0;
constexpr double kLatencyS = 0.02;               // from the last report to the datagram
constexpr std::uint32_t kSenderIp = 0xC000020A;  // 192.0.2.10: for documentation (RFC 5737)
constexpr std::uint16_t kSenderPort = 8600;
constexpr std::size_t kReportsPerDatagram = 50;  // stays within one Ethernet frame

double ToBearing(const Eigen::Vector3d& enu) {
  const double degrees = std::atan2(enu.x(), enu.y()) / kDegree;
  return degrees < 0 ? degrees + 360 : degrees;
}

// Velocity over the ground at the target, in the radar's frame.
class Geometry {
 public:
  explicit Geometry(const Scenario& scenario)
      : area_(scenario.origin),
        radar_(GroundRadarPlace(scenario)),
        radar_from_area_(radar_.enu_from_ecef() * area_.enu_from_ecef().transpose()) {}

  Eigen::Vector3d Place(const MoverState& state) const {
    return radar_.EnuFromGeodetic(GroundPlace(area_, state.position));
  }
  Eigen::Vector3d Velocity(const MoverState& state) const {
    return radar_from_area_ * Eigen::Vector3d(state.velocity_mps.x(), state.velocity_mps.y(), 0);
  }

 private:
  LocalFrame area_, radar_;
  Eigen::Matrix3d radar_from_area_;
};

void AddTargets(const Scenario& scenario, const World& world, const Geometry& geometry,
                GroundRadarScan& scan, Random& random) {
  const auto& radar = scenario.config.ground_radar();
  for (const Mover& mover : world.movers) {
    // The same draws whether it is seen or not.
    const double chance = random.Uniform();
    const double range_error = random.Normal(), azimuth_error = random.Normal();
    const double east_error = random.Normal(), north_error = random.Normal();
    if (mover.IsPeople()) continue;  // nobody on foot is ever in a list
    // When the beam meets it: twice is enough, it moves by less than a degree meanwhile.
    double t_s = scan.start_s + 0.5 * radar.scan_period_s();
    std::optional<MoverState> state;
    for (int i = 0; i < 2; ++i) {
      state = world.StateOf(mover, t_s);
      if (!state) break;
      t_s = scan.start_s + ToBearing(geometry.Place(*state)) / 360 * radar.scan_period_s();
    }
    if (state) state = world.StateOf(mover, t_s);
    if (!state || t_s >= scenario.duration_s()) continue;
    const Eigen::Vector3d place = geometry.Place(*state);
    const double range = place.norm();
    if (range < radar.min_range_m() || range > radar.max_range_m()) continue;
    const Eigen::Vector3d velocity = geometry.Velocity(*state);
    const double rate = velocity.dot(place) / range;
    if (std::abs(rate) < radar.min_detectable_speed_mps()) continue;
    if (chance >= radar.detection_probability()) continue;
    GroundRadarPlot plot;
    plot.t_s = t_s;
    plot.range_m = std::max(1.0, range + radar.sigma_range_m() * range_error);
    plot.azimuth_deg = Angle::Degrees(ToBearing(place) + radar.sigma_azimuth_deg() * azimuth_error)
                           .NormalisedPositive()
                           .deg();
    plot.velocity_en_mps =
        velocity.head<2>() + radar.sigma_speed_mps() * Eigen::Vector2d(east_error, north_error);
    // The error along the line of sight is that of the velocity.
    plot.range_rate_mps =
        rate + radar.sigma_speed_mps() *
                   Eigen::Vector2d(east_error, north_error).dot(place.head<2>().normalized());
    plot.mover_id = mover.id;
    scan.plots.push_back(plot);
  }
}

void AddFalseAlarms(const Scenario& scenario, GroundRadarScan& scan, Random& random) {
  const auto& radar = scenario.config.ground_radar();
  const double low = radar.min_range_m() * radar.min_range_m();
  const double high = radar.max_range_m() * radar.max_range_m();
  const double area_km2 = std::numbers::pi * (high - low) * 1e-6;
  const int count = random.Poisson(area_km2 * radar.false_alarms_per_km2());
  for (int i = 0; i < count; ++i) {
    GroundRadarPlot plot;
    plot.range_m = std::sqrt(random.Uniform(low, high));
    plot.azimuth_deg = random.Uniform(0, 360);
    plot.t_s = scan.start_s + plot.azimuth_deg / 360 * radar.scan_period_s();
    plot.range_rate_mps =
        random.Uniform(radar.min_detectable_speed_mps(), 12) * (random.Below(2) == 0 ? -1 : 1);
    const double bearing = plot.azimuth_deg * kDegree;
    plot.velocity_en_mps =
        plot.range_rate_mps * Eigen::Vector2d(std::sin(bearing), std::cos(bearing));
    if (plot.t_s < scenario.duration_s()) scan.plots.push_back(plot);
  }
}

std::string MarkerBlock(const config::GroundRadarConfig& radar, Instant time) {
  if (radar.category() == config::GroundRadarConfig::CAT048) {
    asterix::Cat034Record marker;
    marker.sac = static_cast<std::uint8_t>(radar.sac());
    marker.sic = static_cast<std::uint8_t>(radar.sic());
    marker.time = time;
    marker.sector_deg = 0;
    marker.rotation_period_s = radar.scan_period_s();
    return asterix::EncodeCat034({&marker, 1});
  }
  asterix::Cat010Record start;
  start.sac = static_cast<std::uint8_t>(radar.sac());
  start.sic = static_cast<std::uint8_t>(radar.sic());
  start.message = asterix::Cat010Record::kStartOfUpdateCycle;
  start.time = time;
  return asterix::EncodeCat010({&start, 1});
}

std::string ReportBlock(const Scenario& scenario, std::span<const GroundRadarPlot> plots) {
  const auto& radar = scenario.config.ground_radar();
  const bool cat048 = radar.category() == config::GroundRadarConfig::CAT048;
  std::vector<asterix::Cat010Record> surface;
  std::vector<asterix::Cat048Record> primary;
  for (const GroundRadarPlot& plot : plots) {
    const Instant time = scenario.start + Duration::FromSeconds(plot.t_s);
    const auto fill = [&](auto& record) {
      record.sac = static_cast<std::uint8_t>(radar.sac());
      record.sic = static_cast<std::uint8_t>(radar.sic());
      record.time = time;
      record.simulated = true;  // DESIGN.md rule 8
      record.range_m = plot.range_m;
      record.azimuth_deg = plot.azimuth_deg;
    };
    if (cat048) {
      fill(primary.emplace_back());
      primary.back().doppler_mps = plot.range_rate_mps;
    } else {
      fill(surface.emplace_back());
      surface.back().velocity_en_mps = plot.velocity_en_mps;
    }
  }
  return cat048 ? asterix::EncodeCat048(primary) : asterix::EncodeCat010(surface);
}

}  // namespace

Geodetic GroundRadarPlace(const Scenario& scenario) {
  const auto& radar = scenario.config.ground_radar();
  Geodetic place = GroundPlace(LocalFrame(scenario.origin), ToVector(radar.position()));
  place.height_hae_m += radar.height_above_ground_m();
  return place;
}

std::vector<GroundRadarScan> SimulateTurns(const Scenario& scenario, const World& world) {
  const Geometry geometry(scenario);
  const double period_s = scenario.config.ground_radar().scan_period_s();
  std::vector<GroundRadarScan> scans;
  for (std::uint64_t k = 0;; ++k) {
    GroundRadarScan scan;
    scan.start_s = static_cast<double>(k) * period_s;
    if (scan.start_s >= scenario.duration_s()) break;
    Random random(scenario.seed, "ground radar", k);
    AddTargets(scenario, world, geometry, scan, random);
    AddFalseAlarms(scenario, scan, random);
    std::stable_sort(
        scan.plots.begin(), scan.plots.end(),
        [](const GroundRadarPlot& a, const GroundRadarPlot& b) { return a.t_s < b.t_s; });
    scans.push_back(std::move(scan));
  }
  return scans;
}

std::string EncodeTurns(const Scenario& scenario, const std::vector<GroundRadarScan>& scans) {
  const auto& radar = scenario.config.ground_radar();
  const UdpAddress to = *ParseUdp(radar.udp());
  std::string pcap = asterix::PcapHeader();
  const auto send = [&](double t_s, const std::string& block) {
    pcap += asterix::PcapUdpPacket(scenario.start + Duration::FromSeconds(t_s), kSenderIp,
                                   kSenderPort, to.ip, to.port, block);
  };
  for (const GroundRadarScan& scan : scans) {
    send(scan.start_s, MarkerBlock(radar, scenario.start + Duration::FromSeconds(scan.start_s)));
    std::size_t first = 0;
    for (int quarter = 1; quarter <= 4; ++quarter) {
      const double end_s = scan.start_s + 0.25 * quarter * radar.scan_period_s();
      while (first < scan.plots.size() && (scan.plots[first].t_s < end_s || quarter == 4)) {
        std::size_t last = first;
        while (last < scan.plots.size() && last - first < kReportsPerDatagram &&
               (scan.plots[last].t_s < end_s || quarter == 4)) {
          ++last;
        }
        const std::span<const GroundRadarPlot> part(&scan.plots[first], last - first);
        // Not later than the marker of the next turn.
        const double sent_s =
            std::min(part.back().t_s + kLatencyS, scan.start_s + radar.scan_period_s() - 1e-3);
        send(std::max(sent_s, part.back().t_s), ReportBlock(scenario, part));
        first = last;
      }
    }
  }
  return pcap;
}

}  // namespace trucewatch::simulate
