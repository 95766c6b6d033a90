// SPDX-License-Identifier: Apache-2.0
#include "tools/score/detection_score.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>

namespace trucewatch::tools {
namespace {

constexpr std::size_t kThresholds = 10;
constexpr std::size_t kRecalls = 101;

// Both as numpy's linspace gives them to cocoeval: an overlap or recall that is exactly one of them
// falls on the same side.
double OverlapThreshold(std::size_t i) {
  return i + 1 == kThresholds ? 0.95 : 0.5 + (0.95 - 0.5) / 9 * static_cast<double>(i);
}
double RecallPoint(std::size_t i) {
  return i + 1 == kRecalls ? 1.0 : 0.01 * static_cast<double>(i);
}

// Of the union; of the detection where the truth is a region.
double Overlap(const LabelledBox& detection, const LabelledBox& truth) {
  const double width = std::min(detection.x + detection.width, truth.x + truth.width) -
                       std::max(detection.x, truth.x);
  const double height = std::min(detection.y + detection.height, truth.y + truth.height) -
                        std::max(detection.y, truth.y);
  if (!(width > 0 && height > 0)) return 0;
  const double both = width * height;
  const double of = detection.width * detection.height;
  return both / (truth.ignored ? of : of + truth.width * truth.height - both);
}

enum class Verdict : std::uint8_t { kFalse, kFound, kIgnored };

// One detection, with what it was at each threshold.
struct Judged {
  double score = 0;
  std::size_t picture = 0;
  std::array<Verdict, kThresholds> verdict{};
};

// Everything of one class: detections by falling score.
struct JudgedClass {
  std::vector<Judged> detections;
  std::vector<std::size_t> truths;  // of each picture
};

// COCO's greedy matching in one picture at one threshold. `truths`: those that count first.
std::vector<Verdict> MatchAt(double threshold, const std::vector<const LabelledBox*>& detections,
                             const std::vector<const LabelledBox*>& truths) {
  std::vector<bool> taken(truths.size(), false);
  std::vector<Verdict> verdicts;
  for (const LabelledBox* detection : detections) {
    double best = std::min(threshold, 1 - 1e-10);
    std::optional<std::size_t> match;
    for (std::size_t t = 0; t < truths.size(); ++t) {
      if (taken[t] && !truths[t]->ignored) continue;
      // A truth that counts is never given up for a region.
      if (match && !truths[*match]->ignored && truths[t]->ignored) break;
      const double overlap = Overlap(*detection, *truths[t]);
      if (overlap < best) continue;
      best = overlap;
      match = t;
    }
    if (!match) {
      verdicts.push_back(Verdict::kFalse);
    } else {
      taken[*match] = true;
      verdicts.push_back(truths[*match]->ignored ? Verdict::kIgnored : Verdict::kFound);
    }
  }
  return verdicts;
}

JudgedClass Judge(const std::vector<ScoredPicture>& pictures, const std::string& object_class,
                  int max_detections) {
  JudgedClass judged;
  for (std::size_t p = 0; p < pictures.size(); ++p) {
    std::vector<const LabelledBox*> truths, detections;
    for (const LabelledBox& truth : pictures[p].truths) {
      if (!truth.ignored && truth.object_class == object_class) truths.push_back(&truth);
    }
    judged.truths.push_back(truths.size());
    for (const LabelledBox& truth : pictures[p].truths) {
      if (truth.ignored) truths.push_back(&truth);
    }
    for (const LabelledBox& detection : pictures[p].detections) {
      if (detection.object_class == object_class) detections.push_back(&detection);
    }
    std::stable_sort(detections.begin(), detections.end(),
                     [](const auto* a, const auto* b) { return a->score > b->score; });
    if (static_cast<int>(detections.size()) > max_detections) {
      detections.resize(static_cast<std::size_t>(max_detections));
    }
    const std::size_t first = judged.detections.size();
    for (const LabelledBox* detection : detections) {
      judged.detections.push_back({.score = detection->score, .picture = p, .verdict = {}});
    }
    for (std::size_t i = 0; i < kThresholds; ++i) {
      const auto verdicts = MatchAt(OverlapThreshold(i), detections, truths);
      for (std::size_t d = 0; d < verdicts.size(); ++d) {
        judged.detections[first + d].verdict[i] = verdicts[d];
      }
    }
  }
  std::stable_sort(judged.detections.begin(), judged.detections.end(),
                   [](const Judged& a, const Judged& b) { return a.score > b.score; });
  return judged;
}

// Average precision at one threshold when each picture counts `weight` times; nothing without a
// truth.
std::optional<double> AveragePrecision(const JudgedClass& judged, std::size_t threshold,
                                       const std::vector<std::uint32_t>& weight) {
  double truths = 0;
  for (std::size_t p = 0; p < judged.truths.size(); ++p) {
    truths += static_cast<double>(judged.truths[p]) * weight[p];
  }
  if (truths == 0) return std::nullopt;
  // Precision after each true detection; between them it only falls, at the same recall.
  std::vector<std::pair<double, double>> curve;  // (recall, precision)
  double found = 0, false_alarms = 0;
  for (const Judged& d : judged.detections) {
    const double times = weight[d.picture];
    if (times == 0) continue;
    if (d.verdict[threshold] == Verdict::kFalse) false_alarms += times;
    if (d.verdict[threshold] != Verdict::kFound) continue;
    found += times;
    curve.emplace_back(found / truths, found / (found + false_alarms));
  }
  for (std::size_t i = curve.size(); i-- > 1;) {
    curve[i - 1].second = std::max(curve[i - 1].second, curve[i].second);
  }
  double sum = 0;
  std::size_t at = 0;
  for (std::size_t r = 0; r < kRecalls; ++r) {
    const double recall = RecallPoint(r);
    while (at < curve.size() && curve[at].first < recall) ++at;
    if (at == curve.size()) break;
    sum += curve[at].second;
  }
  return sum / kRecalls;
}

struct BothAp {
  double ap50 = 0, ap50_95 = 0;
};

std::optional<BothAp> ApOf(const JudgedClass& judged, const std::vector<std::uint32_t>& weight) {
  BothAp ap;
  for (std::size_t i = 0; i < kThresholds; ++i) {
    const auto at = AveragePrecision(judged, i, weight);
    if (!at) return std::nullopt;
    if (i == 0) ap.ap50 = *at;
    ap.ap50_95 += *at;
  }
  ap.ap50_95 /= kThresholds;
  return ap;
}

Interval95 Percentiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(place);
    const std::size_t high = std::min(low + 1, values.size() - 1);
    return values[low] + (place - static_cast<double>(low)) * (values[high] - values[low]);
  };
  return {at(0.025), at(0.975)};
}

// A draw of pictures, the same on every machine: std's distributions are not.
std::vector<std::uint32_t> Resample(std::size_t pictures, std::mt19937_64& random) {
  std::vector<std::uint32_t> weight(pictures, 0);
  for (std::size_t i = 0; i < pictures; ++i) ++weight[random() % pictures];
  return weight;
}

void Finish(OperatingPoint* point, std::size_t truths) {
  point->missed = truths - point->found;
  const std::size_t reported = point->found + point->false_alarms;
  point->precision =
      reported == 0 ? 1.0 : static_cast<double>(point->found) / static_cast<double>(reported);
  point->recall = static_cast<double>(point->found) / static_cast<double>(truths);
}

void ScoreOperatingPoints(const JudgedClass& judged, double at_score, ClassScore* score) {
  OperatingPoint now;
  double best_f1 = -1;
  score->at_score.score = at_score;
  for (std::size_t i = 0; i < judged.detections.size(); ++i) {
    const Judged& d = judged.detections[i];
    if (d.verdict[0] == Verdict::kFound) ++now.found;
    if (d.verdict[0] == Verdict::kFalse) ++now.false_alarms;
    now.score = d.score;
    if (d.score >= at_score) {
      score->at_score.found = now.found;
      score->at_score.false_alarms = now.false_alarms;
    }
    // All of one score stand or fall together.
    if (i + 1 < judged.detections.size() && judged.detections[i + 1].score == d.score) continue;
    const double f1 = 2.0 * static_cast<double>(now.found) /
                      static_cast<double>(now.found + now.false_alarms + score->truths);
    if (f1 > best_f1) {
      best_f1 = f1;
      score->best = now;
    }
  }
  Finish(&score->at_score, score->truths);
  Finish(&score->best, score->truths);
}

}  // namespace

DetectionScore ScoreDetections(const std::vector<ScoredPicture>& pictures,
                               const DetectionScoreOptions& options) {
  DetectionScore score;
  score.pictures = pictures.size();
  std::map<std::string, std::size_t> truths, detections;
  for (const ScoredPicture& picture : pictures) {
    for (const LabelledBox& truth : picture.truths) {
      if (!truth.ignored) ++truths[truth.object_class];
    }
    for (const LabelledBox& detection : picture.detections) ++detections[detection.object_class];
  }
  for (const auto& [name, count] : detections) {
    if (truths.count(name) == 0) score.other_detections += count;
  }
  std::vector<std::vector<std::uint32_t>> draws;
  std::mt19937_64 random(options.seed);
  for (int i = 0; i < options.bootstrap; ++i) draws.push_back(Resample(pictures.size(), random));
  const std::vector<std::uint32_t> once(pictures.size(), 1);
  for (const auto& [name, count] : truths) {
    const JudgedClass judged = Judge(pictures, name, options.max_detections);
    ClassScore of_class;
    of_class.object_class = name;
    of_class.truths = count;
    of_class.detections = detections[name];
    const auto ap = ApOf(judged, once);
    of_class.ap50 = ap->ap50;
    of_class.ap50_95 = ap->ap50_95;
    std::vector<double> ap50, ap50_95;
    for (const auto& draw : draws) {
      // A draw without a truth of the class says nothing about it.
      if (const auto drawn = ApOf(judged, draw)) {
        ap50.push_back(drawn->ap50);
        ap50_95.push_back(drawn->ap50_95);
      }
    }
    if (!ap50.empty()) {
      of_class.ap50_interval = Percentiles(std::move(ap50));
      of_class.ap50_95_interval = Percentiles(std::move(ap50_95));
    }
    ScoreOperatingPoints(judged, options.at_score, &of_class);
    score.map50 += of_class.ap50 / static_cast<double>(truths.size());
    score.map50_95 += of_class.ap50_95 / static_cast<double>(truths.size());
    score.classes.push_back(std::move(of_class));
  }
  return score;
}

}  // namespace trucewatch::tools
