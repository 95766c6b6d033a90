// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tools/trucewatch/mission_record.h"

namespace trucewatch::tools {

// One expectation of the simulation's truth and what was found.
struct ScoreLine {
  std::string expectation;
  bool met = false;
  std::string found;
};

// A picture that goes into the page: JPEG or PNG bytes.
struct PagePicture {
  std::string caption;
  std::string mime;  // "image/jpeg"
  std::string bytes;
};

struct PageExtras {
  std::vector<ScoreLine> score;
  std::vector<std::pair<std::string, std::string>> evidence;  // name, value
  std::vector<PagePicture> pictures;
};

// One HTML page with a map, a time slider and everything on record; needs no network and no other
// file.
std::string MissionPage(const MissionRecord& record, const PageExtras& extras);

}  // namespace trucewatch::tools
