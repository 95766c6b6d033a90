// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/media/internal/av_owned.h"
#include "core/media/internal/unit_joiner.h"
#include "core/media/klv_payload.h"

namespace trucewatch::internal {

// Writes packets of an input context as an MPEG transport stream: video of H.264, H.265 and MPEG-2
// (Annex B; FFmpeg's muxer puts an access unit delimiter in front where there is none), KLV as
// synchronous metadata (stream type 0x15, access unit cells, ISO/IEC 13818-1 table 2-97; MISB
// ST 1402). Time stamps are kept, except that all of them are moved by the same whole number of
// seconds where the clock would otherwise begin below its lowest allowed value. Everything else is
// left out. Determinism: same packets, same bytes.
class TsMuxer {
 public:
  struct Options {
    // Live: streams may still turn up, and pictures and KLV come in pieces, the payloads of RTP
    // (RFC 6184, 7798, 6597). Else the streams are known, and each packet is whole.
    bool live = false;
    std::int64_t lowest_dts = 0;  // 90 kHz
  };
  explicit TsMuxer(const Options& options) : options_(options) {}

  // Takes the packet's content. An Error when nothing can be written at all: no video that is
  // known, or no memory. What is damaged is left out and counted.
  Result<void> Push(const AVFormatContext& input, AVPacket& packet);
  Result<void> Finish(const AVFormatContext& input);
  // What has been written since the last call.
  std::string Take();
  std::size_t size() const { return out_.size(); }

  // "h264 and klv; time stamps moved by 1 s": what the stream holds and what was done to it.
  std::string Describe() const;
  std::uint64_t left_out() const { return left_out_; }

 private:
  enum class Use { kIgnored, kUndecided, kVideo, kKlv };
  struct Stream {
    Use use = Use::kIgnored;
    std::string codec;
    AVStream* out = nullptr;  // owned by the muxer
    AvOwned<AVBSFContext> annex_b;
    std::int64_t lag = 0;  // ticks between decoding and showing where the input does not say
    std::int64_t last_dts = INT64_MIN;
    std::int64_t last_pts = INT64_MIN;
    std::optional<UnitJoiner> units;  // live video
    std::uint8_t cell_sequence = 0;
    KlvPayloadReader joiner;
    std::int64_t joined_pts = AV_NOPTS_VALUE;  // of the payload that what is held began in
  };
  struct Held {
    int index;
    AvOwned<AVPacket> packet;
  };

  Result<void> Hold(const AVFormatContext& input, int index, AvOwned<AVPacket> packet);
  void NoteStreams(const AVFormatContext& input);
  void Decide(Stream& stream, const AVPacket& packet);
  bool ReadyToBegin(const AVFormatContext& input) const;
  Result<void> Begin(const AVFormatContext& input);
  Result<void> TryToBegin(const AVFormatContext& input);
  Result<void> AddStream(const AVStream& in, Stream& stream);
  void MoveClock(const AVFormatContext& input);
  Result<void> Drain(const AVFormatContext& input);
  Result<void> Write(const AVFormatContext& input, Held& held);
  Result<void> WriteVideo(Stream& stream, AVPacket& packet, AVRational time_base);
  Result<void> WriteKlv(Stream& stream, Bytes data, std::int64_t pts);
  Result<void> WriteJoined(Stream& stream, Bytes data, std::int64_t pts);
  Result<void> WriteOut(Stream& stream, AVPacket& packet);
  void SetTimes(Stream& stream, AVPacket& packet, AVRational time_base);
  static int TakeBytes(void* opaque, std::uint8_t* bytes, int size);

  Options options_;
  std::deque<Stream> streams_;  // by the input's index
  std::deque<Held> held_;
  std::size_t held_bytes_ = 0;
  AvOwned<AVIOContext> io_;
  AvOutput muxer_;
  const Stream* first_video_ = nullptr;
  std::int64_t moved_ticks_ = 0;
  std::string out_;
  std::uint64_t left_out_ = 0;
};

}  // namespace trucewatch::internal
