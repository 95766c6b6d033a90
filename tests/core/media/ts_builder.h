// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace trucewatch::testing {

// Writes small transport streams by hand (ISO/IEC 13818-1), so that the demuxer meets forms
// FFmpeg's own muxer does not write.
class TsBuilder {
 public:
  struct Stream {
    unsigned pid = 0;
    std::uint8_t type = 0;
    bool klva = false;  // registration descriptor
  };

  explicit TsBuilder(std::vector<Stream> streams) : streams_(std::move(streams)) {}

  void Tables() {
    std::string pat{"\x00\x00\xB0\x0D\x00\x01\xC1\x00\x00\x00\x01\xE1\x00", 13};
    Section(0, pat);
    std::string pmt("\x00\x02\xB0\x00\x00\x01\xC1\x00\x00\xFF\xFF\xF0\x00", 13);
    for (const Stream& stream : streams_) {
      pmt.push_back(static_cast<char>(stream.type));
      pmt.push_back(static_cast<char>(0xE0 | (stream.pid >> 8)));
      pmt.push_back(static_cast<char>(stream.pid & 0xFF));
      pmt.push_back('\xF0');
      pmt.push_back(stream.klva ? '\x06' : '\x00');
      if (stream.klva) pmt += "\x05\x04KLVA";
    }
    pmt[3] = static_cast<char>(pmt.size() - 4 + 4);  // after the length field, with the CRC
    Section(0x100, pmt);
  }

  // One PES packet of known length.
  void Pes(unsigned pid, std::uint8_t stream_id, std::optional<std::uint64_t> pts,
           const std::string& payload) {
    std::string pes("\x00\x00\x01", 3);
    pes.push_back(static_cast<char>(stream_id));
    const std::size_t header = pts ? 5 : 0;
    const std::size_t size = 3 + header + payload.size();
    pes.push_back(static_cast<char>(size >> 8));
    pes.push_back(static_cast<char>(size & 0xFF));
    pes.push_back('\x80');
    pes.push_back(pts ? '\x80' : '\x00');
    pes.push_back(static_cast<char>(header));
    if (pts) {
      pes.push_back(static_cast<char>(0x21 | ((*pts >> 29) & 0x0E)));
      pes.push_back(static_cast<char>((*pts >> 22) & 0xFF));
      pes.push_back(static_cast<char>(0x01 | ((*pts >> 14) & 0xFE)));
      pes.push_back(static_cast<char>((*pts >> 7) & 0xFF));
      pes.push_back(static_cast<char>(0x01 | ((*pts << 1) & 0xFE)));
    }
    pes += payload;
    Packets(pid, pes);
  }

  const std::string& bytes() const { return bytes_; }

 private:
  void Section(unsigned pid, std::string section) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (std::size_t i = 1; i < section.size(); ++i) {
      crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(section[i])) << 24;
      for (int bit = 0; bit < 8; ++bit) {
        crc = (crc << 1) ^ ((crc & 0x80000000U) != 0 ? 0x04C11DB7U : 0U);
      }
    }
    for (int shift = 24; shift >= 0; shift -= 8) {
      section.push_back(static_cast<char>((crc >> shift) & 0xFF));
    }
    section.resize(184, '\xFF');
    Packets(pid, section);
  }

  void Packets(unsigned pid, const std::string& data) {
    for (std::size_t at = 0; at < data.size();) {
      const std::size_t take = std::min<std::size_t>(184, data.size() - at);
      bytes_.push_back('\x47');
      bytes_.push_back(static_cast<char>((at == 0 ? 0x40U : 0U) | (pid >> 8)));
      bytes_.push_back(static_cast<char>(pid & 0xFF));
      const unsigned counter = counters_[pid]++ & 0xF;
      bytes_.push_back(static_cast<char>((take < 184 ? 0x30U : 0x10U) | counter));
      if (take < 184) {  // adaptation field as stuffing
        const std::size_t stuffing = 183 - take;
        bytes_.push_back(static_cast<char>(stuffing));
        if (stuffing > 0) bytes_.push_back('\x00');
        if (stuffing > 1) bytes_.append(stuffing - 1, '\xFF');
      }
      bytes_ += data.substr(at, take);
      at += take;
    }
  }

  std::vector<Stream> streams_;
  std::map<unsigned, unsigned> counters_;
  std::string bytes_;
};

}  // namespace trucewatch::testing
