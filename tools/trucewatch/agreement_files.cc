// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/agreement_files.h"

#include <algorithm>
#include <filesystem>

#include "core/crypto/sha256.h"
#include "core/raster/vector_reader.h"
#include "core/storage/storage.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kMaxMapBytes = 64u << 20;

MapFile ReadMapFile(const std::string& path, const std::string& name) {
  MapFile out;
  const auto storage = MakePosixStorage();
  const auto bytes = ReadWholeFile(*storage, path, kMaxMapBytes);
  if (!bytes) {
    out.problem = bytes.error().message;
    return out;
  }
  out.sha256 = HexEncode(Sha256(*bytes));
  auto shapes = ReadVectors(*bytes, name);
  if (!shapes) {
    out.problem = shapes.error().message;
    return out;
  }
  for (DrawnShape& shape : *shapes) {
    MapFeature feature{std::move(shape.layer),
                       std::move(shape.id),
                       shape.number,
                       shape.geometry == VectorGeometry::kPolygon,
                       std::move(shape.points),
                       std::move(shape.problem)};
    if (shape.geometry == VectorGeometry::kPoint && feature.problem.empty())
      feature.problem = "is a point";
    out.features.push_back(std::move(feature));
  }
  return out;
}

}  // namespace

std::map<std::string, MapFile> ReadMapFiles(const std::string& path, const std::string& text) {
  std::map<std::string, MapFile> out;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  for (const std::string& name : MapFilesOf(text))
    out[name] = ReadMapFile((folder / name).string(), name);
  return out;
}

CheckedAgreement CheckWithMapFiles(const std::string& path, const std::string& text) {
  CheckedAgreement out{text, true, {}};
  const Frozen frozen = FreezeAgreement(text, path, ReadMapFiles(path, text), true);
  out.text = frozen.text;
  out.frozen = frozen.drawn == 0;
  out.messages = LintAgreement(frozen.text, path);
  // Where a file could not be used, what is said of it says all; that points are missing adds
  // nothing.
  if (HasErrors(frozen.messages))
    std::erase_if(out.messages, [](const LintMessage& message) {
      return message.text.find("agreement freeze`") != std::string::npos;
    });
  out.messages.insert(out.messages.end(), frozen.messages.begin(), frozen.messages.end());
  std::stable_sort(out.messages.begin(), out.messages.end(),
                   [](const LintMessage& a, const LintMessage& b) {
                     return std::pair(a.line, a.column) < std::pair(b.line, b.column);
                   });
  return out;
}

}  // namespace trucewatch::tools
