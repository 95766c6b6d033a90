// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

// A file that a SAFE product's manifest names.
struct SafeFile {
  std::string href;  // relative to the product's folder, without "./"
  std::string kind;  // repID: "s1Level1MeasurementSchema"
  std::uint64_t size = 0;
  std::string md5;  // hexadecimal, as written; empty: none
};

// One polarisation of a Sentinel-1 GRD product: its image and what is needed to read it.
struct Sentinel1Channel {
  std::string polarisation;  // "VV", "VH", "HH", "HV"
  SafeFile annotation, calibration, noise, measurement;
};

// manifest.safe of a Sentinel-1 level 1 GRD product (SAFE, Sentinel-1 Product Specification
// S1-RS-MDA-52-7441, section 5).
struct Sentinel1Manifest {
  std::string platform;      // "SENTINEL-1A"
  std::string mode;          // "IW"
  std::string product_type;  // "GRD"
  std::string processor;     // "Sentinel-1 IPF 003.31"
  Instant start, stop;       // of the acquisition, UTC
  std::string pass;          // "ASCENDING", "DESCENDING"
  int absolute_orbit = 0, relative_orbit = 0;
  std::vector<std::string> polarisations;
  std::vector<SafeFile> files;
};

// kBadInput with the file's name and what was expected: no Sentinel-1 manifest, not GRD, times or
// numbers that are none, links that leave the folder.
Result<Sentinel1Manifest> ParseSentinel1Manifest(std::string_view xml, const std::string& name);

// The co-polarised channel (VV, else HH), else the only one: its four files. kBadInput: a file is
// not in the manifest.
Result<Sentinel1Channel> ChooseChannel(const Sentinel1Manifest& manifest);

// A point of the geolocation grid.
struct GeolocationPoint {
  double line = 0, pixel = 0;  // of the image, centre of the first pixel 0, 0
  double lat_deg = 0, lon_deg = 0, height_hae_m = 0;
  double incidence_deg = 0;
};

// annotation/*.xml of one polarisation (section 6.3).
struct Sentinel1Annotation {
  std::string polarisation;
  Instant start, stop;
  int lines = 0, samples = 0;
  double range_spacing_m = 0, azimuth_spacing_m = 0;
  double incidence_deg = 0;            // middle of the swath, at the ground
  double heading_deg = 0;              // of the platform, clockwise from north
  std::string projection;              // "Ground Range"
  bool noise_removed = false;          // thermal noise was subtracted by the processor
  std::vector<GeolocationPoint> grid;  // by line, then pixel: a full rectangle
  int grid_columns = 0;                // points of one line
};
Result<Sentinel1Annotation> ParseSentinel1Annotation(std::string_view xml, const std::string& name);

// "2021-01-19T03:16:53.799379": times of both Sentinel formats, UTC with or without a Z.
Result<Instant> ParseSentinelTime(std::string_view text, const std::string& name);

}  // namespace trucewatch
