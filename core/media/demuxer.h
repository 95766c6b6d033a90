// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

enum class MediaKind { kVideo, kKlv, kOther };

// One elementary stream of a programme.
struct MediaStream {
  int index = 0;
  MediaKind kind = MediaKind::kOther;
  std::string codec;      // FFmpeg codec name: "h264", "hevc", "mpeg2video", "klv"
  std::string extradata;  // codec parameters; may be empty
  int width_px = 0;       // video; 0 when not known yet
  int height_px = 0;
  // KLV in access unit cells was seen: synchronous metadata (MISB ST 1402).
  bool synchronous = false;
};

// One packet as the demuxer gives it: an access unit, or the payload of one KLV PES packet.
struct MediaPacket {
  int stream_index = 0;
  MediaKind kind = MediaKind::kOther;
  std::optional<Duration>
      pts;  // presentation time on the programme's clock, unwrapped (33-bit roll-over)
  bool key = false;
  std::uint64_t offset = 0;  // byte offset of the packet's first transport packet in the stream
  // Metadata: the first five bytes of the key had been lost on the way and were put back.
  bool repaired = false;
  // Metadata: access unit cells missing before this one, by their sequence number.
  std::uint32_t lost_cells = 0;
  std::string data;
};

// Takes an MPEG transport stream in pieces of any size, as they arrive, and gives its packets.
// KLV is recognised by content too (stream types 0x06 and 0x15, with or without registration);
// access unit cell headers of synchronous metadata are removed (specs: ISO/IEC 13818-1 table 2-97),
// so `data` starts with a KLV key; their sequence numbers are followed. Determinism: the packets
// after a sequence of Push calls depend on those calls alone. Threads: one caller at a time;
// it starts none (FFmpeg, which pulls, runs on a stack of its own), so a confined job can use it.
class TsDemuxer {
 public:
  static std::unique_ptr<TsDemuxer> Create();
  virtual ~TsDemuxer() = default;

  // Fails with kBadInput when the first bytes are no transport stream (no 0x47 every 188, 192 or
  // 204 bytes). Damage later on is skipped, as transport streams are meant to be, and shows in
  // `continuity_errors`.
  virtual Result<std::vector<MediaPacket>> Push(Bytes bytes) = 0;
  // The source has ended: what was held back.
  virtual Result<std::vector<MediaPacket>> Finish() = 0;

  // Streams found so far.
  virtual const std::vector<MediaStream>& streams() const = 0;
  // Packets FFmpeg marked as corrupt (transport packets missing or flagged), and stretches of video
  // without any picture, so far.
  virtual std::uint64_t corrupt_packets() const = 0;
};

}  // namespace trucewatch
