// SPDX-License-Identifier: Apache-2.0
#include "core/media/klv_payload.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace trucewatch {
namespace {

constexpr std::size_t kCellHeader = 5;
constexpr std::size_t kKeySize = 16;
constexpr std::array<std::uint8_t, 5> kKeyStart = {0x06, 0x0E, 0x2B, 0x34, 0x02};
// Rest of the ST 0601 key after the five bytes that some remuxers cut.
constexpr std::array<std::uint8_t, 11> kCutKey = {0x0B, 0x01, 0x01, 0x0E, 0x01, 0x03,
                                                  0x01, 0x01, 0x00, 0x00, 0x00};

bool StartsWith(Bytes bytes, Bytes start) {
  return bytes.size() >= start.size() && std::equal(start.begin(), start.end(), bytes.begin());
}

bool AtKey(Bytes bytes) { return StartsWith(bytes, Bytes(kKeyStart).first(4)); }
bool AtCutKey(Bytes bytes) { return StartsWith(bytes, kCutKey); }

// Length of data in the cell that starts here, if one plausibly does: reserved bits set, data
// inside the payload.
std::optional<std::size_t> CellLength(Bytes bytes) {
  if (bytes.size() < kCellHeader || (bytes[2] & 0x0F) != 0x0F) return std::nullopt;
  const std::size_t length = (static_cast<std::size_t>(bytes[3]) << 8) | bytes[4];
  if (length > bytes.size() - kCellHeader) return std::nullopt;
  return length;
}

bool AtCellWithKey(Bytes bytes) {
  return bytes.size() > kCellHeader && (bytes[2] & 0x0F) == 0x0F &&
         (AtKey(bytes.subspan(kCellHeader)) || AtCutKey(bytes.subspan(kCellHeader)));
}

// A later piece of a fragmented unit: indication "middle" (00) or "last" (01), filling the payload.
bool AtContinuationCell(Bytes bytes) {
  const auto length = CellLength(bytes);
  return length && *length == bytes.size() - kCellHeader && (bytes[2] >> 6) <= 1;
}

// Whole size of the KLV packet that starts here; nothing when its length field is not there or not
// sound.
std::optional<std::size_t> KlvSize(Bytes bytes) {
  if (bytes.size() < kKeySize + 1) return std::nullopt;
  const std::uint8_t first = bytes[kKeySize];
  if (first < 0x80) return kKeySize + 1 + first;
  const std::size_t count = first & 0x7F;
  if (count == 0 || count > 4 || bytes.size() < kKeySize + 1 + count) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 1; i <= count; ++i) length = (length << 8) | bytes[kKeySize + i];
  return kKeySize + 1 + count + length;
}

}  // namespace

bool KlvPayloadReader::LooksLikeKlv(Bytes payload) {
  return AtKey(payload) || AtCutKey(payload) || AtCellWithKey(payload);
}

std::vector<KlvPayloadReader::Unit> KlvPayloadReader::Push(Bytes payload) {
  std::vector<Unit> units;
  std::string work;  // what is looked at: the payload, after what was held when this continues it
  bool continued = false;
  if (!held_.empty()) {
    if (LooksLikeKlv(payload)) {
      units.push_back({std::move(held_), true, held_repaired_});
    } else {
      if (AtContinuationCell(payload)) payload = payload.subspan(kCellHeader);
      work = std::move(held_);
      continued = true;
    }
    held_.clear();
  }
  const bool held_was_repaired = continued && held_repaired_;
  work += AsText(payload);

  Unit unit{{}, continued, held_was_repaired};
  Bytes rest = AsBytes(work);
  while (!rest.empty()) {
    if (AtCutKey(rest)) {
      unit.data += AsText(kKeyStart);
      unit.repaired = true;
      std::string restored(AsText(kKeyStart));
      restored += AsText(
          rest.first(kCutKey.size() + std::min<std::size_t>(5, rest.size() - kCutKey.size())));
      const auto size = KlvSize(AsBytes(restored));
      const std::size_t take = std::min(rest.size(), size ? *size - kKeyStart.size() : rest.size());
      unit.data += AsText(rest.first(take));
      rest = rest.subspan(take);
    } else if (AtKey(rest)) {
      const auto size = KlvSize(rest);
      const bool whole = size && *size <= rest.size();
      if (!whole && rest.size() < kMaxHeld && (!size || *size <= kMaxHeld)) {
        held_ = AsText(rest);
        held_repaired_ = unit.repaired && unit.data.empty();
        break;
      }
      const std::size_t take = whole ? *size : rest.size();
      unit.data += AsText(rest.first(take));
      rest = rest.subspan(take);
    } else if (AtCellWithKey(rest)) {
      rest = rest.subspan(kCellHeader);
    } else {
      // Filler or damage: kept as it is, up to where KLV starts again.
      std::size_t skip = 1;
      while (skip < rest.size() && !LooksLikeKlv(rest.subspan(skip))) ++skip;
      unit.data += AsText(rest.first(skip));
      rest = rest.subspan(skip);
    }
  }
  if (!unit.data.empty()) units.push_back(std::move(unit));
  return units;
}

std::vector<KlvPayloadReader::Unit> KlvPayloadReader::Finish() {
  std::vector<Unit> units;
  if (!held_.empty()) units.push_back({std::move(held_), true, held_repaired_});
  held_.clear();
  return units;
}

}  // namespace trucewatch
