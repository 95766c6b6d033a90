// SPDX-License-Identifier: Apache-2.0
// Transport streams: sync, FFmpeg's demuxer with our reassembly of metadata around it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/media/demuxer.h"
#include "core/media/klv_payload.h"
#include "core/media/ts_sync.h"
#include "ingest/klv/klv_packet.h"

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

void Stream(Bytes stream) {
  const auto sync = FindTsSync(stream, true);
  if (sync && *sync) (void)FindProgrammeTable(stream, **sync);
  const auto whole = Demux(stream, stream.size() + 1);
  std::size_t bytes = 0;
  for (const MediaPacket& packet : whole) {
    bytes += packet.data.size();
    if (packet.kind == MediaKind::kKlv) (void)SplitKlv(AsBytes(packet.data));
  }
  // Every byte out was a byte in, but for keys put back (5 bytes for at least 11).
  TW_CHECK(bytes <= stream.size() * 2);
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
  if (!bytes.empty()) Stream(bytes);
  Payloads(bytes);
  return 0;
}
