// SPDX-License-Identifier: Apache-2.0
// Every figure that `score tracks` shares with the evaluator of the tracking scenarios, on tracks
// that are the truth, disturbed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <random>

#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"
#include "tools/score/track_files.h"

namespace trucewatch::tools {
namespace {

using trucewatch::testing::Finished;
using trucewatch::testing::ReadFile;
using trucewatch::testing::RunProcess;

// The numbers of a JSON text by their keys, "kinds.convoy.gt"; enough for objects of objects.
std::map<std::string, double> NumbersOf(const std::string& json) {
  std::map<std::string, double> numbers;
  std::vector<std::string> path;
  std::string key;
  for (std::size_t k = 0; k < json.size(); ++k) {
    if (json[k] == '{') {
      path.push_back(path.empty() ? "" : path.back() + key + ".");
    } else if (json[k] == '}') {
      path.pop_back();
    } else if (json[k] == '"') {
      const std::size_t end = json.find('"', k + 1);
      key = json.substr(k + 1, end - k - 1);
      k = end;
    } else if (json[k] == '-' || (json[k] >= '0' && json[k] <= '9')) {
      double value = 0;
      const auto read = std::from_chars(json.data() + k, json.data() + json.size(), value);
      numbers[path.back() + key] = value;
      k = static_cast<std::size_t>(read.ptr - json.data()) - 1;
    }
  }
  return numbers;
}

// A Python that has what the evaluator needs; empty when there is none. The first on the path may
// be one without Debian's packages.
std::string PythonWithScipy() {
  for (const char* python : {"python3", "/usr/bin/python3"}) {
    if (RunProcess({python, "-c", "import numpy, scipy.optimize"}).code == 0) return python;
  }
  return "";
}

// Tracks as a tracker might make of a truth: noise, gaps, new identities after them, neighbours
// confused, false tracks, faint rows and rows at other times.
std::string DisturbedTruth(const TrackedScenario& scenario, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0, 1);
  std::string csv = "time,track_id,x,y,vx,vy,existence_prob\n";
  const auto row = [&](double time_s, const std::string& id, const Eigen::Vector2d& p,
                       const Eigen::Vector2d& v, double existence) {
    csv += fmt::format("{:.3f},{},{:.3f},{:.3f},{:.4f},{:.4f},{:.4f}\n", time_s, id, p.x(), p.y(),
                       v.x(), v.y(), existence);
  };
  std::vector<int> gap(scenario.targets.size(), 0);
  std::vector<int> id(scenario.targets.size(), 0);
  int next_id = 0;
  for (int& k : id) k = next_id++;
  std::map<int, std::pair<Eigen::Vector2d, int>> wrong;  // false tracks: place, epochs left
  for (const ScoredEpoch& epoch : scenario.epochs) {
    for (const TruthPoint& truth : epoch.truths) {
      int& left = gap[truth.target];
      if (left > 0 && --left == 0 && uniform(random) < 0.5) id[truth.target] = next_id++;
      if (uniform(random) < 0.01) left = 1 + static_cast<int>(uniform(random) * 20);
      if (uniform(random) < 0.003) std::swap(id[truth.target], id[random() % id.size()]);
      if (left > 0) continue;
      const double sigma_m = uniform(random) < 0.2 ? 40 : 12;
      const Eigen::Vector2d e(normal(random), normal(random)), f(normal(random), normal(random));
      row(epoch.time_s, fmt::format("T{}", id[truth.target]), truth.p_en_m + sigma_m * e,
          truth.v_en_mps + f, uniform(random) < 0.05 ? 0.3 : 0.95);
    }
    if (uniform(random) < 0.2) {
      const Eigen::Vector2d place(uniform(random) - 0.5, uniform(random) - 0.5);
      wrong[next_id++] = {place * 16'000, 1 + static_cast<int>(uniform(random) * 40)};
    }
    std::erase_if(wrong, [](const auto& entry) { return entry.second.second <= 0; });
    for (auto& [name, track] : wrong) {
      row(epoch.time_s, fmt::format("T{}", name), track.first, {0, 0}, 0.7);
      --track.second;
    }
    row(epoch.time_s + 0.5, "T0", {0, 0}, {0, 0}, 1);
  }
  return csv;
}

void ComparesWithEvaluator(const std::string& name, std::uint64_t seed) {
  TW_SHARED_DATA_OR_SKIP(evaluator, "../bench/fusion/evaluate.py");
  TW_SHARED_DATA_OR_SKIP(truth, "../bench/fusion/scenarios/" + name + "_truth.csv.gz");
  TW_SHARED_DATA_OR_SKIP(scans, "../bench/fusion/scenarios/" + name + "_scans.csv.gz");
  const std::string python = PythonWithScipy();
  if (python.empty() && trucewatch::testing::SharedDataRequired()) {
    FAIL() << "python3-scipy is required when CI=true";
  }
  if (python.empty()) GTEST_SKIP() << "no Python with scipy (Debian: python3-scipy)";
  const trucewatch::testing::TempDirectory folder;
  const std::string tracks = folder.File("tracks.csv"), json = folder.File("reference.json");
  std::ofstream(tracks) << "time,track_id,x,y,vx,vy\n";
  const auto scenario = LoadTrackedScenario({.truth = truth, .tracks = tracks, .scans = scans});
  ASSERT_TRUE(scenario) << scenario.error().message;
  std::ofstream(tracks) << DisturbedTruth(*scenario, seed);

  const Finished theirs =
      RunProcess({python, evaluator, truth, tracks, "--scans", scans, "--json", json});
  ASSERT_EQ(theirs.code, 0) << theirs.output;
  const Finished ours = RunProcess({trucewatch::testing::TrucewatchProgram(), "score", "tracks",
                                    "--truth", truth, tracks, "--scans", scans, "--json"});
  ASSERT_EQ(ours.code, 0) << ours.output;
  const auto expected = NumbersOf(ReadFile(json));
  const auto found = NumbersOf(ours.output);
  EXPECT_GE(expected.size(), 42U);
  for (const auto& [key, value] : expected) {
    ASSERT_TRUE(found.contains(key)) << key;
    EXPECT_NEAR(found.at(key), value, 1e-6) << key;
  }
  // It is no easy case.
  EXPECT_GT(expected.at("id_switches"), 20);
  EXPECT_GT(expected.at("fragmentations"), 20);
  EXPECT_LT(expected.at("purity"), 0.99);
  EXPECT_GT(expected.at("n_false"), 1);
}

TEST(TrackReference, EveryFigureEqualsTheEvaluatorsOnCrossingVehicles) {
  ComparesWithEvaluator("S1_seed1", 1);
}
TEST(TrackReference, EveryFigureEqualsTheEvaluatorsOnConvoys) {
  ComparesWithEvaluator("S2_seed1", 2);
}
TEST(TrackReference, EveryFigureEqualsTheEvaluatorsOnDenseTraffic) {
  ComparesWithEvaluator("S3_seed1", 3);
}
TEST(TrackReference, EveryFigureEqualsTheEvaluatorsOnLateFrames) {
  ComparesWithEvaluator("S4_seed1", 4);
}

}  // namespace
}  // namespace trucewatch::tools
