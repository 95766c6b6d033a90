// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>

#include "core/storage/storage.h"
#include "ingest/asterix/asterix_encoder.h"
#include "ingest/asterix/pcap.h"
#include "ingest/recorded/recorded_source.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::asterix {
namespace {

const Instant kCaptureStart = *ParseUtc("2026-03-01T21:00:00Z");

std::string Packet(Instant time, const std::string& payload) {
  return PcapUdpPacket(time, 0x0A000001, 40000, 0xEF010101, 8600, payload);
}

class AsterixCapture : public ::testing::Test {
 protected:
  std::vector<RawRecord> Read(const std::string& bytes) {
    const std::string path = directory_.File("capture");
    std::ofstream(path, std::ios::binary) << bytes;
    auto source = OpenAsterixFile(*storage_, {{"radar"}, path, kCaptureStart});
    if (!source) {
      error_ = source.error();
      return {};
    }
    std::vector<RawRecord> records;
    while (true) {
      auto next = (*source)->Next();
      EXPECT_TRUE(next.has_value());
      if (!next || !*next) break;
      records.push_back(std::move(**next));
      EXPECT_EQ(records.back().source_sequence, records.size());
      if (!records.back().end_of_source) {
        EXPECT_EQ(bytes.substr(records.back().source_offset, records.back().bytes.size()),
                  records.back().bytes);
      }
    }
    EXPECT_TRUE(!records.empty() && records.back().end_of_source);
    return records;
  }

  trucewatch::testing::TempDirectory directory_;
  std::unique_ptr<Storage> storage_ = MakePosixStorage();
  Error error_;
};

TEST_F(AsterixCapture, EachDatagramIsARecordWithoutItsPadding) {
  const auto records = Read(PcapHeader() + Packet(kCaptureStart, "ab") +
                            Packet(kCaptureStart + Duration::Millis(5), std::string(2000, 'x')));
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].bytes, "ab");  // the frame is 60 bytes long
  EXPECT_EQ(records[0].receive_time, kCaptureStart);
  EXPECT_EQ(records[0].source_offset, 24U + 16 + 42);
  EXPECT_EQ(records[1].bytes, std::string(2000, 'x'));
  EXPECT_EQ(records[1].receive_time, kCaptureStart + Duration::Millis(5));
  EXPECT_EQ(records[2].bytes, "");
}

TEST_F(AsterixCapture, ReceiveTimesNeverFall) {
  const auto records =
      Read(PcapHeader() + Packet(kCaptureStart + Duration::Seconds(2), "ab") +
           Packet(kCaptureStart, "cd") + Packet(kCaptureStart + Duration::Seconds(3), "ef"));
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[1].receive_time, kCaptureStart + Duration::Seconds(2));
  EXPECT_EQ(records[2].receive_time, kCaptureStart + Duration::Seconds(3));
}

// Big-endian with nanoseconds, a VLAN tag and IP options, made by hand.
TEST_F(AsterixCapture, OtherByteOrderNanosecondsVlanAndIpOptionsAreRead) {
  std::string frame = *HexDecode(
      "01005e010101"
      "02000a000001"
      "8100"
      "0064"
      "0800"  // VLAN 100
      "4600"
      "0022"
      "0000"
      "0000"
      "4011"
      "0000"
      "0a000001"
      "ef010101"
      "94040000"  // 24 bytes
      "9c402198"
      "000a"
      "0000"
      "6869");
  std::string file = *HexDecode(
      "a1b23c4d"
      "00020004"
      "00000000"
      "00000000"
      "00010000"
      "00000001");
  AppendBe32(file, static_cast<std::uint32_t>(kCaptureStart.micros() / 1'000'000));
  AppendBe32(file, 250'000'999);
  AppendBe32(file, static_cast<std::uint32_t>(frame.size() + 4));
  AppendBe32(file, static_cast<std::uint32_t>(frame.size() + 4));
  const auto records = Read(file + frame + "PAD!");
  ASSERT_EQ(records.size(), 2U) << error_.message;
  EXPECT_EQ(records[0].bytes, "hi");
  EXPECT_EQ(records[0].receive_time, kCaptureStart + Duration::Millis(250));
}

TEST_F(AsterixCapture, FragmentsAndOtherPacketsAreCountedAndPassedOver) {
  std::string fragment = Packet(kCaptureStart, "abcdef");
  fragment[16 + 20] = 0x20;  // more fragments follow
  std::string tcp = Packet(kCaptureStart, "abcdef");
  tcp[16 + 23] = 6;
  std::string damaged = Packet(kCaptureStart, "abcdef");
  damaged[16 + 38] = 0x7F;  // UDP length beyond the packet
  const auto records =
      Read(PcapHeader() + fragment + tcp + damaged + Packet(kCaptureStart, "good"));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].bytes, "good");
  EXPECT_EQ(records[1].bytes,
            "end of the recording; packets passed over: 1 pieces of datagrams, 1 cut or damaged, 1 "
            "not UDP");
}

TEST_F(AsterixCapture, ACaptureCutAnywhereGivesTheWholeDatagramsBefore) {
  const std::string file =
      PcapHeader() + Packet(kCaptureStart, "first") + Packet(kCaptureStart, "second");
  const std::size_t one = (file.size() - 24) / 2;
  for (std::size_t size = 24; size < file.size(); ++size) {
    const auto records = Read(file.substr(0, size));
    ASSERT_EQ(records.size(), 1 + (size - 24) / one) << size;
    EXPECT_EQ(records.back().bytes.empty(), (size - 24) % one == 0) << size;
  }
  std::string bad = file;
  bad[24 + one + 8] = '\x7F';
  bad[24 + one + 10] = '\x7F';  // a captured length of megabytes
  const auto records = Read(bad);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_NE(records[1].bytes.find("the capture is damaged at byte 100"), std::string::npos)
      << records[1].bytes;
}

TEST_F(AsterixCapture, WhatIsNoCaptureIsRefused) {
  std::string wifi = PcapHeader();
  wifi[20] = 105;
  Read(wifi);
  EXPECT_NE(error_.message.find("link type 105; read are Ethernet"), std::string::npos)
      << error_.message;
  Read("hello, this is a text and no radar");
  EXPECT_NE(error_.message.find("expected a pcap or pcapng capture"), std::string::npos)
      << error_.message;
  error_ = {};
  // A line feed is category 10, and two dashes are a length.
  Read("\n\n" + std::string(20'000, '-'));
  EXPECT_NE(error_.message.find("expected a pcap or pcapng capture"), std::string::npos)
      << error_.message;
  EXPECT_EQ(error_.code, ErrorCode::kBadInput);
}

std::string NorthAt(Instant time) {
  Cat034Record r;
  r.time = time;
  return EncodeCat034(std::span(&r, 1));
}

TEST_F(AsterixCapture, RawBlocksTakeTheirTimesFromTheTimesOfDay) {
  const Instant late = *ParseUtc("2026-03-01T23:59:59Z");
  const auto records =
      Read(NorthAt(late) + *HexDecode("3e0004aa") + NorthAt(late + Duration::Seconds(2)));
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[0].receive_time, late);
  EXPECT_EQ(records[1].receive_time, late);  // category 62 says nothing here
  EXPECT_EQ(records[2].receive_time, *ParseUtc("2026-03-02T00:00:01Z"));
}

TEST_F(AsterixCapture, DamageInARawFileIsPassedOnWhole) {
  const std::string good = NorthAt(kCaptureStart);
  const std::string damage = *HexDecode("300001") + std::string(70'000, 'z');
  std::string file;
  for (int i = 0; i < 9; ++i) file += good;
  const auto records = Read(file + damage);
  ASSERT_EQ(records.size(), 9U + 2 + 1);
  EXPECT_EQ(records[9].bytes + records[10].bytes, damage);
  EXPECT_EQ(records[10].receive_time, kCaptureStart);
}

std::string Le(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  return out;
}
std::string NgBlock(std::uint32_t type, std::string body) {
  body.resize((body.size() + 3) / 4 * 4);
  const std::string size = Le(body.size() + 12, 4);
  return Le(type, 4) + size + body + size;
}
std::string NgSection() { return NgBlock(0x0A0D0D0A, Le(0x1A2B3C4D, 4) + Le(1, 4) + Le(~0ULL, 8)); }
std::string NgInterface(std::uint16_t link, const std::string& options = {}) {
  return NgBlock(1, Le(link, 4) + Le(0, 4) + options);
}
std::string NgPacket(std::uint32_t interface, std::uint64_t time, const std::string& frame) {
  return NgBlock(6, Le(interface, 4) + Le(time >> 32, 4) + Le(time & 0xFFFFFFFF, 4) +
                        Le(frame.size(), 4) + Le(frame.size(), 4) + frame);
}
std::string Frame4(const std::string& payload) { return Packet(kCaptureStart, payload).substr(16); }
std::string Ipv6(const std::string& payload, const std::string& extension = {}) {
  std::string udp = *HexDecode("9c402198");
  AppendBe16(udp, static_cast<std::uint16_t>(payload.size() + 8));
  udp += std::string(2, '\0') + payload;
  std::string ip = *HexDecode("60000000");
  AppendBe16(ip, static_cast<std::uint16_t>(extension.size() + udp.size()));
  ip += extension.empty() ? '\x11' : '\x00';
  return ip + '\x40' + std::string(32, '\x01') + extension + udp;
}

TEST_F(AsterixCapture, PcapngIsReadWithItsClocksAndLinks) {
  const std::uint64_t us = static_cast<std::uint64_t>(kCaptureStart.micros());
  const std::string nanoseconds = Le(9, 2) + Le(1, 2) + Le(9, 4) + Le(0, 4);
  const auto records =
      Read(NgSection() + NgInterface(1) + NgInterface(101, nanoseconds) + NgInterface(113) +
           NgPacket(0, us, Frame4("ab")) + NgBlock(5, Le(0, 12)) +
           NgPacket(1, us * 1000 + 5'000'999, Ipv6("cd")) +
           NgPacket(1, us * 1000 + 6'000'000, Ipv6("ef", *HexDecode("1100000000000000"))) +
           NgPacket(2, us + 7000, std::string(14, '\0') + "\x86\xDD" + Ipv6("gh")) +
           NgBlock(3, Le(Frame4("ij").size(), 4) + Frame4("ij")));
  ASSERT_EQ(records.size(), 6U);
  const char* const payloads[] = {"ab", "cd", "ef", "gh", "ij"};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(records[i].bytes, payloads[i]);
  EXPECT_EQ(records[0].receive_time, kCaptureStart);
  EXPECT_NEAR((records[1].receive_time - kCaptureStart).seconds(), 0.005, 2e-6);
  EXPECT_EQ(records[3].receive_time, kCaptureStart + Duration::Millis(7));
  EXPECT_EQ(records[4].receive_time, kCaptureStart + Duration::Millis(7));  // has none of its own
}

TEST_F(AsterixCapture, PiecesOfIpv6AreCounted) {
  const auto records = Read(NgSection() + NgInterface(101) + NgPacket(0, 0, [] {
                              std::string ip = Ipv6("ab", *HexDecode("1100000100000001"));
                              ip[6] = 44;
                              return ip;
                            }()));
  ASSERT_EQ(records.size(), 1U);
  EXPECT_NE(records[0].bytes.find("1 pieces of datagrams"), std::string::npos) << records[0].bytes;
}

TEST_F(AsterixCapture, DamagedPcapngEndsWithTheReason) {
  const std::string start = NgSection() + NgInterface(1) + NgPacket(0, 0, Frame4("ab"));
  const auto end_of = [&](const std::string& more) {
    const auto records = Read(start + more);
    EXPECT_EQ(records.size(), 2U);
    return records.back().bytes;
  };
  EXPECT_NE(end_of(NgPacket(7, 0, "x")).find("interface 7"), std::string::npos);
  EXPECT_NE(end_of(Le(6, 4) + Le(13, 4) + Le(0, 8)).find("block of 13 bytes"), std::string::npos);
  std::string differs = NgPacket(0, 0, "abcd");
  differs.back() = 1;
  EXPECT_NE(end_of(differs).find("two lengths differ"), std::string::npos);
  EXPECT_NE(end_of(NgBlock(6, Le(0, 12) + Le(400, 4) + Le(400, 4))).find("400 bytes in a block"),
            std::string::npos);
  EXPECT_NE(end_of(NgPacket(0, ~0ULL, "x")).find("time stamp"), std::string::npos);
  EXPECT_NE(end_of(Le(6, 4)).find("inside the head"), std::string::npos);
}

// Wireshark's own conversion of the real capture.
TEST_F(AsterixCapture, ARealCaptureAsPcapngGivesTheSameRecords) {
  TW_SHARED_DATA_OR_SKIP(path, "asterix/cat_034_048.pcap");
  const std::string converted = directory_.File("converted");
  if (trucewatch::testing::RunProcess({"editcap", "--version"}).code != 0) {
    if (trucewatch::testing::SharedDataRequired()) FAIL() << "editcap is required when CI=true";
    GTEST_SKIP() << "editcap is not installed (Debian package wireshark-common)";
  }
  ASSERT_EQ(trucewatch::testing::RunProcess({"editcap", "-F", "pcapng", path, converted}).code, 0);
  const auto classic = Read(trucewatch::testing::ReadFile(path));
  const auto ng = Read(trucewatch::testing::ReadFile(converted));
  ASSERT_GT(classic.size(), 90U);
  ASSERT_EQ(classic.size(), ng.size());
  for (std::size_t i = 0; i < ng.size(); ++i) {
    EXPECT_EQ(classic[i].bytes, ng[i].bytes);
    EXPECT_EQ(classic[i].receive_time, ng[i].receive_time);
  }
}

}  // namespace
}  // namespace trucewatch::asterix
