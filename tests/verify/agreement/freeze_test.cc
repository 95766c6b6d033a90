// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/freeze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/text_config.h"

namespace trucewatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kHash(64, 'a');

// The tests' agreement, with its first zone drawn in a file and a line that is.
std::string Drawn(const std::string& reference = "drawn { file: \"annex1\" }") {
  std::string text = ReadTextFile("tests/verify/data/agreement.txtpb").value_or("");
  const auto first = text.find("  vertex {");
  const auto last = text.find("\n}", first);
  text.replace(first, last - first, "\t" + reference + "  # as on the map");
  return "geometry_file { id: \"annex1\" file: \"annex1.gpkg\" sha256: \"" + kHash + "\" }\n" +
         text +
         "\nline { id: \"contact\" name: \"Line of contact\" side: NEITHER behind: LEFT drawn { "
         "file: "
         "\"annex1\" layer: \"lines\" feature: \"#7\" } }\n";
}

Geodetic OnMap(double lat_deg, double lon_deg) {
  return Geodetic::FromDegrees(lat_deg, lon_deg, 0.0);
}

std::map<std::string, MapFile> Files() {
  MapFile file;
  file.sha256 = kHash;
  file.features = {{"lines", "", 7, false, {OnMap(30.0, -40.0621), OnMap(30.0, -39.9379)}, ""},
                   {"lines",
                    "buffer",
                    8,
                    true,
                    {OnMap(29.9909649, -40.0621755), OnMap(29.9909649, -39.9378245),
                     OnMap(30.0090057, -39.9378133), OnMap(30.0090057, -40.0621867)},
                    ""}};
  return {{"annex1.gpkg", file}};
}

TEST(Freeze, PointsAreWrittenIntoTheTextAndCommentsStay) {
  EXPECT_THAT(MapFilesOf(Drawn()), ElementsAre("annex1.gpkg"));
  EXPECT_FALSE(ParseAgreement(Drawn(), "a.txtpb"));
  for (const bool one_line : {true, false}) {
    const Frozen frozen = FreezeAgreement(Drawn(), "a.txtpb", Files(), one_line);
    ASSERT_THAT(frozen.messages, IsEmpty());
    EXPECT_EQ(frozen.drawn, 2);
    EXPECT_THAT(frozen.text, HasSubstr("# as on the map"));
    EXPECT_THAT(frozen.text, HasSubstr("vertex { lat_deg: 29.990964900 lon_deg: -40.062175500 }"));
    const auto agreement = ParseAgreement(frozen.text, "a.txtpb");
    ASSERT_TRUE(agreement) << agreement.error().message;
    EXPECT_THAT(agreement->zones[0].shape.vertices(), SizeIs(4));
    ASSERT_THAT(agreement->lines, SizeIs(1));
    EXPECT_THAT(agreement->lines[0].shape.points(), SizeIs(2));
    const std::string drawn = Drawn();
    EXPECT_EQ(std::count(frozen.text.begin(), frozen.text.end(), '\n') ==
                  std::count(drawn.begin(), drawn.end(), '\n'),
              one_line);
    // Frozen again it stays as it is, and its points are those of the file.
    const Frozen again = FreezeAgreement(frozen.text, "a.txtpb", Files(), one_line);
    EXPECT_THAT(again.messages, IsEmpty());
    EXPECT_EQ(again.text, frozen.text);
  }
}

TEST(Freeze, AFileWithAnotherHashIsRefusedAndTheRightOneNamed) {
  auto files = Files();
  files["annex1.gpkg"].sha256 = std::string(64, 'b');
  const Frozen frozen = FreezeAgreement(Drawn(), "a.txtpb", files, false);
  ASSERT_THAT(frozen.messages, SizeIs(1));
  EXPECT_EQ(frozen.messages[0].subject, "geometry_file \"annex1\", sha256");
  EXPECT_THAT(frozen.messages[0].text, HasSubstr("has the SHA-256 " + std::string(64, 'b')));
  EXPECT_EQ(frozen.text, Drawn());
}

TEST(Freeze, PointsThatWereMovedAfterwardsAreNoticed) {
  Frozen frozen = FreezeAgreement(Drawn(), "a.txtpb", Files(), false);
  frozen.text.replace(frozen.text.find("29.990964900"), 12, "29.990965900");  // 0.11 m
  const Frozen again = FreezeAgreement(frozen.text, "a.txtpb", Files(), false);
  ASSERT_THAT(again.messages, SizeIs(1));
  EXPECT_THAT(again.messages[0].text, HasSubstr("is 0.11 m from where it was drawn"));
}

TEST(Freeze, WhatCannotBeFoundOrUsedIsNamed) {
  auto files = Files();
  files["annex1.gpkg"].features.push_back({"lines", "bad", 9, true, {}, "has 2 parts"});
  files["annex1.gpkg"].features.push_back({"more", "x", 1, true, {}, ""});
  const auto said = [&](const std::string& reference) {
    const Frozen frozen = FreezeAgreement(Drawn(reference), "a.txtpb", files, false);
    return frozen.messages.empty() ? "" : frozen.messages[0].text;
  };
  EXPECT_THAT(said("drawn { file: \"annex1\" }"), HasSubstr("several layers: lines, more"));
  EXPECT_THAT(said("drawn { file: \"annex1\" layer: \"zones\" }"), HasSubstr("no layer \"zones\""));
  EXPECT_THAT(said("drawn { file: \"annex1\" layer: \"lines\" feature: \"x\" }"),
              HasSubstr("no feature \"x\""));
  EXPECT_THAT(said("drawn { file: \"annex1\" layer: \"lines\" feature: \"bad\" }"),
              HasSubstr("it has 2 parts"));
  EXPECT_THAT(said("drawn { file: \"annex1\" layer: \"lines\" feature: \"#7\" }"),
              HasSubstr("is no area"));
  EXPECT_THAT(said("drawn { file: \"annex2\" }"), HasSubstr("no geometry_file \"annex2\""));
  for (const char* name : {"../annex1.gpkg", "/annex1.gpkg", "http://x/annex1.gpkg", ""}) {
    std::string text = Drawn();
    text.replace(text.find("annex1.gpkg"), 11, name);
    EXPECT_THAT(MapFilesOf(text), IsEmpty());
    const Frozen frozen = FreezeAgreement(text, "a.txtpb", files, false);
    ASSERT_THAT(frozen.messages, SizeIs(1)) << name;
    EXPECT_THAT(frozen.messages[0].text, HasSubstr("does not lie beside"));
  }
  EXPECT_THAT(FreezeAgreement(Drawn(), "a.txtpb", {}, false).messages[0].text,
              HasSubstr("it is not there"));
}

}  // namespace
}  // namespace trucewatch
