// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "tools/simulate/scenario.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {

struct SceneFile {
  std::string name;
  std::string bytes;
};

// One orthorectified picture a pass, on the UTM grid, as a cloud-optimised GeoTIFF with its STAC
// item, and the catalog that names them. Threads paint; they change no byte. Fails when the picture
// is too large.
Result<std::vector<SceneFile>> RenderPasses(const Scenario& scenario, const World& world,
                                            unsigned threads);

}  // namespace trucewatch::simulate
