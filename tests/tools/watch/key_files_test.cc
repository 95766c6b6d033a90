// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/key_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "core/base/bytes.h"
#include "core/config/text_config.h"
#include "tests/support/temp_directory.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

mode_t ModeOf(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

void Overwrite(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

// RFC 7748 section 6.1: Bob's pair.
TEST(CurveKeys, APublicKeyIsThatOfX25519) {
  const auto bytes = [](const char* hex) {
    const std::string text = HexDecode(hex).value();
    std::array<std::uint8_t, 32> out{};
    std::copy(text.begin(), text.end(), out.begin());
    return out;
  };
  const auto secret = bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const CurveKeyPair bob = CurveKeyPairFromSecret(secret);
  EXPECT_EQ(Z85KeyBytes(bob.public_key),
            bytes("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
  EXPECT_EQ(Z85KeyBytes(bob.secret_key), secret);
}

TEST(CurveKeys, OnlyFortyCharactersOfZ85AreAKey) {
  const std::string key = MakeCurveKeyPair().public_key;
  EXPECT_TRUE(IsZ85Key(key));
  EXPECT_FALSE(IsZ85Key(""));
  EXPECT_FALSE(IsZ85Key(key.substr(1)));
  EXPECT_FALSE(IsZ85Key(key + "0"));
  EXPECT_FALSE(IsZ85Key("\"" + key.substr(1)));
  EXPECT_FALSE(IsZ85Key(std::string(40, '#'))) << "more than 32 bits in five digits";
}

TEST(KeyFiles, AStationsKeysComeBackAndOnlyItsOwnerMayReadThem) {
  testing::TempDirectory directory;
  const std::string path = directory.File("fs-north.key");
  const StationKeys keys = MakeStationKeys("fs-north");
  ASSERT_TRUE(WriteStationKeys(path, keys));
  EXPECT_EQ(ModeOf(path), 0600u);
  const auto read = ReadStationKeys(path);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->id, "fs-north");
  EXPECT_EQ(read->curve.secret_key, keys.curve.secret_key);
  EXPECT_EQ(read->curve.public_key, keys.curve.public_key);
  EXPECT_EQ(read->sign_seed, keys.sign_seed);
}

TEST(KeyFiles, ThePublicHalfIsReadyForTheHubsConfigAndHoldsNoSecret) {
  testing::TempDirectory directory;
  const std::string path = directory.File("a.key");
  const StationKeys station = MakeStationKeys("fs-north");
  ASSERT_TRUE(WriteStationKeys(path, station));
  const SubscriberKeys subscriber{.id = "side-a", .curve = MakeCurveKeyPair()};
  ASSERT_TRUE(WriteSubscriberKeys(directory.File("b.key"), subscriber));
  const std::string pasted =
      ReadTextFile(path + ".pub").value() + ReadTextFile(directory.File("b.key") + ".pub").value();
  v1::config::HubConfig hub;
  ASSERT_TRUE(ParseTextConfig(pasted, "pasted", &hub)) << pasted;
  ASSERT_EQ(hub.station_size(), 1);
  EXPECT_EQ(hub.station(0).id(), "fs-north");
  EXPECT_EQ(hub.station(0).curve_public(), station.curve.public_key);
  EXPECT_EQ(hub.station(0).sign_public(),
            HexEncode(Ed25519KeyPair::FromSeed(station.sign_seed).public_key()));
  ASSERT_EQ(hub.subscriber_size(), 1);
  EXPECT_EQ(hub.subscriber(0).id(), "side-a");
  EXPECT_EQ(hub.subscriber(0).curve_public(), subscriber.curve.public_key);
  EXPECT_THAT(pasted, Not(HasSubstr(station.curve.secret_key)));
  EXPECT_THAT(pasted, Not(HasSubstr(subscriber.curve.secret_key)));
  EXPECT_THAT(pasted, Not(HasSubstr(HexEncode(station.sign_seed))));
}

TEST(KeyFiles, TheHubsAndASubscribersKeysComeBack) {
  testing::TempDirectory directory;
  const CurveKeyPair hub = MakeCurveKeyPair();
  ASSERT_TRUE(WriteHubKeys(directory.File("hub.key"), hub));
  EXPECT_EQ(ModeOf(directory.File("hub.key")), 0600u);
  const auto read = ReadHubKeys(directory.File("hub.key"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->secret_key, hub.secret_key);
  EXPECT_EQ(ReadHubPublic(directory.File("hub.key") + ".pub").value(), hub.public_key);
  EXPECT_FALSE(ReadHubPublic(directory.File("hub.key")));
  const SubscriberKeys subscriber{.id = "side-a", .curve = MakeCurveKeyPair()};
  ASSERT_TRUE(WriteSubscriberKeys(directory.File("a.key"), subscriber));
  const auto again = ReadSubscriberKeys(directory.File("a.key"));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->id, "side-a");
  EXPECT_EQ(again->curve.secret_key, subscriber.curve.secret_key);
}

TEST(KeyFiles, AKeyIsNeverOverwritten) {
  testing::TempDirectory directory;
  const std::string path = directory.File("hub.key");
  ASSERT_TRUE(WriteHubKeys(path, MakeCurveKeyPair()));
  const std::string before = ReadTextFile(path).value();
  const std::string public_before = ReadTextFile(path + ".pub").value();
  const auto again = WriteHubKeys(path, MakeCurveKeyPair());
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("never overwritten"));
  EXPECT_FALSE(WriteStationKeys(path, MakeStationKeys("fs-north")));
  EXPECT_EQ(ReadTextFile(path).value(), before);
  EXPECT_EQ(ReadTextFile(path + ".pub").value(), public_before);
}

TEST(KeyFiles, AChangedKeyFileIsRefusedWithItsLineAndWithoutTheSecret) {
  testing::TempDirectory directory;
  const std::string path = directory.File("s.key");
  const StationKeys keys = MakeStationKeys("fs-north");
  ASSERT_TRUE(WriteStationKeys(path, keys));
  const std::string good = ReadTextFile(path).value();
  struct Case {
    std::string from, to, told;
  };
  const StationKeys other = MakeStationKeys("fs-north");
  const std::vector<Case> cases = {
      {"station key v1", "station key v2", ":1: "},
      {"id fs-north", "id fs north", ":2: "},
      {keys.curve.secret_key, keys.curve.secret_key.substr(1), ":3: "},
      {keys.curve.secret_key, other.curve.secret_key, ":4: "},
      {HexEncode(keys.sign_seed), HexEncode(keys.sign_seed).substr(2), ":5: "},
      {HexEncode(keys.sign_seed), HexEncode(other.sign_seed), ":6: "},
      {"sign_public ", "sign_publi ", ":6: "},
  };
  for (const Case& c : cases) {
    std::string text = good;
    ASSERT_NE(text.find(c.from), std::string::npos) << c.from;
    text.replace(text.find(c.from), c.from.size(), c.to);
    Overwrite(path, text);
    const auto read = ReadStationKeys(path);
    ASSERT_FALSE(read) << c.told;
    EXPECT_EQ(read.error().code, ErrorCode::kBadInput);
    EXPECT_THAT(read.error().message, HasSubstr(c.told));
    EXPECT_THAT(read.error().message, Not(HasSubstr(keys.curve.secret_key)));
    EXPECT_THAT(read.error().message, Not(HasSubstr(HexEncode(keys.sign_seed))));
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    Overwrite(path, good.substr(0, size));
    EXPECT_FALSE(ReadStationKeys(path)) << size;
  }
  Overwrite(path, good + "more 1\n");
  EXPECT_FALSE(ReadStationKeys(path));
}

TEST(KeyFiles, AHubsKeyIsNoStationsKey) {
  testing::TempDirectory directory;
  ASSERT_TRUE(WriteHubKeys(directory.File("hub.key"), MakeCurveKeyPair()));
  const auto read = ReadStationKeys(directory.File("hub.key"));
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("trucewatch station key v1"));
}

}  // namespace
}  // namespace trucewatch::tools
