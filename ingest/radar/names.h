// SPDX-License-Identifier: Apache-2.0
// Names of the numbers in STANAG 4607 fields, as `inspect` prints them beside the number. A number
// that no edition names is "reserved"; the number itself always stands in its own key.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace trucewatch::stanag4607 {

std::string_view ExerciseName(std::uint8_t indicator);  // P7
std::string_view PlatformTypeName(std::uint8_t type);   // M3
std::string_view SensorTypeName(std::uint8_t type);     // J2
std::string_view RadarModeName(std::uint8_t mode);      // J14; of a system's own modes the system
std::string_view TerrainModelName(std::uint8_t model);  // J27
std::string_view GeoidModelName(std::uint8_t model);    // J28

// Flags that are set, lowest bit first; bits without a name are left out.
std::vector<std::string_view> FilteringNames(std::uint8_t flags);    // J4
std::vector<std::string_view> HardwareNames(std::uint8_t flags);     // T5: what has failed
std::vector<std::string_view> ModeNames(std::uint8_t flags);         // T6: which limit is passed
std::vector<std::string_view> ProcessingNames(std::uint16_t flags);  // C6.6

}  // namespace trucewatch::stanag4607
