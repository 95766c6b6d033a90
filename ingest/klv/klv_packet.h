// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/bytes.h"

namespace trucewatch {

// How a local set's checksum stands. Only kOk is one as the standard wants it; the two variants are
// known wrong writers, whose packets are whole all the same.
enum class KlvChecksumState {
  kOk,
  kBad,
  kMissing,                // no checksum item where one must be
  kNotLast,                // items after the checksum are not covered by it
  kOkWithoutItemHeader,    // sum without the checksum item's own tag and length
  kOkWithoutKeyAndLength,  // sum without the set's key and length
};
const char* Name(KlvChecksumState state);  // "ok", "bad", "missing", ...
// kOk or one of the two variants: the packet is whole.
bool IsSound(KlvChecksumState state);

// One KLV packet: 16-byte key, BER length, value.
struct KlvPacket {
  std::uint64_t offset = 0;  // of the key, in the stream
  std::string bytes;         // the whole packet
  std::size_t value_at = 0;  // where the value starts in `bytes`

  Bytes key() const { return AsBytes(bytes).first(16); }
  Bytes value() const { return AsBytes(bytes).subspan(value_at); }
};

// Bytes between packets that are no packet.
struct KlvDamage {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string reason;
};

using KlvRecord = std::variant<KlvPacket, KlvDamage>;

// Cuts a stream of KLV packets, pushed in pieces of any size, and finds its feet again on the next
// key (06 0E 2B 34) after damage. Runs of one filler byte (00 or FF) between packets are no damage.
// A packet of the sets that carry a checksum whose checksum does not fit, with no key after it, is
// taken to have a wrong length: what is inside it is searched for packets too. Bounded: packets are
// at most kMaxPacket long; that much is held. Threads: one caller at a time.
class KlvSplitter {
 public:
  static constexpr std::size_t kMaxPacket = 1 << 20;

  // `offset`: position of the first byte that will be pushed.
  explicit KlvSplitter(std::uint64_t offset = 0) : offset_(offset) {}

  std::vector<KlvRecord> Push(Bytes bytes);
  // The stream has ended: what was held.
  std::vector<KlvRecord> Finish();

 private:
  std::vector<KlvRecord> Split(bool final);
  bool TakePacket(bool final, std::vector<KlvRecord>& records);
  bool Distrust(std::string reason);
  bool MayDistrust(std::size_t total);
  Bytes Held() const;
  void ReportDamage(std::size_t end, std::vector<KlvRecord>& records);
  void Drop(std::size_t size);

  static constexpr int kMaxDoubts = 16;

  std::uint64_t offset_;  // of Held()[0], where a packet or damage starts
  std::string held_;
  std::size_t front_ = 0;  // held_ before this is done with
  std::size_t scan_ = 0;   // no key starts in Held() before this
  std::string reason_;     // of the damage that starts at Held()[0]
  std::uint64_t doubted_end_ = 0;
  int doubts_ = 0;
};

// The packets of one buffer that is complete in itself; offsets count from `offset`.
std::vector<KlvRecord> SplitKlv(Bytes bytes, std::uint64_t offset = 0);

// Checksum of a packet whose value is a local set with checksum item 1 of 2 bytes (ST 0601, ST
// 0903).
KlvChecksumState CheckKlvChecksum(const KlvPacket& packet);
// The same for a reader that has found item 1 itself: `packet` from its key on, where its value
// begins, where the tag of item 1 stands, and the item's bytes (inside `packet`).
KlvChecksumState KlvChecksumStateOf(Bytes packet, std::size_t value_at, std::size_t item_at,
                                    Bytes checksum);

}  // namespace trucewatch
