// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/stanag4607_encoder.h"

#include "ingest/radar/internal/checks.h"
#include "ingest/radar/internal/fields.h"
#include "ingest/radar/internal/wire.h"

namespace trucewatch::stanag4607 {
namespace {

using internal::Field;
using internal::Write;

// Appends what is there and notes it in the mask.
struct MaskedWriter {
  std::string* out;
  std::uint64_t* mask;
  template <typename T>
  void operator()(const Field& field, const T& value) const {
    *mask |= std::uint64_t{1} << field.bit;
    Write(*out, value);
  }
  template <typename T>
  void operator()(const Field& field, const std::optional<T>& value) const {
    if (value) (*this)(field, *value);
  }
};

struct PlainWriter {
  std::string* out;
  template <typename T>
  void operator()(const Field&, const T& value) const {
    Write(*out, value);
  }
};

Result<std::string> EncodePayload(const MissionSegment& mission) {
  TW_RETURN_IF_ERROR(internal::CheckValues(mission));
  std::string out;
  internal::VisitMission(mission, PlainWriter{&out});
  return out;
}

Result<std::string> EncodePayload(const DwellSegment& dwell) {
  TW_RETURN_IF_ERROR(internal::CheckValues(dwell));
  if (dwell.targets.size() > 0xFFFF) {
    return Fail(ErrorCode::kBadInput, "a dwell holds at most 65535 targets, here are {}",
                dwell.targets.size());
  }
  std::uint64_t mask = std::uint64_t{1} << internal::DwellBit(5);
  std::string body;
  internal::VisitDwellHead(dwell, MaskedWriter{&body, &mask});
  Write(body, static_cast<std::uint16_t>(dwell.targets.size()));
  internal::VisitDwellBody(dwell, MaskedWriter{&body, &mask});
  std::uint64_t first_mask = 0;
  for (std::size_t i = 0; i < dwell.targets.size(); ++i) {
    std::uint64_t target_mask = 0;
    internal::VisitTarget(dwell.targets[i], MaskedWriter{&body, &target_mask});
    if (i == 0) first_mask = target_mask;
    if (target_mask != first_mask) {
      return Fail(ErrorCode::kBadInput, "target {} has other fields than the first of its dwell",
                  i);
    }
  }
  mask |= first_mask;
  TW_RETURN_IF_ERROR(internal::CheckMask(mask, static_cast<std::uint16_t>(dwell.targets.size())));
  const auto half_set = internal::HalfSetGroups(mask);
  if (!half_set.empty()) return Fail(ErrorCode::kBadInput, "{}", half_set.front());
  const bool high_resolution = ((mask >> internal::TargetBit(2)) & 1U) != 0;
  const bool delta = ((mask >> internal::TargetBit(4)) & 1U) != 0;
  if (high_resolution && delta) {
    return Fail(ErrorCode::kBadInput, "targets say their position twice (D32.2 and D32.4)");
  }
  if (delta && !dwell.scale_latitude) {
    return Fail(ErrorCode::kBadInput, "D32.4-D32.5 need the scale factors D10-D11");
  }
  std::string out;
  Write(out, mask);
  return out + body;
}

Result<std::string> EncodePayload(const JobDefinitionSegment& job) {
  std::string out;
  internal::VisitJobDefinition(job, PlainWriter{&out});
  return out;
}

Result<std::string> EncodePayload(const FreeTextSegment& free_text) {
  if (free_text.text.empty()) return Fail(ErrorCode::kBadInput, "free text (F3) is empty");
  std::string out;
  internal::VisitFreeText(free_text, PlainWriter{&out});
  return out + free_text.text;
}

Result<std::string> EncodePayload(const TestStatusSegment& status) {
  TW_RETURN_IF_ERROR(internal::CheckValues(status));
  std::string out;
  internal::VisitTestStatus(status, PlainWriter{&out});
  return out;
}

Result<std::string> EncodePayload(const ProcessingHistorySegment& history) {
  if (history.records.size() > 0xFF) {
    return Fail(ErrorCode::kBadInput, "a processing history holds at most 255 records, here are {}",
                history.records.size());
  }
  std::string out;
  Write(out, static_cast<std::uint8_t>(history.records.size()));
  internal::VisitProcessingHistory(history, PlainWriter{&out});
  for (const ProcessingRecord& record : history.records) {
    internal::VisitProcessingRecord(record, PlainWriter{&out});
  }
  return out;
}

Result<std::string> EncodePayload(const PlatformLocationSegment& location) {
  TW_RETURN_IF_ERROR(internal::CheckValues(location));
  std::string out;
  internal::VisitPlatformLocation(location, PlainWriter{&out});
  return out;
}

Result<std::string> EncodePayload(const SkippedSegment& skipped) { return skipped.payload; }

}  // namespace

Result<std::string> EncodeSegment(const Segment& segment) {
  TW_ASSIGN_OR_RETURN(const std::string payload,
                      std::visit([](const auto& body) { return EncodePayload(body); }, segment));
  if (payload.size() > kMaxPacketSize - kPacketHeaderSize - kSegmentHeaderSize) {
    return Fail(ErrorCode::kBadInput, "a segment of {} bytes does not fit into a packet",
                payload.size());
  }
  std::string out;
  out.reserve(payload.size() + kSegmentHeaderSize);
  Write(out, TypeOf(segment));
  Write(out, static_cast<std::uint32_t>(payload.size() + kSegmentHeaderSize));
  return out + payload;
}

Result<std::string> EncodePacket(const PacketHeader& header, std::span<const Segment> segments) {
  if (segments.size() > kMaxSegments) {
    return Fail(ErrorCode::kBadInput, "a packet holds at most {} segments", kMaxSegments);
  }
  std::string body;
  for (const Segment& segment : segments) {
    TW_ASSIGN_OR_RETURN(const std::string bytes, EncodeSegment(segment));
    body += bytes;
    if (body.size() > kMaxPacketSize - kPacketHeaderSize) {
      return Fail(ErrorCode::kBadInput, "a packet holds at most {} bytes", kMaxPacketSize);
    }
  }
  PacketHeader sized = header;
  sized.size = static_cast<std::uint32_t>(body.size() + kPacketHeaderSize);
  std::string out;
  internal::VisitPacketHeader(sized, PlainWriter{&out});
  return out + body;
}

}  // namespace trucewatch::stanag4607
