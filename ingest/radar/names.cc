// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/names.h"

#include <cstddef>
#include <span>

namespace trucewatch::stanag4607 {
namespace {

constexpr std::string_view kReserved = "reserved";

constexpr std::string_view kPlatformTypes[] = {"unidentified",
                                               "acs",
                                               "arl_m",
                                               "sentinel_astor",
                                               "rotary_wing_radar",
                                               "global_hawk_navy",
                                               "horizon",
                                               "e_8c",
                                               "p_3c",
                                               "predator",
                                               "radarsat_2",
                                               "u_2",
                                               "e_10",
                                               "ugs_single",
                                               "ugs_cluster",
                                               "ground_based",
                                               "uav_army",
                                               "uav_marines",
                                               "uav_navy",
                                               "uav_air_force",
                                               "global_hawk_air_force",
                                               "global_hawk_australia",
                                               "global_hawk_germany",
                                               "paul_revere",
                                               "mariner_uav",
                                               "bac_111",
                                               "coyote",
                                               "king_air",
                                               "limit",
                                               "np_3b",
                                               "sostar_x",
                                               "watchkeeper",
                                               "ags_a321",
                                               "stryker",
                                               "ags_hale_uav",
                                               "sidm",
                                               "mq_9_reaper",
                                               "warrior_a",
                                               "warrior",
                                               "twin_otter",
                                               "lemv",
                                               "p_8a",
                                               "a160",
                                               "mq_1c_gray_eagle",
                                               "rq_7c_shadow",
                                               "pgss",
                                               "ptds",
                                               "lras3",
                                               "raid_tower",
                                               "heron",
                                               "scaneagle",
                                               "fire_scout",
                                               "f_35",
                                               "sea_king",
                                               "wildcat",
                                               "merlin"};

constexpr std::string_view kSensorTypes[] = {"unidentified",
                                             "other",
                                             "hisar",
                                             "astor",
                                             "rotary_wing_radar",
                                             "global_hawk_sensor",
                                             "horizon",
                                             "apy_3",
                                             "apy_6",
                                             "lynx_1",
                                             "radarsat_2",
                                             "asars_2a",
                                             "tesar",
                                             "mp_rtip",
                                             "apg_77",
                                             "apg_79",
                                             "apg_81",
                                             "apy_6v1",
                                             "lynx_2",
                                             "sidm",
                                             "limit",
                                             "tcar",
                                             "lsrs",
                                             "ugs_single",
                                             "ugs_cluster",
                                             "i_master",
                                             "starlite",
                                             "vader",
                                             "aar_57",
                                             "ddr",
                                             "seaspray",
                                             "merlin",
                                             "searchwater_2000",
                                             "osprey",
                                             "picosar"};

constexpr std::string_view kTerrainModels[] = {"none",   "dted_0", "dted_1", "dted_2", "dted_3",
                                               "dted_4", "dted_5", "srtm_1", "srtm_2", "dgm50",
                                               "dgm250", "ithd",   "sthd",   "sedris"};

constexpr std::string_view kGeoidModels[] = {"none", "egm96", "geo96", "flat_earth"};

struct ModeRange {
  std::uint8_t first;
  std::uint8_t last;
  std::string_view name;
};
constexpr ModeRange kRadarModes[] = {{0, 0, "unspecified"},   {1, 1, "mti"},
                                     {2, 2, "hrr"},           {3, 3, "uhrr"},
                                     {4, 4, "hur"},           {5, 5, "fti"},
                                     {11, 25, "joint_stars"}, {31, 38, "asars_aip"},
                                     {51, 55, "asars_2"},     {61, 62, "tuav"},
                                     {63, 65, "arl_m"},       {81, 81, "grca"},
                                     {82, 82, "rrca"},        {83, 83, "sector_search"},
                                     {84, 86, "horizon"},     {87, 88, "creso"},
                                     {94, 98, "sentinel"},    {100, 100, "test_status"},
                                     {101, 104, "lynx"},      {111, 113, "global_hawk"},
                                     {120, 123, "vader"},     {124, 131, "ddr"},
                                     {132, 134, "i_master"},  {135, 138, "osprey"},
                                     {139, 142, "picosar"},   {143, 144, "seaspray"}};

// From bit 0; an empty name is a spare bit.
constexpr std::string_view kFiltering[] = {"area_filtering", "area_blanking", "sector_blanking"};
constexpr std::string_view kHardware[] = {
    "", "", "", "calibration", "datalink", "processor", "rf_electronics", "antenna"};
constexpr std::string_view kModes[] = {"",          "",        "",     "", "temperature",
                                       "elevation", "azimuth", "range"};
constexpr std::string_view kProcessing[] = {
    "area_filtering",        "classification_filtering", "los_velocity_filtering",
    "snr_filtering",         "declutter_filtering",      "bandwidth_filtering",
    "revisit_filtering",     "location_adjustment",      "geoid_adjustment",
    "location_registration", "time_filtering",           "security_filtering",
    "data_augmentation",     "coordinate_conversion"};

std::string_view NameAt(std::span<const std::string_view> names, std::size_t index) {
  return index < names.size() ? names[index] : kReserved;
}

std::vector<std::string_view> NamesOf(std::span<const std::string_view> names, unsigned flags) {
  std::vector<std::string_view> set;
  for (std::size_t bit = 0; bit < names.size(); ++bit) {
    if (((flags >> bit) & 1U) != 0 && !names[bit].empty()) set.push_back(names[bit]);
  }
  return set;
}

}  // namespace

std::string_view ExerciseName(std::uint8_t indicator) {
  constexpr std::string_view kOperation[] = {"operation_real", "operation_simulated",
                                             "operation_synthesized"};
  constexpr std::string_view kExercise[] = {"exercise_real", "exercise_simulated",
                                            "exercise_synthesized"};
  return indicator < 128 ? NameAt(kOperation, indicator) : NameAt(kExercise, indicator - 128U);
}

std::string_view PlatformTypeName(std::uint8_t type) {
  return type == 255 ? "other" : NameAt(kPlatformTypes, type);
}

std::string_view SensorTypeName(std::uint8_t type) {
  return type == 255 ? "no_statement" : NameAt(kSensorTypes, type);
}

std::string_view RadarModeName(std::uint8_t mode) {
  for (const ModeRange& range : kRadarModes) {
    if (mode >= range.first && mode <= range.last) return range.name;
  }
  return kReserved;
}

std::string_view TerrainModelName(std::uint8_t model) { return NameAt(kTerrainModels, model); }
std::string_view GeoidModelName(std::uint8_t model) { return NameAt(kGeoidModels, model); }

std::vector<std::string_view> FilteringNames(std::uint8_t flags) {
  return NamesOf(kFiltering, flags);
}
std::vector<std::string_view> HardwareNames(std::uint8_t flags) {
  return NamesOf(kHardware, flags);
}
std::vector<std::string_view> ModeNames(std::uint8_t flags) { return NamesOf(kModes, flags); }
std::vector<std::string_view> ProcessingNames(std::uint16_t flags) {
  return NamesOf(kProcessing, flags);
}

}  // namespace trucewatch::stanag4607
