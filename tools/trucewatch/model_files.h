// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/config/model_card.h"

namespace trucewatch::tools {

// The folders that are searched for model cards, in this order: TRUCEWATCH_MODELS when that is set,
// share/trucewatch/models beside the folder that this program lies in, configs/models of the source
// tree it was built from.
std::vector<std::string> ModelFolders();

// `model`: a card's path, or its name without .txtpb in one of those folders. Fails with kNotFound
// and the folders that were searched.
Result<ModelFile> FindModel(const std::string& model);

// Name of the card that is used when none is said: "thermal" or "rgb".
std::string DefaultModelName(v1::config::ModelCard::Modality modality);

}  // namespace trucewatch::tools
