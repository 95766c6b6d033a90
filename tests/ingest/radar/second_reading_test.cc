// SPDX-License-Identifier: Apache-2.0
// Our decoder beside second_reading.py, which was written from the standard's tables alone: every
// segment kind, and existence masks of any bits, which Wireshark's dissector misreads.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "ingest/radar/stanag4607_encoder.h"
#include "ingest/radar/stanag4607_stream.h"
#include "tests/ingest/radar/random_packets.h"
#include "tests/ingest/radar/wire_text.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::stanag4607 {
namespace {

constexpr int kRecords = 10'000;

struct Counted {
  std::string text;
  std::size_t values = 0;
};

void Append(Counted& out, const std::string& first, const testing::WireValues& values) {
  out.text += first;
  for (const auto& [id, raw] : values) out.text += fmt::format(" {}={}", id, raw);
  out.text += '\n';
  out.values += values.size();
}

Counted OurReading(const std::string& bytes) {
  Stanag4607Stream stream;
  auto items = stream.Push(AsBytes(bytes));
  for (auto& item : stream.Finish()) items.push_back(std::move(item));
  Counted out;
  for (const StreamItem& item : items) {
    const auto* packet = std::get_if<Packet>(&item);
    if (packet == nullptr || !packet->faults.empty()) {
      out.text += "fault\n";
      continue;
    }
    Append(out, "packet", testing::WireValuesOf{}(packet->header));
    for (const DecodedSegment& segment : packet->segments) {
      Append(out, fmt::format("{}", TypeOf(segment.body)),
             std::visit(testing::WireValuesOf{}, segment.body));
    }
  }
  return out;
}

void ExpectTheSameReading(const std::string& bytes, const std::string& what) {
  trucewatch::testing::TempDirectory directory;
  const std::string path = directory.File("a.4607");
  std::ofstream(path, std::ios::binary) << bytes;
  const auto other =
      trucewatch::testing::RunProcess({"python3", "tests/ingest/radar/second_reading.py", path});
  ASSERT_EQ(other.code, 0) << other.output;
  const Counted ours = OurReading(bytes);
  std::istringstream ours_in(ours.text), other_in(other.output);
  std::string ours_line, other_line;
  for (int line = 1; std::getline(other_in, other_line); ++line) {
    ASSERT_TRUE(std::getline(ours_in, ours_line));
    ASSERT_EQ(ours_line, other_line) << "line " << line;
  }
  EXPECT_FALSE(std::getline(ours_in, ours_line)) << ours_line;
  std::printf("%s: %zu values compared, 0 differences\n", what.c_str(), ours.values);
}

// A dwell of random bytes under a random mask: half-set groups, both kinds of position, all of it.
std::string DwellOfAnyMask(std::mt19937_64& random) {
  const std::uint64_t mask =
      ((random() & random()) | internal::kMandatoryMask) & ~internal::kSpareMask;
  const bool has_targets = (mask & internal::kTargetMask) != 0;
  const std::size_t count = has_targets ? random() % 4 : 0;
  const std::size_t widths[] = {2, 2, 1, 2, 4, 4, 4, 4, 4, 4, 4, 4, 2, 2, 4,
                                1, 1, 2, 2, 2, 2, 2, 4, 4, 2, 2, 2, 2, 2, 1};
  const std::size_t target_widths[] = {2, 4, 4, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 1, 2, 1, 4, 1};
  std::size_t size = 0;
  for (int i = 0; i < 30; ++i) size += ((mask >> (63 - i)) & 1U) != 0 ? widths[i] : 0;
  for (int i = 0; i < 18; ++i) {
    size += ((mask >> (33 - i)) & 1U) != 0 ? count * target_widths[i] : 0;
  }
  std::string payload;
  for (int i = 7; i >= 0; --i) payload.push_back(static_cast<char>(mask >> (8 * i)));
  for (std::size_t i = 0; i < size; ++i) payload.push_back(static_cast<char>(random()));
  payload[13] = 0;  // D5
  payload[14] = static_cast<char>(count);
  payload[15] &= 0x7F;  // D6 stays below its maximum
  payload[27] = 0x01;   // D9 too
  return payload;
}

TEST(Stanag4607SecondReading, AgreesOnRandomSegmentsOfEveryKind) {
  std::mt19937_64 random(77);
  std::string bytes;
  for (int i = 0; i < kRecords; ++i) {
    const std::vector<Segment> segments = {testing::RandomSegment(random)};
    const auto packet = EncodePacket(testing::RandomHeader(random), segments);
    ASSERT_TRUE(packet.has_value()) << packet.error().message;
    bytes += *packet;
  }
  ExpectTheSameReading(bytes, "10,000 random records");
}

TEST(Stanag4607SecondReading, AgreesOnExistenceMasksOfAnyBits) {
  std::mt19937_64 random(78);
  std::string bytes;
  for (int i = 0; i < kRecords; ++i) {
    // Passed through as it is: our encoder writes no half-set groups.
    const std::vector<Segment> segments = {SkippedSegment{2, DwellOfAnyMask(random)}};
    bytes += EncodePacket(testing::RandomHeader(random), segments).value();
  }
  ExpectTheSameReading(bytes, "10,000 dwells of random masks");
}

TEST(Stanag4607SecondReading, AgreesOnThePublicSample) {
  TW_SHARED_DATA_OR_SKIP(path, "gmti/list1.4607");
  ExpectTheSameReading(trucewatch::testing::ReadFile(path), "list1.4607");
}

}  // namespace
}  // namespace trucewatch::stanag4607
