// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

// What Wireshark's dissector, which is made from another description of the categories, says of
// ASTERIX datagrams.
namespace trucewatch::asterix::testing {

struct TsharkValue {
  std::string name;     // "048_040_RHO"
  std::string show;     // "197.68359375", "0x19", "RYR174C "
  std::string unit;     // "NM", "" without
  int bits = 0;         // 0: not said
  bool scaled = false;  // a number in `unit`, no count
};
struct TsharkItem {
  std::string name;        // "048_040"
  std::size_t offset = 0;  // in the datagram
  std::vector<TsharkValue> values;
};
struct TsharkRecord {
  std::size_t frame = 0;  // from 0
  std::vector<TsharkItem> items;
};

// False: tshark is not installed (Debian package tshark).
bool TsharkIsThere();
// Each payload becomes one UDP datagram of a capture; all records in order.
std::vector<TsharkRecord> ReadWithTshark(const std::vector<std::string>& payloads);

}  // namespace trucewatch::asterix::testing
