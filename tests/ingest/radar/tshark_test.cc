// SPDX-License-Identifier: Apache-2.0
// Wireshark's dissector as an independent reader, number by number, of the integers on the wire.
//
// What it cannot judge (Wireshark 4.0, packet-s4607.c), and what is done about it here:
// * It looks at the first bit of a group only: D28 stands for D28-D30, D32.12 for D32.12-D32.15,
//   D32.7 for D32.7-D32.8, and D32.4-D32.5 are taken for granted without D32.2. A dwell whose mask
//   says otherwise is compared up to D27, the last field in front of these groups. The rest of such
//   dwells is in second_reading_test.cc.
// * It does not dissect free text, test and status, processing history and HRR: of these it has the
//   packet header and the segment's type and size.
// * After a dwell that it misread it takes target bytes for further segments: of S1 and S2 the
//   first counts there, and no field of another kind.
// * It opens files of versions 12, 20 and 30 only. The sample's packets say 31: they are given to
//   both readers as 30.
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <map>
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

struct Named {
  const char* id;
  const char* tshark;  // behind "s4607."
};
constexpr Named kFields[] = {
    {"P1", "version"},
    {"P2", "size"},
    {"P3", "nationality"},
    {"P4", "sec.class"},
    {"P5", "sec.system"},
    {"P6", "sec.codes"},
    {"P7", "exind"},
    {"P8", "platform"},
    {"P9", "mission"},
    {"P10", "job"},
    {"S1", "seg.type"},
    {"S2", "seg.size"},
    {"M1", "mission.plan"},
    {"M2", "mission.flight"},
    {"M3", "mission.platform"},
    {"M4", "mission.config"},
    {"M5", "mission.year"},
    {"M6", "mission.month"},
    {"M7", "mission.day"},
    {"D2", "dwell.revisit"},
    {"D3", "dwell.dwell"},
    {"D4", "dwell.last"},
    {"D5", "dwell.count"},
    {"D6", "dwell.time"},
    {"D7", "dwell.sensor.lat"},
    {"D8", "dwell.sensor.lon"},
    {"D9", "dwell.sensor.alt"},
    {"D10", "dwell.scale.lat"},
    {"D11", "dwell.scale.lon"},
    {"D12", "dwell.unc.along"},
    {"D13", "dwell.unc.cross"},
    {"D14", "dwell.unc.alt"},
    {"D15", "dwell.track"},
    {"D16", "dwell.speed"},
    {"D17", "dwell.vvel"},
    {"D18", "dwell.track.unc"},
    {"D19", "dwell.speed.unc"},
    {"D20", "dwell.vvel.unc"},
    {"D21", "dwell.plat.heading"},
    {"D22", "dwell.plat.pitch"},
    {"D23", "dwell.plat.roll"},
    {"D24", "dwell.da.lat"},
    {"D25", "dwell.da.lon"},
    {"D26", "dwell.da.range"},
    {"D27", "dwell.da.angle"},
    {"D28", "dwell.sensor.heading"},
    {"D29", "dwell.sensor.pitch"},
    {"D30", "dwell.sensor.roll"},
    {"D31", "dwell.mdv"},
    {"D32.1", "dwell.rpt.idx"},
    {"D32.2", "dwell.rpt.lat"},
    {"D32.3", "dwell.rpt.lon"},
    {"D32.4", "dwell.rpt.delta.lat"},
    {"D32.5", "dwell.rpt.delta.lon"},
    {"D32.6", "dwell.rpt.height"},
    {"D32.7", "dwell.rpt.radial"},
    {"D32.8", "dwell.rpt.wrap"},
    {"D32.9", "dwell.rpt.snr"},
    {"D32.10", "dwell.rpt.class"},
    {"D32.11", "dwell.rpt.prob"},
    {"D32.12", "dwell.rpt.unc.slant"},
    {"D32.13", "dwell.rpt.unc.cross"},
    {"D32.14", "dwell.rpt.unc.height"},
    {"D32.15", "dwell.rpt.unc.radial"},
    {"D32.16", "dwell.rpt.tag.app"},
    {"D32.17", "dwell.rpt.tag.entity"},
    {"D32.18", "dwell.rpt.section"},
    {"J1", "job.id"},
    {"J2", "job.type"},
    {"J3", "job.model"},
    {"J4", "job.filter"},
    {"J5", "job.priority"},
    {"J6", "job.ba.lat.a"},
    {"J7", "job.ba.lon.a"},
    {"J8", "job.ba.lat.b"},
    {"J9", "job.ba.lon.b"},
    {"J10", "job.ba.lat.c"},
    {"J11", "job.ba.lon.c"},
    {"J12", "job.ba.lat.d"},
    {"J13", "job.ba.lon.d"},
    {"J14", "job.mode"},
    {"J15", "job.revisit"},
    {"J16", "job.unc.track"},
    {"J17", "job.unc.cross"},
    {"J18", "job.unc.alt"},
    {"J19", "job.unc.heading"},
    {"J20", "job.unc.speed"},
    {"J21", "job.sense.slant"},
    {"J22", "job.sense.cross"},
    {"J23", "job.sense.vlos"},
    {"J24", "job.sense.mdv"},
    {"J25", "job.sense.prob"},
    {"J26", "job.sense.alarm"},
    {"J27", "job.terrain"},
    {"J28", "job.geoid"},
    {"L1", "ploc.time"},
    {"L2", "ploc.lat"},
    {"L3", "ploc.lon"},
    {"L4", "ploc.alt"},
    {"L5", "ploc.track"},
    {"L6", "ploc.speed"},
    {"L7", "ploc.velocity"},
};

bool IsText(std::string_view id) {
  return id == "P1" || id == "P3" || id == "P5" || id == "P8" || id == "M1" || id == "M2" ||
         id == "M4" || id == "J3";
}

// Number of "D27"; 0 for other letters. Fields from D28 on lie behind the first group that
// Wireshark reads by one bit.
int DwellNumber(std::string_view id) {
  return id[0] == 'D' ? std::atoi(std::string(id.substr(1)).c_str()) : 0;
}
constexpr int kLastSafeField = 27;

// Whether Wireshark has read a field before it may have gone wrong in a dwell.
bool IsInFront(std::string_view id) {
  return id[0] == 'P' || id[0] == 'S' || (id[0] == 'D' && DwellNumber(id) <= kLastSafeField);
}

bool AllOrNone(std::uint64_t mask, std::uint64_t group) {
  return (mask & group) == 0 || (mask & group) == group;
}

// Whether Wireshark's reading of the groups is what the mask says.
bool DissectorReads(std::uint64_t mask) {
  const auto dwell = [](int n) { return std::uint64_t{1} << internal::DwellBit(n); };
  const auto target = [](int k) { return std::uint64_t{1} << internal::TargetBit(k); };
  const bool position = (mask & (target(2) | target(4))) != 0;
  return AllOrNone(mask, dwell(28) | dwell(29) | dwell(30)) &&
         AllOrNone(mask, target(12) | target(13) | target(14) | target(15)) &&
         AllOrNone(mask, target(7) | target(8)) && position;
}

struct Expected {
  std::map<std::string, std::string> values;  // several of one field: "1,2"
  bool whole = true;                          // false: up to kLastSafeField
};

Expected ExpectedOf(const Packet& packet) {
  Expected out;
  const auto add = [&](const std::string& id, const std::string& raw) {
    std::string& all = out.values[id];
    all += (all.empty() ? "" : ",") + raw;
  };
  for (const auto& [id, raw] : testing::WireValuesOf{}(packet.header)) add(id, raw);
  for (const DecodedSegment& segment : packet.segments) {
    add("S1", fmt::format("{}", TypeOf(segment.body)));
    add("S2", fmt::format("{}", segment.length));
    for (const auto& [id, raw] : std::visit(testing::WireValuesOf{}, segment.body)) add(id, raw);
    const auto* dwell = std::get_if<DwellSegment>(&segment.body);
    if (dwell != nullptr && !dwell->targets.empty() && !DissectorReads(segment.existence_mask)) {
      out.whole = false;
    }
    if (dwell != nullptr && dwell->targets.empty() &&
        !AllOrNone(segment.existence_mask, std::uint64_t{7} << internal::DwellBit(30))) {
      out.whole = false;
    }
  }
  return out;
}

std::string AsTextField(const std::string& hex) {
  std::string text = HexDecode(hex).value();
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.pop_back();
  return text;
}

// tshark prints flags and enumerations as 0x0041 or in decimals, as the field was declared.
bool SameNumbers(const std::string& ours, const std::string& theirs) {
  std::istringstream a(ours), b(theirs);
  std::string x, y;
  while (std::getline(a, x, ',')) {
    if (!std::getline(b, y, ',')) return false;
    if (std::strtoll(x.c_str(), nullptr, 10) != std::strtoll(y.c_str(), nullptr, 0)) return false;
  }
  return !std::getline(b, y, ',');
}

std::vector<std::string> Split(const std::string& line, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : line) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

void CompareWithTshark(const std::string& bytes, const std::string& what) {
  trucewatch::testing::TempDirectory directory;
  const std::string path = directory.File("a.4607");
  std::ofstream(path, std::ios::binary) << bytes;
  std::vector<std::string> command = {"tshark", "-Q", "-r",           path, "-T",
                                      "fields", "-E", "separator=/t", "-E", "occurrence=a"};
  for (const Named& field : kFields) {
    command.insert(command.end(), {"-e", std::string("s4607.") + field.tshark});
  }
  const auto tshark = trucewatch::testing::RunProcess(command);
  ASSERT_EQ(tshark.code, 0) << tshark.output;
  std::istringstream lines(tshark.output);

  Stanag4607Stream stream;
  auto items = stream.Push(AsBytes(bytes));
  for (auto& item : stream.Finish()) items.push_back(std::move(item));
  std::size_t compared = 0, cut = 0;
  std::string line;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto* packet = std::get_if<Packet>(&items[i]);
    ASSERT_NE(packet, nullptr) << "packet " << i;
    ASSERT_TRUE(packet->faults.empty()) << packet->faults[0].reason;
    do {
      ASSERT_TRUE(std::getline(lines, line)) << "tshark has only " << i << " packets";
    } while (line.find('\t') == std::string::npos);  // "Running as user root" and the like
    auto theirs = Split(line, '\t');
    ASSERT_EQ(theirs.size(), std::size(kFields));
    Expected ours = ExpectedOf(*packet);
    cut += ours.whole ? 0 : 1;
    for (std::size_t f = 0; f < std::size(kFields); ++f) {
      const std::string id = kFields[f].id;
      if (!ours.whole && !IsInFront(id)) continue;
      const std::string& value = ours.values[id];
      if (!ours.whole && id[0] == 'S') theirs[f] = Split(theirs[f], ',').front();
      if (IsText(id)) {
        std::string text = theirs[f];
        while (!text.empty() && text.back() == ' ') text.pop_back();
        ASSERT_EQ(AsTextField(value), text) << "packet " << i << ", " << id;
      } else {
        ASSERT_TRUE(SameNumbers(value, theirs[f])) << "packet " << i << ", " << id << ": " << value
                                                   << " here, " << theirs[f] << " in tshark";
      }
      compared += value.empty() ? 0 : Split(value, ',').size();
    }
  }
  std::printf("%s: %zu packets, %zu values compared, 0 differences; %zu dwells up to D%d only\n",
              what.c_str(), items.size(), compared, cut, kLastSafeField);
}

class Stanag4607Tshark : public ::testing::Test {
 protected:
  void SetUp() override {
    if (trucewatch::testing::RunProcess({"tshark", "--version"}).code == 0) return;
    if (trucewatch::testing::SharedDataRequired()) FAIL() << "tshark is required when CI=true";
    GTEST_SKIP() << "tshark is not installed (Debian package tshark)";
  }
};

TEST_F(Stanag4607Tshark, ReadsTheSameNumbersOutOfTenThousandRandomRecords) {
  constexpr int kRandomRecords = 10'000;
  std::mt19937_64 random(42);
  std::string bytes;
  for (int i = 0; i < kRandomRecords; ++i) {
    // Every second one a dwell whose groups Wireshark reads whole; the others of any kind and mask.
    const std::vector<Segment> segments = {
        i % 2 == 0 ? Segment(testing::RandomDwell(random, {.dissector_safe = true}))
                   : testing::RandomSegment(random)};
    const auto packet = EncodePacket(testing::RandomHeader(random), segments);
    ASSERT_TRUE(packet.has_value()) << packet.error().message;
    bytes += *packet;
  }
  CompareWithTshark(bytes, "random records");
}

TEST_F(Stanag4607Tshark, ReadsTheSameNumbersOutOfThePublicSample) {
  TW_SHARED_DATA_OR_SKIP(path, "gmti/list1.4607");
  std::string bytes = trucewatch::testing::ReadFile(path);
  Stanag4607Stream stream;
  for (const StreamItem& item : stream.Push(AsBytes(bytes))) {
    bytes.replace(std::get<Packet>(item).offset, 2, "30");
  }
  CompareWithTshark(bytes, "list1.4607");
}

}  // namespace
}  // namespace trucewatch::stanag4607
