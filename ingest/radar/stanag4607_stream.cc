// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/stanag4607_stream.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace trucewatch::stanag4607 {
namespace {

bool IsVersionDigit(std::uint8_t byte) { return byte >= '0' && byte <= '9'; }

enum class Verdict { kPacket, kNoPacket, kNeedMore };

struct Judgement {
  Verdict verdict = Verdict::kNoPacket;
  std::string reason;  // of kNoPacket; of kNeedMore, if nothing more comes
};

// Whether a packet starts here, decided on as few bytes as can decide it. `searching` is stricter:
// a guess must not take reserved segment types, or a header without segments, for a packet; and it
// gives no reasons, since words for every byte of a damaged stretch would cost more than the
// search.
Judgement Judge(Bytes bytes, bool searching) {
  if (searching && bytes.size() >= 2 && !(IsVersionDigit(bytes[0]) && IsVersionDigit(bytes[1])))
    return {};
  if (bytes.size() < kPacketHeaderSize) {
    return {Verdict::kNeedMore, fmt::format("packet header is cut off: {} of {} bytes",
                                            bytes.size(), kPacketHeaderSize)};
  }
  const auto header = DecodePacketHeader(bytes);
  if (!header) return {Verdict::kNoPacket, header.error().message};
  const std::size_t size = header->size;
  if (searching && size == kPacketHeaderSize) return {Verdict::kNoPacket, "a header alone"};
  std::size_t at = kPacketHeaderSize;
  for (std::uint32_t count = 0; at < size; ++count) {
    if (count >= kMaxSegments) {
      return {Verdict::kNoPacket, fmt::format("more than {} segments in a packet", kMaxSegments)};
    }
    if (size - at < kSegmentHeaderSize) {
      return {Verdict::kNoPacket,
              fmt::format("segments do not add up to the packet size (P2) {}: {} bytes left", size,
                          size - at)};
    }
    if (bytes.size() - std::min(at, bytes.size()) < kSegmentHeaderSize) break;
    const std::uint8_t type = bytes[at];
    const std::uint32_t segment = ReadBe32(bytes.subspan(at + 1, 4));
    const bool reserved =
        type == 0 || type == 4 || (type > 13 && type < 101) || (type > 102 && type < 128);
    if (segment < kSegmentHeaderSize || segment > size - at || (searching && reserved)) {
      return {Verdict::kNoPacket,
              fmt::format("segment of type {} at byte {} of the packet has size {}, expected {} "
                          "to {}",
                          type, at, segment, kSegmentHeaderSize, size - at)};
    }
    at += segment;
  }
  if (bytes.size() < size) {
    return {Verdict::kNeedMore, fmt::format("packet is cut off: its size (P2) is {}, {} bytes are "
                                            "there",
                                            size, bytes.size())};
  }
  return {Verdict::kPacket, {}};
}

}  // namespace

std::vector<StreamItem> Stanag4607Stream::Push(Bytes bytes) {
  std::vector<StreamItem> items;
  buffer_.append(AsText(bytes));
  Take(false, items);
  return items;
}

std::vector<StreamItem> Stanag4607Stream::Finish() {
  std::vector<StreamItem> items;
  Take(true, items);
  EndFault(items);
  return items;
}

void Stanag4607Stream::Take(bool finished, std::vector<StreamItem>& items) {
  while (at_ < buffer_.size()) {
    const Bytes rest = AsBytes(buffer_).subspan(at_);
    const Judgement judgement = Judge(rest, damaged_);
    if (judgement.verdict == Verdict::kNeedMore && !finished) break;
    if (judgement.verdict == Verdict::kPacket) {
      const std::size_t size = ReadBe32(rest.subspan(2, 4));
      auto packet = DecodePacket(rest.first(size), offset_);
      TW_CHECK(packet.has_value());  // Judge made the same checks
      EndFault(items);
      items.emplace_back(std::move(*packet));
      at_ += size;
      offset_ += size;
      continue;
    }
    if (!damaged_) {
      damaged_ = true;
      fault_ = {offset_, 0, judgement.reason, {}};
    }
    if (fault_.bytes.size() < kFaultBytes) fault_.bytes.push_back(buffer_[at_]);
    ++fault_.length;
    ++at_;
    ++offset_;
  }
  buffer_.erase(0, at_);
  at_ = 0;
}

void Stanag4607Stream::EndFault(std::vector<StreamItem>& items) {
  if (!damaged_) return;
  items.emplace_back(std::move(fault_));
  fault_ = {};
  damaged_ = false;
}

}  // namespace trucewatch::stanag4607
