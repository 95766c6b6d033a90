// SPDX-License-Identifier: Apache-2.0
#include "ingest/asterix/framing.h"

#include <algorithm>

#include "ingest/asterix/asterix.h"

namespace trucewatch::asterix {
namespace {

constexpr std::size_t kBlockHead = 3, kMinBlock = 4;
constexpr std::size_t kOradisHead = 6, kFinalHead = 8, kSequence = 4, kTrailer = 4;
constexpr std::size_t kGpsStart = 2200, kGpsTrailer = 10;
constexpr std::size_t kMaxFrame = 65'535 + kGpsTrailer;
constexpr std::uint32_t kDayMs = 86'400'000;
// What is looked at of one candidate is bounded: damage is searched at every byte.
constexpr int kMaxBlocks = 256, kMaxFramesAhead = 8;
constexpr std::size_t kMaxTriedContent = 4096;
static_assert(kFrameLook > 3 * kMaxFrame);

// The frame at the start of `bytes` by its head and trailer; its content is not looked at.
std::optional<FramePiece> ReadOradis(Bytes bytes) {
  if (bytes.size() < kOradisHead) return std::nullopt;
  const std::size_t size = ReadBe16(bytes);
  const std::uint32_t time_ms = ReadBe32(bytes.subspan(2));
  if (size < kOradisHead + kMinBlock || size > bytes.size() || time_ms >= kDayMs) {
    return std::nullopt;
  }
  return FramePiece{size, kOradisHead, size - kOradisHead, false, time_ms / 1000.0};
}

std::optional<FramePiece> ReadFinal(Bytes bytes, std::size_t sequence) {
  const std::size_t head = kFinalHead + sequence;
  if (bytes.size() < head) return std::nullopt;
  const std::size_t size = ReadBe16(bytes);
  if (size < head + kMinBlock + kTrailer || size > bytes.size()) return std::nullopt;
  if (ReadBe32(bytes.subspan(size - kTrailer)) != 0xA5A5A5A5) return std::nullopt;
  const std::uint32_t time_10ms = ReadBe32(bytes.subspan(head - 4)) & 0xFFFFFFU;
  if (time_10ms >= kDayMs / 10) return std::nullopt;
  return FramePiece{size, head, size - head - kTrailer, false, time_10ms / 100.0};
}

std::optional<FramePiece> ReadGps(Bytes bytes) {
  if (bytes.size() < kBlockHead) return std::nullopt;
  const std::size_t block = ReadBe16(bytes.subspan(1));
  if (bytes[0] == 0 || block < kMinBlock || block + kGpsTrailer > bytes.size()) {
    return std::nullopt;
  }
  return FramePiece{block + kGpsTrailer, 0, block, false, std::nullopt};
}

std::optional<FramePiece> ReadFrame(Framing framing, Bytes bytes) {
  switch (framing) {
    case Framing::kOradis:
      return ReadOradis(bytes);
    case Framing::kFinal:
      return ReadFinal(bytes, 0);
    case Framing::kFinalSequence:
      return ReadFinal(bytes, kSequence);
    case Framing::kGps:
      return ReadGps(bytes);
    case Framing::kNone:
      break;
  }
  return std::nullopt;
}

bool BlocksAddUp(Bytes content) {
  int count = 0;
  for (; !content.empty(); ++count) {
    if (count == kMaxBlocks || content.size() < kBlockHead || content[0] == 0) return false;
    const std::size_t size = ReadBe16(content.subspan(1));
    if (size < kMinBlock || size > content.size()) return false;
    content = content.subspan(size);
  }
  return count > 0;
}

// Nothing is wrong with the blocks, and one at least is of a category that is read.
bool CanBeRead(Bytes content) {
  if (content.size() > kMaxTriedContent) return false;
  bool known = false;
  for (const Block& block : DecodeBlocks(content, 0)) {
    if (block.fault) return false;
    known = known || block.known;
  }
  return known;
}

// The lengths of a frame around a block of any length say nothing: the block has to be read.
bool IsWhole(Framing framing, Bytes bytes, const FramePiece& piece) {
  const Bytes content = bytes.subspan(piece.content_at, piece.content_size);
  return framing == Framing::kGps ? CanBeRead(content) : BlocksAddUp(content);
}

// From behind a frame: more frames, up to one that is whole, or the end.
bool LeadsOn(Framing framing, Bytes bytes, bool whole) {
  for (int i = 0; i < kMaxFramesAhead && !bytes.empty(); ++i) {
    const auto piece = ReadFrame(framing, bytes);
    if (!piece) return false;
    if (IsWhole(framing, bytes, *piece)) return true;
    bytes = bytes.subspan(piece->size);
  }
  return bytes.empty() && whole;
}

// Where reading may begin again behind damage.
bool IsSure(Framing framing, Bytes bytes, bool whole) {
  const auto piece = ReadFrame(framing, bytes);
  if (!piece || !IsWhole(framing, bytes, *piece)) return false;
  return CanBeRead(bytes.subspan(piece->content_at, piece->content_size)) ||
         LeadsOn(framing, bytes.subspan(piece->size), whole);
}

bool IsFramed(Framing framing, Bytes start, std::uint64_t size) {
  constexpr int kEnough = 4;
  const std::size_t first = FramingStart(framing);
  if (size <= first || start.size() <= first) return false;
  Bytes bytes = start.subspan(first);
  std::uint64_t left = size - first;
  bool read = false;
  int count = 0;
  for (; count < kEnough && left > 0; ++count) {
    const auto piece = ReadFrame(framing, bytes);
    if (!piece && count > 1) break;  // cut off, or damaged: that has its own account
    if (!piece) return false;
    const Bytes content = bytes.subspan(piece->content_at, piece->content_size);
    if (!BlocksAddUp(content)) return false;
    read = read || CanBeRead(content);
    bytes = bytes.subspan(piece->size);
    left -= piece->size;
  }
  return read;
}

bool StartsWithBlock(Bytes start) {
  if (start.size() < kBlockHead || !IsKnownCategory(start[0])) return false;
  const std::size_t size = ReadBe16(start.subspan(1));
  return size <= start.size() && CanBeRead(start.first(size));
}

}  // namespace

std::size_t FramingStart(Framing framing) { return framing == Framing::kGps ? kGpsStart : 0; }

Framing FindFraming(Bytes start, std::uint64_t size) {
  for (const Framing framing : {Framing::kOradis, Framing::kFinal, Framing::kFinalSequence}) {
    if (IsFramed(framing, start, size)) return framing;
  }
  // Blocks that come at once are no file header.
  const bool gps = !StartsWithBlock(start) && IsFramed(Framing::kGps, start, size);
  return gps ? Framing::kGps : Framing::kNone;
}

Framing FindDatagramFraming(Bytes datagram) {
  return IsFramed(Framing::kOradis, datagram, datagram.size()) ? Framing::kOradis : Framing::kNone;
}

FramePiece CutFrame(Framing framing, Bytes bytes, bool whole) {
  if (framing == Framing::kNone) return {bytes.size(), 0, bytes.size(), false, std::nullopt};
  const auto piece = ReadFrame(framing, bytes);
  if (piece &&
      (IsWhole(framing, bytes, *piece) || LeadsOn(framing, bytes.subspan(piece->size), whole))) {
    return *piece;
  }
  const std::size_t end =
      whole ? bytes.size() : bytes.size() - std::min(bytes.size(), 2 * kMaxFrame);
  std::size_t at = 1;
  while (at < end && !IsSure(framing, bytes.subspan(at), whole)) ++at;
  return {at, 0, 0, true, std::nullopt};
}

}  // namespace trucewatch::asterix
