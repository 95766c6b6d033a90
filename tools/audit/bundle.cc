// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/bundle.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "core/crypto/sha256.h"
#include "tools/audit/json_line.h"
#include "tools/audit/ledger_files.h"
#include "tools/audit/opened.h"
#include "tools/audit/proof.h"
#include "tools/audit/raw_records.h"
#include "tools/audit/timestamps.h"
#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLeafTag = "trucewatch/leaf/v1\n";
constexpr std::string_view kPartyStatementTag = "trucewatch/party-leaf/v1\n\x02";
constexpr std::string_view kEventsFile = "events.jsonl";
constexpr std::string_view kLeavesFolder = "leaves/";

tl::unexpected<Error> BadFile(const std::string& path, std::string_view what) {
  return Fail(ErrorCode::kCheckFailed, "{}: {}", path, what);
}

// "EVENT_STATE_VERIFIED" -> "VERIFIED"; of a number that has no name, the number.
std::string UpperName(const std::string& name, std::string_view prefix, int number) {
  return name.empty() ? std::to_string(number) : name.substr(prefix.size());
}

// What events.jsonl calls the state of a statement on an event; nothing of what is none.
std::optional<std::string> StateOf(const v1::Finding& f) {
  switch (f.kind()) {
    case v1::FINDING_KIND_EVENT_TRANSITION:
      return UpperName(v1::EventState_Name(f.state()), "EVENT_STATE_", f.state());
    case v1::FINDING_KIND_CHALLENGE:
      return "CHALLENGE_" + UpperName(v1::ChallengeState_Name(f.challenge_state()),
                                      "CHALLENGE_STATE_", f.challenge_state());
    case v1::FINDING_KIND_RELEASE:
      return "RELEASED";
    default:
      return std::nullopt;
  }
}

// One check after another, in the order of docs/formats/bundle.md.
class BundleCheck {
 public:
  BundleCheck(const BundleOptions& options, CaseList list) : options_(options) {
    report_.list = std::move(list);
  }

  Result<BundleReport> Run() {
    TW_RETURN_IF_ERROR(CheckFolder());
    TW_RETURN_IF_ERROR(CheckLeaves());
    TW_RETURN_IF_ERROR(CheckStatements());
    if (report_.list.officers) {
      TW_RETURN_IF_ERROR(CheckTexts());
      TW_RETURN_IF_ERROR(CheckRaw(NamedByStatements()));
    } else {
      TW_RETURN_IF_ERROR(CheckRecordingsOfParties());
    }
    if (options_.ca_pem) TW_RETURN_IF_ERROR(CheckStamp());
    return std::move(report_);
  }

 private:
  const CaseList& list() const { return report_.list; }

  Result<void> CheckFolder() {
    std::set<std::string> missing;
    for (const auto& [path, file] : list().files) missing.insert(path);
    std::error_code error;
    fs::recursive_directory_iterator item(options_.folder, error);
    for (; !error && item != fs::recursive_directory_iterator(); item.increment(error)) {
      const std::string path = item->path().lexically_relative(options_.folder).generic_string();
      if (item->is_directory(error) && !item->is_symlink(error)) continue;
      if (!item->is_regular_file(error) || item->is_symlink(error)) {
        return BadFile(path, "is no plain file");
      }
      if (path != "case.txt" && missing.erase(path) == 0)
        return BadFile(path, "is not in case.txt");
    }
    if (error) return BadFile(options_.folder, error.message());
    if (!missing.empty()) return BadFile(*missing.begin(), "is missing");
    for (const auto& [path, file] : list().files) {
      if (IsRawBytes(path)) continue;  // read once, with their records
      TW_ASSIGN_OR_RETURN(std::string bytes, ReadLedgerFile(options_.folder, path, file.size));
      if (bytes.size() != file.size || HexEncode(Sha256(bytes)) != file.sha256) {
        return BadFile(path, "has not the bytes and the SHA-256 of case.txt");
      }
      data_[path] = std::move(bytes);
    }
    return {};
  }

  Result<std::string_view> Needed(const std::string& path) const {
    const auto found = data_.find(path);
    if (found == data_.end()) {
      return Fail(ErrorCode::kCheckFailed, "case.txt: line {}: a bundle needs '{}'",
                  list().files.size() + 6, path);
    }
    return std::string_view(found->second);
  }

  Result<void> CheckLeaves() {
    for (const auto& [path, bytes] : data_) {
      if (!path.starts_with(kLeavesFolder)) continue;
      const std::string name = path.substr(kLeavesFolder.size());
      const std::size_t dot = std::min(name.find('.'), name.size());
      const std::string number = name.substr(0, dot);
      std::uint64_t index = 0;
      const char* last = number.data() + number.size();
      const auto [end, error] = std::from_chars(number.data(), last, index);
      const std::string ending = name.substr(dot);
      if (error != std::errc() || end != last || std::to_string(index) != number ||
          number.size() > 18 || (ending != ".leaf" && ending != ".tlog-proof")) {
        return BadFile(path, "is neither a leaf nor a proof");
      }
      const std::string base = std::string(kLeavesFolder) + number;
      TW_ASSIGN_OR_RETURN(const std::string_view leaf, Needed(base + ".leaf"));
      TW_ASSIGN_OR_RETURN(const std::string_view proof, Needed(base + ".tlog-proof"));
      if (ending != ".leaf") TW_RETURN_IF_ERROR(CheckLeaf(path, index, leaf, proof));
    }
    return {};
  }

  Result<void> CheckLeaf(const std::string& path, std::uint64_t index, std::string_view leaf,
                         std::string_view proof) {
    auto proved = AuditProof({.proof = std::string(proof),
                              .leaf = std::string(leaf),
                              .policy = options_.policy,
                              .parse_leaves = true});
    if (!proved) return Prefix(path, proved.error());
    AuditReport& now = proved->ledger;
    AuditReport& all = report_.ledger;
    if (leaves_.empty()) {
      all = now;
      all.counts.clear();
      all.events.clear();
    }
    if (proved->index != index || now.origin != list().origin || now.size != list().size ||
        now.root != all.root) {
      return BadFile(path, "is of another entry or checkpoint than the bundle says");
    }
    if (now.parties == list().officers) return BadFile(path, "is of another audience's ledger");
    for (const auto& [kind, count] : now.counts) all.counts[kind] += count;
    all.events.insert(all.events.end(), now.events.begin(), now.events.end());
    Leaf& kept = leaves_[index];
    kept.bytes = leaf;
    // Of an operation only its words count, and it makes no statement.
    if (list().officers && leaf[kLeafTag.size()] == 1) {
      leaf.remove_prefix(kLeafTag.size() + 1);
      kept.envelope.emplace();
      if (!kept.envelope->ParseFromArray(leaf.data(), static_cast<int>(leaf.size()))) {
        return BadFile(path, "holds no Envelope");
      }
    }
    return {};
  }

  struct Leaf {
    std::string_view bytes;
    std::optional<v1::Envelope> envelope;  // officers', of a finding
    const v1::Finding* finding() const {
      return envelope && envelope->has_finding() ? &envelope->finding() : nullptr;
    }
    // A party's statement, without the tag.
    std::string_view statement() const {
      return bytes.starts_with(kPartyStatementTag) ? bytes.substr(kPartyStatementTag.size())
                                                   : std::string_view();
    }
  };

  bool OnEvent(const Leaf& leaf) const {
    if (list().officers) {
      const v1::Finding* f = leaf.finding();
      return f != nullptr && StateOf(*f) && f->event_id() == list().event;
    }
    return leaf.statement().find("\"event\":\"" + list().event + "\"") != std::string_view::npos;
  }

  bool SaysTheSame(std::string_view line, std::uint64_t index, const Leaf& leaf,
                   std::map<std::string, JsonValue>& words) const {
    if (!list().officers) {
      return line ==
             fmt::format("{{\"ledger_index\":{},", index) + std::string(leaf.statement().substr(1));
    }
    const v1::Finding& f = *leaf.finding();
    const auto text = [&](const char* key, const std::string& said) {
      return words[key].kind == JsonValue::Kind::kString && words[key].text == said;
    };
    const auto number = [&](const char* key, std::int64_t said) {
      return words[key].kind == JsonValue::Kind::kInteger && words[key].integer == said;
    };
    return text("event_id", f.event_id()) &&
           text("status", list().exercise ? "EXERCISE" : "OPERATIONAL") &&
           text("state", *StateOf(f)) && text("rule", f.rule()) && text("zone", f.zone()) &&
           number("count_min", f.count_min()) && number("count_max", f.count_max()) &&
           text("agreement_hash", f.agreement_hash());
  }

  Result<void> CheckStatements() {
    TW_ASSIGN_OR_RETURN(const std::string_view text, Needed(std::string(kEventsFile)));
    TW_ASSIGN_OR_RETURN(const auto lines, PlainLines(kEventsFile, text));
    std::size_t number = 0;
    for (const std::string_view line : lines) {
      const std::string where = fmt::format("{}: line {}", kEventsFile, ++number);
      auto words = ReadJsonObject(line);
      if (!words) return BadFile(where, "is no JSON object");
      const JsonValue& named = (*words)["ledger_index"];
      const auto index = static_cast<std::uint64_t>(named.integer);
      const auto leaf = leaves_.find(index);
      if (named.kind != JsonValue::Kind::kInteger || named.integer < 0 || leaf == leaves_.end() ||
          (!told_.empty() && index <= told_.back())) {
        return BadFile(where,
                       "has no 'ledger_index' of a leaf here that comes after the one before");
      }
      if (!OnEvent(leaf->second) || !SaysTheSame(line, index, leaf->second, *words)) {
        return BadFile(where, fmt::format("does not say what leaf {} says of the event", index));
      }
      told_.push_back(index);
    }
    for (const auto& [index, leaf] : leaves_) {
      if (OnEvent(leaf) && !std::binary_search(told_.begin(), told_.end(), index)) {
        return BadFile(std::string(kEventsFile), fmt::format("has no line for leaf {}", index));
      }
    }
    if (told_.empty()) return BadFile(std::string(kEventsFile), "says nothing");
    report_.statements = told_.size();
    return {};
  }

  // Lines of UTF-8 without control characters, each ended.
  static Result<std::vector<std::string_view>> PlainLines(std::string_view where,
                                                          std::string_view text) {
    std::vector<std::string_view> lines = Lines(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!IsPlainUtf8(lines[i]) || (i + 1 == lines.size() && !text.ends_with('\n'))) {
        return Fail(ErrorCode::kCheckFailed, "{}: line {}: is no plain UTF-8 line", where, i + 1);
      }
    }
    return lines;
  }

  Result<void> CheckTexts() {
    const v1::MissionHeader* header = nullptr;
    for (const auto& [index, leaf] : leaves_) {
      if (!leaf.envelope || !leaf.envelope->has_mission_header()) continue;
      if (header != nullptr) return BadFile("leaves", "hold more than one mission header");
      header = &leaf.envelope->mission_header();
    }
    if (header == nullptr) return BadFile("leaves", "hold no mission header");
    TW_ASSIGN_OR_RETURN(const std::string_view agreement, Needed("agreement.txtpb"));
    TW_ASSIGN_OR_RETURN(const std::string_view mission, Needed("mission.txtpb"));
    const auto& later = header->later_agreement_text();
    if (agreement != header->agreement_text() &&
        std::find(later.begin(), later.end(), agreement) == later.end()) {
      return BadFile("agreement.txtpb", "is not the text of the mission header");
    }
    if (mission != header->config_text()) {
      return BadFile("mission.txtpb", "is not the text of the mission header");
    }
    const std::string hash = HexEncode(Sha256(agreement));
    for (const std::uint64_t index : told_) {
      if (leaves_[index].finding()->agreement_hash() != hash) {
        return BadFile(fmt::format("leaves/{}.leaf", index),
                       "rests on another agreement than agreement.txtpb");
      }
    }
    return {};
  }

  std::set<std::string> NamedByStatements() {
    std::set<std::string> named;
    for (const std::uint64_t index : told_) {
      for (const v1::Support& support : leaves_[index].finding()->supports()) {
        for (const std::string& digest : support.raw_digests())
          named.insert(HexEncode(AsBytes(digest)));
      }
    }
    return named;
  }

  // Only by a decision of the mission that is itself an entry of the ledger.
  Result<void> CheckRecordingsOfParties() {
    std::map<std::uint64_t, std::string_view> leaves;
    for (const auto& [index, leaf] : leaves_) leaves[index] = leaf.bytes;
    TW_ASSIGN_OR_RETURN(Opened opened, CheckOpened(data_, leaves, list().origin, list().exercise));
    report_.opened = opened.entries;
    report_.has_raw = opened.raw_named.has_value();
    if (report_.has_raw) return CheckRaw(*opened.raw_named);
    for (const auto& [path, file] : list().files) {
      if (path.starts_with("raw/") || path.starts_with("video/"))
        return BadFile(path, "no entry that is opened here releases the event's recordings");
    }
    return {};
  }

  Result<void> CheckRaw(const std::set<std::string>& named) {
    TW_ASSIGN_OR_RETURN(const std::string_view records, Needed("raw/records.jsonl"));
    TW_RETURN_IF_ERROR(PlainLines("raw/records.jsonl", records));
    TW_ASSIGN_OR_RETURN(const std::set<std::string> digests,
                        CheckRawRecords(options_.folder, list(), records));
    report_.raw_named = named.size();
    for (const std::string& digest : named) report_.raw_in_bundle += digests.count(digest);
    return {};
  }

  // That the checkpoint which every proof ends in was there at a time.
  Result<void> CheckStamp() {
    TW_ASSIGN_OR_RETURN(const std::string_view checkpoint, Needed("checkpoint"));
    TW_ASSIGN_OR_RETURN(const std::string_view response, Needed("checkpoint.tsr"));
    for (const auto& [index, leaf] : leaves_) {
      const std::string path = fmt::format("leaves/{}.tlog-proof", index);
      TW_ASSIGN_OR_RETURN(const std::string_view proof, Needed(path));
      const std::size_t blank = proof.find("\n\n");
      if (blank == std::string_view::npos || proof.substr(blank + 2) != checkpoint)
        return BadFile("checkpoint", "is not the one of " + path);
    }
    auto stamp = CheckTimestamp(
        AsBytes(response),
        {.sha256 = Sha256(checkpoint), .ca_pem = *options_.ca_pem, .nonce = std::nullopt});
    if (!stamp) return BadFile("checkpoint.tsr", stamp.error().message);
    report_.stamp = std::move(*stamp);
    return {};
  }

  const BundleOptions& options_;
  BundleReport report_;
  std::map<std::string, std::string> data_;  // all but raw bytes, by path
  std::map<std::uint64_t, Leaf> leaves_;
  std::vector<std::uint64_t> told_;  // leaves with a line, ascending
};

}  // namespace

Result<BundleReport> AuditBundle(const BundleOptions& options) {
  TW_RETURN_IF_ERROR(ParsePolicy(options.policy));
  const auto signers = ReadSigners(options.signers);
  if (!signers) return Prefix("--signer", signers.error());
  std::error_code error;
  if (!fs::is_directory(options.folder, error)) {
    return Fail(ErrorCode::kNotFound, "{}: no such folder", options.folder);
  }
  if (!fs::is_regular_file(fs::symlink_status(options.folder + "/case.txt", error))) {
    return BadFile("case.txt", "is missing or no plain file");
  }
  TW_ASSIGN_OR_RETURN(const std::string text,
                      ReadLedgerFile(options.folder, "case.txt", kMaxCaseList));
  TW_ASSIGN_OR_RETURN(CaseList list, ReadCaseList(text, *signers));
  return BundleCheck(options, std::move(list)).Run();
}

std::string FormatBundleReport(const BundleReport& report) {
  const CaseList& list = report.list;
  std::string out =
      fmt::format("case: event {}, for {}, signed by {}\n", list.event,
                  list.officers ? "officers" : "parties", fmt::join(list.signers, ", "));
  AuditReport ledger = report.ledger;
  ledger.files = list.files.size() + 1;
  out += FormatReport(ledger);
  if (report.stamp) out += FormatStamp(list.size, *report.stamp);
  if (report.opened > 0) out += fmt::format("officers' entries opened: {}\n", report.opened);
  if (report.has_raw) {
    out += fmt::format("raw records named by the event: {} of {} are in the bundle\n",
                       report.raw_in_bundle, report.raw_named);
  }
  return out;
}

}  // namespace trucewatch::audit
