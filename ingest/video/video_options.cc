// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/video_options.h"

namespace trucewatch {

DjiSidecarOptions DjiOptionsFromConfig(const v1::config::SourceConfig& source) {
  DjiSidecarOptions options;
  if (source.has_dji_takeoff_height_hae_m())
    options.takeoff_height_hae_m = source.dji_takeoff_height_hae_m();
  if (source.has_dji_utc_offset_h())
    options.utc_offset = Duration::FromSeconds(source.dji_utc_offset_h() * 3600);
  options.horizontal_fov = Angle::Degrees(source.dji_horizontal_fov_deg());
  return options;
}

VideoAssemblerOptions VideoOptionsFromConfig(const v1::config::SourceConfig& source,
                                             const v1::config::TerrainConfig& terrain_config,
                                             const Terrain* terrain) {
  VideoAssemblerOptions options;
  options.source.value = source.id();
  options.lineage.modality = Modality::kVideoRgb;
  options.lineage.sensor = source.id();
  options.lineage.platform = source.platform();
  options.lineage.station = source.station();
  options.lineage.clock = source.clock();
  options.lineage.georeference = source.georeference();
  options.sigma.position_horizontal_m = source.position_sigma_m();
  options.sigma.position_vertical_m = source.position_sigma_m();
  options.sigma.platform_angles = Angle::Degrees(source.platform_angle_sigma_deg());
  options.sigma.sensor_angles = Angle::Degrees(source.sensor_angle_sigma_deg());
  options.geoid_undulation_m = terrain_config.geoid_undulation_m();
  if (!source.dji_srt_file().empty()) options.dji_sidecar = DjiOptionsFromConfig(source);
  options.use_vmti = source.use_vmti();
  options.vmti_detection_probability = source.detection_probability();
  options.vmti_false_alarms_per_km2 = source.false_alarms_per_km2();
  options.terrain = terrain;
  return options;
}

}  // namespace trucewatch
