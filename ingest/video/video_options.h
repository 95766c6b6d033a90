// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/video/video_assembler.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch {

DjiSidecarOptions DjiOptionsFromConfig(const v1::config::SourceConfig& source);

// Options of a source of format MPEGTS_KLV, from the mission config; `terrain` is for use_vmti.
VideoAssemblerOptions VideoOptionsFromConfig(const v1::config::SourceConfig& source,
                                             const v1::config::TerrainConfig& terrain_config,
                                             const Terrain* terrain);

}  // namespace trucewatch
