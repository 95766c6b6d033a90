// SPDX-License-Identifier: Apache-2.0
#include "core/journal/internal/segment_format.h"

#include "core/base/check.h"
#include "core/journal/crc32c.h"

namespace trucewatch::journal {
namespace {

constexpr std::string_view kSegmentMagic = "TWSEGM01";
constexpr std::uint32_t kRecordMagic = 0x54575243;  // "TWRC"
constexpr std::string_view kNamePrefix = "segment-";
constexpr std::string_view kNameSuffix = ".log";
constexpr std::size_t kNameDigits = 20;

// Of the header's length, sequence and origin, then the payload.
std::uint32_t RecordCrc(Bytes header, Bytes payload) {
  return Crc32c(payload, Crc32c(header.subspan(4, 20)));
}

}  // namespace

std::string SegmentName(std::uint64_t first_sequence) {
  return fmt::format("{}{:020}{}", kNamePrefix, first_sequence, kNameSuffix);
}

std::optional<std::uint64_t> ParseSegmentName(std::string_view name) {
  if (name.size() != kNamePrefix.size() + kNameDigits + kNameSuffix.size() ||
      !name.starts_with(kNamePrefix) || !name.ends_with(kNameSuffix)) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : name.substr(kNamePrefix.size(), kNameDigits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (SegmentName(value) != name) return std::nullopt;  // it wrapped around
  return value;
}

std::string EncodeSegmentHeader(std::uint64_t first_sequence) {
  std::string out(kSegmentMagic);
  AppendBe64(out, first_sequence);
  AppendBe32(out, Crc32c(AsBytes(out)));
  return out;
}

Result<void> CheckSegmentHeader(Bytes header, std::uint64_t first_sequence) {
  if (AsText(header) == EncodeSegmentHeader(first_sequence)) return {};
  return Fail(ErrorCode::kCheckFailed, "byte 0: the segment header is damaged");
}

void AppendRecord(std::uint64_t sequence, std::uint64_t origin, std::string_view payload,
                  std::string& out) {
  std::string header;
  AppendBe32(header, kRecordMagic);
  AppendBe32(header, static_cast<std::uint32_t>(payload.size()));
  AppendBe64(header, sequence);
  AppendBe64(header, origin);
  AppendBe32(header, RecordCrc(AsBytes(header), AsBytes(payload)));
  out += header;
  out += payload;
}

Result<void> CheckRecord(Bytes record, const Row& row) {
  TW_CHECK(record.size() == kRecordHeaderBytes + row.location.length);
  const Bytes payload = record.subspan(kRecordHeaderBytes);
  const char* wrong = nullptr;
  if (ReadBe32(record.first(4)) != kRecordMagic) {
    wrong = "its mark is missing";
  } else if (ReadBe32(record.subspan(4, 4)) != row.location.length) {
    wrong = "its length differs from the index";
  } else if (ReadBe64(record.subspan(8, 8)) != row.sequence) {
    wrong = "its sequence differs from the index";
  } else if (ReadBe64(record.subspan(16, 8)) != row.origin) {
    wrong = "its origin differs from the index";
  } else if (ReadBe32(record.subspan(24, 4)) != RecordCrc(record, payload)) {
    wrong = "its checksum does not fit";
  }
  if (wrong == nullptr) return {};
  return Fail(ErrorCode::kCheckFailed, "byte {}: record {} is damaged: {}", row.location.offset,
              row.sequence, wrong);
}

}  // namespace trucewatch::journal
