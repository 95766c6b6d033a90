// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/live_map.h"

#include <gtest/gtest.h>

#include "core/bus/memory_log.h"
#include "core/types/codec.h"

namespace trucewatch::tools {
namespace {

Picture PictureAt(double time_s, bool settled) {
  Picture picture{.time = Instant::FromMicros(Duration::FromSeconds(time_s).micros()),
                  .settled = settled,
                  .exercise = true,
                  .tracks = {},
                  .groups = {}};
  Track track;
  track.id = {7};
  track.position = Geodetic::FromDegrees(48.01, 37.5, 120);
  track.velocity_en_mps = {-3, 4};
  track.cov = 8.0 * Eigen::Matrix4d::Identity();
  track.existence_probability = 0.97;
  track.classes = {{ObjectClass::kTruck, 0.6}, {ObjectClass::kLightVehicle, 0.4}};
  track.supports.resize(2);
  track.supports[0].source = {"drone1"};
  track.supports[1].source = {"radar1"};
  picture.tracks = {track};
  Group people;
  people.id = {3};
  people.position = Geodetic::FromDegrees(48.02, 37.5, 120);
  people.object_class = ObjectClass::kPersonGroup;
  people.count_expected = 9;
  people.count_min = 7;
  people.count_max = 12;
  picture.groups = {people};
  return picture;
}

void Append(MemoryLog& log, const Picture& picture) {
  v1::Envelope envelope;
  *envelope.mutable_picture() = ToProto(picture);
  ASSERT_TRUE(log.Append({{.origin = 1, .payload = SerializeEnvelope(envelope)}}));
}

TEST(LiveMap, ShowsTheNewestLivePictureOnceAndNothingThatIsSettled) {
  MemoryLog log;
  Append(log, PictureAt(1, false));
  LiveMap map(log, 1);
  EXPECT_FALSE(*map.Newest());
  Append(log, PictureAt(2, false));
  Append(log, PictureAt(3, false));
  Append(log, PictureAt(4, true));
  const auto text = map.Newest();
  ASSERT_TRUE(text && *text);
  EXPECT_NE((*text)->find("1970-01-01T00:00:03"), std::string::npos) << **text;
  EXPECT_EQ((*text)->find("00:00:02"), std::string::npos);
  EXPECT_EQ((*text)->find("00:00:04"), std::string::npos);
  EXPECT_FALSE(*map.Newest());
}

TEST(LiveMap, SaysOfEachVehicleWhereItGoesAndOfPeopleACountOnly) {
  const auto text = LivePictureGeoJson(PictureAt(5, false));
  ASSERT_TRUE(text) << text.error().message;
  for (const char* part :
       {"\"EXERCISE\"", "\"vehicle\"", "\"track_id\":7", "\"class\":\"truck\"", "\"speed_mps\":5",
        "\"heading_deg\":323.13", "\"sigma_m\":4", "drone1 radar1", "\"class\":\"person_group\"",
        "\"count_min\":7", "\"count_max\":12", "37.5"}) {
    EXPECT_NE(text->find(part), std::string::npos) << part << " in " << *text;
  }
}

}  // namespace
}  // namespace trucewatch::tools
