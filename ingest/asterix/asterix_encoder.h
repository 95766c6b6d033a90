// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/time/instant.h"

// Writes ASTERIX data blocks: what simulated radars send. Times go out as time of day (1/128 s,
// nearest); lengths in metres, angles in degrees clockwise from north, speeds in m/s. A value
// beyond what its item can hold becomes the nearest one that it can.
namespace trucewatch::asterix {

// Most records that one block of any kind here holds (LEN is 16 bits). A UDP datagram of one
// Ethernet frame holds 1472 bytes: about 60 target reports.
inline constexpr std::size_t kMaxRecordsPerBlock = 1000;

struct PolarVelocity {
  double speed_mps = 0;
  double track_deg = 0;  // where it goes
};

// CAT010 ed. 1.1, surface movement.
struct Cat010Record {
  enum MessageType : std::uint8_t {  // I010/000
    kTargetReport = 1,
    kStartOfUpdateCycle = 2,
    kPeriodicStatus = 3,
    kEventStatus = 4
  };
  enum TargetType : std::uint8_t {  // I010/020 TOT
    kUndetermined = 0,
    kAircraft = 1,
    kGroundVehicle = 2,
    kHelicopter = 3
  };

  std::uint8_t sac = 0, sic = 0;  // I010/010
  MessageType message = kTargetReport;
  Instant time;  // I010/140
  // Target reports only.
  std::uint8_t sensor = 3;  // I010/020 TYP: 3 PSR
  bool simulated = false;   // I010/020 SIM
  TargetType target = kGroundVehicle;
  double range_m = 0;                              // I010/040, slant
  double azimuth_deg = 0;                          // I010/040
  std::optional<PolarVelocity> velocity;           // I010/200
  std::optional<Eigen::Vector2d> velocity_en_mps;  // I010/202
  std::optional<std::uint16_t> track_number;       // I010/161, 0..4095
  // Status messages only: I010/550 NOGO, 0 ok, 1 degraded, 2 do not use; TSV, time source invalid.
  std::uint8_t nogo = 0;
  bool time_invalid = false;
};

// CAT048 ed. 1.32: a primary radar's plot of one scan.
struct Cat048Record {
  std::uint8_t sac = 0, sic = 0;              // I048/010
  Instant time;                               // I048/140
  std::uint8_t type = 1;                      // I048/020 TYP: 1 PSR
  bool simulated = false;                     // I048/020 SIM
  bool test_target = false;                   // I048/020 TST
  double range_m = 0;                         // I048/040, slant
  double azimuth_deg = 0;                     // I048/040
  std::vector<std::uint8_t> warnings;         // I048/030, at most 10 codes below 128
  std::optional<std::uint16_t> track_number;  // I048/161, 0..4095
  std::optional<double> doppler_mps;          // I048/120 CAL, positive when it moves away
  bool doppler_doubtful = false;              // I048/120 D
};

// CAT034 ed. 1.29: where the antenna is and how the radar does.
struct Cat034Record {
  enum MessageType : std::uint8_t { kNorthMarker = 1, kSectorCrossing = 2, kJammingStrobe = 4 };

  std::uint8_t sac = 0, sic = 0;            // I034/010
  std::uint8_t message = kNorthMarker;      // I034/000
  Instant time;                             // I034/030
  std::optional<double> sector_deg;         // I034/020
  std::optional<double> rotation_period_s;  // I034/041
  // I034/050 COM, written when one of them is set.
  bool nogo = false;
  bool time_invalid = false;
};

// One data block each; empty for no records. At most kMaxRecordsPerBlock records.
std::string EncodeCat010(std::span<const Cat010Record> records);
std::string EncodeCat048(std::span<const Cat048Record> records);
std::string EncodeCat034(std::span<const Cat034Record> records);

}  // namespace trucewatch::asterix
