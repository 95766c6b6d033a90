// SPDX-License-Identifier: Apache-2.0
#include "core/json/json_writer.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace trucewatch {
namespace {

// An independent reader: Protobuf's.
google::protobuf::Struct Parse(const std::string& json) {
  google::protobuf::Struct out;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &out);
  EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
  return out;
}

TEST(JsonWriter, KeepsTheOrderAndSeparatesValues) {
  JsonWriter json;
  json.BeginObject().Field("b", 1).Field("a", std::string("x")).Key("list").BeginArray();
  json.Number(1.5).Null().Bool(false).BeginObject().EndObject().EndArray();
  json.Field("n", std::uint64_t{18446744073709551615U}).EndObject();
  EXPECT_EQ(json.text(), R"({"b":1,"a":"x","list":[1.5,null,false,{}],"n":18446744073709551615})");
}

TEST(JsonWriter, NumbersReadBackAsTheSameDouble) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 2000; ++i) {
    const double value = std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())),
                                    static_cast<int>(random() % 200) - 150);
    JsonWriter json;
    json.BeginObject().Field("v", value).EndObject();
    EXPECT_EQ(Parse(json.text()).fields().at("v").number_value(), value);
  }
  JsonWriter json;
  json.BeginArray().Number(std::numeric_limits<double>::quiet_NaN());
  json.Number(std::numeric_limits<double>::infinity()).EndArray();
  EXPECT_EQ(json.text(), "[null,null]");
}

TEST(JsonWriter, AnyBytesBecomeAValidText) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 500; ++i) {
    std::string bytes;
    for (int k = 0; k < 40; ++k) bytes.push_back(static_cast<char>(random() & 0xFF));
    JsonWriter json;
    json.BeginObject().Field("v", bytes).EndObject();
    Parse(json.text());
  }
  const std::string good = "K\xC3\xB6ln \xE2\x82\xAC \xF0\x9F\x98\x80 \"quoted\" back\\slash\n\t";
  JsonWriter json;
  json.BeginObject().Field("v", good).EndObject();
  EXPECT_EQ(Parse(json.text()).fields().at("v").string_value(), good);
  JsonWriter bad;
  bad.BeginArray().String("\xED\xA0\x80").String("\xC0\xAF").EndArray();
  EXPECT_EQ(bad.text(), R"(["\ufffd\ufffd\ufffd","\ufffd\ufffd"])");
}

}  // namespace
}  // namespace trucewatch
