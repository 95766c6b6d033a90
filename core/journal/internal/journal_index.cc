// SPDX-License-Identifier: Apache-2.0
#include "core/journal/internal/journal_index.h"

#include <sqlite3.h>

#include <array>

namespace trucewatch::journal {
namespace {

constexpr int kFormat = 1;
constexpr int kTrimmedFormat = 2;  // with a table of trimmed segments

// A statement that goes away with the object.
class Statement {
 public:
  Statement(sqlite3* database, const std::string& sql) {
    status_ = sqlite3_prepare_v2(database, sql.c_str(), -1, &statement_, nullptr);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  int status() const { return status_; }
  int Step() { return sqlite3_step(statement_); }
  void Reset() { sqlite3_reset(statement_); }
  // Sequences and offsets stay below 2^63, see Journal::Append.
  void Bind(int parameter, std::uint64_t value) {
    sqlite3_bind_int64(statement_, parameter, static_cast<std::int64_t>(value));
  }
  // `text` outlives the next Step.
  void BindText(int parameter, const std::string& text) {
    sqlite3_bind_text(statement_, parameter, text.data(), static_cast<int>(text.size()),
                      SQLITE_STATIC);
  }
  std::uint64_t Column(int column) const {
    return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
  }
  std::string Text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return text == nullptr ? "" : text;
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int status_ = SQLITE_OK;
};

}  // namespace

Result<std::unique_ptr<JournalIndex>> JournalIndex::Open(const std::string& path) {
  std::unique_ptr<JournalIndex> index(new JournalIndex(path));
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int status = sqlite3_open_v2(path.c_str(), &index->database_, flags, nullptr);
  if (status != SQLITE_OK) return index->FailWith("open", status);
  TW_RETURN_IF_ERROR(index->Configure());
  TW_RETURN_IF_ERROR(index->CreateTables());
  return index;
}

JournalIndex::~JournalIndex() { sqlite3_close(database_); }

Result<void> JournalIndex::Configure() {
  sqlite3_busy_timeout(database_, 0);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // Each pragma, and what it must read as afterwards: a pragma that SQLite does not take fails in
  // silence.
  struct Setting {
    const char* name;
    const char* value;
    const char* reads;
  };
  constexpr std::array<Setting, 8> kSettings = {{{"locking_mode", "EXCLUSIVE", "exclusive"},
                                                 {"journal_mode", "WAL", "wal"},
                                                 {"synchronous", "FULL", "2"},
                                                 {"mmap_size", "0", "0"},
                                                 {"trusted_schema", "OFF", "0"},
                                                 {"cell_size_check", "ON", "1"},
                                                 {"foreign_keys", "ON", "1"},
                                                 {"wal_autocheckpoint", "1000", "1000"}}};
  for (const Setting& setting : kSettings) {
    const auto set = Query(fmt::format("PRAGMA {}={}", setting.name, setting.value));
    if (!set) return tl::unexpected<Error>(set.error());
    TW_ASSIGN_OR_RETURN(const std::string reads, Query(fmt::format("PRAGMA {}", setting.name)));
    if (reads != setting.reads) {
      return Fail(ErrorCode::kIo, "{}: SQLite does not take {}={}: it reads {}", path_,
                  setting.name, setting.value, reads);
    }
  }
  // Takes the exclusive lock, which locking_mode=EXCLUSIVE then never gives back.
  TW_RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  TW_RETURN_IF_ERROR(Execute("COMMIT"));
  TW_ASSIGN_OR_RETURN(const std::string check, Query("PRAGMA integrity_check(1)"));
  if (check != "ok") {
    return Fail(ErrorCode::kCheckFailed, "{}: the index is damaged: {}", path_, check);
  }
  return {};
}

Result<void> JournalIndex::CreateTables() {
  TW_ASSIGN_OR_RETURN(const std::string tables, Query("SELECT count(*) FROM sqlite_schema"));
  if (tables == "0") {
    created_ = true;
    return Execute(
        "BEGIN IMMEDIATE;"
        "CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
        "CREATE TABLE records (sequence INTEGER PRIMARY KEY, origin INTEGER NOT NULL,"
        " segment INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL) STRICT;"
        "INSERT INTO state VALUES ('format', 1), ('closed', 0);"
        "COMMIT");
  }
  TW_ASSIGN_OR_RETURN(const std::string format,
                      Query("SELECT value FROM state WHERE name = 'format'"));
  has_trimmed_ = format == std::to_string(kTrimmedFormat);
  if (!has_trimmed_ && format != std::to_string(kFormat)) {
    return Fail(ErrorCode::kBadInput,
                "{}: journal format '{}', this program reads formats {} and {}", path_, format,
                kFormat, kTrimmedFormat);
  }
  return {};
}

Result<std::vector<Row>> JournalIndex::Load() const {
  Statement select(
      database_, "SELECT sequence, origin, segment, offset, length FROM records ORDER BY sequence");
  if (select.status() != SQLITE_OK) return FailWith("read", select.status());
  std::vector<Row> rows;
  int status = select.Step();
  for (; status == SQLITE_ROW; status = select.Step()) {
    const std::uint64_t length = select.Column(4);
    if (length > UINT32_MAX) {
      return Fail(ErrorCode::kCheckFailed, "{}: the index is damaged: record {} has {} bytes",
                  path_, select.Column(0), length);
    }
    rows.push_back({.sequence = select.Column(0),
                    .origin = select.Column(1),
                    .location = {.segment = select.Column(2),
                                 .offset = select.Column(3),
                                 .length = static_cast<std::uint32_t>(length)}});
  }
  if (status != SQLITE_DONE) return FailWith("read", status);
  return rows;
}

Result<bool> JournalIndex::closed() const {
  TW_ASSIGN_OR_RETURN(const std::string value,
                      Query("SELECT value FROM state WHERE name = 'closed'"));
  return value == "1";
}

Result<void> JournalIndex::Commit(std::span<const Row> rows) {
  TW_RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  {
    Statement insert(database_, "INSERT INTO records VALUES (?, ?, ?, ?, ?)");
    if (insert.status() != SQLITE_OK) return FailWith("write", insert.status());
    for (const Row& row : rows) {
      insert.Bind(1, row.sequence);
      insert.Bind(2, row.origin);
      insert.Bind(3, row.location.segment);
      insert.Bind(4, row.location.offset);
      insert.Bind(5, row.location.length);
      const int status = insert.Step();
      if (status != SQLITE_DONE) return FailWith("write", status);
      insert.Reset();
    }
  }
  return Execute("COMMIT");
}

Result<void> JournalIndex::SetClosed() {
  return Execute("UPDATE state SET value = 1 WHERE name = 'closed'");
}

Result<std::vector<TrimmedSegment>> JournalIndex::LoadTrimmed() const {
  std::vector<TrimmedSegment> out;
  if (!has_trimmed_) return out;
  Statement select(database_, "SELECT first, last, note FROM trimmed ORDER BY first");
  if (select.status() != SQLITE_OK) return FailWith("read", select.status());
  int status = select.Step();
  for (; status == SQLITE_ROW; status = select.Step()) {
    out.push_back({select.Column(0), select.Column(1), select.Text(2)});
  }
  if (status != SQLITE_DONE) return FailWith("read", status);
  return out;
}

Result<void> JournalIndex::MarkTrimmed(const TrimmedSegment& trimmed) {
  TW_RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  if (!has_trimmed_) {
    // A program that does not know of trimming must not take it for damage.
    TW_RETURN_IF_ERROR(
        Execute("CREATE TABLE trimmed (first INTEGER PRIMARY KEY, last INTEGER NOT NULL,"
                " note TEXT NOT NULL) STRICT;"
                "UPDATE state SET value = 2 WHERE name = 'format'"));
  }
  {
    Statement insert(database_, "INSERT INTO trimmed VALUES (?, ?, ?)");
    if (insert.status() != SQLITE_OK) return FailWith("write", insert.status());
    insert.Bind(1, trimmed.first);
    insert.Bind(2, trimmed.last);
    insert.BindText(3, trimmed.note);
    const int status = insert.Step();
    if (status != SQLITE_DONE) return FailWith("write", status);
  }
  TW_RETURN_IF_ERROR(Execute("COMMIT"));
  has_trimmed_ = true;
  return {};
}

Result<void> JournalIndex::Execute(const char* sql) const {
  const int status = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return FailWith("write", status);
  return {};
}

Result<std::string> JournalIndex::Query(const std::string& sql) const {
  Statement query(database_, sql);
  if (query.status() != SQLITE_OK) return FailWith("read", query.status());
  const int status = query.Step();
  if (status == SQLITE_DONE) return std::string();
  if (status != SQLITE_ROW) return FailWith("read", status);
  std::string text = query.Text(0);
  const int after = query.Step();
  if (after != SQLITE_ROW && after != SQLITE_DONE) return FailWith("read", after);
  return text;
}

tl::unexpected<Error> JournalIndex::FailWith(const char* what, int status) const {
  switch (status & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Fail(ErrorCode::kUnavailable,
                  "{}: another process has this journal open; stop it or use another folder",
                  path_);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Fail(ErrorCode::kCheckFailed, "{}: the index is damaged: {}", path_,
                  sqlite3_errstr(status));
    default:
      return Fail(ErrorCode::kIo, "{}: cannot {}: {}", path_, what,
                  database_ == nullptr ? sqlite3_errstr(status) : sqlite3_errmsg(database_));
  }
}

}  // namespace trucewatch::journal
