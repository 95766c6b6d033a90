// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/time/instant.h"

// Classic pcap captures (draft-ietf-opsawg-pcap) of UDP over IPv4 over Ethernet. What is written is
// little-endian with microseconds; read are both byte orders and nanoseconds.
namespace trucewatch::asterix {

// The file's first 24 bytes.
std::string PcapHeader();
// One packet record: Ethernet, IPv4 and UDP around `payload` (at most 65507 bytes), checksums
// right. Addresses as numbers: 239.1.1.1 is 0xEF010101; a multicast address gets its multicast MAC.
std::string PcapUdpPacket(Instant time, std::uint32_t src_ip, std::uint16_t src_port,
                          std::uint32_t dst_ip, std::uint16_t dst_port, std::string_view payload);

}  // namespace trucewatch::asterix
