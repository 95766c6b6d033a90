// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/leaves.h"

#include <algorithm>

#include "core/time/instant.h"
#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch::audit {
namespace {

constexpr std::string_view kTag = "trucewatch/leaf/v1\n";
constexpr std::string_view kPartyTag = "trucewatch/party-leaf/v1\n";

// "FINDING_KIND_EVENT_TRANSITION" -> "event_transition".
std::string ShortName(const std::string& name, std::string_view prefix) {
  std::string out = name.empty() ? "unknown" : name.substr(std::min(prefix.size(), name.size()));
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// What a ledger says is not trusted to leave a terminal alone.
std::string Printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return text;
}

Result<void> CheckMark(bool exercise, const AuditReport& report) {
  if (exercise == report.exercise) return {};
  return Fail(ErrorCode::kCheckFailed, "exercise={} in the ledger '{}'", exercise, report.origin);
}

Result<void> AddFinding(const v1::Finding& finding, std::uint64_t index, AuditReport& report) {
  TW_RETURN_IF_ERROR(CheckMark(finding.exercise(), report));
  const std::string kind = ShortName(v1::FindingKind_Name(finding.kind()), "FINDING_KIND_");
  report.last_time_us = finding.time_us();
  ++report.counts[kind];
  if (finding.kind() != v1::FINDING_KIND_EVENT_TRANSITION &&
      finding.kind() != v1::FINDING_KIND_NOTIFIED_MOVEMENT &&
      finding.kind() != v1::FINDING_KIND_PERMITTED_MOVEMENT) {
    return {};
  }
  AuditEvent event;
  event.ledger_index = index;
  event.time_us = finding.time_us();
  event.kind = kind;
  event.state = ShortName(v1::EventState_Name(finding.state()), "EVENT_STATE_");
  event.event_id = Printable(finding.event_id());
  event.rule = Printable(finding.rule());
  event.zone = Printable(finding.zone());
  event.notification = Printable(finding.notification());
  event.count_min = finding.count_min();
  event.count_max = finding.count_max();
  event.probability = finding.probability();
  report.events.push_back(std::move(event));
  return {};
}

// A commitment, or a statement: its first two keys are always these, so that its mark can be read
// by anybody without a JSON parser.
Result<void> AddPartyLeaf(std::string_view entry, AuditReport& report) {
  const char kind = entry.empty() ? '\0' : entry.front();
  std::string_view body = entry.substr(entry.empty() ? 0 : 1);
  if (kind == 1) {
    if (body.size() != 32) {
      return Fail(ErrorCode::kCheckFailed, "a commitment of {} bytes, 32 expected", body.size());
    }
    ++report.counts["commitment"];
    return {};
  }
  if (kind != 2) {
    return Fail(ErrorCode::kCheckFailed, "kind {}, 1 or 2 expected", static_cast<int>(kind));
  }
  constexpr std::string_view kBegin = R"({"statement":")";
  const std::size_t end = body.find('"', kBegin.size());
  if (!body.starts_with(kBegin) || end == body.npos || !body.ends_with('}')) {
    return Fail(ErrorCode::kCheckFailed, "is no statement");
  }
  const std::string_view word = body.substr(kBegin.size(), end - kBegin.size());
  const bool plain = std::all_of(word.begin(), word.end(),
                                 [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  if (word.empty() || !plain) return Fail(ErrorCode::kCheckFailed, "is no statement");
  body.remove_prefix(end);
  if (!body.starts_with(report.exercise ? R"(","status":"EXERCISE",)"
                                        : R"(","status":"OPERATIONAL",)")) {
    return Fail(ErrorCode::kCheckFailed, "has not the mark of the ledger '{}'", report.origin);
  }
  ++report.counts["statement_" + std::string(word)];
  return {};
}

}  // namespace

Result<void> AddLeaf(std::string_view entry, std::uint64_t index, AuditReport& report) {
  const bool party = entry.starts_with(kPartyTag);
  if (report.counts.empty()) report.parties = party;
  if (party != report.parties) {
    return Fail(ErrorCode::kCheckFailed, "a parties' leaf and an officers' leaf in one ledger");
  }
  if (party) return AddPartyLeaf(entry.substr(kPartyTag.size()), report);
  if (!entry.starts_with(kTag) || entry.size() == kTag.size()) {
    return Fail(ErrorCode::kCheckFailed, "does not start with 'trucewatch/leaf/v1'");
  }
  const char kind = entry[kTag.size()];
  if (kind != 1 && kind != 2) {
    return Fail(ErrorCode::kCheckFailed, "kind {}, 1 or 2 expected", static_cast<int>(kind));
  }
  entry.remove_prefix(kTag.size() + 1);
  v1::Envelope envelope;
  if (!envelope.ParseFromArray(entry.data(), static_cast<int>(entry.size()))) {
    return Fail(ErrorCode::kCheckFailed, "holds no Envelope");
  }
  if (kind == 2) ++report.counts["operation"];
  if (envelope.has_finding()) return AddFinding(envelope.finding(), index, report);
  if (envelope.has_mission_header()) {
    TW_RETURN_IF_ERROR(CheckMark(envelope.mission_header().exercise(), report));
    report.last_time_us = envelope.mission_header().start_time_us();
    ++report.counts["mission_header"];
    return {};
  }
  if (envelope.has_data_fault()) {
    const v1::DataFault& fault = envelope.data_fault();
    report.last_time_us = fault.time_us();
    ++report.counts["data_fault"];
    if (kind == 2)
      report.operations.push_back({index, fault.time_us(), fault.format(), fault.reason()});
    return {};
  }
  return Fail(ErrorCode::kCheckFailed, "neither finding nor mission header nor data fault");
}

std::string FormatReport(const AuditReport& report) {
  const auto time = [](const std::optional<std::int64_t>& us) {
    return us ? FormatUtc(Instant::FromMicros(*us)) : std::string("none");
  };
  std::string out =
      fmt::format("ledger: {} ({})\nlatest known: size {}, time {}\nroot: {}\nfiles checked: {}\n",
                  report.origin, report.exercise ? "EXERCISE" : "OPERATIONAL", report.size,
                  time(report.last_time_us), Base64Encode(report.root), report.files);
  for (const auto& [kind, count] : report.counts) out += fmt::format("{}: {}\n", kind, count);
  for (const std::string& name : report.cosigners) out += fmt::format("cosigned by: {}\n", name);
  for (const AuditEvent& event : report.events) {
    out += fmt::format("entry {}: {} {}", event.ledger_index, time(event.time_us), event.kind);
    if (event.kind == "event_transition") {
      out += fmt::format(" {} {} event {}", event.state, event.rule, event.event_id);
    } else {
      out += fmt::format(" {}", event.notification);
    }
    out += fmt::format(" zone {} count {}-{} probability {:.3f}\n", event.zone, event.count_min,
                       event.count_max, std::min(event.probability, 0.999));
  }
  for (const AuditOperation& operation : report.operations) {
    std::string reason = operation.reason;  // on one line, whatever it holds
    std::replace_if(
        reason.begin(), reason.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
    out += fmt::format("entry {}: {} operation {}: {}\n", operation.ledger_index,
                       time(operation.time_us), operation.format, reason);
  }
  if (!report.unsigned_files.empty()) {
    out += fmt::format("not yet signed: {} files, first {}\n", report.unsigned_files.size(),
                       report.unsigned_files[0]);
  }
  return out;
}

}  // namespace trucewatch::audit
