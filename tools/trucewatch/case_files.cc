// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/case_files.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/config/text_config.h"
#include "core/crypto/sha256.h"
#include "core/json/json_writer.h"
#include "core/types/codec.h"
#include "evidence/leaf.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kRawBatchBytes = 8U << 20U;
constexpr Duration kBeside = Duration::Seconds(5);
constexpr Duration kCoverageBeside = Duration::Seconds(3600);

std::string PlainName(const std::string& source) {
  std::string out = source;
  for (char& c : out) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
    if (!plain) c = '_';
  }
  return out;
}

bool OnEvent(const Finding& f) {
  return f.kind == FindingKind::kEventTransition || f.kind == FindingKind::kChallenge ||
         f.kind == FindingKind::kRelease;
}

Result<std::string> FileHash(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  Sha256Stream hash;
  std::string buffer(1U << 20U, '\0');
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.Add(AsBytes(std::string_view(buffer).substr(0, static_cast<std::size_t>(in.gcount()))));
  }
  if (!in.eof()) return Fail(ErrorCode::kIo, "{}: cannot be read back", path);
  return HexEncode(hash.Finish());
}

// Which raw records of each source belong to a case: from the first to the last that was received
// about then, or that a leaf names.
struct Range {
  std::uint64_t first = 0, last = 0;  // of the journal
};

}  // namespace

Result<CaseFolder> CaseFolder::Make(Storage& storage, const std::string& folder) {
  std::error_code ignored;
  if (std::filesystem::exists(folder, ignored) && !std::filesystem::is_empty(folder, ignored))
    return Fail(ErrorCode::kUsage, "{}: is there already and not empty; a bundle is never added to",
                folder);
  TW_RETURN_IF_ERROR(storage.MakeDirectories(folder));
  return CaseFolder(storage, folder);
}

Result<void> CaseFolder::Add(const std::string& path, std::string_view bytes) {
  return Append(path, bytes);
}

Result<void> CaseFolder::Append(const std::string& path, std::string_view bytes) {
  const std::filesystem::path whole = std::filesystem::path(folder_) / path;
  TW_RETURN_IF_ERROR(storage_.MakeDirectories(whole.parent_path().string()));
  std::ofstream out(whole, std::ios::binary | std::ios::app);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.flush();
  if (!out) return Fail(ErrorCode::kIo, "{}: cannot be written", whole.string());
  sizes_[path] += bytes.size();
  return {};
}

std::uint64_t CaseFolder::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [path, size] : sizes_) sum += size;
  return sum;
}

Result<void> CaseFolder::Sign(const Heading& heading, const evidence::LogKey& key) {
  std::string text =
      fmt::format("trucewatch case bundle v1\nevent {}\nstatus {}\naudience {}\nledger {} {}\n",
                  heading.event, heading.exercise ? "EXERCISE" : "OPERATIONAL", heading.audience,
                  heading.origin, heading.ledger_size);
  for (const auto& [path, size] : sizes_) {
    // Of raw files records.jsonl binds every byte: hashed once is enough, for who checks too.
    std::string hash = "-";
    if (!path.starts_with("raw/") || !path.ends_with(".bin")) {
      TW_ASSIGN_OR_RETURN(hash, FileHash(folder_ + "/" + path));
    }
    text += fmt::format("file {} {} {}\n", hash, size, path);
  }
  return WriteFileAtomically(storage_, folder_ + "/case.txt",
                             AsBytes(FormatNote({text, {key.Sign(text)}})));
}

Result<CaseEntries> SelectCase(const LedgerEntries& ledger, const std::string& event) {
  CaseEntries out;
  std::string event_id;
  std::vector<Published> accounts;
  std::map<std::uint64_t, std::string> account_leaves;
  std::vector<std::string> texts;  // of the agreement's versions
  const auto read =
      ledger.ForEach([&](std::uint64_t index, std::string_view bytes) -> Result<void> {
        TW_ASSIGN_OR_RETURN(const evidence::Leaf leaf, evidence::ParseLeaf(bytes));
        if (index == 0) {
          if (!leaf.envelope.has_mission_header())
            return Fail(ErrorCode::kBadInput, "entry 0 of the ledger is no mission header");
          const v1::MissionHeader& header = leaf.envelope.mission_header();
          texts.push_back(header.agreement_text());
          texts.insert(texts.end(), header.later_agreement_text().begin(),
                       header.later_agreement_text().end());
          out.config_text = header.config_text();
          v1::config::MissionConfig config;
          TW_RETURN_IF_ERROR(ParseTextConfig(header.config_text(), "mission config", &config));
          out.record = RecordOf(config, {});
          TW_ASSIGN_OR_RETURN(out.record.versions, ParseVersionsOf(header));
          out.record.exercise = header.exercise();
          out.leaves.emplace(index, bytes);
          return {};
        }
        if (leaf.kind != evidence::LeafKind::kFinding || !leaf.envelope.has_finding()) return {};
        TW_ASSIGN_OR_RETURN(Finding finding, FromProto(leaf.envelope.finding()));
        if (finding.kind == FindingKind::kCoverage && finding.coverage) {
          accounts.push_back({std::move(finding), index, ledger.size()});
          account_leaves.emplace(index, bytes);
          return {};
        }
        if (!OnEvent(finding) || !finding.event_id.starts_with(event)) return {};
        if (!event_id.empty() && finding.event_id != event_id)
          return Fail(ErrorCode::kUsage, "'{}': more than one event begins so; give more of its id",
                      event);
        event_id = finding.event_id;
        out.leaves.emplace(index, bytes);
        out.statements.push_back({std::move(finding), index, ledger.size()});
        return {};
      });
  TW_RETURN_IF_ERROR(read);
  if (out.statements.empty())
    return Fail(ErrorCode::kUsage,
                "'{}': no event of the ledger begins so; `trucewatch events` lists them", event);
  const Finding& first = out.statements.front().finding;
  for (std::size_t i = 0; i < out.record.versions.size(); ++i) {
    if (out.record.versions[i].first != first.agreement_hash) continue;
    out.agreement_text = texts[i];
    out.record.agreement = out.record.versions[i].second;
  }
  Instant last = first.time_last;
  for (const Published& one : out.statements) last = std::max(last, one.finding.time_last);
  for (Published& account : accounts) {
    const CoverageAccount& a = *account.finding.coverage;
    if (a.zone != first.zone || a.end < first.time_first - kCoverageBeside ||
        a.start > last + kCoverageBeside)
      continue;
    out.leaves.emplace(account.ledger_index, account_leaves[account.ledger_index]);
    out.coverage.push_back(std::move(account));
  }
  return out;
}

Result<std::size_t> AddRaw(const CaseEntries& entries, LogReader& journal,
                           const TrimmedDigests& trimmed, CaseFolder& folder) {
  std::set<Digest> named;
  std::set<std::string> sources;
  Instant first = entries.statements.front().finding.time_first;
  Instant last = entries.statements.front().finding.time_last;
  for (const Published& one : entries.statements) {
    last = std::max(last, one.finding.time_last);
    for (const Support& support : one.finding.supports) {
      sources.insert(support.source.value);
      named.insert(support.raw_digests.begin(), support.raw_digests.end());
    }
  }
  // Twice through the journal: which records, then their bytes; they may be many.
  std::map<std::string, Range> ranges;
  const auto each =
      [&](const std::function<Result<void>(const LogRecord&, const v1::RawRecord&)>& handle)
      -> Result<void> {
    for (std::uint64_t after = 0;;) {
      TW_ASSIGN_OR_RETURN(const LogBatch batch,
                          journal.ReadAfter(after, kRawBatchBytes, Duration()));
      if (batch.records.empty()) return {};
      for (const LogRecord& record : batch.records) {
        after = record.sequence;
        TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(record.payload));
        if (envelope.has_raw_record() && !envelope.raw_record().end_of_source() &&
            sources.contains(envelope.raw_record().source_id()))
          TW_RETURN_IF_ERROR(handle(record, envelope.raw_record()));
      }
    }
  };
  const auto found = each([&](const LogRecord& record, const v1::RawRecord& raw) -> Result<void> {
    const Instant time = Instant::FromMicros(raw.receive_time_us());
    const bool then = time >= first - kBeside && time <= last + kBeside;
    if (!then && !named.contains(Sha256(raw.payload()))) return {};
    Range& range =
        ranges.try_emplace(raw.source_id(), Range{record.sequence, record.sequence}).first->second;
    range.last = record.sequence;
    return {};
  });
  TW_RETURN_IF_ERROR(found);
  std::string lines;
  std::map<std::string, std::uint64_t> offsets;
  const auto copied = each([&](const LogRecord& record, const v1::RawRecord& raw) -> Result<void> {
    const auto range = ranges.find(raw.source_id());
    if (range == ranges.end() || record.sequence < range->second.first ||
        record.sequence > range->second.last)
      return {};
    const std::string file = PlainName(raw.source_id()) + ".bin";
    TW_RETURN_IF_ERROR(folder.Append("raw/" + file, raw.payload()));
    JsonWriter json;
    json.BeginObject().Field("file", file).Field("offset", offsets[file]);
    json.Field("length", raw.payload().size()).Field("sha256", HexEncode(Sha256(raw.payload())));
    json.Field("source", raw.source_id());
    json.Field("receive_time_utc", FormatUtc(Instant::FromMicros(raw.receive_time_us())))
        .EndObject();
    lines += json.text() + "\n";
    offsets[file] += raw.payload().size();
    return {};
  });
  TW_RETURN_IF_ERROR(copied);
  TW_RETURN_IF_ERROR(folder.Add("raw/records.jsonl", lines));
  std::string gone;
  std::size_t count = 0;
  for (const Digest& digest : named) {
    const auto note = trimmed.find(digest);
    if (note == trimmed.end()) continue;
    JsonWriter json;
    json.BeginObject().Field("sha256", HexEncode(digest)).Field("trimmed", note->second);
    gone += json.EndObject().text() + "\n";
    ++count;
  }
  if (count > 0) TW_RETURN_IF_ERROR(folder.Add("trimmed.jsonl", gone));
  return count;
}

}  // namespace trucewatch::tools
