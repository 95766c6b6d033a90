// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/storage/storage.h"
#include "tools/trucewatch/case_pictures.h"

namespace trucewatch::tools {

inline constexpr double kChipSideM = 400;

// For officers: what satellites saw at the places that software's statements speak of: kChipSideM
// of the scene about it, with boxes about what was detected there; grey, stretched from its 2nd to
// its 98th percentile, small pixels drawn larger. From the logs and the scene store of a run's
// state folder; a scene that they do not hold (any more) gives no chip. At most `most`.
Result<std::vector<CasePicture>> SceneChips(Storage& storage, const std::string& state,
                                            const std::vector<Published>& statements,
                                            std::size_t most);

}  // namespace trucewatch::tools
