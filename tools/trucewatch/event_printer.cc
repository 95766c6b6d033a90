// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/event_printer.h"

#include <cstdio>

#include "core/types/codec.h"
#include "tools/trucewatch/event_json.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kPrintedBatchBytes = 1U << 20U;
// More refusals than this are counted, not printed: damage comes in floods.
constexpr std::uint64_t kFaultsPrinted = 10;

}  // namespace

Result<void> EventPrinter::Handle(const LogRecord& record) {
  TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(record.payload));
  if (!envelope.has_published()) return {};
  TW_ASSIGN_OR_RETURN(Finding finding, FromProto(envelope.published().finding()));
  const Published published{std::move(finding), envelope.published().ledger_index(),
                            envelope.published().checkpoint_size()};
  const FindingKind kind = published.finding.kind;
  if (kind == FindingKind::kDataFault) {
    if (++faults_ <= kFaultsPrinted) {
      bar_->Clear();
      std::fprintf(stderr, "  input refused: %s\n", published.finding.reason.c_str());
    }
    return {};
  }
  if (!HasEventLine(kind)) return {};
  const std::string line = EventJson(published);
  lines_ += line + "\n";
  if (record.sequence <= known_) return {};
  bar_->Clear();
  std::printf("%s\n", json_ ? line.c_str() : EventText(published).c_str());
  std::fflush(stdout);
  return {};
}

Result<bool> EventPrinter::Step(Duration wait) {
  TW_ASSIGN_OR_RETURN(const LogBatch batch, log_.ReadAfter(after_, kPrintedBatchBytes, wait));
  for (const LogRecord& record : batch.records) {
    TW_RETURN_IF_ERROR(Handle(record));
    after_ = record.sequence;
  }
  return !(batch.closed && after_ == batch.last);
}

}  // namespace trucewatch::tools
