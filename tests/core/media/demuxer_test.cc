// SPDX-License-Identifier: Apache-2.0
#include "core/media/demuxer.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/core/media/media_test_support.h"
#include "tests/core/media/ts_builder.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

using testing::Demux;
using testing::Demuxed;

std::string Klv(char number, std::size_t length = 20) {
  std::string klv("\x06\x0E\x2B\x34\x02\x0B\x01\x01\x0E\x01\x03\x01\x01\x00\x00\x00", 16);
  klv.push_back('\x82');
  klv.push_back(static_cast<char>(length >> 8));
  klv.push_back(static_cast<char>(length & 0xFF));
  klv.append(length, number);
  return klv;
}

std::string Cell(int sequence, const std::string& data, char flags = '\xDF') {
  return std::string{'\0', static_cast<char>(sequence), flags, static_cast<char>(data.size() >> 8),
                     static_cast<char>(data.size() & 0xFF)} +
         data;
}

void ExpectSame(const Demuxed& a, const Demuxed& b) {
  ASSERT_EQ(a.packets.size(), b.packets.size());
  for (std::size_t i = 0; i < a.packets.size(); ++i) {
    const MediaPacket& x = a.packets[i];
    const MediaPacket& y = b.packets[i];
    ASSERT_TRUE(x.stream_index == y.stream_index && x.kind == y.kind && x.pts == y.pts &&
                x.key == y.key && x.offset == y.offset && x.data == y.data)
        << "packet " << i;
  }
}

TEST(TsDemuxer, ReadsEveryPictureAndKlvPacketOfARealStream) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const Demuxed got = Demux(testing::ReadAll(path));
  EXPECT_EQ(got.error, "");
  ASSERT_EQ(got.streams.size(), 2U);
  EXPECT_EQ(got.streams[0].codec, "h264");
  EXPECT_EQ(got.streams[0].width_px, 640);
  EXPECT_EQ(got.streams[0].height_px, 480);
  EXPECT_EQ(got.streams[1].kind, MediaKind::kKlv);
  const auto pictures = got.Of(MediaKind::kVideo);
  const auto metadata = got.Of(MediaKind::kKlv);
  EXPECT_EQ(pictures.size(), 277U);  // ffprobe counts the same
  EXPECT_EQ(metadata.size(), 277U);
  EXPECT_EQ(std::count_if(pictures.begin(), pictures.end(), [](const auto& p) { return p.key; }),
            28);
  // As ffprobe prints them: pts_time=2.167000, pos=564 and 2.167000, pos=18612.
  EXPECT_EQ(pictures[0].pts, Duration::Micros(2'167'000));
  EXPECT_EQ(pictures[0].offset, 564U);
  EXPECT_EQ(metadata[0].pts, Duration::Micros(2'167'000));
  EXPECT_EQ(metadata[0].offset, 18612U);
  EXPECT_EQ(got.corrupt, 0U);
}

TEST(TsDemuxer, PacketsDoNotDependOnHowTheBytesAreCut) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const std::string bytes = testing::ReadAll(path);
  const Demuxed whole = Demux(bytes, bytes.size());
  for (const std::size_t piece : {188U, 4096U, 65536U}) {
    ExpectSame(whole, Demux(bytes, piece));
  }
  std::mt19937_64 random(7);
  for (int run = 0; run < 3; ++run) {
    ExpectSame(whole, testing::DemuxPieces(bytes, [&] { return 1 + random() % 9000; }));
  }
}

TEST(TsDemuxer, EveryPushGivesWhatItsBytesComplete) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const std::string bytes = testing::ReadAll(path);
  const auto demuxer = TsDemuxer::Create();
  std::vector<std::size_t> metadata_after;  // bytes pushed when each KLV packet came out
  for (std::size_t at = 0; at < bytes.size(); at += 188) {
    const auto got = demuxer->Push(AsBytes(bytes).subspan(at, 188));
    ASSERT_TRUE(got);
    for (const MediaPacket& packet : *got) {
      if (packet.kind != MediaKind::kKlv) continue;
      // The first waits for the probe; from then on each comes with its own last transport packet
      // (a few packets of service tables may lie between).
      const std::size_t own = (packet.data.size() + 5 + 14 + 183) / 184 + 3;
      EXPECT_LE(at + 188, std::max<std::size_t>(packet.offset + own * 188, 33'000 + 188 * 3));
      metadata_after.push_back(at + 188);
    }
  }
  EXPECT_EQ(metadata_after.size(), 277U);
}

TEST(TsDemuxer, EveryKlvStreamOfAProgrammeIsRead) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/h265_tricky_klv.ts");
  const Demuxed got = Demux(testing::ReadAll(path));
  ASSERT_EQ(got.streams.size(), 4U);
  EXPECT_EQ(got.streams[0].codec, "hevc");
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(got.streams[i].kind, MediaKind::kKlv) << i;
}

TEST(TsDemuxer, StreamWithoutMetadataHasNone) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/h264_no_klv.ts");
  const Demuxed got = Demux(testing::ReadAll(path));
  EXPECT_EQ(got.Of(MediaKind::kVideo).size(), 30U);
  EXPECT_TRUE(got.Of(MediaKind::kKlv).empty());
}

TEST(TsDemuxer, TruncatedStreamGivesWhatIsWhole) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  const std::string bytes = testing::ReadAll(path);
  const Demuxed whole = Demux(bytes);
  std::mt19937_64 random(11);
  for (int run = 0; run < 40; ++run) {
    const std::size_t size = run < 20 ? random() % 60'000 : random() % bytes.size();
    const Demuxed cut = Demux(bytes.substr(0, size), 5000);
    if (size < 188) continue;  // less than one packet is refused, see below
    ASSERT_EQ(cut.error, "") << size;
    const auto all = whole.Of(MediaKind::kKlv);
    const auto some = cut.Of(MediaKind::kKlv);
    std::size_t wholly_inside =
        0;  // two transport packets each (three for the first), not always adjacent
    for (std::size_t i = 0; i + 1 < all.size() && all[i + 1].offset <= size; ++i) ++wholly_inside;
    ASSERT_GE(some.size(), wholly_inside) << size;
    for (std::size_t i = 0; i < wholly_inside; ++i) EXPECT_EQ(some[i].data, all[i].data);
    for (const auto& picture : cut.Of(MediaKind::kVideo)) EXPECT_FALSE(picture.data.empty());
  }
}

TEST(TsDemuxer, DamagedPacketsAreCountedAndTheRestIsRead) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/osh-vmti-h264.ts");
  std::string bytes = testing::ReadAll(path);
  bytes.erase(188 * 2000, 188 * 20);                                      // lost packets
  for (std::size_t i = 0; i < 1000; ++i) bytes[188 * 6000 + i] = '\x55';  // lost sync
  const Demuxed got = Demux(bytes);
  EXPECT_EQ(got.error, "");
  EXPECT_GT(got.corrupt, 0U);
  EXPECT_GE(got.Of(MediaKind::kKlv).size(), 270U);
  EXPECT_LT(got.Of(MediaKind::kKlv).size(), 277U);
}

TEST(TsDemuxer, OtherFilesAreRefusedWithWhatWasFound) {
  std::string text;
  while (text.size() < 20'000) text += "Good morning, this is a report and no video.\n";
  for (const std::size_t piece : {100U, 20'000U}) {
    const Demuxed got = Demux(text, piece);
    EXPECT_NE(got.error.find("expected the sync byte 47"), std::string::npos) << got.error;
    EXPECT_NE(got.error.find("\"Good mor\""), std::string::npos) << got.error;
    EXPECT_TRUE(got.packets.empty());
  }
  EXPECT_NE(Demux(text.substr(0, 300)).error, "");
  EXPECT_NE(Demux(text.substr(0, 100)).error, "");
  EXPECT_NE(Demux("").error, "");
}

TEST(TsDemuxer, StreamsWithTimeCodesOrErrorCorrectionAreRead) {
  testing::TsBuilder plain({{0x101, 0x06, true}});
  plain.Tables();
  for (char i = '0'; i < '9'; ++i) plain.Pes(0x101, 0xBD, std::nullopt, Klv(i));
  std::string m2ts;
  std::string fec;
  for (std::size_t at = 0; at < plain.bytes().size(); at += 188) {
    m2ts += std::string(4, '\x01') + plain.bytes().substr(at, 188);
    fec += plain.bytes().substr(at, 188) + std::string(16, '\x02');
  }
  for (const std::string& bytes : {plain.bytes(), m2ts, fec}) {
    const auto got = Demux(bytes).Of(MediaKind::kKlv);
    ASSERT_EQ(got.size(), 9U);
    EXPECT_EQ(got[8].data, Klv('8'));
  }
}

TEST(TsDemuxer, PrivateDataWithoutRegistrationIsRecognisedByContent) {
  testing::TsBuilder ts({{0x101, 0x06, false}, {0x102, 0x06, false}});
  ts.Tables();
  for (char i = '0'; i < '9'; ++i) {
    ts.Pes(0x101, 0xBD, std::nullopt, Klv(i));
    ts.Pes(0x102, 0xBD, std::nullopt, "something else of ours");
  }
  const Demuxed got = Demux(ts.bytes());
  const auto metadata = got.Of(MediaKind::kKlv);
  ASSERT_EQ(metadata.size(), 9U);
  EXPECT_EQ(metadata[3].data, Klv('3'));
  EXPECT_FALSE(metadata[3].pts);
}

TEST(TsDemuxer, AccessUnitCellsAreRemovedInEveryForm) {
  testing::TsBuilder ts({{0x101, 0x15, true}, {0x102, 0x06, true}, {0x103, 0x15, false}});
  ts.Tables();
  for (int i = 0; i < 8; ++i) {
    const std::uint64_t pts = 90'000U + 9'000U * static_cast<unsigned>(i);
    // Two cells in one PES packet; cells in a stream labelled as private data; no registration.
    ts.Pes(0x101, 0xFC, pts, Cell(2 * i, Klv('a')) + Cell(2 * i + 1, Klv('b')));
    ts.Pes(0x102, 0xFC, pts, Cell(i, Klv('c')));
    ts.Pes(0x103, 0xFC, pts, Cell(i, Klv('d')));
  }
  const Demuxed got = Demux(ts.bytes());
  std::size_t seen = 0;
  for (const MediaPacket& packet : got.Of(MediaKind::kKlv)) {
    const std::string expected = packet.stream_index == 0   ? Klv('a') + Klv('b')
                                 : packet.stream_index == 1 ? Klv('c')
                                                            : Klv('d');
    EXPECT_EQ(HexEncode(AsBytes(packet.data)), HexEncode(AsBytes(expected)));
    EXPECT_TRUE(packet.pts);
    ++seen;
  }
  EXPECT_EQ(seen, 24U);
}

TEST(TsDemuxer, FragmentedUnitIsJoinedAndKeepsTheTimeOfItsFirstPart) {
  testing::TsBuilder ts({{0x101, 0x15, true}});
  ts.Tables();
  const std::string klv = Klv('x', 400);
  for (int i = 0; i < 6; ++i) {
    const std::uint64_t pts = 90'000U + 90'000U * static_cast<unsigned>(i);
    ts.Pes(0x101, 0xFC, pts, Cell(3 * i, klv.substr(0, 150), '\x9F'));
    ts.Pes(0x101, 0xFC, pts + 10, Cell(3 * i + 1, klv.substr(150, 150), '\x1F'));
    ts.Pes(0x101, 0xFC, pts + 20, Cell(3 * i + 2, klv.substr(300), '\x5F'));
  }
  const auto got = Demux(ts.bytes()).Of(MediaKind::kKlv);
  ASSERT_EQ(got.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(got[i].data, klv);
    EXPECT_EQ(got[i].pts, Duration::Seconds(1 + static_cast<std::int64_t>(i)));
  }
}

TEST(TsDemuxer, JumpsOfTheCellSequenceAreCounted) {
  testing::TsBuilder ts({{0x101, 0x15, true}});
  ts.Tables();
  std::uint64_t pts = 90'000;
  const auto pes = [&](const std::string& payload) { ts.Pes(0x101, 0xFC, pts += 9'000, payload); };
  for (int i = 250; i < 260; ++i) pes(Cell(i & 0xFF, Klv('a')));  // rolls over: no jump
  pes(Cell(7, Klv('b')));                                         // 4, 5, 6 are missing
  pes(Cell(8, Klv('c')) + Cell(11, Klv('d')));                    // 9, 10
  pes(Cell(11, Klv('e')));                                        // a writer that repeats a number
  pes(Cell(12, Klv('f')));
  const Demuxed got = Demux(ts.bytes());
  const auto metadata = got.Of(MediaKind::kKlv);
  ASSERT_EQ(metadata.size(), 15U);
  for (const MediaPacket& packet : metadata) {
    const char number = packet.data.back();
    EXPECT_EQ(packet.lost_cells, number == 'b' ? 3U : number == 'd' ? 2U : 0U) << number;
  }
  EXPECT_TRUE(got.streams[0].synchronous);
}

TEST(TsDemuxer, FragmentedUnitWithoutItsMiddleIsNotJoined) {
  testing::TsBuilder ts({{0x101, 0x15, true}});
  ts.Tables();
  const std::string klv = Klv('x', 400);
  for (int i = 0; i < 4; ++i) {
    const std::uint64_t pts = 90'000U + 90'000U * static_cast<unsigned>(i);
    ts.Pes(0x101, 0xFC, pts, Cell(3 * i, klv.substr(0, 150), '\x9F'));
    if (i != 1) ts.Pes(0x101, 0xFC, pts + 10, Cell(3 * i + 1, klv.substr(150, 150), '\x1F'));
    ts.Pes(0x101, 0xFC, pts + 20, Cell(3 * i + 2, klv.substr(300), '\x5F'));
  }
  const auto got = Demux(ts.bytes()).Of(MediaKind::kKlv);
  ASSERT_EQ(got.size(), 5U);
  EXPECT_EQ(got[1].data, klv.substr(0, 150));
  EXPECT_EQ(got[2].data, klv.substr(300));
  EXPECT_EQ(got[2].lost_cells, 1U);
  for (const std::size_t i : {0U, 3U, 4U}) EXPECT_EQ(got[i].data, klv);
}

TEST(TsDemuxer, UnitLargerThanACellIsJoined) {
  testing::TsBuilder ts({{0x101, 0x15, true}});
  ts.Tables();
  const std::string klv = Klv('x', 65'000);
  for (int i = 0; i < 3; ++i) {
    for (int part = 0; part < 3; ++part) {
      const std::size_t at = static_cast<std::size_t>(part) * 22'000;
      const char flags = part == 0 ? '\x9F' : part == 1 ? '\x1F' : '\x5F';
      ts.Pes(0x101, 0xFC, 90'000U * static_cast<unsigned>(i + 1),
             Cell(3 * i + part, klv.substr(at, 22'000), flags));
    }
  }
  const auto got = Demux(ts.bytes()).Of(MediaKind::kKlv);
  ASSERT_EQ(got.size(), 3U);
  for (const auto& packet : got) EXPECT_EQ(packet.data, klv);
}

TEST(TsDemuxer, RawKlvInAStreamLabelledSynchronousKeepsItsFirstBytes) {
  testing::TsBuilder ts({{0x101, 0x15, true}});
  ts.Tables();
  for (unsigned i = 0; i < 9; ++i) ts.Pes(0x101, 0xFC, 90'000U * (i + 1), Klv('x'));
  const auto got = Demux(ts.bytes()).Of(MediaKind::kKlv);
  ASSERT_EQ(got.size(), 9U);
  for (const auto& packet : got) {
    EXPECT_EQ(packet.data, Klv('x'));
    EXPECT_FALSE(packet.repaired);
  }
}

// What `ffmpeg -c copy` makes of a synchronous stream: private data of stream id FC with time
// stamps and without cells (specs/misb-klv.md 1.3).
TEST(TsDemuxer, HybridOfARemuxIsRead) {
  testing::TsBuilder ts({{0x101, 0x06, true}});
  ts.Tables();
  for (unsigned i = 0; i < 9; ++i) ts.Pes(0x101, 0xFC, 90'000U * (i + 1), Klv('x'));
  const Demuxed got = Demux(ts.bytes());
  ASSERT_EQ(got.Of(MediaKind::kKlv).size(), 9U);
  EXPECT_EQ(got.Of(MediaKind::kKlv)[8].data, Klv('x'));
  EXPECT_EQ(got.Of(MediaKind::kKlv)[8].pts, Duration::Seconds(9));
  EXPECT_FALSE(got.streams[0].synchronous);
}

TEST(TsDemuxer, KlvSplitOverPayloadsIsJoined) {
  testing::TsBuilder ts({{0x101, 0x06, true}});
  ts.Tables();
  const std::string klv = Klv('x', 500);
  for (int i = 0; i < 5; ++i) {
    for (std::size_t at = 0; at < klv.size(); at += 90) {
      ts.Pes(0x101, 0xBD, std::nullopt, klv.substr(at, 90));
    }
  }
  const auto got = Demux(ts.bytes()).Of(MediaKind::kKlv);
  ASSERT_EQ(got.size(), 5U);
  for (const auto& packet : got) EXPECT_EQ(packet.data, klv);
}

TEST(TsDemuxer, TimeStampsContinuePastTheirRollOver) {
  testing::TsBuilder ts({{0x101, 0x06, true}});
  ts.Tables();
  const std::uint64_t roll_over = std::uint64_t{1} << 33;
  for (unsigned i = 0; i < 10; ++i) {
    ts.Pes(0x101, 0xFC, (roll_over - 450'000 + 90'000ULL * i) % roll_over, Klv('x'));
  }
  const auto got = Demux(ts.bytes()).Of(MediaKind::kKlv);
  ASSERT_EQ(got.size(), 10U);
  for (std::size_t i = 1; i < got.size(); ++i) {
    ASSERT_TRUE(got[i].pts && got[0].pts);
    EXPECT_NEAR(static_cast<double>((*got[i].pts - *got[0].pts).micros()),
                1e6 * static_cast<double>(i), 1);
  }
}

TEST(TsDemuxer, LostKeyBytesAreRestoredAndTold) {
  testing::TsBuilder ts({{0x101, 0x06, true}});
  ts.Tables();
  for (int i = 0; i < 9; ++i) ts.Pes(0x101, 0xFC, std::nullopt, Klv('x').substr(5));
  const auto got = Demux(ts.bytes()).Of(MediaKind::kKlv);
  ASSERT_EQ(got.size(), 9U);
  EXPECT_EQ(got[4].data, Klv('x'));
  EXPECT_TRUE(got[4].repaired);
}

// Two programmes' worth of tables, metadata in both carriages, ten payloads each.
std::string SmallStream() {
  testing::TsBuilder ts({{0x101, 0x06, true}, {0x102, 0x15, true}});
  for (int i = 0; i < 10; ++i) {
    if (i % 5 == 0) ts.Tables();
    ts.Pes(0x101, 0xBD, std::nullopt, Klv(static_cast<char>('a' + i), 40));
    ts.Pes(0x102, 0xFC, 90'000U * static_cast<unsigned>(i + 1),
           Cell(i, Klv(static_cast<char>('a' + i), 200)));
  }
  return ts.bytes();
}

TEST(TsDemuxer, TruncatedAtEveryByteOfEveryPacketItEnds) {
  const std::string bytes = SmallStream();
  const auto whole = Demux(bytes).Of(MediaKind::kKlv);
  ASSERT_EQ(whole.size(), 20U);
  for (std::size_t size = 0; size < bytes.size(); size += size < 188 * 6 ? 1 : 23) {
    const auto some = Demux(bytes.substr(0, size), 700).Of(MediaKind::kKlv);
    ASSERT_LE(some.size(), whole.size()) << size;
    // What its own and the next transport packet of its stream have passed is there.
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (whole[i].offset + 8 * 188 < size) {
        EXPECT_EQ(some[i].data, whole[i].data) << size;
      }
    }
  }
}

TEST(TsDemuxer, FlippedBitsCostNoMoreThanTheirPayloads) {
  const std::string bytes = SmallStream();
  std::size_t poorest = 20;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    std::string flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i / 2 % 8)));
    const auto got = Demux(flipped, 700);
    if (i < 188 * 2) continue;  // the tables it begins with: it may be found with the next ones
    const auto metadata = got.Of(MediaKind::kKlv);
    std::size_t sound = 0;
    for (const MediaPacket& packet : metadata) {
      const char number = packet.data.back();
      if (packet.data == Klv(number, 40) || packet.data == Klv(number, 200)) ++sound;
    }
    poorest = std::min(poorest, sound);
  }
  EXPECT_GE(poorest, 8U);  // a table damaged half way costs the rest of its five payloads at most
}

TEST(TsDemuxer, CanBeLeftAtAnyMoment) {
  testing::TsBuilder ts({{0x101, 0x06, true}});
  ts.Tables();
  for (int i = 0; i < 9; ++i) ts.Pes(0x101, 0xFC, std::nullopt, Klv('x'));
  for (std::size_t size = 0; size < ts.bytes().size(); size += 97) {
    const auto demuxer = TsDemuxer::Create();
    ASSERT_TRUE(demuxer->Push(AsBytes(ts.bytes()).first(size)));
  }
}

}  // namespace
}  // namespace trucewatch
