// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/ledger_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace trucewatch::audit {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> ReadDigits(const std::string& text, std::size_t max_digits) {
  if (text.empty() || text.size() > max_digits) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

}  // namespace

std::string WriteTilePath(const TileFile& tile) {
  std::string digits = std::to_string(tile.index);
  digits.insert(0, (3 - digits.size() % 3) % 3, '0');
  std::string path = "tile/" + (tile.level ? std::to_string(*tile.level) : "entries");
  for (std::size_t i = 0; i < digits.size(); i += 3) {
    path += (i + 3 < digits.size() ? "/x" : "/") + digits.substr(i, 3);
  }
  return tile.width == kFullWidth ? path : path + ".p/" + std::to_string(tile.width);
}

std::optional<TileFile> ReadTilePath(const std::string& path) {
  std::vector<std::string> parts;
  std::istringstream stream(path);
  for (std::string part; std::getline(stream, part, '/');) parts.push_back(part);
  if (parts.size() < 3 || parts.size() > 9 || parts[0] != "tile") return std::nullopt;
  TileFile tile;
  tile.path = path;
  if (parts[1] != "entries") {
    const auto level = ReadDigits(parts[1], 1);
    if (!level || *level > 7) return std::nullopt;
    tile.level = static_cast<int>(*level);
  }
  if (parts[parts.size() - 2].ends_with(".p")) {
    const auto width = ReadDigits(parts.back(), 3);
    if (!width || *width < 1 || *width >= kFullWidth) return std::nullopt;
    tile.width = *width;
    parts.pop_back();
    parts.back().resize(parts.back().size() - 2);
  }
  for (std::size_t i = 2; i < parts.size(); ++i) {
    const bool more = i + 1 < parts.size();
    const auto group = ReadDigits(more && !parts[i].empty() ? parts[i].substr(1) : parts[i], 3);
    if (!group) return std::nullopt;
    tile.index = tile.index * 1000 + *group;
  }
  if (WriteTilePath(tile) != path) return std::nullopt;
  return tile;
}

Result<LedgerFiles> ListLedger(const std::string& directory) {
  LedgerFiles files;
  files.directory = directory;
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    return Fail(ErrorCode::kNotFound, "{}: no such folder", directory);
  }
  fs::recursive_directory_iterator item(directory, error);
  for (; !error && item != fs::recursive_directory_iterator(); item.increment(error)) {
    const std::string path = item->path().lexically_relative(directory).generic_string();
    if (item->is_directory(error) && !item->is_symlink(error)) continue;
    if (!item->is_regular_file(error) || item->is_symlink(error)) {
      return Fail(ErrorCode::kCheckFailed, "{}: is no plain file", path);
    }
    if (path == "checkpoint") continue;
    const auto tile = ReadTilePath(path);
    if (tile) {
      files.tiles[path] = *tile;
    } else if (path == "checkpoint.tmp") {
      files.leftovers.push_back(path);
    } else {
      return Fail(ErrorCode::kCheckFailed, "{}: a ledger has no such file", path);
    }
  }
  if (error) return Fail(ErrorCode::kIo, "{}: {}", directory, error.message());
  return files;
}

Result<std::string> ReadLedgerFile(const std::string& directory, const std::string& path,
                                   std::uint64_t max_size) {
  std::ifstream file(directory + "/" + path, std::ios::binary | std::ios::ate);
  if (!file) return Fail(ErrorCode::kCheckFailed, "{}: is missing or cannot be read", path);
  const std::streamoff size = file.tellg();
  if (size < 0 || static_cast<std::uint64_t>(size) > max_size) {
    return Fail(ErrorCode::kCheckFailed, "{}: {} bytes, at most {} expected", path, size, max_size);
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  file.seekg(0);
  file.read(bytes.data(), size);
  if (!file) return Fail(ErrorCode::kCheckFailed, "{}: cannot be read", path);
  return bytes;
}

}  // namespace trucewatch::audit
