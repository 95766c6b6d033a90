// SPDX-License-Identifier: Apache-2.0
// Frames of recorders: what a tiny writer made is read again, cut and damaged; real samples.
#include "ingest/asterix/framing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/storage/storage.h"
#include "ingest/asterix/asterix.h"
#include "ingest/asterix/asterix_encoder.h"
#include "ingest/recorded/recorded_source.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::asterix {
namespace {

constexpr Framing kFramings[] = {Framing::kOradis, Framing::kFinal, Framing::kFinalSequence,
                                 Framing::kGps};
const Instant kFramedMidnight = *ParseUtc("2026-03-01T00:00:00Z");
constexpr int kFirstMs = 75'600'000;  // 21:00

std::string Framed(Framing framing, const std::string& content, std::uint32_t time_ms,
                   std::uint32_t number) {
  std::string out;
  if (framing == Framing::kGps) return content + std::string(10, '\x11');
  const std::size_t around = framing == Framing::kOradis ? 6 : framing == Framing::kFinal ? 12 : 16;
  AppendBe16(out, static_cast<std::uint16_t>(content.size() + around));
  if (framing == Framing::kOradis) {
    AppendBe32(out, time_ms);
    return out + content;
  }
  if (framing == Framing::kFinalSequence) AppendBe32(out, number);
  out += "\x01\x02";                          // board, line
  AppendBe32(out, 1U << 24U | time_ms / 10);  // day, time
  return out + content + "\xA5\xA5\xA5\xA5";
}

struct FramedSample {
  std::string bytes;
  std::vector<std::string> contents;
  std::vector<std::size_t> ends;
};

FramedSample MakeSample(Framing framing, int frames) {
  FramedSample sample;
  sample.bytes.assign(FramingStart(framing), '\xCD');
  for (int i = 0; i < frames; ++i) {
    const int ms = kFirstMs + i * 1000;
    Cat034Record north;
    north.time = kFramedMidnight + Duration::Millis(ms);
    const std::string block = EncodeCat034(std::span(&north, 1));
    // Some frames hold two blocks, where the framing can.
    sample.contents.push_back(framing != Framing::kGps && i % 3 == 1 ? block + block : block);
    sample.bytes += Framed(framing, sample.contents.back(), static_cast<std::uint32_t>(ms),
                           static_cast<std::uint32_t>(i));
    sample.ends.push_back(sample.bytes.size());
  }
  return sample;
}

struct Cut {
  std::vector<std::string> contents;
  std::size_t damaged_bytes = 0;
};

// Every byte is in exactly one piece.
Cut CutAll(Framing framing, const std::string& file) {
  Cut cut;
  const std::vector<std::uint8_t> copy(
      file.begin() + static_cast<std::ptrdiff_t>(std::min(FramingStart(framing), file.size())),
      file.end());
  for (Bytes bytes(copy); !bytes.empty();) {
    const FramePiece piece = CutFrame(framing, bytes, true);
    EXPECT_GT(piece.size, 0U);
    EXPECT_LE(piece.size, bytes.size());
    EXPECT_LE(piece.content_at + piece.content_size, piece.size);
    if (piece.size == 0 || piece.size > bytes.size()) break;
    if (piece.damaged) {
      cut.damaged_bytes += piece.size;
    } else {
      cut.contents.emplace_back(AsText(bytes.subspan(piece.content_at, piece.content_size)));
    }
    bytes = bytes.subspan(piece.size);
  }
  return cut;
}

class AsterixFraming : public ::testing::Test {
 protected:
  std::vector<RawRecord> ReadFile(const std::string& path) {
    const auto storage = MakePosixStorage();
    auto source =
        OpenAsterixFile(*storage, {{"radar"}, path, kFramedMidnight + Duration::Seconds(75'000)});
    std::vector<RawRecord> records;
    EXPECT_TRUE(source.has_value());
    while (source) {
      auto next = (*source)->Next();
      EXPECT_TRUE(next.has_value());
      if (!next || !*next) break;
      records.push_back(std::move(**next));
    }
    return records;
  }
  std::vector<RawRecord> Read(const std::string& bytes) {
    const std::string path = directory_.File("framed");
    std::ofstream(path, std::ios::binary) << bytes;
    return ReadFile(path);
  }
  trucewatch::testing::TempDirectory directory_;
};

TEST_F(AsterixFraming, WhatWasWrittenIsFoundAndReadAgainWithItsTimes) {
  // Enough that the reader's buffer is filled more than once.
  constexpr int kFrames = 10'000;
  for (const Framing framing : kFramings) {
    const FramedSample sample = MakeSample(framing, kFrames);
    ASSERT_EQ(FindFraming(AsBytes(sample.bytes), sample.bytes.size()), framing);
    const auto records = Read(sample.bytes);
    ASSERT_EQ(records.size(), kFrames + 1U);
    for (int i = 0; i < kFrames; ++i) {
      const RawRecord& record = records[static_cast<std::size_t>(i)];
      ASSERT_EQ(record.bytes, sample.contents[static_cast<std::size_t>(i)]);
      ASSERT_EQ(sample.bytes.substr(record.source_offset, record.bytes.size()), record.bytes);
      ASSERT_EQ(record.receive_time, kFramedMidnight + Duration::Millis(kFirstMs + i * 1000LL))
          << i;
    }
    EXPECT_EQ(records.back().bytes, "");
  }
}

TEST_F(AsterixFraming, ACutRecordingKeepsTheWholeFramesBefore) {
  for (const Framing framing : kFramings) {
    const FramedSample sample = MakeSample(framing, 6);
    for (std::size_t size = FramingStart(framing); size < sample.bytes.size(); ++size) {
      const Cut cut = CutAll(framing, sample.bytes.substr(0, size));
      const auto whole = static_cast<std::size_t>(
          std::ranges::count_if(sample.ends, [&](std::size_t end) { return end <= size; }));
      ASSERT_EQ(cut.contents.size(), whole) << size;
      const std::size_t end = whole == 0 ? FramingStart(framing) : sample.ends[whole - 1];
      ASSERT_EQ(cut.damaged_bytes, size - end) << size;
    }
  }
}

TEST_F(AsterixFraming, ATurnedBitCostsTheFrameItIsIn) {
  for (const Framing framing : kFramings) {
    const FramedSample sample = MakeSample(framing, 6);
    std::size_t found = 0;
    for (std::size_t bit = sample.ends[1] * 8; bit < sample.ends[2] * 8; ++bit) {
      std::string bytes = sample.bytes;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 0x80U >> bit % 8);
      const Cut cut = CutAll(framing, bytes);
      for (const std::size_t other : {0U, 1U, 3U, 4U, 5U}) {
        ASSERT_GE(std::ranges::count(cut.contents, sample.contents[other]), 1)
            << static_cast<int>(framing) << " bit " << bit << " frame " << other;
      }
      found += cut.damaged_bytes > 0 ? 1 : 0;
    }
    EXPECT_GT(found, 0U) << static_cast<int>(framing);
  }
}

TEST_F(AsterixFraming, DamageBetweenFramesIsCountedAndReadingGoesOn) {
  for (const Framing framing : kFramings) {
    const FramedSample sample = MakeSample(framing, 8);
    const std::string noise(300'000, '\xEE');  // longer than one look
    std::string bytes = sample.bytes;
    bytes.insert(sample.ends[4], noise);
    const auto records = Read(bytes);
    ASSERT_EQ(records.size(), 9U) << static_cast<int>(framing);
    EXPECT_EQ(records.back().bytes,
              "end of the recording; passed over between the recorder's frames: 1 stretches of "
              "damage, 300000 bytes");
  }
}

TEST_F(AsterixFraming, WhatIsNotFramedIsNotTakenForIt) {
  const std::string block = MakeSample(Framing::kGps, 1).contents[0];
  std::string raw;
  for (int i = 0; i < 500; ++i) raw += block;
  EXPECT_EQ(FindFraming(AsBytes(raw), raw.size()), Framing::kNone);
  EXPECT_EQ(FindDatagramFraming(AsBytes(raw)), Framing::kNone);
  EXPECT_EQ(FindFraming({}, 0), Framing::kNone);
  const std::string zeros(5000, '\0'), text(5000, 'a');
  EXPECT_EQ(FindFraming(AsBytes(zeros), zeros.size()), Framing::kNone);
  EXPECT_EQ(FindFraming(AsBytes(text), text.size()), Framing::kNone);
}

struct Count {
  std::size_t records = 0, faults = 0;
};
Count Decode(Bytes content) {
  Count count;
  for (const Block& block : DecodeBlocks(content, 0)) {
    count.records += block.records.size();
    count.faults += block.fault || !block.known ? 1 : 0;
  }
  return count;
}

TEST_F(AsterixFraming, TheGpsSampleIsReadWhole) {
  TW_SHARED_DATA_OR_SKIP(path, "asterix/parsegps.gps");
  const auto records = ReadFile(path);
  ASSERT_EQ(records.size(), 15U + 1);
  Count all;
  for (const RawRecord& record : records) {
    if (record.end_of_source) continue;
    const Count count = Decode(AsBytes(record.bytes));
    all.records += count.records;
    all.faults += count.faults;
  }
  EXPECT_EQ(all.records, 18U);  // tshark_conformance_test compares them
  EXPECT_EQ(all.faults, 0U);
  EXPECT_EQ(records.back().bytes, "");
}

TEST_F(AsterixFraming, TheOradisSampleIsReadWholeAndItsClockIsTheCaptures) {
  TW_SHARED_DATA_OR_SKIP(path, "asterix/cat_001_002.pcap");
  const auto records = ReadFile(path);
  ASSERT_EQ(records.size(), 1U + 1);
  const Bytes datagram = AsBytes(records[0].bytes);
  ASSERT_EQ(FindDatagramFraming(datagram), Framing::kOradis);
  Count all;
  int frames = 0;
  for (Bytes left = datagram; !left.empty(); ++frames) {
    const FramePiece piece = CutFrame(Framing::kOradis, left, true);
    ASSERT_FALSE(piece.damaged);
    const Instant recorded = AbsoluteTime(*piece.recorded_time_of_day_s, records[0].receive_time);
    EXPECT_LT((records[0].receive_time - recorded).seconds(), 0.5);
    EXPECT_GT((records[0].receive_time - recorded).seconds(), 0.0);
    const Bytes content = left.subspan(piece.content_at, piece.content_size);
    const Count count = Decode(content);
    all.records += count.records;
    all.faults += count.faults;
    // Tracks by their own profile: tshark reads these by the plots'. They use up their blocks, and
    // what the radar says of the time agrees with two other clocks.
    for (const Block& block : DecodeBlocks(content, 0)) {
      for (const Record& record : block.records) {
        if (block.category == 1) {
          EXPECT_EQ(record.Integer("I001/020", "typ"), 1);
        }
        const auto time = record.TimeNear(recorded);
        ASSERT_TRUE(time.has_value());
        EXPECT_GE((recorded - *time).seconds(), 0.0);
        EXPECT_LT((recorded - *time).seconds(), 3.0);
      }
    }
    left = left.subspan(piece.size);
  }
  EXPECT_EQ(frames, 6);
  EXPECT_EQ(all.faults, 0U);
  EXPECT_EQ(all.records, 8U);
}

}  // namespace
}  // namespace trucewatch::asterix
