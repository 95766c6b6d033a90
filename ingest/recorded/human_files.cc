// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <utility>

#include "ingest/human/human_record.h"
#include "ingest/recorded/internal/file_reader.h"
#include "ingest/recorded/recorded_source.h"

namespace trucewatch {
namespace {

constexpr const char* kExpectedNotes = "signed human records, *.note";

// One byte more than a record may have, so that the parser sees that it is too long.
Result<std::string> ReadNote(Storage& storage, const std::string& path) {
  TW_ASSIGN_OR_RETURN(const auto file, storage.Open(path, false));
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  auto bytes = file->ReadAt(0, std::min<std::uint64_t>(size, kMaxHumanRecordSize + 1));
  if (!bytes) return Prefix(path, bytes.error());
  return bytes;
}

struct NoteFile {
  Instant reported;
  std::string name;
};

class HumanFilesSource final : public RecordedSource {
 public:
  HumanFilesSource(Storage& storage, RecordedFileOptions options, std::vector<NoteFile> files)
      : storage_(storage), options_(std::move(options)), files_(std::move(files)) {}
  const SourceId& id() const override { return options_.source; }

  Result<std::optional<RawRecord>> Next() override {
    if (next_ > files_.size()) return std::optional<RawRecord>();
    RawRecord record;
    record.source = options_.source;
    record.source_sequence = next_ + 1;
    record.source_offset = offset_;
    if (next_ == files_.size()) {
      record.end_of_source = true;
      record.receive_time = files_.empty() ? options_.start : files_.back().reported;
    } else {
      const NoteFile& file = files_[next_];
      record.receive_time = file.reported;
      TW_ASSIGN_OR_RETURN(record.bytes, ReadNote(storage_, options_.path + "/" + file.name));
      offset_ += record.bytes.size();
    }
    ++next_;
    return record;
  }

 private:
  Storage& storage_;
  RecordedFileOptions options_;
  std::vector<NoteFile> files_;
  std::size_t next_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace

Result<std::unique_ptr<RecordedSource>> OpenHumanFiles(Storage& storage,
                                                       const RecordedFileOptions& options) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(options.path, ignored)) {
    return Fail(ErrorCode::kNotFound, "{}: there is no such folder; expected a folder of {}",
                options.path, kExpectedNotes);
  }
  TW_ASSIGN_OR_RETURN(const auto names, storage.List(options.path));
  std::vector<NoteFile> files;
  for (const std::string& name : names) {
    if (!name.ends_with(".note")) continue;
    const std::string path = options.path + "/" + name;
    TW_ASSIGN_OR_RETURN(const std::string bytes, ReadNote(storage, path));
    // Whether it counts is for the feed to say; here only its place in time is looked for.
    files.push_back({ReportedTime(bytes).value_or(options.start), name});
  }
  // Nobody has reported anything yet: that is no error. Other files are.
  if (files.empty() && !names.empty()) {
    return Fail(ErrorCode::kBadInput, "{}: the folder holds other files but no {}", options.path,
                kExpectedNotes);
  }
  std::sort(files.begin(), files.end(), [](const NoteFile& a, const NoteFile& b) {
    return std::pair(a.reported, a.name) < std::pair(b.reported, b.name);
  });
  return std::make_unique<HumanFilesSource>(storage, options, std::move(files));
}

}  // namespace trucewatch
