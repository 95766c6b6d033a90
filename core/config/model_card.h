// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/config/text_config.h"
#include "trucewatch/v1/config/model.pb.h"

namespace trucewatch {

// A detector network with its card, read and checked.
struct ModelFile {
  v1::config::ModelCard card;
  std::string path;  // of the card
  std::string onnx;  // the network's bytes, whose SHA-256 is the card's
};

// Every problem of a card at once, with file and line. Does not look at the network.
Result<void> ValidateModelCard(const v1::config::ModelCard& card, const std::string& file_name,
                               const FieldLines& lines);

// Reads a card (.txtpb) and the network beside it. kNotFound when either is not there, kBadInput
// when the card is not sound, the network larger than kMaxModelBytes or its SHA-256 another.
inline constexpr std::size_t kMaxModelBytes = std::size_t{256} << 20U;
Result<ModelFile> LoadModel(const std::string& card_path);

}  // namespace trucewatch
