// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <array>
#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "core/geo/terrain.h"

namespace trucewatch {

// Rational polynomial camera of a satellite image (RPC00B, STDI-0002 volume 1 appendix E): two
// ratios of cubic polynomials of place and height give line and sample. Heights are above the
// ellipsoid. The model's own pixels have their centre at integers; ours, here and elsewhere, their
// upper left corner, so 0.5 is added.
struct RpcModel {
  double line_offset = 0, sample_offset = 0, latitude_offset_deg = 0, longitude_offset_deg = 0;
  double height_offset_m = 0;
  double line_scale = 1, sample_scale = 1, latitude_scale_deg = 1, longitude_scale_deg = 1;
  double height_scale_m = 1;
  std::array<double, 20> line_numerator{}, line_denominator{};
  std::array<double, 20> sample_numerator{}, sample_denominator{};
  // Errors on the ground that the maker states, 1-sigma, common to the image and of a single point;
  // nothing: not stated (-1 in files).
  std::optional<double> bias_error_m, random_error_m;

  // Nothing where a denominator vanishes.
  std::optional<Eigen::Vector2d> PixelFromGround(const Geodetic& place) const;
  // The place of that height that is seen at a pixel, to 1e-4 pixels; nothing when the search does
  // not close.
  std::optional<Geodetic> GroundFromPixel(const Eigen::Vector2d& pixel, double height_hae_m) const;
  // Where the line of sight meets the ground, to a tenth of a metre in height. Nothing where the
  // ground is not known or the line of sight does not settle on it.
  std::optional<Geodetic> GroundFromPixel(const Eigen::Vector2d& pixel,
                                          const Terrain& ground) const;
};

// Direction from the ground to the sensor.
struct ViewAngles {
  double incidence_deg = 0;  // from the vertical, at the ground
  double azimuth_deg = 0;    // clockwise from north; without meaning at incidence 0
};
// Of the line of sight through a pixel at a height: from how far its place moves as the height
// does.
std::optional<ViewAngles> ViewFromModel(const RpcModel& model, const Eigen::Vector2d& pixel,
                                        double height_hae_m);

// kBadInput when offsets, scales or coefficients are missing, not finite or out of all proportion.
Result<void> CheckRpc(const RpcModel& model);

// A model in one of the text forms that come beside images: "_RPC.TXT" (LINE_OFF: 1.5 pixels),
// DigitalGlobe's ".RPB" (lineOffset = 1.5;) and the XML of Pleiades and SPOT (DIMAP, its inverse
// model; pixels counted from 1 there). kBadInput says what is missing.
Result<RpcModel> ParseRpcText(std::string_view text);

}  // namespace trucewatch
