// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/watch_output.h"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

namespace trucewatch::tools {
namespace {

constexpr std::string_view kTitle = "trucewatch watch cursor v1\n";
constexpr std::uint64_t kMaxCursorBytes = 1024;

struct Cursor {
  std::uint64_t done = 0;
  std::uint64_t length = 0;  // of the file, in bytes
};

// "ledger_index" is the newest statement handled, counted from 0: its ledger index, where the
// ledger has no entries but statements.
std::string Format(const Cursor& cursor) {
  const std::string index = cursor.done == 0 ? "none" : std::to_string(cursor.done - 1);
  return fmt::format("{}ledger_index {}\nlength {}\n", kTitle, index, cursor.length);
}

// Takes "name value\n" off the front of the text.
std::optional<std::string_view> TakeLine(std::string_view name, std::string_view* text) {
  const std::size_t end = text->find('\n');
  if (end == text->npos || !text->starts_with(name)) return std::nullopt;
  const std::string_view value = text->substr(name.size(), end - name.size());
  text->remove_prefix(end + 1);
  return value;
}

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Cursor> Parse(std::string_view text) {
  if (!text.starts_with(kTitle)) return std::nullopt;
  text.remove_prefix(kTitle.size());
  const auto index = TakeLine("ledger_index ", &text);
  const auto length = TakeLine("length ", &text);
  if (!index || !length || !text.empty()) return std::nullopt;
  const auto last = *index == "none" ? std::optional<std::uint64_t>() : ParseNumber(*index);
  const auto bytes = ParseNumber(*length);
  if (!bytes || (!last && *index != "none") || last == UINT64_MAX) return std::nullopt;
  return Cursor{.done = last ? *last + 1 : 0, .length = *bytes};
}

// Nothing when the file is not there.
Result<std::optional<Cursor>> ReadCursor(Storage& storage, const std::string& path) {
  TW_ASSIGN_OR_RETURN(const bool exists, storage.Exists(path));
  if (!exists) return std::nullopt;
  TW_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(storage, path, kMaxCursorBytes));
  if (const auto cursor = Parse(text)) return cursor;
  return Fail(ErrorCode::kBadInput,
              "{}: is no cursor of watch; expected '{}' and the lines ledger_index and length",
              path, kTitle.substr(0, kTitle.size() - 1));
}

class StdoutOutput final : public WatchOutput {
 public:
  StdoutOutput(Storage& storage, std::string cursor_file, std::uint64_t done)
      : storage_(storage), cursor_file_(std::move(cursor_file)), done_(done) {}

  std::uint64_t done() const override { return done_; }

  Result<void> Write(const std::string& lines, std::uint64_t now_done) override {
    if (std::fwrite(lines.data(), 1, lines.size(), stdout) != lines.size() ||
        std::fflush(stdout) != 0) {
      return Fail(ErrorCode::kIo, "standard output takes nothing more");
    }
    done_ = now_done;
    if (cursor_file_.empty()) return {};
    return WriteFileAtomically(storage_, cursor_file_,
                               AsBytes(Format({.done = done_, .length = 0})));
  }

 private:
  Storage& storage_;
  const std::string cursor_file_;
  std::uint64_t done_;
};

class FileOutput final : public WatchOutput {
 public:
  FileOutput(Storage& storage, std::string cursor_file, std::unique_ptr<File> file, Cursor cursor)
      : storage_(storage),
        cursor_file_(std::move(cursor_file)),
        file_(std::move(file)),
        cursor_(cursor) {}

  std::uint64_t done() const override { return cursor_.done; }

  Result<void> Write(const std::string& lines, std::uint64_t now_done) override {
    if (!lines.empty()) {
      TW_RETURN_IF_ERROR(file_->Append(AsBytes(lines)));
      TW_RETURN_IF_ERROR(file_->Sync());
    }
    cursor_ = {.done = now_done, .length = cursor_.length + lines.size()};
    return WriteFileAtomically(storage_, cursor_file_, AsBytes(Format(cursor_)));
  }

 private:
  Storage& storage_;
  const std::string cursor_file_;
  const std::unique_ptr<File> file_;
  Cursor cursor_;
};

}  // namespace

Result<std::unique_ptr<WatchOutput>> WatchToStdout(Storage& storage,
                                                   const std::string& cursor_file) {
  std::optional<Cursor> cursor;
  if (!cursor_file.empty()) {
    TW_ASSIGN_OR_RETURN(cursor, ReadCursor(storage, cursor_file));
    if (cursor && cursor->length != 0) {
      return Fail(ErrorCode::kBadInput,
                  "{}: belongs to a file of {} bytes; give that file with --out", cursor_file,
                  cursor->length);
    }
  }
  return std::make_unique<StdoutOutput>(storage, cursor_file, cursor ? cursor->done : 0);
}

Result<std::unique_ptr<WatchOutput>> WatchToFile(Storage& storage, const std::string& file,
                                                 const std::string& cursor_file) {
  TW_ASSIGN_OR_RETURN(std::optional<Cursor> cursor, ReadCursor(storage, cursor_file));
  TW_ASSIGN_OR_RETURN(std::unique_ptr<File> lines, storage.Open(file, true));
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, lines->Size());
  if (!cursor) {
    if (size != 0) {
      return Fail(ErrorCode::kBadInput,
                  "{}: holds {} bytes already, and there is no {} that says what they are; give "
                  "another --out, or move the file away",
                  file, size, cursor_file);
    }
    // Before the first line: from here on the two belong together.
    cursor = Cursor{};
    TW_RETURN_IF_ERROR(WriteFileAtomically(storage, cursor_file, AsBytes(Format(*cursor))));
  }
  const std::string folder = std::filesystem::path(file).parent_path().string();
  TW_RETURN_IF_ERROR(storage.SyncDirectory(folder.empty() ? "." : folder));
  if (size < cursor->length) {
    return Fail(
        ErrorCode::kCheckFailed,
        "{}: has {} bytes, but {} were written: it was cut; remove both files to begin anew", file,
        size, cursor->length);
  }
  if (size > cursor->length) {
    TW_RETURN_IF_ERROR(lines->Truncate(cursor->length));
    TW_RETURN_IF_ERROR(lines->Sync());
  }
  return std::make_unique<FileOutput>(storage, cursor_file, std::move(lines), *cursor);
}

}  // namespace trucewatch::tools
