// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/klv_writer.h"

#include <bit>

#include "ingest/klv/ber.h"
#include "ingest/klv/checksum.h"

namespace trucewatch {
namespace {

constexpr int kUsualSize = 4;  // where the standard leaves the width open

int SizeOf(const KlvItemSpec& spec, int size) {
  if (spec.size != 0) return spec.size;
  return size != 0 ? size : kUsualSize;
}

bool FitsUnsigned(std::uint64_t value, int size) { return size == 8 || value >> (8 * size) == 0; }

bool FitsSigned(std::int64_t value, int size) {
  if (size == 8) return true;
  const std::int64_t bound = std::int64_t{1} << (8 * size - 1);
  return value >= -bound && value < bound;
}

std::optional<std::string> EncodeReal(const KlvItemSpec& spec, double value, int size) {
  std::string out;
  switch (spec.wire) {
    case KlvWire::kUnsignedMap:
      return EncodeUnsignedMap(value, spec.range, size);
    case KlvWire::kSignedMap:
      return EncodeSignedMap(value, spec.range.high, size);
    case KlvWire::kImapb:
      return EncodeImapb(value, spec.range, size);
    case KlvWire::kReal:
      if (size == 8) {
        AppendBe64(out, std::bit_cast<std::uint64_t>(value));
      } else {
        AppendBe32(out, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
      }
      return out;
    default:
      return std::nullopt;
  }
}

// First byte of a special IMAPB code (MISB ST 1201 table 1).
std::optional<std::uint8_t> ImapbLead(KlvStatus special) {
  switch (special) {
    case KlvStatus::kPlusInfinity:
      return 0xC8;
    case KlvStatus::kMinusInfinity:
      return 0xE8;
    case KlvStatus::kPlusQuietNan:
      return 0xD0;
    case KlvStatus::kMinusQuietNan:
      return 0xF0;
    case KlvStatus::kPlusSignallingNan:
      return 0xD8;
    case KlvStatus::kMinusSignallingNan:
      return 0xF8;
    case KlvStatus::kBelowMinimum:
      return 0xE0;
    case KlvStatus::kAboveMaximum:
      return 0xE1;
    case KlvStatus::kUserDefined:
      return 0xC0;
    case KlvStatus::kReservedSpecial:
      return 0xA0;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> EncodeKlvValue(const KlvItemSpec& spec, const KlvValue& value,
                                          int size) {
  const int bytes = SizeOf(spec, size);
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    const bool is_text = spec.wire == KlvWire::kText || spec.wire == KlvWire::kUtf16;
    return is_text ? std::optional(std::string(*text)) : std::nullopt;
  }
  if (const auto* real = std::get_if<double>(&value)) return EncodeReal(spec, *real, bytes);
  std::string out;
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (spec.wire != KlvWire::kSigned || !FitsSigned(*number, bytes)) return std::nullopt;
    AppendUnsigned(out, static_cast<std::uint64_t>(*number), bytes);
    return out;
  }
  const std::uint64_t number = std::get<std::uint64_t>(value);
  const bool is_number = spec.wire == KlvWire::kUnsigned || spec.wire == KlvWire::kTime;
  if (!is_number || !FitsUnsigned(number, bytes)) return std::nullopt;
  AppendUnsigned(out, number, bytes);
  return out;
}

std::optional<std::string> EncodeKlvSpecial(const KlvItemSpec& spec, KlvStatus special, int size) {
  if (special == KlvStatus::kEmpty) return std::string();
  std::string out(static_cast<std::size_t>(SizeOf(spec, size)), '\0');
  if (special == KlvStatus::kReservedCode) {
    if (spec.wire != KlvWire::kSignedMap) return std::nullopt;
    out[0] = static_cast<char>(0x80);
    return out;
  }
  const auto lead = ImapbLead(special);
  if (spec.wire != KlvWire::kImapb || !lead) return std::nullopt;
  out[0] = static_cast<char>(*lead);
  return out;
}

KlvSetWriter& KlvSetWriter::Put(std::uint32_t tag, std::string_view bytes) {
  AppendBerOid(value_, tag);
  AppendBerLength(value_, static_cast<std::uint32_t>(bytes.size()));
  value_ += bytes;
  return *this;
}

std::string KlvSetWriter::Packet(const KlvKey& key) const {
  std::string packet(AsText(key));
  AppendBerLength(packet, static_cast<std::uint32_t>(value_.size() + 4));
  packet += value_;
  packet += "\x01\x02";
  AppendBe16(packet, KlvChecksum(AsBytes(packet)));
  return packet;
}

}  // namespace trucewatch
