// SPDX-License-Identifier: Apache-2.0
#include "core/xml/xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trucewatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Why(const std::string& xml) {
  const auto parsed = ParseXml(xml, "a.xml");
  EXPECT_FALSE(parsed) << xml.substr(0, 100);
  return parsed ? "" : parsed.error().message;
}

TEST(Xml, ElementsAttributesAndTextAreFoundByTheirLocalNames) {
  const auto root = ParseXml(
      "<?xml version=\"1.0\"?><!-- c --><s:a xmlns:s=\"urn:x\" k=\"&lt;v&#65;\"> x <b>1</b><s:b "
      "n='2'><![CDATA[<raw>]]></s:b> y &amp;</s:a>",
      "a.xml");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->name, "a");
  EXPECT_EQ(root->Attribute("k"), "<vA");
  EXPECT_EQ(root->Attribute("none"), "");
  EXPECT_EQ(root->text, "x  y &");
  ASSERT_EQ(root->All("b").size(), 2U);
  EXPECT_EQ(root->TextAt("b"), "1");
  EXPECT_EQ(root->All("b")[1]->text, "<raw>");
  EXPECT_EQ(root->Find("b"), root->Child("b"));
  EXPECT_EQ(root->At("b/c"), nullptr);
  EXPECT_EQ(root->TextAt("b/c"), "");
}

// RELIABILITY 2.F: XML is hostile. Neither form of entity reaches a file or grows in memory.
TEST(Xml, DocumentTypesAndEntitiesAreRefused) {
  EXPECT_THAT(Why("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>"),
              HasSubstr("document type"));
  EXPECT_THAT(Why("<!DOCTYPE a [<!ENTITY l \"ll\"><!ENTITY m \"&l;&l;&l;\">]><a>&m;</a>"),
              HasSubstr("document type"));
  // An undeclared entity stays the text that it is.
  EXPECT_EQ(ParseXml("<a>&x;</a>", "")->text, "&x;");
}

TEST(Xml, BoundsHoldBeforeMemoryIsTaken) {
  std::string deep;
  for (std::size_t i = 0; i < kMaxXmlDepth; ++i) deep += "<a>";
  std::string closed = deep;
  for (std::size_t i = 0; i < kMaxXmlDepth; ++i) closed += "</a>";
  EXPECT_TRUE(ParseXml(closed, "")) << ParseXml(closed, "").error().message;
  EXPECT_THAT(Why("<a>" + closed + "</a>"), HasSubstr("64 deep"));
  std::string many = "<a>";
  for (std::size_t i = 0; i < 2 * kMaxXmlElements; ++i) many += "<b/>";
  EXPECT_THAT(Why(many + "</a>"), HasSubstr("tags"));
  std::string attributes = "<a";
  for (std::size_t i = 0; i <= kMaxXmlAttributes; ++i) attributes += " b=''";
  EXPECT_THAT(Why(attributes + "/>"), HasSubstr("equals signs"));
  EXPECT_THAT(Why("<a>" + std::string(kMaxXmlBytes, ' ') + "</a>"), HasSubstr("expected at most"));
  EXPECT_THAT(Why(std::string("<a>\0</a>", 8)), HasSubstr("byte 3: a zero byte"));
}

TEST(Xml, DamageIsRefusedWithTheByte) {
  EXPECT_THAT(Why("<a><b></a>"), HasSubstr("byte 8"));
  EXPECT_THAT(Why(""), HasSubstr("XML"));
  EXPECT_THAT(Why("no xml"), HasSubstr("XML"));
  const std::string good = "<a k=\"v\"><b>1 2 3</b></a>";
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(ParseXml(good.substr(0, cut), "")) << cut;
  }
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string flipped = good;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto parsed = ParseXml(flipped, "");  // either is right; neither may crash
    EXPECT_TRUE(parsed || !parsed.error().message.empty());
  }
}

TEST(Xml, NumbersAreWholeAndFinite) {
  EXPECT_EQ(XmlNumber(" 1.5e3 "), 1500);
  EXPECT_EQ(XmlNumber("+2"), 2);
  for (const char* text : {"", "1 2", "1x", "nan", "inf", "1e999", "--1"}) {
    EXPECT_FALSE(XmlNumber(text)) << text;
  }
  EXPECT_THAT(XmlNumbers("1\n 2\t3.5 ", 3, "p").value(), ElementsAre(1, 2, 3.5));
  EXPECT_THAT(XmlNumbers("", 3, "p").value(), ElementsAre());
  EXPECT_THAT(XmlNumbers("1 2 3 4", 3, "p").error().message, HasSubstr("more than 3"));
  EXPECT_THAT(XmlNumbers("1 two", 3, "p").error().message, HasSubstr("p: \"two\" is no number"));
}

}  // namespace
}  // namespace trucewatch
