// SPDX-License-Identifier: Apache-2.0
#include "core/config/model_card.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/crypto/sha256.h"

namespace trucewatch {
namespace {

using v1::config::ModelCard;
using v1::config::ModelClass;

constexpr double kMaxInputPx = 4096;
constexpr int kMaxClasses = 1000;

bool IsModelName(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

bool IsHexDigest(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Result<std::string> ReadModelBytes(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) {
    return Fail(ErrorCode::kNotFound, "{}: no such file; expected the network of the card", path);
  }
  const std::uintmax_t size = std::filesystem::file_size(path, none);
  if (none || size > kMaxModelBytes) {
    return Fail(ErrorCode::kBadInput, "{}: {} bytes; a network has at most {} MiB here", path, size,
                kMaxModelBytes >> 20U);
  }
  std::ifstream in(path, std::ios::binary);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (static_cast<std::uintmax_t>(in.gcount()) != size) {
    return Fail(ErrorCode::kIo, "{}: cannot be read", path);
  }
  return bytes;
}

}  // namespace

Result<void> ValidateModelCard(const ModelCard& card, const std::string& file_name,
                               const FieldLines& lines) {
  ConfigProblems problems(file_name, lines);
  if (!IsModelName(card.name())) {
    problems.Add("name", fmt::format("'{}' is no name; expected 1 to 64 letters, digits, '-', '_'",
                                     card.name()));
  }
  problems.Required("onnx_file", card.onnx_file());
  // It goes with its card: a path that leads elsewhere would read any file of the machine.
  if (card.onnx_file().find('/') != std::string::npos) {
    problems.Add("onnx_file", "expected the name of a file beside the card");
  }
  if (!IsHexDigest(card.sha256())) {
    problems.Add("sha256", "expected the SHA-256 of the ONNX file, 64 lower-case hex digits");
  }
  if (card.modality() != ModelCard::INFRARED && card.modality() != ModelCard::RGB) {
    problems.Add("modality", "is missing; expected INFRARED or RGB");
  }
  problems.Range("input_width_px", card.input_width_px(), 32, kMaxInputPx);
  problems.Range("input_height_px", card.input_height_px(), 32, kMaxInputPx);
  if (card.channels() != 1 && card.channels() != 3) {
    problems.Add("channels", fmt::format("{}: expected 1 or 3", card.channels()));
  }
  if (card.colour_order() < ModelCard::GRAY || card.colour_order() > ModelCard::BGR_ORDER) {
    problems.Add("colour_order", "is missing; expected GRAY, RGB_ORDER or BGR_ORDER");
  } else if (card.channels() == 1 && card.colour_order() != ModelCard::GRAY) {
    problems.Add("colour_order", "one channel is GRAY");
  }
  problems.Range("scale", card.scale(), 1e-6, 1e3);
  if (card.layout() != ModelCard::YOLOV5 && card.layout() != ModelCard::YOLOV8) {
    problems.Add("layout", "is missing; expected YOLOV5 or YOLOV8");
  }
  if (card.class__size() == 0 || card.class__size() > kMaxClasses) {
    problems.Add("class", fmt::format("{} of them; expected 1 to {}, one for each of the output",
                                      card.class__size(), kMaxClasses));
  }
  for (int i = 0; i < card.class__size(); ++i) {
    const std::string at = fmt::format("class[{}]", i);
    problems.Required(at + ".name", card.class_(i).name());
    if (card.class_(i).object() < ModelClass::IGNORED ||
        card.class_(i).object() > ModelClass::UNKNOWN_VEHICLE) {
      problems.Add(at + ".object",
                   "is missing; expected PERSON, LIGHT_VEHICLE, TRUCK, "
                   "TRACKED_VEHICLE, UNKNOWN_VEHICLE or IGNORED");
    }
  }
  problems.Range("nms_iou", card.nms_iou(), 0.05, 0.95);
  problems.Range("working_score", card.working_score(), 0.01, 0.99);
  if (card.reduce_to_long_side_px() != 0) {
    problems.Range("reduce_to_long_side_px", card.reduce_to_long_side_px(), 32, 16384);
  }
  problems.Range("min_gsd_m", card.min_gsd_m(), 0, 10);
  if (card.max_gsd_m() != 0) {
    problems.Range("max_gsd_m", card.max_gsd_m(), std::max(card.min_gsd_m(), 0.001), 30);
  }
  return problems.ToResult();
}

Result<ModelFile> LoadModel(const std::string& card_path) {
  ModelFile model;
  model.path = card_path;
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(card_path));
  FieldLines lines;
  TW_RETURN_IF_ERROR(ParseTextConfig(text, card_path, &model.card, &lines));
  TW_RETURN_IF_ERROR(ValidateModelCard(model.card, card_path, lines));
  const std::string onnx =
      (std::filesystem::path(card_path).parent_path() / model.card.onnx_file()).string();
  TW_ASSIGN_OR_RETURN(model.onnx, ReadModelBytes(onnx));
  const std::string digest = HexEncode(Sha256(model.onnx));
  if (digest != model.card.sha256()) {
    return Fail(ErrorCode::kBadInput,
                "{}: its SHA-256 is {}, but {} says {}; this is another network than the card's",
                onnx, digest, card_path, model.card.sha256());
  }
  return model;
}

}  // namespace trucewatch
