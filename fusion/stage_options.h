// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "fusion/fusion_stage.h"

namespace trucewatch {

// What the stage's parts run with, from the mission's config.

// kBadInput, with the ranges, when a value is out of its range.
Result<void> CheckFusionConfig(const v1::config::FusionConfig& config);

TrackerOptions TrackerOptionsFor(const v1::config::FusionConfig& config);
GroupOptions GroupOptionsFor(const v1::config::FusionConfig& config);
HoldBuffer::Options HoldOptionsFor(const FusionStage::Options& options);
// How far the tracker runs ahead of what goes out: the settled lag less the hold.
Duration AheadFor(const v1::config::FusionConfig& config);
Smoother::Options SmootherOptionsFor(const v1::config::FusionConfig& config);
LateBook::Options LateOptionsFor(const v1::config::FusionConfig& config);

// Exact bytes of what a stage runs with, in one order whatever the order of the sources.
std::string ConfigKey(const FusionStage::Options& options);

}  // namespace trucewatch
