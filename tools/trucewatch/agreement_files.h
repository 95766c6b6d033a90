// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "verify/agreement/freeze.h"

namespace trucewatch::tools {

// The map files that an agreement at `path` names, read from beside it; what cannot be read says
// why. Only names that MapFilesOf lets through are opened.
std::map<std::string, MapFile> ReadMapFiles(const std::string& path, const std::string& text);

// Everything to be said about an agreement file with its map files: LintAgreement of its text with
// their points, and what FreezeAgreement says. `text` is the file's; lines are the file's.
struct CheckedAgreement {
  std::string text;    // with the points of the map files
  bool frozen = true;  // false: points still had to be put in
  std::vector<LintMessage> messages;
};
CheckedAgreement CheckWithMapFiles(const std::string& path, const std::string& text);

// A picture of the zones, lines and roads to look at: SVG, or GeoJSON for a map program, by the
// file name's ending. kUsage for another ending.
Result<std::string> AgreementMap(const Agreement& agreement, const std::string& file_name);

}  // namespace trucewatch::tools
