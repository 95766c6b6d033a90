// SPDX-License-Identifier: Apache-2.0
#include "detect/image_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tests/detect/appearance/blob_pictures.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using trucewatch::testing::BlobDetector;
using trucewatch::testing::BlobPicture;

std::string EncodedAs(const std::string& extension, const cv::Mat& picture) {
  std::vector<std::uint8_t> bytes;
  EXPECT_TRUE(cv::imencode(extension, picture, bytes));
  return {bytes.begin(), bytes.end()};
}

cv::Mat MatOf(BlobPicture& picture) {
  return cv::Mat(picture.height_px, picture.width_px, CV_8U, picture.pixels.data());
}

// One bright square, and a row of dim ones.
BlobPicture CarAndPeople(int people) {
  BlobPicture picture(120, 90);
  picture.Put(20, 10, BlobPicture::kBright);
  for (int i = 0; i < people; ++i) picture.Put(10 + 14 * i, 60, BlobPicture::kDim);
  return picture;
}

TEST(ReportImage, OneLineWithBoxesAndPeopleOnlyAsAGroup) {
  const auto detector = BlobDetector();
  BlobPicture picture = CarAndPeople(7);
  const auto report =
      ReportImage(AsBytes(EncodedAs(".png", MatOf(picture))), *detector, {.file = "a b.png"});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(
      report->line,
      R"({"file":"a b.png","frame":0,"width_px":120,"height_px":90,"model":"blobs_v5",)"
      R"("modality":"ir","detections":[{"class":"light_vehicle","score":1,"box_px":[20,10,8,8]}],)"
      R"("groups":[{"class":"person_group","count_min":5,"count_max":12,"box_px":[10,60,92,8]}]})");
  EXPECT_EQ(report->detections, 1U);
  EXPECT_EQ(report->groups, 1U);
}

TEST(ReportImage, FewPeopleAreNotReportedAtAll) {
  const auto detector = BlobDetector();
  BlobPicture picture = CarAndPeople(2);
  const auto report = ReportImage(AsBytes(EncodedAs(".png", MatOf(picture))), *detector, {});
  ASSERT_TRUE(report);
  EXPECT_THAT(report->line, HasSubstr("\"groups\":[]"));
  EXPECT_THAT(report->line, Not(HasSubstr("person")));
}

TEST(ReportImage, SinglePersonsAreBoxesForAnEvaluationOnly) {
  const auto detector = BlobDetector();
  BlobPicture picture = CarAndPeople(2);
  const auto report = ReportImage(AsBytes(EncodedAs(".png", MatOf(picture))), *detector,
                                  {.min_score = 0.5, .evaluate = true});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->detections, 3U);
  EXPECT_THAT(report->line, HasSubstr(R"({"class":"person","score":1,"box_px":[24,60,8,8]})"));
}

TEST(ReportImage, SixteenBitsAreStretched) {
  const auto detector = BlobDetector();
  cv::Mat deep(40, 48, CV_16U, cv::Scalar(21000));  // as a thermal camera counts
  deep(cv::Rect(20, 10, 8, 8)).setTo(24000);
  const auto report = ReportImage(AsBytes(EncodedAs(".png", deep)), *detector, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->line, HasSubstr("\"box_px\":[20,10,8,8]"));
}

TEST(ReportImage, TheDrawingShowsTheBoxes) {
  const auto detector = BlobDetector();
  BlobPicture picture = CarAndPeople(7);
  const std::string bytes = EncodedAs(".png", MatOf(picture));
  EXPECT_EQ(ReportImage(AsBytes(bytes), *detector, {})->drawing, "");
  const auto report = ReportImage(AsBytes(bytes), *detector, {.draw = true});
  ASSERT_TRUE(report);
  const std::vector<char> jpeg(report->drawing.begin(), report->drawing.end());
  const cv::Mat drawn = cv::imdecode(jpeg, cv::IMREAD_COLOR);
  ASSERT_EQ(drawn.cols, 120);
  EXPECT_LT(cv::norm(drawn.at<cv::Vec3b>(80, 110)), 8);  // the ground, as far as JPEG keeps it
  // The box's left edge has the class's colour.
  const cv::Vec3b edge = drawn.at<cv::Vec3b>(15, 20);
  EXPECT_NE(edge[0], edge[2]);
}

TEST(ReportImage, APictureWithAPlaceOnEarthGivesOneToVehiclesAndToNobodyElse) {
  const auto detector = BlobDetector();
  BlobPicture picture = CarAndPeople(2);
  ImageReportOptions options{.evaluate = true, .gsd_m = 0.5};
  options.place = [](double x, double y) -> std::optional<ImagePlace> {
    return ImagePlace{Geodetic::FromDegrees(y, x, 0), 3};
  };
  const auto report = ReportImage(AsBytes(EncodedAs(".png", MatOf(picture))), *detector, options);
  ASSERT_TRUE(report) << report.error().message;
  // 3 m, and a tenth of 8 pixels of half a metre.
  EXPECT_THAT(
      report->line,
      HasSubstr(R"("box_px":[20,10,8,8],"lat_deg":14,"lon_deg":24,"cov_m2":[9.16,0,9.16]})"));
  EXPECT_THAT(report->line, HasSubstr(R"({"class":"person","score":1,"box_px":[24,60,8,8]})"));
}

TEST(ReportImage, WhatDoesNotDecodeSaysSo) {
  const auto detector = BlobDetector();
  BlobPicture picture = CarAndPeople(1);
  const std::string whole = EncodedAs(".png", MatOf(picture));
  for (const std::string& bytes :
       {std::string(), std::string("no picture"), whole.substr(0, 20), std::string(1000, '\xFF')}) {
    const auto report = ReportImage(AsBytes(bytes), *detector, {.file = "f.png"});
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::kBadInput);
    EXPECT_THAT(report.error().message, HasSubstr("f.png: "));
  }
  EXPECT_EQ(
      ImageErrorLine("f.png", "why"),
      R"({"file":"f.png","frame":0,"width_px":0,"height_px":0,"error":"why","detections":[],"groups":[]})");
}

TEST(ReportImage, GreyIsToldFromColour) {
  BlobPicture picture = CarAndPeople(1);
  cv::Mat colour;
  cv::cvtColor(MatOf(picture), colour, cv::COLOR_GRAY2BGR);
  EXPECT_TRUE(*IsGreyImage(AsBytes(EncodedAs(".png", MatOf(picture)))));
  EXPECT_TRUE(*IsGreyImage(AsBytes(EncodedAs(".jpg", colour))));
  colour.at<cv::Vec3b>(3, 3) = {10, 90, 200};
  EXPECT_FALSE(*IsGreyImage(AsBytes(EncodedAs(".png", colour))));
  EXPECT_FALSE(IsGreyImage(AsBytes("none")));
}

}  // namespace
}  // namespace trucewatch
