// SPDX-License-Identifier: Apache-2.0
#include "core/archive/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace trucewatch {
namespace {

using std::literals::string_view_literals::operator""sv;

constexpr std::string_view kEndRecord = "PK\x05\x06"sv;
constexpr std::string_view kEnd64Record = "PK\x06\x06"sv;
constexpr std::string_view kEnd64Locator = "PK\x06\x07"sv;
constexpr std::string_view kDirectoryRecord = "PK\x01\x02"sv;
constexpr std::string_view kLocalHeader = "PK\x03\x04"sv;
constexpr std::uint64_t kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20;
constexpr std::uint64_t kDirectoryBytes = 46, kLocalBytes = 30;
constexpr std::uint64_t kMaxCommentBytes = 65'535;
constexpr std::size_t kPackedChunk = std::size_t{64} << 10;

// Little-endian; the caller has checked that the bytes are there.
std::uint64_t Le(std::string_view bytes, std::size_t at, int width) {
  std::uint64_t value = 0;
  for (int i = width - 1; i >= 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  }
  return value;
}

// A relative path without tricks.
bool IsPlainPath(const std::string& name) {
  if (name.empty() || name.size() > 1024 || name[0] == '/') return false;
  if (std::any_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == '\\' || c == ':' || c == 0x7F;
      })) {
    return false;
  }
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    if (name.compare(at, end - at, "..") == 0) return false;
    at = end + 1;
  }
  return true;
}

struct DirectoryPlace {
  std::uint64_t offset = 0, size = 0, entries = 0;
};

// The zip64 fields that stand in for those of 32 bits (APPNOTE 4.5.3), in the extra field.
void ReadZip64Extra(std::string_view extra, ZipEntry& entry) {
  for (std::size_t at = 0; at + 4 <= extra.size();) {
    const std::uint64_t id = Le(extra, at, 2);
    const std::uint64_t size = Le(extra, at + 2, 2);
    at += 4;
    if (size > extra.size() - at) return;
    if (id == 1) {
      const std::string_view fields = extra.substr(at, size);
      std::size_t field = 0;
      for (std::uint64_t* value : {&entry.size, &entry.packed_size, &entry.offset}) {
        if (*value != std::numeric_limits<std::uint32_t>::max()) continue;
        if (field + 8 > fields.size()) return;
        *value = Le(fields, field, 8);
        field += 8;
      }
      return;
    }
    at += size;
  }
}

Result<DirectoryPlace> FindDirectory(const File& file, std::uint64_t file_size,
                                     const std::string& name) {
  const std::uint64_t tail_size = std::min(file_size, kEndBytes + kMaxCommentBytes);
  TW_ASSIGN_OR_RETURN(const std::string tail, file.ReadAt(file_size - tail_size, tail_size));
  const std::size_t at =
      tail.size() < kEndBytes ? std::string::npos : tail.rfind(kEndRecord, tail.size() - kEndBytes);
  if (at == std::string::npos) {
    return Fail(ErrorCode::kBadInput,
                "{}: is no whole zip archive: no end record in its last {} bytes", name, tail_size);
  }
  DirectoryPlace place{Le(tail, at + 16, 4), Le(tail, at + 12, 4), Le(tail, at + 10, 2)};
  const std::uint64_t end_offset = file_size - tail_size + at;
  if (place.offset == 0xFFFFFFFF || place.size == 0xFFFFFFFF || place.entries == 0xFFFF) {
    if (end_offset < kLocatorBytes) return place;
    TW_ASSIGN_OR_RETURN(const std::string locator,
                        file.ReadAt(end_offset - kLocatorBytes, kLocatorBytes));
    if (!locator.starts_with(kEnd64Locator)) return place;  // really 65535 entries
    const std::uint64_t end64 = Le(locator, 8, 8);
    if (end64 > file_size || file_size - end64 < kEnd64Bytes) {
      return Fail(ErrorCode::kBadInput, "{}: byte {}: names a zip64 end record at byte {} of {}",
                  name, end_offset - kLocatorBytes, end64, file_size);
    }
    TW_ASSIGN_OR_RETURN(const std::string record, file.ReadAt(end64, kEnd64Bytes));
    if (!record.starts_with(kEnd64Record)) {
      return Fail(ErrorCode::kBadInput, "{}: byte {}: expected a zip64 end record", name, end64);
    }
    place = {Le(record, 48, 8), Le(record, 40, 8), Le(record, 32, 8)};
  }
  return place;
}

}  // namespace

Result<void> ZipArchive::ReadDirectory() {
  TW_ASSIGN_OR_RETURN(const DirectoryPlace place, FindDirectory(*file_, file_size_, name_));
  if (place.entries > kMaxZipEntries || place.size > kMaxZipDirectoryBytes) {
    return Fail(ErrorCode::kBadInput,
                "{}: a zip directory of {} entries in {} bytes; expected at most {} in {}", name_,
                place.entries, place.size, kMaxZipEntries, kMaxZipDirectoryBytes);
  }
  if (place.offset > file_size_ || place.size > file_size_ - place.offset) {
    return Fail(ErrorCode::kBadInput, "{}: its zip directory lies at byte {}, {} bytes, of {}",
                name_, place.offset, place.size, file_size_);
  }
  TW_ASSIGN_OR_RETURN(const std::string directory, file_->ReadAt(place.offset, place.size));
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < place.entries; ++i) {
    if (directory.size() - at < kDirectoryBytes ||
        directory.compare(at, kDirectoryRecord.size(), kDirectoryRecord) != 0) {
      return Fail(ErrorCode::kBadInput, "{}: byte {}: expected entry {} of {} of the directory",
                  name_, place.offset + at, i + 1, place.entries);
    }
    const std::uint64_t name_size = Le(directory, at + 28, 2);
    const std::uint64_t extra_size = Le(directory, at + 30, 2);
    const std::uint64_t rest = name_size + extra_size + Le(directory, at + 32, 2);
    if (rest > directory.size() - at - kDirectoryBytes) {
      return Fail(ErrorCode::kBadInput, "{}: byte {}: a name that leaves the directory", name_,
                  place.offset + at);
    }
    ZipEntry entry;
    entry.name = directory.substr(at + kDirectoryBytes, name_size);
    entry.method = static_cast<std::uint16_t>(Le(directory, at + 10, 2));
    entry.crc32 = static_cast<std::uint32_t>(Le(directory, at + 16, 4));
    entry.packed_size = Le(directory, at + 20, 4);
    entry.size = Le(directory, at + 24, 4);
    entry.offset = Le(directory, at + 42, 4);
    ReadZip64Extra(std::string_view(directory).substr(at + kDirectoryBytes + name_size, extra_size),
                   entry);
    const bool encrypted = (Le(directory, at + 8, 2) & 1U) != 0;
    const std::uint64_t record = place.offset + at;
    at += kDirectoryBytes + rest;
    if (entry.name.ends_with('/')) continue;
    if (!IsPlainPath(entry.name)) {
      return Fail(ErrorCode::kBadInput, "{}: byte {}: an entry whose name is no relative path",
                  name_, record);
    }
    if (encrypted || (entry.method != 0 && entry.method != 8) || entry.size > kMaxZipEntryBytes ||
        (entry.method == 0 && entry.size != entry.packed_size)) {
      return Fail(
          ErrorCode::kBadInput,
          "{}: byte {}: {}: {} bytes by method {}{}; expected at most {}, stored or DEFLATE", name_,
          record, entry.name, entry.size, entry.method, encrypted ? ", encrypted" : "",
          kMaxZipEntryBytes);
    }
    entries_.push_back(std::move(entry));
  }
  if (at != directory.size()) {
    return Fail(ErrorCode::kBadInput, "{}: byte {}: {} bytes of the directory after its {} entries",
                name_, place.offset + at, directory.size() - at, place.entries);
  }
  std::sort(entries_.begin(), entries_.end(),
            [](const ZipEntry& a, const ZipEntry& b) { return a.name < b.name; });
  const auto twice =
      std::adjacent_find(entries_.begin(), entries_.end(),
                         [](const ZipEntry& a, const ZipEntry& b) { return a.name == b.name; });
  if (twice != entries_.end()) {
    return Fail(ErrorCode::kBadInput, "{}: {} is in it twice", name_, twice->name);
  }
  return {};
}

Result<ZipArchive> ZipArchive::Open(const File& file, const std::string& name) {
  ZipArchive archive(file, name);
  TW_ASSIGN_OR_RETURN(archive.file_size_, file.Size());
  TW_RETURN_IF_ERROR(archive.ReadDirectory());
  return archive;
}

struct ZipEntryReader::Inflater {
  Inflater(const File& from, std::string archive_name, ZipEntry which, std::uint64_t first)
      : file(from), where(archive_name + ": " + which.name), entry(std::move(which)), at(first) {
    end = first + entry.packed_size;
    // Negative: raw DEFLATE without a zlib header.
    started = inflateInit2(&stream, -MAX_WBITS) == Z_OK;
  }
  ~Inflater() {
    if (started) inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<std::string> Next(std::size_t max_size);
  Result<std::string> Stored(std::size_t max_size);
  Result<void> Finish() const;

  const File& file;
  std::string where;
  ZipEntry entry;
  std::uint64_t at = 0, end = 0;  // packed bytes still to come
  std::uint64_t given = 0;
  std::uint32_t crc = 0;
  z_stream stream{};
  bool started = false, done = false;
  std::string packed;
};

Result<std::string> ZipEntryReader::Inflater::Stored(std::size_t max_size) {
  const std::size_t size = std::min<std::uint64_t>(max_size, end - at);
  TW_ASSIGN_OR_RETURN(std::string bytes, file.ReadAt(at, size));
  at += size;
  done = at == end;
  return bytes;
}

Result<std::string> ZipEntryReader::Inflater::Next(std::size_t max_size) {
  if (entry.method == 0) return Stored(max_size);
  // One byte more than the directory says shows that there is more.
  std::string out(std::min<std::uint64_t>(max_size, entry.size - given + 1), '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  while (stream.avail_out > 0 && !done) {
    if (stream.avail_in == 0 && at < end) {
      const std::size_t size = std::min<std::uint64_t>(kPackedChunk, end - at);
      TW_ASSIGN_OR_RETURN(packed, file.ReadAt(at, size));
      at += size;
      stream.next_in = reinterpret_cast<Bytef*>(packed.data());
      stream.avail_in = static_cast<uInt>(packed.size());
    }
    const int code = inflate(&stream, Z_NO_FLUSH);
    done = code == Z_STREAM_END;
    if (code != Z_OK && code != Z_STREAM_END) {
      return Fail(ErrorCode::kBadInput, "{}: byte {}: damaged DEFLATE data ({})", where,
                  at - stream.avail_in,
                  stream.msg != nullptr ? stream.msg : "it ends before its end");
    }
  }
  out.resize(out.size() - stream.avail_out);
  return out;
}

Result<void> ZipEntryReader::Inflater::Finish() const {
  if (given != entry.size || crc != entry.crc32) {
    return Fail(ErrorCode::kBadInput,
                "{}: unpacks to {} bytes with CRC-32 {:08x}; the directory says {} and {:08x}",
                where, given, crc, entry.size, entry.crc32);
  }
  return {};
}

ZipEntryReader::ZipEntryReader(std::unique_ptr<Inflater> inflater)
    : inflater_(std::move(inflater)) {}
ZipEntryReader::~ZipEntryReader() = default;
ZipEntryReader::ZipEntryReader(ZipEntryReader&&) noexcept = default;
ZipEntryReader& ZipEntryReader::operator=(ZipEntryReader&&) noexcept = default;

Result<ZipEntryReader> ZipEntryReader::Open(const ZipArchive& archive, const ZipEntry& entry) {
  const std::uint64_t size = archive.file_size_;
  if (entry.offset > size || size - entry.offset < kLocalBytes) {
    return Fail(ErrorCode::kBadInput, "{}: {}: lies at byte {} of {}", archive.name_, entry.name,
                entry.offset, size);
  }
  TW_ASSIGN_OR_RETURN(const std::string head, archive.file_->ReadAt(entry.offset, kLocalBytes));
  const std::uint64_t first = entry.offset + kLocalBytes + Le(head, 26, 2) + Le(head, 28, 2);
  if (!head.starts_with(kLocalHeader) || first > size || entry.packed_size > size - first) {
    return Fail(ErrorCode::kBadInput,
                "{}: {}: byte {}: expected a local header and {} packed bytes", archive.name_,
                entry.name, entry.offset, entry.packed_size);
  }
  auto inflater = std::make_unique<Inflater>(*archive.file_, archive.name_, entry, first);
  if (!inflater->started) return Fail(ErrorCode::kUnavailable, "zlib cannot be started");
  return ZipEntryReader(std::move(inflater));
}

Result<std::string> ZipEntryReader::Read(std::size_t max_size) {
  Inflater& in = *inflater_;
  if (in.done || max_size == 0) return std::string();
  TW_ASSIGN_OR_RETURN(std::string bytes, in.Next(max_size));
  in.given += bytes.size();
  in.crc = static_cast<std::uint32_t>(
      crc32(in.crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
  if (in.given > in.entry.size) in.done = true;
  if (in.done) TW_RETURN_IF_ERROR(in.Finish());
  return bytes;
}

}  // namespace trucewatch
