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
constexpr std::size_t kLongestHeader = kKeySize + 5;  // key and length field
constexpr std::array<std::uint8_t, 5> kKeyStart = {0x06, 0x0E, 0x2B, 0x34, 0x02};
// Rest of the ST 0601 key after the five bytes that some remuxers cut.
constexpr std::array<std::uint8_t, 11> kCutKey = {0x0B, 0x01, 0x01, 0x0E, 0x01, 0x03,
                                                  0x01, 0x01, 0x00, 0x00, 0x00};

// Asked at every byte of a damaged stretch: the first byte decides nearly always.
bool StartsWith(Bytes bytes, Bytes start) {
  return bytes.size() >= start.size() && bytes.front() == start.front() &&
         std::equal(start.begin(), start.end(), bytes.begin());
}

bool AtKey(Bytes bytes) { return StartsWith(bytes, Bytes(kKeyStart).first(4)); }
bool AtCutKey(Bytes bytes) { return StartsWith(bytes, kCutKey); }

bool AtCellWithKey(Bytes bytes) {
  return bytes.size() > kCellHeader && (bytes[2] & 0x0F) == 0x0F &&
         (AtKey(bytes.subspan(kCellHeader)) || AtCutKey(bytes.subspan(kCellHeader)));
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

// The cells a payload consists of; nothing when it does not consist of cells. A last cell that says
// more than there is has what there is.
std::vector<KlvPayloadReader::Cell> KlvPayloadReader::CellsOf(Bytes payload) const {
  if (AtKey(payload) || (!AtCellWithKey(payload) && !cells() && !holding())) return {};
  std::vector<Cell> cells;
  for (Bytes rest = payload; rest.size() >= kCellHeader && (rest[2] & 0x0F) == 0x0F;) {
    const std::size_t length = (static_cast<std::size_t>(rest[3]) << 8) | rest[4];
    const bool whole = length <= rest.size() - kCellHeader;
    if (!whole && !AtCellWithKey(rest)) return {};
    const Bytes data = rest.subspan(kCellHeader, whole ? length : rest.size() - kCellHeader);
    cells.push_back({rest[0], rest[1], data});
    rest = rest.subspan(kCellHeader + data.size());
    const auto filler = [](std::uint8_t byte) { return byte == 0xFF || byte == 0; };
    if (std::all_of(rest.begin(), rest.end(), filler)) return cells;
  }
  return {};
}

std::vector<KlvPayloadReader::Unit> KlvPayloadReader::Push(Bytes payload) {
  std::vector<Unit> units;
  const std::vector<Cell> cells = CellsOf(payload);
  for (const Cell& cell : cells) TakeCell(cell, units);
  if (cells.empty()) TakeData(payload, units);
  return units;
}

void KlvPayloadReader::TakeCell(const Cell& cell, std::vector<Unit>& units) {
  const auto [last, first_of_service] = sequence_.try_emplace(cell.service, cell.sequence);
  if (!first_of_service) {
    const auto step = static_cast<std::uint8_t>(cell.sequence - last->second);
    last->second = cell.sequence;
    if (step > 1) {
      GiveHeld(units);  // its continuation may be what is missing
      lost_cells_ += step - 1U;
    }
  }
  TakeData(cell.data, units);
}

void KlvPayloadReader::Give(Unit unit, std::vector<Unit>& units) {
  if (unit.data.empty()) return;
  unit.lost_cells = std::exchange(lost_cells_, 0);
  // What one payload brings whole is one unit.
  if (!units.empty() && !units.back().earlier && !unit.earlier && unit.lost_cells == 0) {
    units.back().data += unit.data;
    units.back().repaired = units.back().repaired || unit.repaired;
  } else {
    units.push_back(std::move(unit));
  }
}

void KlvPayloadReader::GiveHeld(std::vector<Unit>& units) {
  Give({std::exchange(held_, {}), true, held_repaired_}, units);
}

void KlvPayloadReader::TakeData(Bytes data, std::vector<Unit>& units) {
  if (LooksLikeKlv(data)) GiveHeld(units);
  if (!held_.empty() && held_.size() + data.size() < held_needs_) {
    held_ += AsText(data);
    return;
  }
  Unit unit{{}, !held_.empty(), !held_.empty() && held_repaired_};
  std::string work = std::exchange(held_, {});
  work += AsText(data);
  Bytes rest = AsBytes(work);
  while (!rest.empty()) {
    if (AtKey(rest) || AtCutKey(rest)) {
      if (!TakePacket(rest, unit)) break;
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
  Give(std::move(unit), units);
}

// The packet that starts here, to the unit; false when it is held for its continuation.
bool KlvPayloadReader::TakePacket(Bytes& rest, Unit& unit) {
  const bool cut = AtCutKey(rest);
  std::string start(cut ? AsText(kKeyStart) : std::string_view());
  start += AsText(rest.first(std::min(rest.size(), kLongestHeader - start.size())));
  const auto size = KlvSize(AsBytes(start));
  const std::size_t put_back = cut ? kKeyStart.size() : 0;
  const bool whole = size && *size - put_back <= rest.size();
  unit.repaired = unit.repaired || cut;
  if (!whole && rest.size() < kMaxHeld && (!size || *size <= kMaxHeld)) {
    held_ = cut ? std::string(AsText(kKeyStart)) : std::string();
    held_ += AsText(rest);
    held_needs_ = size.value_or(0);
    held_repaired_ = cut || (unit.repaired && unit.data.empty());
    return false;
  }
  if (cut) unit.data += AsText(kKeyStart);
  const std::size_t take = whole ? *size - put_back : rest.size();
  unit.data += AsText(rest.first(take));
  rest = rest.subspan(take);
  return true;
}

std::vector<KlvPayloadReader::Unit> KlvPayloadReader::Finish() {
  std::vector<Unit> units;
  GiveHeld(units);
  return units;
}

}  // namespace trucewatch
