// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "core/geo/camera.h"
#include "core/time/instant.h"
#include "ingest/video/metadata_track.h"

namespace trucewatch {

// When a picture is shown, and what its own stamp says (MISB ST 0604).
struct PictureTime {
  Duration pts;
  std::optional<Instant> stamp;
};

// How the programme's clock is tied to UTC over a stretch of pictures.
struct ClockTie {
  Duration utc_minus_pts;  // from the UTC epoch
  bool certain = false;    // not by the order of arrival alone
  // Between the pictures' own stamps and the metadata, where both speak and are on one scale (less
  // than 5 s apart); below 1 ms it is rounding and 0.
  Duration disagreement;
};

// Synchronous metadata ties the clock; else the stamps in the pictures, when they are on the scale
// of the metadata; else the order of arrival. Nothing when no metadata within 2 s has a time and no
// picture a stamp.
std::optional<ClockTie> TieClock(const MetadataTrack& track, std::span<const PictureTime> pictures);

// Pose at a picture, and how far the metadata may be from it in time: the largest of the distance
// to the packet that was used (0 when interpolated; the nearest one's when the tie is uncertain),
// what the nearest synchronous packet lies beside the tie, and the tie's disagreement.
std::optional<MetadataTrack::PoseAtTime> AlignedPose(const MetadataTrack& track,
                                                     const ClockTie& tie, Duration pts);

// What the pose may be off by when platform and camera went on moving for `skew`: speed times skew,
// turn rate times skew, added to the stated errors as independent ones.
CameraPoseSigma Widened(const CameraPoseSigma& sigma, const MetadataTrack::Rates& rates,
                        Duration skew);

}  // namespace trucewatch
