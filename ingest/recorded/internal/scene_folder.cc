// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "core/crypto/sha256.h"
#include "ingest/recorded/internal/scene_delivery.h"
#include "ingest/satellite/scene_chunk.h"

namespace trucewatch::internal {
namespace {

constexpr std::size_t kMaxEntries = 10'000;

bool EndsWith(std::string name, std::string_view ending) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name.ends_with(ending);
}

bool IsImageName(const std::string& name) {
  for (const char* ending : {".tif", ".tiff", ".jp2", ".ntf", ".nitf"}) {
    if (EndsWith(name, ending)) return true;
  }
  return false;
}

bool IsEntryName(const std::string& name) {
  return !name.starts_with('.') && !EndsWith(name, ".part") && !EndsWith(name, ".tmp") &&
         !EndsWith(name, ".done");
}

// What the entry is known by: its name, and names and sizes of its files.
std::string KeyOf(const std::string& name, const Delivery& delivery) {
  std::string text = name;
  const auto add = [&](const std::string& file, const std::string& path) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    text += fmt::format("\n{} {}", file, error ? 0 : size);
  };
  if (!delivery.archive.empty()) {
    add("archive", delivery.archive);
  } else {
    for (const DeliveryFile& file : delivery.files) add(file.name, file.path);
  }
  return HexEncode(Sha256(text));
}

}  // namespace

Result<std::vector<FolderEntry>> ListFolder(Storage& storage, const std::string& folder,
                                            const SceneSearch& search) {
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> names, storage.List(folder));
  const std::set<std::string> all(names.begin(), names.end());
  std::vector<FolderEntry> entries;
  std::set<std::string> named;  // files that an item speaks of
  const auto add = [&](const std::string& name, Result<std::vector<Delivery>> found) {
    FolderEntry entry;
    entry.name = name;
    entry.done = all.contains(name + ".done");
    if (!found || found->size() != 1) {
      // Half-written, or a catalog: not a scene. With its .done it is one that cannot be read.
      if (!entry.done) entry.incomplete = true;
      entry.delivery.time = search.start;
      entry.delivery.item = Printable(name);
      entry.delivery.reason = found ? "holds a catalog; expected one scene"
                                    : fmt::format("{}: cannot be read as a scene", Printable(name));
    } else {
      entry.delivery = std::move(found->front());
      entry.incomplete = entry.delivery.awaited && !entry.delivery.reason.empty();
    }
    for (const DeliveryFile& file : entry.delivery.files) named.insert(file.path);
    entry.key = KeyOf(name, entry.delivery);
    entries.push_back(std::move(entry));
  };
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    if (!IsEntryName(name) || entries.size() >= kMaxEntries || IsImageName(name)) continue;
    std::error_code ignored;
    if (std::filesystem::is_symlink(path, ignored)) continue;
    const bool product = std::filesystem::is_directory(path, ignored) && IsProductFolder(path);
    if (product || EndsWith(name, ".zip") || EndsWith(name, ".json")) {
      add(name, FindDeliveries(storage, path, search));
    }
  }
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    std::error_code ignored;
    if (!IsEntryName(name) || entries.size() >= kMaxEntries || !IsImageName(name) ||
        std::filesystem::is_symlink(path, ignored) || named.contains(path)) {
      continue;
    }
    add(name, FindDeliveries(storage, path, search));
    entries.back().lone_image = true;
  }
  return entries;
}

}  // namespace trucewatch::internal
