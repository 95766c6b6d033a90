// SPDX-License-Identifier: Apache-2.0
// A real capture against what another decoder (CroatiaControlLtd/asterix) printed of it.
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <map>

#include "core/storage/storage.h"
#include "ingest/asterix/asterix.h"
#include "ingest/recorded/recorded_source.h"
#include "tests/ingest/asterix/reference_text.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"

namespace trucewatch::asterix {
namespace {

struct OurItem {
  const char* path;   // "cal.speed_mps"; "#" is the current element of the list
  double factor = 1;  // ours = printed * factor + offset
  double offset = 0;
};

constexpr double kNm = 1852, kKt = 1852.0 / 3600, kFt = 0.3048;

// "category/item|printed name" -> our field. Spare bits and FX have no field: their item's bytes
// are compared.
const std::map<std::string, OurItem>& Names() {
  static const std::map<std::string, OurItem> names = {
      {"48/010|System Area Code", {"sac"}},
      {"48/010|System Identification Code", {"sic"}},
      {"48/140|Time Of Day", {"time_of_day_s"}},
      {"48/020|TYP", {"typ"}},
      {"48/020|SIM", {"sim"}},
      {"48/020|RDP", {"rdp"}},
      {"48/020|SPI", {"spi"}},
      {"48/020|RAB", {"rab"}},
      {"48/040|RHO", {"rho_m", kNm}},
      {"48/040|THETA", {"theta_deg"}},
      {"48/070|V", {"v"}},
      {"48/070|G", {"g"}},
      {"48/070|L", {"l"}},
      {"48/070|Mode-3/A reply code", {"mode_3a"}},
      {"48/090|V", {"v"}},
      {"48/090|G", {"g"}},
      {"48/090|FlightLevel", {"flight_level"}},
      {"48/220|AircraftAddress", {"address"}},
      {"48/240|Characters 1-8 (coded on 6 bits each) defining target identification",
       {"identification"}},
      {"48/250|MCP Altitude Status", {"#.mcp_altitude_status"}},
      {"48/250|MCP/FCU Selected Altitude", {"#.mcp_altitude_m", kFt}},
      {"48/250|FMS Altitude Status", {"#.fms_altitude_status"}},
      {"48/250|FMS Selected Altitude", {"#.fms_altitude_m", kFt}},
      {"48/250|Barometric Pressure Status", {"#.pressure_status"}},
      // They print what is above 800 mb.
      {"48/250|Barometric Pressure", {"#.pressure_pa", 100, 80'000}},
      {"48/250|Status of MCP/FCU Mode Bits", {"#.mode_status"}},
      {"48/250|VNAV Mode", {"#.vnav"}},
      {"48/250|ALT HOLD Mode", {"#.alt_hold"}},
      {"48/250|APPROACH Mode", {"#.approach"}},
      {"48/250|Status of Target ALT source bits", {"#.target_source_status"}},
      {"48/250|Target ALT source", {"#.target_source"}},
      {"48/250|Heading Status", {"#.heading_status"}},
      {"48/250|Magnetic Heading", {"#.heading_deg"}},
      {"48/250|Indicated Airspeed Status", {"#.airspeed_status"}},
      {"48/250|Indicated Airspeed", {"#.indicated_airspeed_mps", kKt}},
      {"48/250|Mach Speed Status", {"#.mach_status"}},
      {"48/250|Mach Speed", {"#.mach"}},
      {"48/250|Barometric Altitude Rate Status", {"#.climb_status"}},
      {"48/250|Barometric Altitude Rate", {"#.climb_mps", kFt / 60}},
      {"48/250|Inertial Vertical Velocity Status", {"#.inertial_climb_status"}},
      {"48/250|Inertial Vertical Velocity", {"#.inertial_climb_mps", kFt / 60}},
      {"48/250|Roll Angle Status", {"#.roll_status"}},
      {"48/250|Roll Angle", {"#.roll_deg"}},
      {"48/250|True Track Angle Status", {"#.track_status"}},
      {"48/250|True Track Angle", {"#.track_deg"}},
      {"48/250|Ground Speed Status", {"#.speed_status"}},
      {"48/250|Ground Speed", {"#.ground_speed_mps", kKt}},
      {"48/250|Track Angle Rate Status", {"#.track_rate_status"}},
      {"48/250|Track Angle Rate", {"#.track_rate_deg_s"}},
      {"48/250|True Airspeed Status", {"#.airspeed_status"}},
      {"48/250|True Airspeed", {"#.true_airspeed_mps", kKt}},
      {"48/250|BDS value", {"#.mb"}},
      {"48/250|BDS register", {"#.bds"}},
      {"48/161|Track Number", {"track_number"}},
      {"48/042|X component", {"x_m", kNm}},
      {"48/042|Y component", {"y_m", kNm}},
      {"48/200|Calculated groundspeed", {"ground_speed_mps", kKt}},
      {"48/200|Calculated heading", {"heading_deg"}},
      {"48/170|CNF", {"cnf"}},
      {"48/170|RAD", {"rad"}},
      {"48/170|DOU", {"dou"}},
      {"48/170|MAH", {"mah"}},
      {"48/170|CDM", {"cdm"}},
      {"48/170|TRE", {"tre"}},
      {"48/170|GHO", {"gho"}},
      {"48/170|SUP", {"sup"}},
      {"48/170|TCC", {"tcc"}},
      {"48/230|COM", {"com"}},
      {"48/230|STAT", {"stat"}},
      {"48/230|SI/II Transponder Capability", {"si"}},
      {"48/230|ModeS Specific Service Capability", {"mssc"}},
      {"48/230|Altitude reporting capability", {"arc"}},
      {"48/230|Aircraft identification capability", {"aic"}},
      {"48/230|BDS 1,0 bit 16", {"b1a"}},
      {"48/230|BDS 1,0 bits 37/40", {"b1b"}},
      {"48/130|SSR Plot Runlength", {"srl.deg"}},
      {"48/130|SSR-Number of received reply", {"srr.count"}},
      {"48/130|SSR-Reply amplitude", {"sam.dbm"}},
      {"48/130|Primary Plot Runlength", {"prl.deg"}},
      {"48/110|3D_Height", {"height_m", kFt}},
      {"34/010|System Area Code", {"sac"}},
      {"34/010|System Identification Code", {"sic"}},
      {"34/000|Message Type", {"message_type"}},
      {"34/030|Time of day", {"time_of_day_s"}},
      {"34/020|Antenna azimuth", {"sector_deg"}},
      {"34/041|Antenna rotation speed", {"rotation_period_s"}},
      {"34/050|Operational Release Status of the System", {"com.nogo"}},
      {"34/050|Radar Data Processor Chain Selection Status", {"com.rdpc"}},
      {"34/050|Event to signal a reset/restart of the selected Radar Data Processor Chain",
       {"com.rdpr"}},
      {"34/050|Radar Data Processor Overload Indicator", {"com.ovlrdp"}},
      {"34/050|Transmission Subsystem Overload Status", {"com.ovlxmt"}},
      {"34/050|Monitoring System Connected Status", {"com.msc"}},
      {"34/050|Time Source Validity", {"com.tsv"}},
      {"34/050|Selected PSR antenna", {"psr.ant"}},
      {"34/050|PSR Channel A/B selection status", {"psr.ch_ab"}},
      {"34/050|PSSR Overload condition", {"psr.ovl"}},
      {"34/050|PSSR Monitoring System Connected Status", {"psr.msc"}},
      {"34/050|Selected SSR antenna", {"ssr.ant"}},
      {"34/050|SSR Channel A/B selection status", {"ssr.ch_ab"}},
      {"34/050|SSR Overload condition", {"ssr.ovl"}},
      {"34/050|SSR Monitoring System Connected Status", {"ssr.msc"}},
      {"34/050|Mode S Selected antenna", {"mds.ant"}},
      {"34/050|Mode S Channel A/B selection status for surveillance", {"mds.ch_ab"}},
      {"34/050|Mode S Overload condition", {"mds.ovlsur"}},
      {"34/050|Mode S Monitoring System Connected Status", {"mds.msc"}},
      {"34/050|Mode S Channel A/B sellection for Surveillance Co-ordination Function", {"mds.scf"}},
      {"34/050|Mode S Channel A/B sellection for Data Link Function", {"mds.dlf"}},
      {"34/050|Mode S Overload in Surveillance Co-ordination Function", {"mds.ovlscf"}},
      {"34/050|Mode S Overload in Data Link Function", {"mds.ovldlf"}},
      {"34/060|Reduction Steps in use for an overload of the RDP", {"com.redrdp"}},
      {"34/060|Reduction Steps in use for an overload of the Transmission subsystem",
       {"com.redxmt"}},
      {"34/060|Reduction Steps in use as result of an overload within the Mode S subsystem",
       {"mds.redrad"}},
      {"34/060|Cluster State", {"mds.clu"}},
      {"34/120|Signed Height of the Data Source, expressed in meters above WGS 84 reference "
       "ellipsoid.",
       {"height_m"}},
      // They round 180/2^23 to seven digits.
      {"34/120|Latitude in WGS-84", {"lat_deg", 180.0 / 8388608 / 0.00002145767}},
      {"34/120|Longitude in WGS-84", {"lon_deg", 180.0 / 8388608 / 0.00002145767}},
  };
  return names;
}

bool IsFiller(const std::string& name) {
  return name == "FX" || name.starts_with("spare bit") || name.starts_with("Reserved ");
}

const Node* FindPath(const Node* node, std::string path, std::size_t element) {
  while (node != nullptr && !path.empty()) {
    const std::size_t dot = path.find('.');
    const std::string part = path.substr(0, dot);
    path = dot == std::string::npos ? "" : path.substr(dot + 1);
    if (part == "#") {
      node = element < node->children().size() ? &node->children()[element] : nullptr;
    } else {
      node = node->Find(part);
    }
  }
  return node;
}

struct RawOf {
  std::deque<std::string> bytes;  // what the records view
  std::vector<Decoded> decoded;
  std::vector<Record> records;
  std::vector<std::string> hex;
};

RawOf ReadCapture(const std::string& path) {
  const auto storage = MakePosixStorage();
  const auto source = OpenAsterixFile(*storage, {{"radar"}, path, Instant()});
  EXPECT_TRUE(source.has_value());
  RawOf out;
  Instant last;
  std::uint64_t sequence = 0;
  const std::string file = trucewatch::testing::ReadFile(path);
  while (true) {
    const auto next = (*source)->Next();
    EXPECT_TRUE(next.has_value());
    if (!next->has_value()) break;
    const RawRecord& raw = **next;
    EXPECT_EQ(raw.source_sequence, ++sequence);
    EXPECT_LE(last, raw.receive_time);
    last = raw.receive_time;
    if (raw.end_of_source) {
      EXPECT_EQ(raw.bytes, "");
      continue;
    }
    EXPECT_EQ(file.substr(raw.source_offset, raw.bytes.size()), raw.bytes);
    out.bytes.push_back(raw.bytes);
    out.decoded.push_back(DecodeBlocks(AsBytes(out.bytes.back()), raw.source_offset));
    for (const Block& block : out.decoded.back()) {
      EXPECT_FALSE(block.fault.has_value()) << block.fault->reason;
      for (const Record& record : block.records) {
        out.hex.push_back(HexEncode(AsBytes(file).subspan(record.offset, record.length)));
        out.records.push_back(record);
      }
    }
  }
  return out;
}

// Compares one printed value with ours.
void ComparePrinted(const testing::PrintedValue& printed, const OurItem& ours, const Node& node,
                    int* compared) {
  ++*compared;
  if (node.type == Node::Type::kText) {
    std::string text = printed.raw;
    for (char& c : text) {
      if (ours.path != std::string("identification")) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      }
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    EXPECT_EQ(node.text(), text);
    return;
  }
  EXPECT_EQ(node.raw, std::stoll(printed.raw));
  if (printed.scaled.empty()) {
    EXPECT_NE(node.type, Node::Type::kNumber);
    return;
  }
  ++*compared;
  ASSERT_EQ(node.type, Node::Type::kNumber);
  EXPECT_NEAR(node.number, std::stod(printed.scaled) * ours.factor + ours.offset,
              0.51e-7 * ours.factor);
}

TEST(AsterixConformance, EveryPrintedValueOfTheRealCaptureIsOurs) {
  TW_SHARED_DATA_OR_SKIP(capture, "asterix/cat_034_048.pcap");
  TW_SHARED_DATA_OR_SKIP(text, "asterix/cat_034_048.txt");
  const auto printed = testing::ReadReferenceText(text);
  const RawOf ours = ReadCapture(capture);
  ASSERT_EQ(ours.records.size(), 162U);
  ASSERT_EQ(printed.size(), ours.records.size());
  int values = 0, items = 0, fillers = 0;
  for (std::size_t i = 0; i < printed.size(); ++i) {
    const Record& record = ours.records[i];
    SCOPED_TRACE(fmt::format("record {} of the text", i + 1));
    ASSERT_EQ(record.category, printed[i].category);
    EXPECT_EQ(ours.hex[i], printed[i].hex);
    ASSERT_EQ(record.items.size(), printed[i].items.size());
    for (std::size_t k = 0; k < record.items.size(); ++k) {
      const testing::PrintedItem& item = printed[i].items[k];
      const std::string id = fmt::format("I{:03}/{}", record.category, item.number);
      ASSERT_EQ(record.items[k].id(), id);
      const std::size_t at = (record.items[k].offset - record.offset) * 2;
      EXPECT_EQ(ours.hex[i].substr(at, record.items[k].length * 2), item.hex) << id;
      ++items;
      std::size_t element = 0;
      for (const testing::PrintedValue& value : item.values) {
        if (IsFiller(value.name)) {
          ++fillers;
          continue;
        }
        const std::string name = fmt::format("{}/{}|{}", record.category, item.number, value.name);
        const auto found = Names().find(name);
        ASSERT_NE(found, Names().end()) << "the text prints a value we do not know: " << name;
        const Node* node = FindPath(record.items[k].value, found->second.path, element);
        ASSERT_NE(node, nullptr) << name;
        ComparePrinted(value, found->second, *node, &values);
        if (HasFailure()) FAIL() << name;
        if (value.name == "BDS register") ++element;
      }
    }
  }
  EXPECT_EQ(items, 1940);
  // 6912 counts and texts, 1582 of them in units as well.
  EXPECT_EQ(values, 8494);
  EXPECT_EQ(fillers, 886);
}

TEST(AsterixConformance, RawFilesOfOneBlockDecode) {
  TW_SHARED_DATA_OR_SKIP(cat048, "asterix/cat048.raw");
  TW_SHARED_DATA_OR_SKIP(cat034, "asterix/cat034.raw");
  const RawOf target = ReadCapture(cat048);
  ASSERT_EQ(target.records.size(), 1U);
  const Record& t = target.records[0];
  EXPECT_EQ(t.sac(), 25);
  EXPECT_EQ(t.sic(), 201);
  EXPECT_EQ(t.time_of_day_s(), 27354.6015625);
  EXPECT_NEAR(*t.Number("I048/040", "rho_m"), 197.68359375 * 1852, 1e-9);
  EXPECT_EQ(t.Number("I048/040", "theta_deg"), 340.13671875);
  EXPECT_EQ(t.Find("I048/240")->value->Find("identification")->text(), "DLH65A");
  EXPECT_EQ(t.Integer("I048/161", "track_number"), 3563);
  const RawOf service = ReadCapture(cat034);
  ASSERT_EQ(service.records.size(), 1U);
  const Record& s = service.records[0];
  EXPECT_EQ(s.Integer("I034/000", "message_type"), 2);
  EXPECT_EQ(s.Number("I034/020", "sector_deg"), 90.0);
  EXPECT_EQ(s.time_of_day_s(), 29906.3359375);
  EXPECT_EQ(s.Find("I034/050")->value->Find("com")->Find("rdpc")->raw, 1);
  EXPECT_EQ(s.Find("I034/050")->value->Find("ssr")->Find("ch_ab")->raw, 2);
}

// The worked example of a surface movement radar (jASTERIX test_cat010_0.31).
TEST(AsterixConformance, Category10OfARealRadarDecodes) {
  const std::string bytes = *HexDecode(
      "0a0029f7f109100001016100303a92063486c3fef5f9e20004be10fffe0000000403c10037bf50fcff");
  const auto blocks = DecodeBlocks(AsBytes(bytes), 0);
  ASSERT_EQ(blocks.size(), 1U);
  ASSERT_FALSE(blocks[0].fault.has_value()) << blocks[0].fault->reason;
  ASSERT_EQ(blocks[0].records.size(), 1U);
  const Record& r = blocks[0].records[0];
  EXPECT_EQ(r.sic(), 1);
  EXPECT_EQ(r.Integer("I010/020", "typ"), 3);
  EXPECT_EQ(r.time_of_day_s(), 24693.140625);
  EXPECT_EQ(r.Number("I010/040", "rho_m"), 1588.0);
  EXPECT_NEAR(*r.Number("I010/040", "theta_deg"), 189.5087, 5e-5);
  EXPECT_EQ(r.Number("I010/042", "x_m"), -267.0);
  EXPECT_EQ(r.Number("I010/042", "y_m"), -1566.0);
  EXPECT_NEAR(*r.Number("I010/200", "ground_speed_mps"), 0.452, 5e-4);
  EXPECT_NEAR(*r.Number("I010/200", "track_angle_deg"), 267.28, 5e-3);
  EXPECT_EQ(r.Number("I010/202", "vx_mps"), -0.5);
  EXPECT_EQ(r.Number("I010/202", "vy_mps"), 0.0);
  EXPECT_EQ(r.Integer("I010/161", "track_number"), 4);
  EXPECT_EQ(r.Integer("I010/170", "tom"), 3);
  EXPECT_EQ(r.Number("I010/270", "length_m"), 27.0);
  EXPECT_NEAR(*r.Number("I010/270", "orientation_deg"), 267.19, 5e-3);
  EXPECT_EQ(r.Number("I010/270", "width_m"), 40.0);
  EXPECT_EQ(r.Number("I010/210", "ax_mps2"), -1.0);
  EXPECT_EQ(r.Number("I010/210", "ay_mps2"), -0.25);
}

// asterix.pcap is CAT062 of a draft long before edition 1.16, with another profile: nothing in the
// data says so. Tshark reads times beyond the day from it. What does not add up must not be used.
TEST(AsterixConformance, TracksOfADraftEditionAreRefused) {
  TW_SHARED_DATA_OR_SKIP(capture, "asterix/asterix.pcap");
  const auto storage = MakePosixStorage();
  const auto source = OpenAsterixFile(*storage, {{"radar"}, capture, Instant()});
  ASSERT_TRUE(source.has_value());
  int datagrams = 0, faults = 0;
  std::size_t tracks = 0;
  while (true) {
    const auto next = (*source)->Next();
    ASSERT_TRUE(next.has_value());
    if (!next->has_value()) break;
    if ((*next)->end_of_source) continue;
    ++datagrams;
    const Decoded decoded = DecodeBlocks(AsBytes((*next)->bytes), 0);
    for (const Block& block : decoded) {
      faults += block.fault.has_value() ? 1 : 0;
      if (block.category == 62) tracks += block.records.size();
    }
  }
  EXPECT_EQ(datagrams, 100);
  EXPECT_GE(faults, 99);
  EXPECT_EQ(tracks, 0U);
}

}  // namespace
}  // namespace trucewatch::asterix
