// SPDX-License-Identifier: Apache-2.0
#include "tests/ingest/asterix/reference_text.h"

#include <cctype>
#include <fstream>

namespace trucewatch::asterix::testing {
namespace {

std::string HexOf(const std::string& text) {
  std::string hex;
  for (const char c : text) {
    if (std::isxdigit(static_cast<unsigned char>(c)) != 0) {
      hex.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  return hex;
}

PrintedValue ValueOf(const std::string& line) {
  // Names may hold "): ", values never hold ": ".
  const std::size_t colon = line.rfind(": ");
  PrintedValue value;
  value.name = line.substr(1, colon - 1);
  const std::string rest = line.substr(colon + 2);
  const std::size_t bracket = rest.find(" (");
  value.raw = rest.substr(0, bracket);
  if (bracket != std::string::npos) {
    const std::string inside = rest.substr(bracket + 2);
    const std::size_t end = inside.find_first_not_of("-0123456789.");
    const std::string number = inside.substr(0, end);
    if (number.find('.') != std::string::npos && number.size() > 7) value.scaled = number;
  }
  return value;
}

}  // namespace

std::vector<PrintedRecord> ReadReferenceText(const std::string& path) {
  std::ifstream in(path);
  std::vector<PrintedRecord> records;
  int category = 0;
  bool in_record = false;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.starts_with("Category: ")) {
      category = std::stoi(line.substr(10));
      in_record = false;
    } else if (line.starts_with("Data Record ")) {
      records.push_back({category, {}, {}});
      in_record = true;
    } else if (line.starts_with("HexData: ") && in_record) {
      records.back().hex = HexOf(line.substr(9));
    } else if (line.starts_with("Item ")) {
      records.back().items.push_back({line.substr(5, line.find(' ', 5) - 5), {}, {}});
    } else if (line.starts_with("[ ")) {
      records.back().items.back().hex = HexOf(line);
    } else if (line.starts_with("\t")) {
      records.back().items.back().values.push_back(ValueOf(line));
    }
  }
  return records;
}

}  // namespace trucewatch::asterix::testing
