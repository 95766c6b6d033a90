// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <random>

#include "fusion/internal/track_bookkeeping.h"
#include "tests/fusion/simulation.h"

namespace trucewatch {
namespace {

using testing::At;

constexpr std::array kVehicles = {ObjectClass::kLightVehicle, ObjectClass::kTruck,
                                  ObjectClass::kTrackedVehicle};

// How a classifier errs: with each picture anew, and about one vehicle always in the same way (its
// paint, its load, from where it is seen).
struct Classifier {
  double margin = 1.5;  // of the true class, natural logarithm
  double habit = 0.8;   // deviations
  double noise = 1.0;
};

// Mean of -ln of what is believed of the true class.
struct LogLoss {
  double one_report = 0, fused = 0;
  double right = 0;  // share of vehicles whose likeliest class is true, fused
};

LogLoss LogLossOf(const Classifier& classifier, int sources, int reports, unsigned seed) {
  constexpr int kCount = 600;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  LogLoss loss;
  for (int v = 0; v < kCount; ++v) {
    const std::size_t truth = random() % kVehicles.size();
    TrackState track;
    for (int s = 0; s < sources; ++s) {
      std::array<double, kVehicles.size()> habit{};
      for (double& h : habit) h = classifier.habit * normal(random);
      Look look;
      look.source.value = "drone" + std::to_string(s);
      for (int k = 0; k < reports; ++k) {
        look.time = At(k);
        LookPlot plot;
        double sum = 0;
        for (std::size_t c = 0; c < kVehicles.size(); ++c) {
          const double logit =
              (c == truth ? classifier.margin : 0.0) + habit[c] + classifier.noise * normal(random);
          sum += plot.classes[static_cast<std::size_t>(kVehicles[c])] = std::exp(logit);
        }
        for (double& p : plot.classes) p /= sum;
        if (s == 0 && k == 0) {
          loss.one_report -= std::log(plot.classes[static_cast<std::size_t>(kVehicles[truth])]);
        }
        internal::FuseAppearance(track, look, plot, TrackerOptions{});
        internal::TakeSupport(track, look);
      }
    }
    const auto believed = [&](std::size_t c) {
      return track.classes[static_cast<std::size_t>(kVehicles[c])];
    };
    loss.fused -= std::log(believed(truth));
    loss.right += std::all_of(kVehicles.begin(), kVehicles.end(), [&](ObjectClass c) {
      return track.classes[static_cast<std::size_t>(c)] <= believed(truth);
    });
  }
  loss.one_report /= kCount;
  loss.fused /= kCount;
  loss.right /= kCount;
  return loss;
}

// Forty looks of one camera know more than one, and two cameras more than one camera; none of them
// is so sure of itself that its errors cost more than knowing nothing (ln 3 = 1.10).
TEST(Appearance, ManyReportsOfOneVehicleLowerTheLogLossOfItsClass) {
  const LogLoss one = LogLossOf({}, 1, 40, 3), two = LogLossOf({}, 2, 40, 4);
  std::cout << fmt::format(
      "class log-loss: one report {:.3f}; 40 of one camera {:.3f} ({:.1f} % right); 40 each of two "
      "{:.3f} ({:.1f} % right); knowing nothing {:.3f}\n",
      one.one_report, one.fused, 100 * one.right, two.fused, 100 * two.right, std::log(3.0));
  RecordProperty("log_loss_one_report", fmt::format("{:.3f}", one.one_report));
  RecordProperty("log_loss_one_camera", fmt::format("{:.3f}", one.fused));
  RecordProperty("log_loss_two_cameras", fmt::format("{:.3f}", two.fused));
  EXPECT_LT(one.fused, 0.8 * one.one_report);
  EXPECT_LT(two.fused, one.fused);
  EXPECT_GT(two.right, one.right);
}

// All errors repeat: no number of reports may make it sure.
TEST(Appearance, AClassifierThatErrsTheSameWayAlwaysIsNotBelievedMoreAndMore) {
  const Classifier stubborn{.margin = 1.0, .habit = 1.2, .noise = 0.3};
  const LogLoss ten = LogLossOf(stubborn, 1, 10, 5), many = LogLossOf(stubborn, 1, 400, 5);
  std::cout << fmt::format("class log-loss, stubborn: one report {:.3f}, 10 {:.3f}, 400 {:.3f}\n",
                           ten.one_report, ten.fused, many.fused);
  EXPECT_LT(many.fused, 1.10);
  EXPECT_LT(many.fused, ten.fused + 0.1);
}

TEST(Appearance, TheSizeIsTheMeanOfManyAndNoSurerThanASourceIsWrong) {
  std::mt19937_64 random(6);
  std::normal_distribution<double> normal;
  int inside = 0;
  constexpr int kVehiclesSeen = 300;
  for (int v = 0; v < kVehiclesSeen; ++v) {
    const double length = 4.0 + 8.0 * (v % 10) / 10.0, habit = 0.4 * normal(random);
    TrackState track;
    Look look;
    look.source.value = "drone1";
    for (int k = 0; k < 60; ++k) {
      look.time = At(0.5 * k);
      LookPlot plot;
      plot.length_m = std::max(length + habit + 0.15 * length * normal(random), 0.5);
      plot.width_m = 0.4 * plot.length_m;
      internal::FuseAppearance(track, look, plot, TrackerOptions{});
      internal::TakeSupport(track, look);
    }
    const double sigma = 1 / std::sqrt(track.size.information);
    EXPECT_GE(sigma, 0.39);
    inside += std::abs(track.size.length_m - length) < 1.96 * sigma ? 1 : 0;
  }
  std::cout << fmt::format("length within 95 %: {:.3f}\n", 1.0 * inside / kVehiclesSeen);
  EXPECT_GT(inside, kVehiclesSeen * 88 / 100);
}

TEST(Appearance, NothingSaidIsNothingKnown) {
  TrackState track;
  Look look;
  look.source.value = "radar1";
  internal::FuseAppearance(track, look, LookPlot{}, TrackerOptions{});
  EXPECT_EQ(track.size.information, 0);
  for (const double p : track.classes) EXPECT_EQ(p, 0);
}

}  // namespace
}  // namespace trucewatch
