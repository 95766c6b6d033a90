// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/trucewatch/case_files.h"
#include "tools/trucewatch/case_pictures.h"

namespace trucewatch::tools {

// index.html of an officers' case bundle: what was said, by whom, from what it came and what the
// sources share, how well the place was watched, and how to check all of it. No script, and nothing
// that is not in the bundle.
std::string CasePage(const CaseEntries& entries, const std::vector<CasePicture>& pictures);

// Of a party's: the statements, the picture where there is one, officers' statements that are
// opened with the event's recordings (none: there are none), and how to check them.
std::string PartyCasePage(const std::string& name, bool exercise,
                          const std::vector<std::string>& statements,
                          const std::optional<CasePicture>& picture,
                          const std::vector<Published>& opened);

}  // namespace trucewatch::tools
