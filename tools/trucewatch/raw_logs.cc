// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/raw_logs.h"

#include <algorithm>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "evidence/ledger/merkle.h"
#include "trucewatch/v1/station.pb.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kScanBytes = 8U << 20U;

Instant RawTime(std::int64_t micros) { return Instant::FromMicros(micros); }

template <typename Message>
std::vector<Digest> RawDigestsOf(const Message& message) {
  std::vector<Digest> out;
  for (const std::string& bytes : message.raw_digests()) {
    Digest digest{};
    if (bytes.size() != digest.size()) continue;
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    out.push_back(digest);
  }
  return out;
}

void AddRawRecord(const v1::RawRecord& raw, const std::set<SourceId>& human_sources,
                  RawRecordFacts* out) {
  const SourceId source{raw.source_id()};
  const Instant time = RawTime(raw.receive_time_us());
  out->parts.push_back({source, time, time, {Sha256(raw.payload())}});
  if (human_sources.contains(source) && !raw.end_of_source())
    out->pinned = "signed human records are kept";
}

Result<void> AddEnvelope(std::string_view payload, const std::set<SourceId>& human_sources,
                         RawRecordFacts* out) {
  TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(payload));
  switch (envelope.payload_case()) {
    case v1::Envelope::kMissionHeader:
      out->pinned = "the mission header is kept";
      break;
    case v1::Envelope::kRawRecord:
      AddRawRecord(envelope.raw_record(), human_sources, out);
      out->digest = out->parts.front().raw.front();
      break;
    case v1::Envelope::kVideoSegment: {
      const v1::VideoSegment& video = envelope.video_segment();
      if (video.frames().empty()) break;
      out->parts.push_back({{video.source_id()},
                            RawTime(video.frames(0).time_us()),
                            RawTime(video.frames(video.frames_size() - 1).time_us()),
                            RawDigestsOf(video)});
      break;
    }
    case v1::Envelope::kRadarDwell: {
      const v1::RadarDwell& dwell = envelope.radar_dwell();
      const Instant time = RawTime(dwell.time_us());
      out->parts.push_back({{dwell.source_id()}, time, time, RawDigestsOf(dwell)});
      break;
    }
    case v1::Envelope::kObservationSet: {
      const v1::ObservationSet& set = envelope.observation_set();
      const Instant time = RawTime(set.time_us());
      out->parts.push_back({{set.source_id()}, time, time, RawDigestsOf(set)});
      break;
    }
    case v1::Envelope::kScene: {
      const v1::Scene& scene = envelope.scene();
      const Instant time = RawTime(scene.time_us());
      out->parts.push_back({{scene.source_id()}, time, time, RawDigestsOf(scene)});
      break;
    }
    case v1::Envelope::kHumanRecord: {
      const v1::HumanRecord& human = envelope.human_record();
      out->parts.push_back({{human.source_id()},
                            RawTime(human.time_first_us()),
                            RawTime(human.time_last_us()),
                            RawDigestsOf(human)});
      break;
    }
    case v1::Envelope::kSourceStatus: {
      const Instant time = RawTime(envelope.source_status().time_us());
      out->parts.push_back({{envelope.source_status().source_id()}, time, time, {}});
      break;
    }
    case v1::Envelope::kDataFault: {
      const Instant time = RawTime(envelope.data_fault().time_us());
      out->parts.push_back({{envelope.data_fault().source_id()}, time, time, {}});
      break;
    }
    default:
      break;
  }
  return {};
}

Result<void> AddReceived(const std::string& payload, const std::set<SourceId>& human_sources,
                         RawRecordFacts* out) {
  v1::ReceivedRecord received;
  v1::StationBatch batch;
  if (!received.ParseFromString(payload) ||
      (received.has_batch() && !batch.ParseFromString(received.batch().body())))
    return Fail(ErrorCode::kCheckFailed, "is nothing that was received");
  if (received.has_mission_header()) out->pinned = "the mission header is kept";
  for (const v1::RawRecord& raw : batch.records()) AddRawRecord(raw, human_sources, out);
  const Instant sealed = RawTime(batch.sealed_us());
  // A batch of notices alone has a time, too.
  if (received.has_batch() && batch.records().empty())
    out->parts.push_back({{}, sealed, sealed, {}});
  return {};
}

// Each record of a segment in order.
Result<void> ForEachOf(Journal& log, std::uint64_t first, std::uint64_t last,
                       const std::function<Result<void>(const LogRecord&)>& handle) {
  for (std::uint64_t after = first - 1; after < last;) {
    TW_ASSIGN_OR_RETURN(const LogBatch batch, log.ReadAfter(after, kScanBytes, Duration()));
    for (const LogRecord& record : batch.records) {
      if (record.sequence > last) return {};
      TW_RETURN_IF_ERROR(handle(record));
      after = record.sequence;
    }
  }
  return {};
}

}  // namespace

Result<RawRecordFacts> FactsOf(const std::string& log, const LogRecord& record,
                               const std::set<SourceId>& human_sources) {
  RawRecordFacts out;
  const bool received = log == kRawLogs.front();
  const auto added = received ? AddReceived(record.payload, human_sources, &out)
                              : AddEnvelope(record.payload, human_sources, &out);
  if (!added) return Prefix(fmt::format("record {} of {}", record.sequence, log), added.error());
  // What people wrote stays in the log of raw records; what was read out of it may go.
  if (log == "ingest" && out.pinned.starts_with("signed")) out.pinned.clear();
  if (out.digest == Digest{}) out.digest = Sha256(record.payload);
  return out;
}

Result<std::vector<evidence::StoredSegment>> ScanRawLog(const std::string& name, Journal& log,
                                                        const evidence::Needs& needs,
                                                        const std::set<SourceId>& human_sources) {
  struct Span {
    Instant first, last;
  };
  std::vector<evidence::StoredSegment> out;
  for (const SegmentInfo& info : log.Segments()) {
    if (info.trimmed) continue;
    evidence::StoredSegment segment{
        .log = name, .first = info.first, .last = info.last, .bytes = info.bytes};
    std::map<SourceId, Span> spans;
    std::string pinned = info.trimmable ? "" : "the newest segment of a log is kept";
    std::string named;
    const auto scanned =
        ForEachOf(log, info.first, info.last, [&](const LogRecord& record) -> Result<void> {
          TW_ASSIGN_OR_RETURN(const RawRecordFacts facts, FactsOf(name, record, human_sources));
          if (pinned.empty()) pinned = facts.pinned;
          for (const RawPart& part : facts.parts) {
            Span& span = spans.try_emplace(part.source, Span{part.first, part.last}).first->second;
            span.first = std::min(span.first, part.first);
            span.last = std::max(span.last, part.last);
            for (const Digest& raw : part.raw) {
              if (named.empty()) named = needs.WhyDigest(raw);
            }
          }
          return {};
        });
    TW_RETURN_IF_ERROR(scanned);
    segment.kept_because = named;
    bool begun = false;
    for (const auto& [source, span] : spans) {
      segment.time_first = begun ? std::min(segment.time_first, span.first) : span.first;
      segment.time_last = begun ? std::max(segment.time_last, span.last) : span.last;
      begun = true;
      if (segment.kept_because.empty())
        segment.kept_because = needs.WhyTime(source, span.first, span.last);
    }
    if (segment.kept_because.empty()) segment.kept_because = pinned;
    if (segment.kept_because.empty() && !begun) segment.kept_because = "it says no time";
    out.push_back(std::move(segment));
  }
  return out;
}

Result<TrimDraft> DraftTrim(const evidence::StoredSegment& segment, Journal& log,
                            const std::string& rule, Instant now) {
  TrimDraft draft;
  evidence::TrimRecord& record = draft.record;
  record.log = segment.log;
  record.first = segment.first;
  record.last = segment.last;
  record.time = now;
  record.time_first = segment.time_first;
  record.time_last = segment.time_last;
  record.bytes = segment.bytes;
  record.rule = rule;
  evidence::MerkleTree tree;
  const auto read =
      ForEachOf(log, segment.first, segment.last, [&](const LogRecord& stored) -> Result<void> {
        TW_ASSIGN_OR_RETURN(const RawRecordFacts facts, FactsOf(segment.log, stored, {}));
        for (const RawPart& part : facts.parts) {
          if (!part.source.value.empty()) ++record.sources[part.source.value];
        }
        tree.Append(evidence::LeafHash(facts.digest));
        draft.digests.push_back(facts.digest);
        return {};
      });
  TW_RETURN_IF_ERROR(read);
  record.root = tree.Root(tree.size());
  return draft;
}

}  // namespace trucewatch::tools
