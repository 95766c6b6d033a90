// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/model_files.h"

#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>

namespace trucewatch::tools {
namespace {

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::vector<std::string> ModelFolders() {
  std::vector<std::string> folders;
  if (const char* set = std::getenv("TRUCEWATCH_MODELS"); set != nullptr && *set != '\0') {
    folders.emplace_back(set);
  }
  std::error_code none;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", none);
  if (!none) {
    const auto prefix = program.parent_path().parent_path();
    folders.push_back((prefix / "share" / "trucewatch" / "models").string());
  }
  folders.emplace_back(TRUCEWATCH_SOURCE_MODELS);
  return folders;
}

Result<ModelFile> FindModel(const std::string& model) {
  if (EndsWith(model, ".onnx")) {
    return Fail(ErrorCode::kUsage,
                "{}: a network alone does not say its input and classes; name its card (.txtpb, "
                "docs/formats/model_card.md)",
                model);
  }
  if (EndsWith(model, ".txtpb") || model.find('/') != std::string::npos) return LoadModel(model);
  const std::vector<std::string> folders = ModelFolders();
  for (const std::string& folder : folders) {
    const std::string card = folder + "/" + model + ".txtpb";
    std::error_code none;
    if (std::filesystem::exists(card, none)) return LoadModel(card);
  }
  return Fail(
      ErrorCode::kNotFound,
      "there is no model '{}': {}.txtpb is in none of {}; name a card with --model FILE, or "
      "a folder of cards in TRUCEWATCH_MODELS",
      model, model, fmt::join(folders, ", "));
}

std::string DefaultModelName(v1::config::ModelCard::Modality modality) {
  return modality == v1::config::ModelCard::INFRARED ? "thermal" : "rgb";
}

}  // namespace trucewatch::tools
