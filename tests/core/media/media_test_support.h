// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "core/media/demuxer.h"

namespace trucewatch::testing {

inline std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Demuxed {
  std::vector<MediaPacket> packets;
  std::vector<MediaStream> streams;
  std::uint64_t corrupt = 0;
  std::string error;

  std::vector<MediaPacket> Of(MediaKind kind) const {
    std::vector<MediaPacket> out;
    for (const MediaPacket& packet : packets) {
      if (packet.kind == kind) out.push_back(packet);
    }
    return out;
  }
};

// Pushes the bytes in pieces whose sizes `next_size` gives.
inline Demuxed DemuxPieces(const std::string& bytes,
                           const std::function<std::size_t()>& next_size) {
  Demuxed out;
  const auto demuxer = TsDemuxer::Create();
  const auto take = [&](Result<std::vector<MediaPacket>> got) {
    if (!got) {
      out.error = got.error().message;
      return false;
    }
    for (MediaPacket& packet : *got) out.packets.push_back(std::move(packet));
    return true;
  };
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = std::min<std::size_t>(next_size(), bytes.size() - at);
    if (!take(demuxer->Push(AsBytes(bytes).subspan(at, size)))) return out;
    at += size;
  }
  take(demuxer->Finish());
  out.streams = demuxer->streams();
  out.corrupt = demuxer->corrupt_packets();
  return out;
}

inline Demuxed Demux(const std::string& bytes, std::size_t piece = 65536) {
  return DemuxPieces(bytes, [piece] { return piece; });
}

}  // namespace trucewatch::testing
