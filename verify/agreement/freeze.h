// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/geo/geodetic.h"
#include "verify/agreement/lint.h"

namespace trucewatch {

// Zones, lines and routes may be drawn in a map program; the agreement then names the file, its
// SHA-256 and the feature. Freezing writes their points into the text, before the reference, so
// that what both sides sign, what is hashed into every finding and what verify reads is one text.

// One thing in such a file, on the ground.
struct MapFeature {
  std::string layer;
  std::string id;           // empty: has none
  std::int64_t number = 0;  // "#12" in the agreement
  bool area = false;        // a polygon, not closed; otherwise a line
  std::vector<Geodetic> points;
  std::string problem;  // why it cannot be used
};

struct MapFile {
  std::string sha256;   // of its bytes, hex
  std::string problem;  // why it could not be read; then the rest is empty
  std::vector<MapFeature> features;
};

// The files that an agreement names, as it writes them ("zones.gpkg"), and only such as lie beside
// it or below: no "..", no absolute name. Empty when the text cannot be read.
std::vector<std::string> MapFilesOf(const std::string& text);

struct Frozen {
  std::string text;  // with points; the same as before where nothing was to be done
  std::vector<LintMessage> messages;  // errors: a file that is not there or has another hash, a
                                      // feature that is not there, points that are not the file's
  int drawn = 0;                      // zones, lines and routes whose points were put in
};

// one_line: no line is added, so that messages about the frozen text name lines of the given one.
// `files` by name as in MapFilesOf. Points are written to 1e-9 degrees (0.1 mm).
Frozen FreezeAgreement(const std::string& text, const std::string& file_name,
                       const std::map<std::string, MapFile>& files, bool one_line);

}  // namespace trucewatch
