// SPDX-License-Identifier: Apache-2.0
// Pictures for people: what officers see, and that parties' drawings hold nothing else than
// vehicles.
#include "detect/still.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <random>

#include "tests/detect/encoded_scene.h"

namespace trucewatch {
namespace {

constexpr int kViewWidth = 960, kViewHeight = 540;

cv::Mat Decode(const std::string& png) {
  const std::vector<std::uint8_t> bytes(png.begin(), png.end());
  return cv::imdecode(bytes, cv::IMREAD_UNCHANGED);
}

// A drone a hundred metres up, sharp enough to tell people apart: about 4 cm a pixel.
CameraPose LowPose() {
  CameraPose pose;
  pose.position = Geodetic::FromDegrees(30, -40, 100);
  pose.sensor_elevation = Angle::Degrees(-90);
  pose.horizontal_fov = Angle::Degrees(22);
  pose.vertical_fov = Angle::Degrees(12.5);
  pose.width_px = kViewWidth;
  pose.height_px = kViewHeight;
  return pose;
}

struct View {
  DecodedPicture picture;
  ObservationSet look;
  CameraPose pose = LowPose();
  RedrawTerms terms{.about = Geodetic::FromDegrees(30, -40, 0), .most_vehicles = 10};

  std::optional<std::string> Redrawn() const { return RedrawVehicles(picture, look, pose, terms); }
  void Vehicle(double x, double y, double width, double height, double north_deg = 30) {
    Detection d;
    d.position = Geodetic::FromDegrees(north_deg, -40, 0);
    d.classes = {{ObjectClass::kTruck, 1.0}};
    d.box_x_px = x;
    d.box_y_px = y;
    d.box_width_px = width;
    d.box_height_px = height;
    look.detections.push_back(d);
  }
  void People(double x, double y, double width, double height) {
    GroupObservation g;
    g.object_class = ObjectClass::kPersonGroup;
    g.count_min = 5;
    g.count_max = 9;
    g.box_x_px = x;
    g.box_y_px = y;
    g.box_width_px = width;
    g.box_height_px = height;
    look.groups.push_back(g);
  }
};

// Two trucks of about 7 m, and people between the second one and the edge of its box.
View TwoTrucks(std::uint32_t seed = 1) {
  View view;
  view.picture.width_px = kViewWidth;
  view.picture.height_px = kViewHeight;
  view.picture.luma.resize(static_cast<std::size_t>(kViewWidth) * kViewHeight);
  std::mt19937 random(seed);
  for (std::uint8_t& pixel : view.picture.luma) pixel = static_cast<std::uint8_t>(random());
  view.look.source = {"drone1"};
  view.Vehicle(300, 200, 170, 70);
  view.Vehicle(520, 220, 170, 70);
  view.People(660, 240, 60, 60);
  return view;
}

// Calls with each pixel that no vehicle's box holds, or that lies near people.
template <typename Change>
void EachPixelThatIsNotShown(View& view, const Change& change) {
  const double margin = 1.0 / 0.0405;  // a metre, at 4 cm a pixel
  for (int y = 0; y < kViewHeight; ++y) {
    for (int x = 0; x < kViewWidth; ++x) {
      const bool in_truck = ((x >= 300 && x < 470 && y >= 200 && y < 270) ||
                             (x >= 520 && x < 690 && y >= 220 && y < 290));
      const bool at_people = x >= 660 - margin + 1 && x < 720 + margin - 1 &&
                             y >= 240 - margin + 1 && y < 300 + margin - 1;
      if (!in_truck || at_people)
        change(view.picture
                   .luma[static_cast<std::size_t>(y) * kViewWidth + static_cast<std::size_t>(x)]);
    }
  }
}

TEST(RedrawVehicles, NothingOutsideTheVehiclesAndNothingOfPeopleChangesADrawing) {
  const auto drawing = TwoTrucks().Redrawn();
  ASSERT_TRUE(drawing);
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    View other = TwoTrucks();
    std::mt19937 random(100 + seed);
    EachPixelThatIsNotShown(other,
                            [&](std::uint8_t& p) { p = static_cast<std::uint8_t>(random()); });
    EXPECT_EQ(other.Redrawn(), drawing) << seed;
  }
  // Words burnt in, as a console writes them.
  View marked = TwoTrucks();
  cv::Mat luma(kViewHeight, kViewWidth, CV_8U, marked.picture.luma.data());
  cv::putText(luma, "30.0090057N 40.0123456W 12:34:56.789Z", {20, 60}, cv::FONT_HERSHEY_SIMPLEX, 1,
              255, 3);
  EXPECT_EQ(marked.Redrawn(), drawing);
}

TEST(RedrawVehicles, NoTimePlaceSourceOrTrackOfTenThousandGetsIntoADrawing) {
  View view = TwoTrucks();
  const auto drawing = view.Redrawn();
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> share(0, 1);
  int different = 0;
  for (int i = 0; i < 500; ++i) {
    // More than twenty secrets at a time.
    const double east = 1e-5 * share(random);
    view.look.time = Instant::FromMicros(static_cast<std::int64_t>(share(random) * 1.8e15));
    view.look.source = {fmt::format("canary-{:08x}", random() & 0xffffffffU)};
    view.look.lineage.platform = fmt::format("canary-{:08x}", random() & 0xffffffffU);
    view.look.frame_index = static_cast<int>(random() % 1000);
    view.look.resolution_m = share(random);
    view.look.position_sigma_stated_m = share(random);
    view.look.georeference_note = fmt::format("{:.7f}", share(random));
    view.look.footprint = {Geodetic::FromDegrees(30 + share(random), -40 + share(random), 0)};
    view.terms.about = Geodetic::FromDegrees(30 + east, -40 + east, 0);
    view.pose.platform_heading = Angle::Degrees(360 * share(random));
    view.pose.sensor_azimuth = Angle::Degrees(360 * share(random));
    for (Detection& d : view.look.detections) {
      d.image_track = random();
      d.score = share(random);
      d.velocity_en_mps = Eigen::Vector2d(share(random), share(random));
      d.cov_en_m2(0, 0) = share(random);
    }
    different += view.Redrawn() == drawing ? 0 : 1;
  }
  EXPECT_EQ(different, 0);
  // Where the drone was, as long as it is as far away from the vehicles.
  const double moved = 2.5;
  view.pose.position = Geodetic::FromDegrees(30 + moved, -40, 100);
  view.terms.about = Geodetic::FromDegrees(30 + moved, -40, 0);
  for (Detection& d : view.look.detections) d.position = view.terms.about;
  EXPECT_EQ(view.Redrawn(), drawing);
}

TEST(RedrawVehicles, ADrawingDoesNotSayWhereInThePictureItWas) {
  const auto drawing = TwoTrucks().Redrawn();
  for (const int shift : {1, 37, 200}) {
    View other = TwoTrucks();
    cv::Mat luma(kViewHeight, kViewWidth, CV_8U, other.picture.luma.data());
    cv::Mat moved = cv::Mat::zeros(kViewHeight, kViewWidth, CV_8U);
    luma(cv::Rect(0, 0, kViewWidth - shift, kViewHeight - shift))
        .copyTo(moved(cv::Rect(shift, shift, kViewWidth - shift, kViewHeight - shift)));
    moved.copyTo(luma);
    for (Detection& d : other.look.detections) {
      d.box_x_px += shift;
      d.box_y_px += shift;
    }
    for (GroupObservation& g : other.look.groups) {
      g.box_x_px += shift;
      g.box_y_px += shift;
    }
    EXPECT_EQ(other.Redrawn(), drawing) << shift;
  }
}

// Somebody beside the vehicle whom no detector saw: two people of different looks, each about half
// a metre wide, in the first truck's box.
TEST(RedrawVehicles, OnePersonIsNotToldFromAnother) {
  const auto with_person = [](bool first) {
    View view = TwoTrucks();
    cv::Mat luma(kViewHeight, kViewWidth, CV_8U, view.picture.luma.data());
    luma(cv::Rect(300, 200, 170, 70)) = 90;
    // The same amount of light and dark, a hat or a bag, another way round: within one block.
    const int x = 300 + 3 * 15, y = 200 + 2 * 15;
    luma(cv::Rect(x + 2, y + 2, 5, 11)) = first ? 250 : 10;
    luma(cv::Rect(x + 7, y + 2, 5, 11)) = first ? 10 : 250;
    return view.Redrawn();
  };
  ASSERT_TRUE(with_person(true));
  EXPECT_EQ(with_person(true), with_person(false));
}

TEST(RedrawVehicles, ADrawingIsOfLargeBlocksInFewShades) {
  const auto drawing = TwoTrucks().Redrawn();
  ASSERT_TRUE(drawing);
  const cv::Mat drawn = Decode(*drawing);
  ASSERT_EQ(drawn.type(), CV_8U);
  // 390 pixels wide at 4 cm are 16 m: blocks of 60 cm or more make 27 or fewer of them, and a
  // margin.
  int changes = 0;
  std::set<int> shades;
  for (int x = 0; x < drawn.cols; ++x) {
    bool same = true;
    for (int y = 0; y < drawn.rows; ++y) {
      shades.insert(drawn.at<std::uint8_t>(y, x));
      if (x > 0) same = same && drawn.at<std::uint8_t>(y, x) == drawn.at<std::uint8_t>(y, x - 1);
    }
    changes += same ? 0 : 1;
  }
  EXPECT_GT(changes, 10);
  EXPECT_LE(changes, 28);
  EXPECT_LE(shades.size(), static_cast<std::size_t>(kRedrawGreys) + 1);
  // It shows something: two trucks that differ from the ground between them.
  EXPECT_GT(shades.size(), 1U);
  EXPECT_EQ(drawn.at<std::uint8_t>(0, 0), drawn.at<std::uint8_t>(drawn.rows - 1, 0));
}

TEST(RedrawVehicles, WithoutAScaleOrAVehicleThereIsNoDrawing) {
  const View good = TwoTrucks();
  EXPECT_FALSE(RedrawVehicles(good.picture, good.look, std::nullopt, good.terms));
  View none = good;
  none.look.detections.clear();
  EXPECT_FALSE(none.Redrawn());
  View person = good;  // a box of a metre and a half
  person.look.detections.clear();
  person.Vehicle(300, 200, 37, 37);
  EXPECT_FALSE(person.Redrawn());
  View far = good;
  far.terms.about = Geodetic::FromDegrees(30.01, -40, 0);
  EXPECT_FALSE(far.Redrawn());
  View nowhere = good;  // people of whom it is not known where in the picture they are
  nowhere.People(0, 0, 0, 0);
  EXPECT_FALSE(nowhere.Redrawn());
  View unknown = good;
  for (Detection& d : unknown.look.detections) d.classes = {{ObjectClass::kPersonGroup, 1.0}};
  EXPECT_FALSE(unknown.Redrawn());
}

TEST(RedrawVehicles, NoMoreVehiclesThanWereStatedAndTheNearestOnes) {
  View one = TwoTrucks();
  one.look.groups.clear();
  one.terms.most_vehicles = 1;
  one.look.detections[0].position = Geodetic::FromDegrees(30.001, -40, 0);  // farther away
  View second = TwoTrucks();
  second.look.groups.clear();
  second.look.detections.erase(second.look.detections.begin());
  EXPECT_EQ(one.Redrawn(), second.Redrawn());
  View both = TwoTrucks();
  both.look.groups.clear();
  EXPECT_NE(both.Redrawn(), second.Redrawn());
}

TEST(DrawLook, AnOfficerSeesThePictureItselfWithABoxAboutEachDetection) {
  testing::SceneOptions options{.seed = 5, .pictures = 6};
  options.vehicles.push_back({.start_en_m = {-10, 5}, .velocity_en_mps = {10, 0}});
  const VideoSegment segment = testing::Encode(testing::RenderScene(options));
  const auto picture = PictureOf(segment, 4);
  ASSERT_TRUE(picture) << picture.error().message;
  EXPECT_EQ(picture->access_unit, 4);
  View view;
  view.Vehicle(400, 300, 40, 20);
  view.People(100, 100, 50, 30);
  const auto png = DrawLook(*picture, view.look);
  ASSERT_TRUE(png) << png.error().message;
  const cv::Mat drawn = Decode(*png);
  ASSERT_EQ(drawn.size(), cv::Size(options.width_px, options.height_px));
  EXPECT_EQ(drawn.at<cv::Vec3b>(310, 398), cv::Vec3b(0, 0, 255));  // the box's left edge
  // Elsewhere it is the picture: grey, as the scene is, within rounding of the colours.
  int apart = 0;
  for (int y = 400; y < 500; ++y) {
    for (int x = 600; x < 800; ++x) {
      const int was = picture->luma[static_cast<std::size_t>(y * options.width_px + x)];
      apart = std::max(apart, std::abs(drawn.at<cv::Vec3b>(y, x)[1] - (was - 16) * 255 / 219));
    }
  }
  EXPECT_LE(apart, 40);
  EXPECT_FALSE(PictureOf(segment, 99));
}

}  // namespace
}  // namespace trucewatch
