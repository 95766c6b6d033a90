// SPDX-License-Identifier: Apache-2.0
// What `inspect` says of special values, packs, nested sets and EG 0104; expected values are the
// standards' formulas by hand, or KWIVER's test data (kwiver_conformance_test.cc has the rest).
#include <gtest/gtest.h>

#include "ingest/klv/eg0104.h"
#include "ingest/klv/inspect_klv.h"
#include "ingest/klv/klv_writer.h"
#include "ingest/klv/st0601_items.h"
#include "tests/ingest/klv/klv_test_support.h"

namespace trucewatch {
namespace {

using ::trucewatch::testing::FromHex;

// The line of a set with these items.
std::string LineOf(const std::string& items_hex) {
  const auto records = SplitKlv(AsBytes(testing::MakeSt0601(FromHex(items_hex))));
  return KlvRecordLine({}, records.at(0));
}

void ExpectIn(const std::string& part, const std::string& line) {
  EXPECT_NE(line.find(part), std::string::npos) << part << "\n" << line;
}

TEST(NestedItems, SpecialValuesHaveNames) {
  ExpectIn(
      R"("6":{"name":"platform_pitch","value":null,"special":"out_of_range","unit":"deg","raw":"8000"})",
      LineOf("0602 8000"));
  ExpectIn(R"("13":{"name":"sensor_latitude","value":null,"special":"error")",
           LineOf("0d04 80000000"));
  ExpectIn(R"("5":{"name":"platform_heading","value":null,"special":"unknown")", LineOf("0500"));
  const std::pair<const char*, const char*> codes[] = {{"c80000", "plus_infinity"},
                                                       {"e80000", "minus_infinity"},
                                                       {"d00000", "plus_quiet_nan"},
                                                       {"f00000", "minus_quiet_nan"},
                                                       {"d80000", "plus_signalling_nan"},
                                                       {"f80000", "minus_signalling_nan"},
                                                       {"e00000", "below_minimum"},
                                                       {"e10000", "above_maximum"},
                                                       {"c00001", "user_defined"},
                                                       {"800001", "reserved"},
                                                       {"e20000", "reserved"}};
  for (const auto& [code, name] : codes) {
    ExpectIn(fmt::format(R"("value":null,"special":"{}","unit":"m","raw":"{}")", name, code),
             LineOf(fmt::format("6803 {}", code)));
  }
  // 40000 m is 5bfe52... of this map; codes above it and below 80 mean nothing.
  ExpectIn("a code above that of the upper bound", LineOf("6803 7fffff"));
  // The widest text of the standard's tables is no number.
  ExpectIn(R"("error":"9 bytes long, expected at most 8")", LineOf("6e09 000000000000000001"));
  ExpectIn("us is no time", LineOf("4808 ffffffffffffffff"));
}

TEST(NestedItems, WordsAndFlagsStandBesideNumbers) {
  ExpectIn(R"("value":3,"meaning":"exercise")", LineOf("4d01 03"));
  ExpectIn(R"("value":9,"meaning":"egress")", LineOf("7d01 09"));
  ExpectIn(R"("77":{"name":"operational_mode","value":200})", LineOf("4d01 c8"));
  ExpectIn(R"("value":49,"bits":[0,4,5])", LineOf("2f01 31"));
}

TEST(NestedItems, PacksThatBreakOffSayThatAndKeepTheirBytes) {
  for (const char* item : {"5105 0024380000", "5e03 017000", "6602 0301", "6603 05f008", "730101",
                           "740181", "7a03 010e05", "7f02 8183", "810003 0d1500", "810203 0b406b",
                           "810a03 030501", "810c03 050101", "810d02 0400", "810e03 0512ff",
                           "810e04 03123456", "7c09 010203040506070809"}) {
    const std::string line = LineOf(item);
    EXPECT_NE(line.find("\"raw\""), std::string::npos) << item << line;
    EXPECT_TRUE(line.find("do not fill its bytes") != std::string::npos ||
                line.find("at most 8") != std::string::npos)
        << item << line;
  }
}

TEST(NestedItems, HorizonPackMayCarryThePlacesOfItsEnds) {
  ExpectIn(R"({"x0_percent":0,"y0_percent":36,"x1_percent":56,"y1_percent":0,"lat0_deg":60.17682)",
           LineOf("5114 00243800 5595b66d 5b5360c4 5595b66d 80000000"));
}

TEST(NestedItems, StandardDeviationsNameTheItemsTheyAreOf) {
  const std::string line =
      LineOf("0d04 5595b66d 0e04 5b5360c4 0502 0000 6613 03b304803f8000004000000000000000200000");
  ExpectIn(
      R"("value":{"members":3,"sigmas":[1,2,0],"correlations":[-0.5,0,0]},"applies_to":[13,14,5])",
      line);
  // Mode 1: one control byte, no sparse matrix.
  ExpectIn(R"({"members":2,"sigmas":[1,2],"correlations":[0]})",
           LineOf("0d04 5595b66d 0e04 5b5360c4 660c 02 42 3f80000040000000 4000"));
  // More members than items before it: they are not named.
  EXPECT_EQ(LineOf("6603 050000").find("applies_to"), std::string::npos);
}

TEST(NestedItems, ArraysOutOfProportionAreRefused) {
  for (const char* array :
       {"00", "0101", "02ff7fff7f0101", "010104 01", "0101 09 01 000000000000000000",
        "01010102 000000000000000000", "0101010300", "01010801"}) {
    const std::string bytes = FromHex(array);
    const std::string nested = KlvSetWriter().Put(4, bytes).value();
    ExpectIn(
        "do not fill its bytes",
        KlvRecordLine(
            {},
            SplitKlv(AsBytes(testing::MakeSt0601(KlvSetWriter().Put(98, nested).value()))).at(0)));
  }
}

TEST(NestedItems, SetsInSetsEndAtADepth) {
  std::string nested = FromHex("0502 71c2");
  for (int i = 0; i < 12; ++i) nested = KlvSetWriter().Put(100, nested).value();
  const auto records = SplitKlv(AsBytes(testing::MakeSt0601(nested)));
  const std::string line = KlvRecordLine({}, records.at(0));
  EXPECT_EQ(line.find("platform_heading"), std::string::npos);
  ExpectIn("\"raw\"", line);
  ExpectIn("platform_heading", LineOf("6404 0502 71c2"));
  ExpectIn("and 1 are left in the set", LineOf("6403 0502 71"));
}

TEST(NestedItems, EarlyEditionsOfVmtiHaveLinearMaps) {
  // Version 3: height U(-900,19000), field of view U(0,180); special code of an offset.
  const std::string line = LineOf("4a14 0401 03 0b02 8000 650b 0a 01 0c02 8000 0a03 800000");
  ExpectIn(R"("horizontal_fov_deg":90.00137)", line);
  ExpectIn(R"("height_hae_m":9050.15)", line);
  ExpectIn(R"("10":{"name":"target_latitude_offset","value":null,"special":"error")", line);
}

std::string Universal(const std::string& key_hex, const std::string& value) {
  std::string item = FromHex(key_hex);
  AppendBerLength(item, static_cast<std::uint32_t>(value.size()));
  return item + value;
}

std::string UniversalPacket(const std::string& items) {
  std::string packet(AsText(kEg0104Key));
  AppendBerLength(packet, static_cast<std::uint32_t>(items.size()));
  return packet + items;
}

TEST(Eg0104, ItemsAreKnownByTheirKeys) {
  const std::string packet = UniversalPacket(
      Universal("060e2b3401010101 0702010101050000", FromHex("000459f4a6aa4aa8")) +
      Universal("060e2b3401010107 0701100106000000", FromHex("43200000")) +          // float 160
      Universal("060e2b3401010103 0701020102040200", FromHex("404e16a227a4f28b")) +  // double
      Universal("060e2b3401010101 0420010201010000", "EO Nose") +
      Universal("060e2b3402030101 0e01030302000000", FromHex("010101")) +
      Universal("060e2b3401010101 0701010200000000", FromHex("1234")) +
      Universal("060e2b3401010101 0701080101000000", FromHex("123456")));
  const std::string line = KlvRecordLine({}, SplitKlv(AsBytes(packet)).at(0));
  ExpectIn(R"("format":"eg0104")", line);
  ExpectIn(R"("time_utc":"2008-10-24T00:13:29.913)", line);
  ExpectIn(
      R"("060e2b34010101070701100106000000":{"name":"platform_heading","value":160,"unit":"deg"})",
      line);
  ExpectIn(R"({"name":"device_latitude","value":60.1768)", line);
  ExpectIn(R"({"name":"image_source_device","value":"EO Nose"})", line);
  ExpectIn(
      R"({"name":"security_local_set","tags":{"1":{"name":"security_classification","value":1,"meaning":"unclassified"}}})",
      line);
  ExpectIn(R"({"name":"unknown","value":null,"raw":"1234"})", line);
  ExpectIn(R"("error":"3 bytes long, expected 4 or 8")", line);
}

TEST(Eg0104, ASetThatBreaksOffIsDamage) {
  const std::string packet = UniversalPacket(FromHex("060e2b3401010101 0702010101050000 08 0004"));
  ExpectIn("the set breaks off inside an item", KlvRecordLine({}, SplitKlv(AsBytes(packet)).at(0)));
}

TEST(KlvWriter, WhatAWireCannotSayIsNotWritten) {
  const KlvItemSpec& heading = *FindSt0601Item(5);
  EXPECT_FALSE(EncodeKlvValue(heading, 361.0));
  EXPECT_FALSE(EncodeKlvValue(heading, std::uint64_t{3}));
  EXPECT_FALSE(EncodeKlvValue(heading, std::string_view("north")));
  EXPECT_FALSE(EncodeKlvValue(*FindSt0601Item(8), std::uint64_t{256}));
  EXPECT_FALSE(EncodeKlvValue(*FindSt0601Item(39), std::int64_t{128}));
  EXPECT_FALSE(EncodeKlvValue(*FindSt0601Item(39), 1.0));
  EXPECT_FALSE(EncodeKlvSpecial(heading, KlvStatus::kReservedCode));
  EXPECT_FALSE(EncodeKlvSpecial(heading, KlvStatus::kAboveMaximum));
  EXPECT_FALSE(EncodeKlvSpecial(heading, KlvStatus::kValue));
  EXPECT_EQ(EncodeKlvSpecial(heading, KlvStatus::kEmpty), "");
}

}  // namespace
}  // namespace trucewatch
