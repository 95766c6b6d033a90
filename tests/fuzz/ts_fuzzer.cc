// SPDX-License-Identifier: Apache-2.0
// Transport streams and containers: sync, tables, PES heads, RTP, MP4 boxes and the reassembly of
// metadata of every input; FFmpeg, which takes a hundred times as long, of one in 64.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/media/demuxer.h"
#include "core/media/internal/live_inputs.h"
#include "core/media/internal/mp4_boxes.h"
#include "core/media/klv_payload.h"
#include "core/media/pes_head_tap.h"
#include "core/media/ts_remuxer.h"
#include "core/media/ts_sync.h"
#include "ingest/klv/klv_packet.h"
#include "tests/fuzz/share.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxInput = 64 << 10;

std::vector<MediaPacket> Demux(Bytes stream, std::size_t piece) {
  std::vector<MediaPacket> packets;
  const auto demuxer = TsDemuxer::Create();
  const auto take = [&](Result<std::vector<MediaPacket>> got) {
    if (!got) return false;
    for (MediaPacket& packet : *got) packets.push_back(std::move(packet));
    return true;
  };
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    if (!take(demuxer->Push(stream.subspan(at, std::min(piece, stream.size() - at)))))
      return packets;
  }
  take(demuxer->Finish());
  for (const MediaPacket& packet : packets) {
    TW_CHECK(packet.stream_index >= 0 &&
             static_cast<std::size_t>(packet.stream_index) < demuxer->streams().size());
  }
  return packets;
}

bool Same(const MediaPacket& a, const MediaPacket& b) {
  return a.stream_index == b.stream_index && a.kind == b.kind && a.pts == b.pts && a.key == b.key &&
         a.offset == b.offset && a.repaired == b.repaired && a.lost_cells == b.lost_cells &&
         a.data == b.data;
}

// What our own code reads of a stream, beside FFmpeg; false when it is none.
bool Packets(Bytes stream) {
  const auto sync = FindTsSync(stream, true);
  if (!sync) return false;
  TW_CHECK(sync->has_value() && (*sync)->offset < stream.size());
  const auto table = FindProgrammeTable(stream, **sync);
  if (table) TW_CHECK(*table >= (*sync)->offset && *table + 3 < stream.size());
  const Bytes rest = stream.subspan((*sync)->offset);
  const std::size_t size = (*sync)->packet_size;
  PesHeadTap tap(size);
  for (std::size_t at = 0; at < rest.size(); at += size) {  // as the demuxer reads
    tap.Push(rest.subspan(at, std::min(size, rest.size() - at)));
  }
  for (std::size_t at = 0; at + 3 < rest.size(); at += size) {
    (void)tap.Take(((rest[at + 1] & 0x1FU) << 8) | rest[at + 2], at);
  }
  return true;
}

ContainerBytes AsContainer(Bytes bytes) {
  return {bytes.size(), [bytes](std::uint64_t at, std::size_t size) -> Result<std::string> {
            TW_CHECK(at <= bytes.size() && size <= bytes.size() - at);
            return std::string(AsText(bytes.subspan(at, size)));
          }};
}

// A datagram, and a container file.
void Carriers(Bytes bytes) {
  if (const auto rtp = internal::ParseRtpTs(bytes)) {
    TW_CHECK(!rtp->payload.empty() && rtp->payload.size() % 188 == 0);
  }
  (void)RecogniseContainer(bytes.first(std::min<std::size_t>(12, bytes.size())));
  (void)internal::CheckMp4Boxes(AsContainer(bytes));
}

void Remux(Bytes bytes) {
  const auto remuxer = TsRemuxer::Open(AsContainer(bytes), "f");
  if (!remuxer) return;
  while (true) {
    const auto packets = (*remuxer)->Next();
    if (!packets || packets->empty()) break;
    TW_CHECK(packets->size() % 188 == 0);
  }
  (void)(*remuxer)->note();
}

void Stream(Bytes stream, bool in_pieces) {
  const auto whole = Demux(stream, stream.size() + 1);
  std::size_t bytes = 0;
  for (const MediaPacket& packet : whole) {
    bytes += packet.data.size();
    if (packet.kind == MediaKind::kKlv) (void)SplitKlv(AsBytes(packet.data));
  }
  // Every byte out was a byte in, but for keys put back (5 bytes for at least 11).
  TW_CHECK(bytes <= stream.size() * 2);
  if (!in_pieces) return;
  // What comes out depends on the bytes, not on how they were cut.
  const auto pieces = Demux(stream, 1 + stream.size() % 977);
  TW_CHECK(std::equal(whole.begin(), whole.end(), pieces.begin(), pieces.end(), Same));
}

// The input as payloads of one metadata stream: a length byte, then so many bytes.
void Payloads(Bytes input) {
  KlvPayloadReader reader;
  std::size_t bytes = 0;
  const auto count = [&](const std::vector<KlvPayloadReader::Unit>& units) {
    for (const auto& unit : units) {
      TW_CHECK(!unit.data.empty());
      bytes += unit.data.size();
    }
  };
  const std::size_t size = input.size();
  while (!input.empty()) {
    const std::size_t length = std::min<std::size_t>(input[0], input.size() - 1);
    count(reader.Push(input.subspan(1, length)));
    input = input.subspan(1 + length);
  }
  count(reader.Finish());
  TW_CHECK(!reader.holding() && bytes <= size * 2);
}

}  // namespace
}  // namespace trucewatch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trucewatch;
  const Bytes bytes = Bytes(data, size).first(std::min(size, kMaxInput));
  fuzzing::Share share(bytes);
  if (!Packets(bytes) || share.OneIn(8)) Payloads(bytes);
  Carriers(bytes);
  if (bytes.empty() || !share.OneIn(64)) return 0;
  Stream(bytes, share.OneIn(4));
  Remux(bytes);
  return 0;
}
