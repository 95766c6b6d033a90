// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/storage/storage.h"

namespace trucewatch {

inline constexpr std::uint64_t kMaxZipEntries = 10'000;
inline constexpr std::uint64_t kMaxZipDirectoryBytes = std::uint64_t{4} << 20;
inline constexpr std::uint64_t kMaxZipEntryBytes = std::uint64_t{8} << 30;

struct ZipEntry {
  std::string name;        // as in the archive: "A.SAFE/manifest.safe"
  std::uint64_t size = 0;  // unpacked, as the directory says
  std::uint64_t packed_size = 0;
  std::uint64_t offset = 0;  // of the local header, bytes from the start of the file
  std::uint16_t method = 0;  // 0: stored, 8: DEFLATE
  std::uint32_t crc32 = 0;
};

// A zip archive (PKWARE APPNOTE 6.3.9: end record 4.3.16, its zip64 form 4.3.14, directory 4.3.12),
// read from its directory. Nothing is written to disk, so a name cannot lead anywhere; names that
// are no plain relative paths are refused all the same. Untrusted: counts, sizes and offsets are
// checked before anything is read or allocated. Not read: encryption, several disks, other methods
// than stored and DEFLATE. Threads: thread-compatible.
class ZipArchive {
 public:
  // `file` outlives the archive. `name` is for messages. kBadInput with the byte offset.
  static Result<ZipArchive> Open(const File& file, const std::string& name);

  // Files without the folders, by name; no name twice.
  const std::vector<ZipEntry>& entries() const { return entries_; }

 private:
  friend class ZipEntryReader;
  ZipArchive(const File& file, std::string name) : file_(&file), name_(std::move(name)) {}
  Result<void> ReadDirectory();

  const File* file_;
  std::string name_;
  std::uint64_t file_size_ = 0;
  std::vector<ZipEntry> entries_;
};

// Unpacks one entry from its start on. Memory: 64 KiB of packed bytes and what Read gives.
class ZipEntryReader {
 public:
  // The archive outlives the reader.
  static Result<ZipEntryReader> Open(const ZipArchive& archive, const ZipEntry& entry);
  ~ZipEntryReader();
  ZipEntryReader(ZipEntryReader&&) noexcept;
  ZipEntryReader& operator=(ZipEntryReader&&) noexcept;

  // The next bytes, at most max_size; empty at the end. kBadInput when the entry is damaged: its
  // packed bytes, its size or, at the end, its CRC-32.
  Result<std::string> Read(std::size_t max_size);

 private:
  struct Inflater;
  explicit ZipEntryReader(std::unique_ptr<Inflater> inflater);
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace trucewatch
