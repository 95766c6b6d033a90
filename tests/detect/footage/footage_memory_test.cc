// SPDX-License-Identifier: Apache-2.0
#include "detect/footage/footage_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <random>
#include <string>
#include <vector>

namespace trucewatch::footage {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr double kTwoPi = 2 * std::numbers::pi;

// A ground of waves, 64 parts wide and then the same again, as a camera at a place turned by an
// angle sees it; noise as of a coarse encoder.
class Ground {
 public:
  explicit Ground(std::uint64_t seed) : random_(seed), grey_(kCells * kCells) {
    std::uniform_real_distribution<double> any(0, 1);
    std::uniform_int_distribution<int> number(-9, 9);
    for (int wave = 0; wave < 14; ++wave) {
      const double x = kTwoPi * number(random_), y = kTwoPi * number(random_);
      const double phase = kTwoPi * any(random_);
      for (std::size_t i = 0; i < grey_.size(); ++i) {
        grey_[i] +=
            10 *
            std::sin((x * static_cast<double>(i % kCells) + y * static_cast<double>(i / kCells)) /
                         kCells +
                     phase);
      }
    }
  }

  FootagePrint Seen(double east, double north, double turn, double gain = 1) {
    std::normal_distribution<double> noise(0, 0.6);
    FootagePrint print;
    for (std::size_t i = 0; i < print.grey.size(); ++i) {
      const double u = static_cast<double>(i % 32) - 15.5, v = static_cast<double>(i / 32) - 15.5;
      const double x = east + std::cos(turn) * u - std::sin(turn) * v;
      const double y = north + std::sin(turn) * u + std::cos(turn) * v;
      print.grey[i] = static_cast<std::uint8_t>(
          std::lround(std::clamp(125 + gain * At(x, y) + noise(random_), 0.0, 255.0)));
    }
    return print;
  }

 private:
  static constexpr std::size_t kCells = 256;  // four a part

  double At(double x, double y) const {
    const double u = 4 * x - std::floor(4 * x), v = 4 * y - std::floor(4 * y);
    const auto cell = [](double at, int next) {
      return static_cast<std::size_t>(static_cast<int>(std::floor(4 * at)) + next) % kCells;
    };
    const auto grey = [&](int right, int down) {
      return grey_[cell(y, down) * kCells + cell(x, right)];
    };
    return (1 - v) * ((1 - u) * grey(0, 0) + u * grey(1, 0)) +
           v * ((1 - u) * grey(0, 1) + u * grey(1, 1));
  }

  std::mt19937_64 random_;
  std::vector<double> grey_;
};

// A flight: what the camera sees at a time.
using Flight = std::function<FootagePrint(Ground&, double t_s)>;

FootagePrint Onwards(Ground& ground, double t_s) {
  return ground.Seen(1.5 * t_s, 0.4 * t_s + 2 * std::sin(t_s / 5), 0.1 * std::sin(t_s / 7));
}

struct Said {
  double at_s;
  std::string text;
};

// Shows a flight from its second `from_s` on, beginning at `at_s`.
std::vector<Said> Show(FootageMemory& memory, Ground& ground, const Flight& flight, double at_s,
                       double from_s, double length_s, double rate_hz,
                       const std::string& source = "drone1") {
  std::vector<Said> said;
  for (double t = 0; t < length_s; t += 1 / rate_hz) {
    const Instant time = *ParseUtc("2026-03-01T12:00:00Z") + Duration::FromSeconds(at_s + t);
    if (const auto text = memory.Add({source}, time, flight(ground, from_s + t))) {
      said.push_back({t, *text});
    }
  }
  return said;
}

TEST(FootageMemory, FootageShownAgainIsOldUntilSomethingNewComes) {
  Ground ground(1);
  FootageMemory memory;
  EXPECT_THAT(Show(memory, ground, Onwards, 0, 0, 60, 10), IsEmpty());
  const auto again = Show(memory, ground, Onwards, 3600, 10, 40, 10);
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_THAT(again[0].text,
              HasSubstr("those that drone1 showed 3590.0 s earlier, at 2026-03-01T"));
  EXPECT_LT(again[0].at_s, 26);
  EXPECT_TRUE(memory.IsOld({"drone1"}));
  const auto onwards = Show(memory, ground, Onwards, 3640, 200, 40, 10);
  ASSERT_THAT(onwards, SizeIs(1));
  EXPECT_EQ(onwards[0].text, "");
  EXPECT_LE(onwards[0].at_s, 12);
  EXPECT_FALSE(memory.IsOld({"drone1"}));
}

TEST(FootageMemory, OtherSourceWithOtherPicturesOfItAndOtherContrastIsOldToo) {
  Ground ground(2);
  FootageMemory memory;
  Show(memory, ground, Onwards, 0, 0, 60, 10);
  const Flight paler = [](Ground& g, double t) {
    return g.Seen(1.5 * t, 0.4 * t + 2 * std::sin(t / 5), 0.1 * std::sin(t / 7), 0.7);
  };
  const auto said = Show(memory, ground, paler, 100'000, 0.037, 50, 7, "drone2");
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_THAT(said[0].text, HasSubstr("drone1"));
  EXPECT_FALSE(memory.IsOld({"drone1"}));
}

TEST(FootageMemory, SameCircleFlownAgainIsNew) {
  Ground ground(3);
  FootageMemory memory;
  std::mt19937_64 random(4);
  std::normal_distribution<double> stray(0, 0.06);  // parts: two thousandths of a picture
  std::array<double, 4> off{};
  const Flight circle = [&](Ground& g, double t) {
    // It wanders slowly, as hands and autopilots do.
    for (double& o : off) o = 0.98 * o + 0.2 * stray(random);
    const double angle = kTwoPi * t / 100;
    return g.Seen(20 * std::sin(angle) + off[0] + off[2], 20 * std::cos(angle) + off[1] + off[3],
                  angle);
  };
  EXPECT_THAT(Show(memory, ground, circle, 0, 0, 600, 5), IsEmpty());
}

TEST(FootageMemory, CameraThatStandsStillIsNotCalledOld) {
  Ground ground(5);
  FootageMemory memory;
  const Flight still = [](Ground& g, double) { return g.Seen(0, 0, 0); };
  EXPECT_THAT(Show(memory, ground, still, 0, 0, 300, 2), IsEmpty());
}

TEST(FootageMemory, DarknessIsNotCalledOld) {
  Ground ground(6);
  FootageMemory memory;
  const Flight dark = [](Ground& g, double t) { return g.Seen(1.5 * t, 0, 0, 0.05); };
  Show(memory, ground, dark, 0, 0, 60, 5);
  EXPECT_THAT(Show(memory, ground, dark, 3600, 0, 60, 5), IsEmpty());
}

TEST(FootageMemory, RestoredMemoryGoesOnAsTheUndisturbedOne) {
  Ground ground(7);
  FootageMemory memory;
  Show(memory, ground, Onwards, 0, 0, 60, 5);
  EXPECT_THAT(Show(memory, ground, Onwards, 3600, 10, 12, 5), IsEmpty());
  v1::DetectSnapshot snapshot;
  memory.Write(&snapshot);
  FootageMemory restored;
  ASSERT_TRUE(restored.Read(snapshot));
  Ground other = ground;
  const auto undisturbed = Show(memory, ground, Onwards, 3612, 22, 20, 5);
  const auto after = Show(restored, other, Onwards, 3612, 22, 20, 5);
  ASSERT_THAT(undisturbed, SizeIs(1));
  ASSERT_THAT(after, SizeIs(1));
  EXPECT_EQ(after[0].at_s, undisturbed[0].at_s);
  EXPECT_EQ(after[0].text, undisturbed[0].text);
  v1::DetectSnapshot one, two;
  memory.Write(&one);
  restored.Write(&two);
  EXPECT_EQ(one.SerializeAsString(), two.SerializeAsString());
}

TEST(FootageMemory, SnapshotWithPicturesMissingIsRefused) {
  v1::DetectSnapshot snapshot;
  auto* source = snapshot.add_footage();
  source->set_source_id("drone1");
  source->add_key_us(1);
  source->set_grey("too few");
  FootageMemory memory;
  EXPECT_FALSE(memory.Read(snapshot));
}

}  // namespace
}  // namespace trucewatch::footage
