// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/media/demuxer.h"
#include "core/media/ts_sync.h"

namespace trucewatch {

// Bytes of a stream.
struct TsPiece {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// Finds where an MPEG transport stream can be cut so that the clip plays by itself, though no byte
// of it was changed: it is whole transport packets of the stream. The programme tables and the
// metadata in force come first (ISO/IEC 13818-1 2.4.4), then everything from the packet in which a
// key picture begins up to the last picture's first packet, since that picture may not be whole.
// Memory: 16 bytes for each packet that is not video. Threads: one caller at a time; one inside, as
// TsDemuxer has.
class TsClipFinder {
 public:
  TsClipFinder() : demuxer_(TsDemuxer::Create()) {}

  // The stream in pieces of any size. Fails with kBadInput when it is no transport stream.
  Result<void> Push(Bytes bytes);
  // Once, at the end.
  Result<void> Finish();

  // After Finish: first bytes of key pictures, ascending.
  const std::vector<std::uint64_t>& keys() const { return keys_; }
  // The clip from the last key picture at or before `offset`, or from the first there is. Pieces
  // do not meet. Nothing when there is no key picture with another
  // picture after it, or no programme.
  std::optional<std::vector<TsPiece>> ClipFrom(std::uint64_t offset) const;

 private:
  struct Packet {
    std::uint64_t offset = 0;
    std::uint16_t pid = 0;
    bool starts = false;  // a section or PES packet begins in it
  };
  void Walk(Bytes bytes);
  void Look(Bytes packet, std::uint64_t offset);
  void TakeKeys(const std::vector<MediaPacket>& packets);
  void ReadProgrammes(Bytes section);
  void ReadStreams(Bytes section);

  std::unique_ptr<TsDemuxer> demuxer_;
  std::vector<std::uint64_t> keys_;

  std::optional<TsSync> sync_;
  std::string held_;                     // not walked yet
  std::uint64_t walked_ = 0;             // offset of held_[0]
  std::optional<std::uint16_t> tables_;  // pid of the first programme's map
  std::set<std::uint16_t> video_;
  std::vector<Packet> packets_;  // that are not video, of the programme and its association table
  std::optional<std::uint64_t> last_picture_;
};

}  // namespace trucewatch
