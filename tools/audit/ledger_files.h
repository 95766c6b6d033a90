// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace trucewatch::audit {

inline constexpr std::uint64_t kFullWidth = 256;

// One file below tile/: "tile/entries/..." has no level.
struct TileFile {
  std::optional<int> level;
  std::uint64_t index = 0;
  std::uint64_t width = kFullWidth;
  std::string path;  // relative to the ledger
};

// What lies in a ledger's folder.
struct LedgerFiles {
  std::string directory;
  std::map<std::string, TileFile> tiles;  // by path
  std::vector<std::string>
      leftovers;  // "checkpoint.tmp" of a writer that was killed, or is at work
};

// Fails with kNotFound when there is no such folder, and with kCheckFailed on a file that no ledger
// has, naming it.
Result<LedgerFiles> ListLedger(const std::string& directory);

// The tile a path stands for (tlog-tiles); nothing when it stands for none or is not written the
// one right way.
std::optional<TileFile> ReadTilePath(const std::string& path);
std::string WriteTilePath(const TileFile& tile);

// Fails with kCheckFailed when the file cannot be read or is larger than max_size.
Result<std::string> ReadLedgerFile(const std::string& directory, const std::string& path,
                                   std::uint64_t max_size);

}  // namespace trucewatch::audit
