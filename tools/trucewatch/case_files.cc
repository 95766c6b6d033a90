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

constexpr Duration kCoverageBeside = Duration::Seconds(3600);

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

}  // namespace

std::string PlainName(const std::string& source) {
  std::string out = source;
  for (char& c : out) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
    if (!plain) c = '_';
  }
  return out;
}

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

Result<void> CaseFolder::AppendPart(const std::string& path, const std::string& from,
                                    std::uint64_t offset, std::uint64_t length) {
  std::ifstream in(std::filesystem::path(folder_) / from, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  std::string block;
  for (std::uint64_t left = length; left > 0; left -= block.size()) {
    block.resize(std::min<std::uint64_t>(left, 1U << 20U));
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    if (!in) return Fail(ErrorCode::kIo, "{}: cannot be read back", from);
    TW_RETURN_IF_ERROR(Append(path, block));
  }
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

}  // namespace trucewatch::tools
