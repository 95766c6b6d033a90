// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace trucewatch::asterix::testing {

// One printed value of CroatiaControlLtd's decoder: "\tRHO: 50607 (197.6835938 NM)".
struct PrintedValue {
  std::string name;
  std::string raw;     // "50607"
  std::string scaled;  // "197.6835938", empty where there is none
};
struct PrintedItem {
  std::string number;  // "040"
  std::string hex;     // of its bytes, lower case
  std::vector<PrintedValue> values;
};
struct PrintedRecord {
  int category = 0;
  std::string hex;
  std::vector<PrintedItem> items;
};

std::vector<PrintedRecord> ReadReferenceText(const std::string& path);

}  // namespace trucewatch::asterix::testing
