// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <set>

#include "core/crypto/sha256.h"
#include "core/json/json_writer.h"
#include "core/media/ts_clip.h"
#include "core/types/codec.h"
#include "tools/trucewatch/case_files.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kRawBatchBytes = 8U << 20U;
constexpr Duration kBeside = Duration::Seconds(5);
// Between two key pictures there is rarely more.
constexpr Duration kKeyPictureBefore = Duration::Seconds(30);

// What the leaves say of the sources that speak for the event.
struct Named {
  std::set<std::string> sources, video;
  std::set<std::string> named_alone;  // of these, the records that a digest names and no other
  std::set<Digest> digests;
  Instant first, last;
};

Named NamedBy(const CaseEntries& entries, bool for_parties) {
  Named out;
  out.first = entries.statements.front().finding.time_first;
  out.last = entries.statements.front().finding.time_last;
  for (const Published& one : entries.statements) {
    out.last = std::max(out.last, one.finding.time_last);
    for (const Support& support : one.finding.supports) {
      const Modality kind = support.lineage.modality;
      if (for_parties && kind == Modality::kHuman) continue;
      out.sources.insert(support.source.value);
      if (for_parties && IsSatellite(kind)) out.named_alone.insert(support.source.value);
      if (kind == Modality::kVideoRgb || kind == Modality::kVideoInfrared)
        out.video.insert(support.source.value);
      out.digests.insert(support.raw_digests.begin(), support.raw_digests.end());
    }
  }
  return out;
}

// Which records of a source belong to a case: sequences of the journal.
struct Range {
  std::uint64_t first = 0, last = 0;  // those that were received about then, or that a leaf names
  std::uint64_t search = 0;           // of video: from here on a key picture is looked for
};
using RawRanges = std::map<std::string, Range>;

using HandleRaw = std::function<Result<void>(const LogRecord&, const v1::RawRecord&)>;

// The sources' records from one sequence to another, in order.
Result<void> EachRaw(LogReader& journal, const Named& named, std::uint64_t from, std::uint64_t to,
                     const HandleRaw& handle) {
  for (std::uint64_t after = from == 0 ? 0 : from - 1; after < to;) {
    TW_ASSIGN_OR_RETURN(const LogBatch batch, journal.ReadAfter(after, kRawBatchBytes, Duration()));
    if (batch.records.empty()) return {};
    for (const LogRecord& record : batch.records) {
      after = record.sequence;
      if (after > to) return {};
      TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(record.payload));
      if (envelope.has_raw_record() && !envelope.raw_record().end_of_source() &&
          named.sources.contains(envelope.raw_record().source_id()))
        TW_RETURN_IF_ERROR(handle(record, envelope.raw_record()));
    }
  }
  return {};
}

Result<RawRanges> FindRanges(LogReader& journal, const Named& named) {
  RawRanges ranges;
  std::map<std::string, std::uint64_t> search;
  const auto found = EachRaw(
      journal, named, 0, UINT64_MAX,
      [&](const LogRecord& record, const v1::RawRecord& raw) -> Result<void> {
        const Instant time = Instant::FromMicros(raw.receive_time_us());
        if (time >= named.first - kBeside - kKeyPictureBefore && time <= named.last + kBeside)
          search.try_emplace(raw.source_id(), record.sequence);
        const bool then = time >= named.first - kBeside && time <= named.last + kBeside;
        if (!then && !named.digests.contains(Sha256(raw.payload()))) return {};
        Range& range =
            ranges.try_emplace(raw.source_id(), Range{record.sequence, record.sequence, 0})
                .first->second;
        range.last = record.sequence;
        return {};
      });
  TW_RETURN_IF_ERROR(found);
  for (auto& [source, range] : ranges) {
    const auto from = search.find(source);
    range.search = from == search.end() ? range.first : std::min(range.first, from->second);
  }
  return ranges;
}

// The first and last sequence that any of them has.
std::pair<std::uint64_t, std::uint64_t> WholeOf(const RawRanges& ranges) {
  std::pair<std::uint64_t, std::uint64_t> out = {UINT64_MAX, 0};
  for (const auto& [source, range] : ranges)
    out = {std::min(out.first, range.search), std::max(out.second, range.last)};
  return out;
}

// Looks for the key picture before an excerpt of video.
struct Excerpt {
  TsClipFinder finder;
  bool video = true;                                             // so far
  std::vector<std::pair<std::uint64_t, std::uint64_t>> records;  // sequence, offset of its bytes
  std::uint64_t size = 0;

  void Add(std::uint64_t sequence, const std::string& bytes) {
    records.emplace_back(sequence, size);
    size += bytes.size();
    if (video) video = finder.Push(AsBytes(bytes)).has_value();
  }
};

// Pieces of raw/<source>.bin that are a clip, by source. RawRanges of video then begin with the
// record that the clip's first picture begins in, or its metadata and tables, if it lies before.
Result<std::map<std::string, std::vector<TsPiece>>> FindClips(LogReader& journal,
                                                              const Named& named,
                                                              RawRanges& ranges) {
  std::map<std::string, Excerpt> excerpts;
  const auto [from, to] = WholeOf(ranges);
  const auto read =
      EachRaw(journal, named, from, to,
              [&](const LogRecord& record, const v1::RawRecord& raw) -> Result<void> {
                const auto range = ranges.find(raw.source_id());
                if (!named.video.contains(raw.source_id()) || range == ranges.end() ||
                    record.sequence < range->second.search || record.sequence > range->second.last)
                  return {};
                excerpts[raw.source_id()].Add(record.sequence, raw.payload());
                return {};
              });
  TW_RETURN_IF_ERROR(read);
  std::map<std::string, std::vector<TsPiece>> clips;
  for (auto& [source, excerpt] : excerpts) {
    Range& range = ranges.at(source);
    const auto record_of = [&](std::uint64_t offset) {
      return std::prev(std::upper_bound(
          excerpt.records.begin(), excerpt.records.end(), offset,
          [](std::uint64_t value, const auto& record) { return value < record.second; }));
    };
    const auto first = std::lower_bound(
        excerpt.records.begin(), excerpt.records.end(), range.first,
        [](const auto& record, std::uint64_t sequence) { return record.first < sequence; });
    if (!excerpt.video || !excerpt.finder.Finish() || first == excerpt.records.end()) continue;
    auto clip = excerpt.finder.ClipFrom(first->second);
    if (!clip) continue;
    std::uint64_t least = first->second;
    for (const TsPiece& piece : *clip) least = std::min(least, piece.offset);
    const auto begin = std::min(first, record_of(least));
    range.first = begin->first;
    for (TsPiece& piece : *clip) piece.offset -= begin->second;
    clips.emplace(source, std::move(*clip));
  }
  return clips;
}

Result<void> AddClips(const std::map<std::string, std::vector<TsPiece>>& clips,
                      CaseFolder& folder) {
  std::string lines;
  for (const auto& [source, pieces] : clips) {
    const std::string name = PlainName(source);
    JsonWriter json;
    json.BeginObject().Field("file", name + ".ts").Field("of", "raw/" + name + ".bin");
    json.Key("pieces").BeginArray();
    for (const TsPiece& piece : pieces) {
      TW_RETURN_IF_ERROR(folder.AppendPart("video/" + name + ".ts", "raw/" + name + ".bin",
                                           piece.offset, piece.length));
      json.BeginArray().Unsigned(piece.offset).Unsigned(piece.length).EndArray();
    }
    lines += json.EndArray().EndObject().text() + "\n";
  }
  return lines.empty() ? Result<void>() : folder.Add("video/clips.jsonl", lines);
}

Result<std::size_t> AddTrimmed(const std::set<Digest>& named, const TrimmedDigests& trimmed,
                               CaseFolder& folder) {
  std::string lines;
  std::size_t count = 0;
  for (const Digest& digest : named) {
    const auto note = trimmed.find(digest);
    if (note == trimmed.end()) continue;
    JsonWriter json;
    json.BeginObject().Field("sha256", HexEncode(digest)).Field("trimmed", note->second);
    lines += json.EndObject().text() + "\n";
    ++count;
  }
  if (count > 0) TW_RETURN_IF_ERROR(folder.Add("trimmed.jsonl", lines));
  return count;
}

}  // namespace

Result<std::size_t> AddRaw(const CaseEntries& entries, LogReader& journal,
                           const TrimmedDigests& trimmed, bool for_parties, CaseFolder& folder) {
  const Named named = NamedBy(entries, for_parties);
  TW_ASSIGN_OR_RETURN(RawRanges ranges, FindRanges(journal, named));
  TW_ASSIGN_OR_RETURN(const auto clips, FindClips(journal, named, ranges));
  std::string lines;
  std::map<std::string, std::uint64_t> offsets;
  const auto [from, to] = WholeOf(ranges);
  const auto copied = EachRaw(
      journal, named, from, to,
      [&](const LogRecord& record, const v1::RawRecord& raw) -> Result<void> {
        const auto range = ranges.find(raw.source_id());
        if (range == ranges.end() || record.sequence < range->second.first ||
            record.sequence > range->second.last)
          return {};
        if (named.named_alone.contains(raw.source_id()) &&
            !named.digests.contains(Sha256(raw.payload())))
          return {};
        const std::string file = PlainName(raw.source_id()) + ".bin";
        TW_RETURN_IF_ERROR(folder.Append("raw/" + file, raw.payload()));
        JsonWriter json;
        json.BeginObject().Field("file", file).Field("offset", offsets[file]);
        json.Field("length", raw.payload().size());
        json.Field("sha256", HexEncode(Sha256(raw.payload())));
        json.Field("source", raw.source_id());
        json.Field("receive_time_utc", FormatUtc(Instant::FromMicros(raw.receive_time_us())))
            .EndObject();
        lines += json.text() + "\n";
        offsets[file] += raw.payload().size();
        return {};
      });
  TW_RETURN_IF_ERROR(copied);
  TW_RETURN_IF_ERROR(folder.Add("raw/records.jsonl", lines));
  TW_RETURN_IF_ERROR(AddClips(clips, folder));
  if (for_parties) return 0;
  return AddTrimmed(named.digests, trimmed, folder);
}

}  // namespace trucewatch::tools
