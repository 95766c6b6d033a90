// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/stanag4607_decoder.h"

#include <bit>
#include <type_traits>
#include <utility>

#include "ingest/radar/internal/checks.h"
#include "ingest/radar/internal/fields.h"
#include "ingest/radar/internal/wire.h"

namespace trucewatch::stanag4607 {
namespace {

using internal::Field;
using internal::WireReader;

struct PlainReader {
  WireReader* in;
  template <typename T>
  void operator()(const Field&, T& value) const {
    in->Read(value);
  }
};

// Reads each field by its own bit; nothing is inferred from a neighbour's.
struct MaskedReader {
  WireReader* in;
  std::uint64_t mask;
  template <typename T>
  void operator()(const Field& field, T& value) const {
    if (((mask >> field.bit) & 1U) != 0) in->Read(value);
  }
};

struct WidthCounter {
  std::uint64_t mask;
  std::size_t* width;
  template <typename T>
  void operator()(const Field& field, const std::optional<T>&) const {
    if (((mask >> field.bit) & 1U) != 0) *width += sizeof(T);
  }
};

Result<void> CheckExact(const WireReader& in, const char* what) {
  if (in.ran_short()) {
    return Fail(ErrorCode::kBadInput, "{} segment ends after {} bytes, its fields need more", what,
                in.at() + in.Rest().size());
  }
  if (!in.Rest().empty()) {
    return Fail(ErrorCode::kBadInput, "{} segment has {} bytes after its last field", what,
                in.Rest().size());
  }
  return {};
}

DecodedSegment Decoded(Segment body) {
  DecodedSegment segment;
  segment.body = std::move(body);
  return segment;
}

Result<DecodedSegment> DecodeMission(Bytes payload) {
  WireReader in(payload);
  MissionSegment mission;
  internal::VisitMission(mission, PlainReader{&in});
  TW_RETURN_IF_ERROR(CheckExact(in, "mission"));
  TW_RETURN_IF_ERROR(internal::CheckValues(mission));
  return Decoded(std::move(mission));
}

Result<DecodedSegment> DecodeJobDefinition(Bytes payload) {
  WireReader in(payload);
  JobDefinitionSegment job;
  internal::VisitJobDefinition(job, PlainReader{&in});
  TW_RETURN_IF_ERROR(CheckExact(in, "job definition"));
  return Decoded(std::move(job));
}

Result<DecodedSegment> DecodeTestStatus(Bytes payload) {
  WireReader in(payload);
  TestStatusSegment status;
  internal::VisitTestStatus(status, PlainReader{&in});
  TW_RETURN_IF_ERROR(CheckExact(in, "test and status"));
  TW_RETURN_IF_ERROR(internal::CheckValues(status));
  return Decoded(status);
}

Result<DecodedSegment> DecodePlatformLocation(Bytes payload) {
  WireReader in(payload);
  PlatformLocationSegment location;
  internal::VisitPlatformLocation(location, PlainReader{&in});
  TW_RETURN_IF_ERROR(CheckExact(in, "platform location"));
  TW_RETURN_IF_ERROR(internal::CheckValues(location));
  return Decoded(location);
}

Result<DecodedSegment> DecodeFreeText(Bytes payload) {
  WireReader in(payload);
  FreeTextSegment free_text;
  internal::VisitFreeText(free_text, PlainReader{&in});
  if (in.ran_short() || in.Rest().empty()) {
    return Fail(ErrorCode::kBadInput, "free text segment of {} bytes, expected at least 21",
                payload.size());
  }
  free_text.text = std::string(AsText(in.Rest()));
  return Decoded(std::move(free_text));
}

Result<DecodedSegment> DecodeProcessingHistory(Bytes payload) {
  WireReader in(payload);
  ProcessingHistorySegment history;
  std::uint8_t count = 0;
  in.Read(count);
  internal::VisitProcessingHistory(history, PlainReader{&in});
  if (!in.ran_short() && in.Rest().size() != count * internal::kProcessingRecordSize) {
    return Fail(ErrorCode::kBadInput,
                "processing history segment: {} records (C1) do not fill the {} bytes left", count,
                in.Rest().size());
  }
  if (!in.ran_short()) history.records.resize(count);
  for (ProcessingRecord& record : history.records) {
    internal::VisitProcessingRecord(record, PlainReader{&in});
  }
  TW_RETURN_IF_ERROR(CheckExact(in, "processing history"));
  return Decoded(std::move(history));
}

std::vector<std::string> DwellRemarks(std::uint64_t mask, const DwellSegment& dwell) {
  std::vector<std::string> remarks = internal::HalfSetGroups(mask);
  const std::uint64_t both =
      (std::uint64_t{1} << internal::TargetBit(2)) | (std::uint64_t{1} << internal::TargetBit(4));
  if ((mask & both) == both) remarks.push_back("targets say their position twice");
  const bool deltas = ((mask >> internal::TargetBit(4)) & 1U) != 0;
  if (deltas && !dwell.targets.empty() && !(dwell.scale_latitude && dwell.scale_longitude)) {
    remarks.push_back("target positions are deltas, but the scale D10-D11 is not there");
  }
  if (dwell.last_dwell > 1) {
    remarks.push_back(fmt::format("last dwell flag (D4) is {}, expected 0 or 1", dwell.last_dwell));
  }
  return remarks;
}

Result<DecodedSegment> DecodeDwell(Bytes payload) {
  WireReader in(payload);
  DecodedSegment segment;
  in.Read(segment.existence_mask);
  const std::uint64_t mask = segment.existence_mask;
  // D1-D5 take 15 bytes; without them the mask says nothing.
  if (payload.size() < 15) {
    return Fail(ErrorCode::kBadInput, "dwell segment of {} bytes, expected at least 53",
                payload.size());
  }
  DwellSegment dwell;
  std::uint16_t target_count = 0;
  internal::VisitDwellHead(dwell, MaskedReader{&in, ~std::uint64_t{0}});
  in.Read(target_count);
  TW_RETURN_IF_ERROR(internal::CheckMask(mask, target_count));
  internal::VisitDwellBody(dwell, MaskedReader{&in, mask});
  if (in.ran_short()) {
    return Fail(ErrorCode::kBadInput, "dwell segment ends inside the fields of its mask {:016x}",
                mask);
  }
  TW_RETURN_IF_ERROR(internal::CheckValues(dwell));

  // D5 is believed only when the bytes are there: the check comes before the allocation.
  std::size_t width = 0;
  TargetReport blank;
  internal::VisitTarget(blank, WidthCounter{mask, &width});
  if (in.Rest().size() != target_count * width) {
    return Fail(ErrorCode::kBadInput,
                "dwell segment: {} targets (D5) of {} bytes each do not fill the {} bytes left",
                target_count, width, in.Rest().size());
  }
  dwell.targets.resize(target_count);
  for (TargetReport& target : dwell.targets) {
    internal::VisitTarget(target, MaskedReader{&in, mask});
  }
  segment.remarks = DwellRemarks(mask, dwell);
  segment.body = std::move(dwell);
  return segment;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<DecodedSegment> DecodeSegment(std::uint8_t type, Bytes payload) {
  switch (static_cast<SegmentType>(type)) {
    case SegmentType::kMission:
      return DecodeMission(payload);
    case SegmentType::kDwell:
      return DecodeDwell(payload);
    case SegmentType::kJobDefinition:
      return DecodeJobDefinition(payload);
    case SegmentType::kFreeText:
      return DecodeFreeText(payload);
    case SegmentType::kTestAndStatus:
      return DecodeTestStatus(payload);
    case SegmentType::kProcessingHistory:
      return DecodeProcessingHistory(payload);
    case SegmentType::kPlatformLocation:
      return DecodePlatformLocation(payload);
    default:
      return Decoded(SkippedSegment{type, std::string(AsText(payload))});
  }
}

Result<PacketHeader> DecodePacketHeader(Bytes bytes) {
  if (bytes.size() < kPacketHeaderSize) {
    return Fail(ErrorCode::kBadInput, "packet header is cut off: {} of {} bytes", bytes.size(),
                kPacketHeaderSize);
  }
  WireReader in(bytes.first(kPacketHeaderSize));
  PacketHeader header;
  internal::VisitPacketHeader(header, PlainReader{&in});
  if (!IsDigit(header.version.raw[0]) || !IsDigit(header.version.raw[1])) {
    return Fail(ErrorCode::kBadInput, "no packet here: expected a version of two digits, found {}",
                HexEncode(bytes.first(2)));
  }
  if (header.size < kPacketHeaderSize || header.size > kMaxPacketSize) {
    return Fail(ErrorCode::kBadInput, "packet size (P2) is {}, expected {} to {}", header.size,
                kPacketHeaderSize, kMaxPacketSize);
  }
  return header;
}

Result<Packet> DecodePacket(Bytes bytes, std::uint64_t offset) {
  TW_ASSIGN_OR_RETURN(PacketHeader header, DecodePacketHeader(bytes));
  if (header.size != bytes.size()) {
    return Fail(ErrorCode::kBadInput, "packet size (P2) is {}, here are {} bytes", header.size,
                bytes.size());
  }
  Packet packet{.offset = offset, .header = std::move(header), .segments = {}, .faults = {}};
  std::size_t at = kPacketHeaderSize;
  while (at < bytes.size()) {
    const std::size_t left = bytes.size() - at;
    if (left < kSegmentHeaderSize) {
      return Fail(ErrorCode::kBadInput, "{} bytes left after the last segment at byte {}", left,
                  offset + at);
    }
    if (packet.segments.size() + packet.faults.size() >= kMaxSegments) {
      return Fail(ErrorCode::kBadInput, "more than {} segments in a packet", kMaxSegments);
    }
    const std::uint8_t type = bytes[at];
    const std::uint32_t size = ReadBe32(bytes.subspan(at + 1, 4));
    if (size < kSegmentHeaderSize || size > left) {
      return Fail(ErrorCode::kBadInput,
                  "segment of type {} at byte {} has size {}, expected {} to {}", type, offset + at,
                  size, kSegmentHeaderSize, left);
    }
    auto segment =
        DecodeSegment(type, bytes.subspan(at + kSegmentHeaderSize, size - kSegmentHeaderSize));
    if (segment) {
      segment->offset = offset + at;
      segment->length = size;
      packet.segments.push_back(std::move(*segment));
    } else {
      packet.faults.push_back({offset + at, size, type, segment.error().message});
    }
    at += size;
  }
  return packet;
}

}  // namespace trucewatch::stanag4607
