// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/difference.h"

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <opencv2/imgproc.hpp>

#include "detect/motion/warp.h"

namespace trucewatch::motion {
namespace {

constexpr int kTile = 48;            // pixels: exposure is levelled on this scale
constexpr double kLevelFrom = 1.0;   // grey levels: smaller differences of exposure are left alone
constexpr double kBlindEdgePx = 4;   // inside the overlap
constexpr double kWarpEdgePx = 1.5;  // the neighbourhoods of what is compared are inside this
constexpr double kLeastSpread =
    4;  // grey levels between tiles: with less there is no telling a gain
constexpr double kGainFrom = 0.01;       // smaller changes of gain are left alone
constexpr std::uint8_t kMuchAlike = 64;  // grey levels
constexpr int kSampleRows = 8;           // exposure and noise look at one row of so many
constexpr int kGainBits = 12;
constexpr int kHideRun = 16;  // pixels of a row that are near a symbol, or not, together

std::vector<cv::Point2f> Shown(const cv::Size& size, const Homography& reference_from_present) {
  // Corners of the reference in the present picture.
  const Homography back = reference_from_present.inverse();
  const double w = size.width - 1.0, h = size.height - 1.0;
  std::vector<cv::Point2f> corners;
  for (const auto& [x, y] : {std::pair{0.0, 0.0}, {w, 0.0}, {w, h}, {0.0, h}}) {
    const Eigen::Vector2d p = Apply(back, {x, y});
    corners.emplace_back(static_cast<float>(p.x()), static_cast<float>(p.y()));
  }
  return corners;
}

// Part of a row.
struct Interval {
  int x0 = 0, x1 = 0;  // x0 <= x < x1; empty when x1 <= x0
};

// For each row the pixels at least `edge_px` inside a convex polygon.
std::vector<Interval> RowsInside(const std::vector<cv::Point2f>& polygon, double edge_px,
                                 const cv::Size& size) {
  double twice_area = 0;
  const std::size_t n = polygon.size();
  for (std::size_t i = 0; i < n; ++i) {
    const cv::Point2d a = polygon[i], b = polygon[(i + 1) % n];
    twice_area += a.x * b.y - b.x * a.y;
  }
  const double sense = twice_area > 0 ? 1 : -1;
  // Inside of an edge: slope * x >= rest + rest_of_row * y.
  struct Edge {
    double slope = 0, rest = 0, rest_of_row = 0;
  };
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < n; ++i) {
    const cv::Point2d a = polygon[i], b = polygon[(i + 1) % n];
    const double dx = b.x - a.x, dy = b.y - a.y, length = std::hypot(dx, dy);
    if (length < 1e-3) continue;
    // sense * (dx * (y - a.y) - dy * (x - a.x)) >= edge * length
    edges.push_back({-sense * dy, edge_px * length + sense * (dx * a.y - dy * a.x), -sense * dx});
  }
  std::vector<Interval> rows(static_cast<std::size_t>(size.height));
  for (int y = 0; y < size.height; ++y) {
    double low = 0, high = size.width - 1;
    for (const Edge& edge : edges) {
      const double rest = edge.rest + edge.rest_of_row * y;
      if (std::abs(edge.slope) < 1e-9) {
        if (rest > 0) high = -1;
      } else if (edge.slope > 0) {
        low = std::max(low, rest / edge.slope);
      } else {
        high = std::min(high, rest / edge.slope);
      }
    }
    low = std::min(low, static_cast<double>(size.width));
    high = std::max(high, -1.0);
    rows[static_cast<std::size_t>(y)] = {static_cast<int>(std::ceil(low)),
                                         static_cast<int>(std::floor(high)) + 1};
  }
  return rows;
}

// How a reference is brought to the exposure of the present: one gain for the picture (automatic
// exposure), and what is left tile by tile (vignetting, clouds).
struct Level {
  bool needed = false;
  double gain = 1;
  cv::Mat gap;  // grey levels of each tile
};

// Changes a row of the reference. `offset` is scratch of the row's length.
void LevelRow(const Level& level, int y, const cv::Size& size, Interval part,
              std::vector<std::int32_t>& offset, std::uint8_t* row) {
  if (!level.needed || part.x0 >= part.x1) return;
  const int columns = level.gap.cols, rows = level.gap.rows;
  const double tile_w = static_cast<double>(size.width) / columns;
  const double tile_h = static_cast<double>(size.height) / rows;
  const double ty = std::clamp((y + 0.5) / tile_h - 0.5, 0.0, rows - 1.0);
  const int row0 = static_cast<int>(ty), row1 = std::min(row0 + 1, rows - 1);
  const double fy = ty - row0;
  const double unit = 1 << kGainBits;
  const auto at = [&](int column) {
    const int c = std::clamp(column, 0, columns - 1);
    return unit * ((1 - fy) * level.gap.at<float>(row0, c) + fy * level.gap.at<float>(row1, c));
  };
  // Linear between the middles of the tiles, the same outside the outermost.
  for (int c = -1; c < columns; ++c) {
    const double from = (c + 0.5) * tile_w - 0.5, left = at(c), right = at(c + 1);
    const int x0 = std::max(0, static_cast<int>(std::ceil(from)));
    const int x1 = std::min(size.width, static_cast<int>(std::ceil(from + tile_w)));
    const double step = (right - left) / tile_w;
    const double first = left - step * from + unit / 2;
    for (int x = x0; x < x1; ++x) {
      offset[static_cast<std::size_t>(x)] = static_cast<std::int32_t>(first + step * x);
    }
  }
  const auto gain = static_cast<std::int32_t>(std::lround(level.gain * unit));
  for (int x = part.x0; x < part.x1; ++x) {
    const std::int32_t v = (row[x] * gain + offset[static_cast<std::size_t>(x)]) >> kGainBits;
    row[x] = static_cast<std::uint8_t>(std::clamp(v, 0, 255));
  }
}

// By value: of references compilers make choices of addresses, which no vector unit can do.
inline std::uint8_t Higher(std::uint8_t a, std::uint8_t b) { return a > b ? a : b; }
inline std::uint8_t Lower(std::uint8_t a, std::uint8_t b) { return a < b ? a : b; }

// The rows' work, in functions of their own so that compilers know that nothing overlaps.
void RangeOfTwo(const std::uint8_t* __restrict a, const std::uint8_t* __restrict b, int count,
                std::uint8_t* __restrict most, std::uint8_t* __restrict least) {
  for (int x = 0; x < count; ++x) {
    most[x] = Higher(a[x], b[x]);
    least[x] = Lower(a[x], b[x]);
  }
}

// Of each pixel and its two neighbours, which must be there.
void RangeOfNeighbours(const std::uint8_t* __restrict most, const std::uint8_t* __restrict least,
                       int count, std::uint8_t* __restrict high, std::uint8_t* __restrict low) {
  for (int x = 0; x < count; ++x) {
    high[x] = Higher(Higher(most[x - 1], most[x]), most[x + 1]);
    low[x] = Lower(Lower(least[x - 1], least[x]), least[x + 1]);
  }
}

struct RowRange {
  const std::uint8_t *high = nullptr, *low = nullptr;
};

// By how much `p` leaves the range of three rows.
void LeaveRange(const std::uint8_t* __restrict p, const std::array<RowRange, 3>& rows, int x0,
                int x1, std::uint8_t* __restrict out) {
  const std::uint8_t* __restrict high0 = rows[0].high;
  const std::uint8_t* __restrict high1 = rows[1].high;
  const std::uint8_t* __restrict high2 = rows[2].high;
  const std::uint8_t* __restrict low0 = rows[0].low;
  const std::uint8_t* __restrict low1 = rows[1].low;
  const std::uint8_t* __restrict low2 = rows[2].low;
  for (int x = x0; x < x1; ++x) {
    const std::uint8_t most = Higher(Higher(high0[x], high1[x]), high2[x]);
    const std::uint8_t least = Lower(Lower(low0[x], low1[x]), low2[x]);
    // Saturating differences, said so that compilers see bytes.
    const auto above = static_cast<std::uint8_t>(Higher(p[x], most) - most);
    const auto under = static_cast<std::uint8_t>(Higher(p[x], least) - p[x]);
    out[x] = Higher(above, under);
  }
}

// 255 where all three are much alike: what moved must not shift the exposure.
void MarkAlike(const std::uint8_t* __restrict p, const std::uint8_t* __restrict a,
               const std::uint8_t* __restrict b, int x0, int x1, std::uint8_t* __restrict alike) {
  for (int x = x0; x < x1; ++x) {
    const auto to_a = static_cast<std::uint8_t>(Higher(p[x], a[x]) - Lower(p[x], a[x]));
    const auto to_b = static_cast<std::uint8_t>(Higher(p[x], b[x]) - Lower(p[x], b[x]));
    alike[x] = Higher(to_a, to_b) <= kMuchAlike ? std::uint8_t{255} : std::uint8_t{0};
  }
}

// Sums over the tiles, from the sampled rows.
struct TileSums {
  cv::Mat count, present;       // CV_32F
  std::array<cv::Mat, 2> seen;  // of the references
};

Level LevelOf(const TileSums& sums, const cv::Mat& reference_sum, double full_count) {
  const cv::Mat full = sums.count > full_count * 0.25;  // tiles that say something
  cv::Mat a, b;
  const cv::Mat divisor = cv::max(sums.count, 1.0F);
  cv::divide(sums.present, divisor, a);
  cv::divide(reference_sum, divisor, b);
  Level level;
  cv::Scalar mean_a, mean_b, sigma_a, sigma_b;
  cv::meanStdDev(a, mean_a, sigma_a, full);
  cv::meanStdDev(b, mean_b, sigma_b, full);
  if (sigma_b[0] > kLeastSpread) {
    const cv::Mat product = (a - mean_a[0]).mul(b - mean_b[0]);
    level.gain = std::clamp(cv::mean(product, full)[0] / (sigma_b[0] * sigma_b[0]), 0.7, 1.4);
  }
  level.gap = a - level.gain * b;
  level.gap.setTo(mean_a[0] - level.gain * mean_b[0], ~full);
  cv::medianBlur(level.gap, level.gap, 3);  // one bright vehicle must not shift its tile
  double least = 0, most = 0;
  cv::minMaxLoc(level.gap, &least, &most);
  level.needed = std::max(-least, most) >= kLevelFrom || std::abs(level.gain - 1) >= kGainFrom;
  return level;
}

// Median of a histogram of absolute differences, with interpolation inside a level, as a 1-sigma.
double RobustSigma(const std::array<int, 256>& histogram) {
  double total = 0, below = 0;
  for (const int n : histogram) total += n;
  for (std::size_t level = 0; level < histogram.size(); ++level) {
    const double here = histogram[level];
    if (below + here >= total / 2 && here > 0) {
      // Level n holds differences from n - 1/2 to n + 1/2 (and 0 only the upper half).
      const double low = level == 0 ? 0.0 : static_cast<double>(level) - 0.5;
      const double width = level == 0 ? 0.5 : 1.0;
      return 1.4826 * (low + width * (total / 2 - below) / here);
    }
    below += here;
  }
  return 1.0;
}

// The work of one comparison.
class Comparison {
 public:
  Comparison(const cv::Mat& present, const cv::Mat& overlay, const Reference& a, const Reference& b,
             const std::vector<cv::Point2f>& polygon)
      : present_(present),
        overlay_(overlay),
        references_{&a, &b},
        compared_(RowsInside(polygon, kBlindEdgePx, present.size())),
        warped_(RowsInside(polygon, kWarpEdgePx, present.size())),
        hidden_(static_cast<std::size_t>(present.cols)),
        offset_(static_cast<std::size_t>(present.cols)) {}

  // Exposure and noise.
  double LookAtSamples() {
    const cv::Size size = present_.size();
    const cv::Size tiles(std::max(1, size.width / kTile), std::max(1, size.height / kTile));
    TileSums sums;
    for (cv::Mat* sum : {&sums.count, &sums.present, &sums.seen[0], &sums.seen[1]}) {
      *sum = cv::Mat::zeros(tiles, CV_32F);
    }
    std::vector<int> rows;
    for (int y = kSampleRows / 2; y < size.height; y += kSampleRows) rows.push_back(y);
    const int count = static_cast<int>(rows.size());
    std::array<cv::Mat, 2> seen;
    for (cv::Mat& s : seen) s = cv::Mat::zeros(count, size.width, CV_8U);
    cv::Mat usable = cv::Mat::zeros(count, size.width, CV_8U);
    for (int i = 0; i < count; ++i) {
      const int y = rows[static_cast<std::size_t>(i)];
      const Interval part = compared_[static_cast<std::size_t>(y)];
      if (part.x0 >= part.x1) continue;
      auto* use = usable.ptr<std::uint8_t>(i);
      std::fill(use + part.x0, use + part.x1, std::uint8_t{255});
      if (!overlay_.empty()) {
        const auto* own = overlay_.ptr<std::uint8_t>(y);
        for (int x = part.x0; x < part.x1; ++x) use[x] &= static_cast<std::uint8_t>(~own[x]);
      }
      for (std::size_t r = 0; r < 2; ++r) {
        WarpRow(*references_[r]->picture, references_[r]->reference_from_present, y, part.x0,
                part.x1, seen[r].ptr<std::uint8_t>(i));
        if (!Hide(r, y, part)) continue;
        for (int x = part.x0; x < part.x1; ++x) {
          if (hidden_[static_cast<std::size_t>(x)] != 0) use[x] = 0;
        }
      }
      AddToTiles(y, part, use, {seen[0].ptr<std::uint8_t>(i), seen[1].ptr<std::uint8_t>(i)}, sums);
    }
    const double full =
        static_cast<double>(size.width) / tiles.width * size.height / tiles.height / kSampleRows;
    for (std::size_t r = 0; r < 2; ++r) levels_[r] = LevelOf(sums, sums.seen[r], full);
    std::array<int, 256> histogram{};
    for (int i = 0; i < count; ++i) {
      const int y = rows[static_cast<std::size_t>(i)];
      const Interval part = compared_[static_cast<std::size_t>(y)];
      auto* reference = seen[0].ptr<std::uint8_t>(i);
      LevelRow(levels_[0], y, size, part, offset_, reference);
      const auto* p = present_.ptr<std::uint8_t>(y);
      const auto* use = usable.ptr<std::uint8_t>(i);
      for (int x = part.x0; x < part.x1; ++x) {
        if (use[x] != 0) ++histogram[static_cast<std::size_t>(std::abs(int{p[x]} - reference[x]))];
      }
    }
    return RobustSigma(histogram);
  }

  cv::Mat Change() {
    const cv::Size size = present_.size();
    const auto width = static_cast<std::size_t>(size.width);
    cv::Mat change = cv::Mat::zeros(size, CV_8U);
    // Highest and lowest of three neighbours, of three rows in turn.
    std::array<std::vector<std::uint8_t>, 3> high, low;
    for (std::size_t i = 0; i < 3; ++i) {
      high[i].resize(width);
      low[i].resize(width);
    }
    for (int y = 0; y < size.height; ++y) {
      const auto slot = static_cast<std::size_t>(y % 3);
      RangeOfRow(y, high[slot].data(), low[slot].data());
      if (y < 2) continue;
      const Interval part = compared_[static_cast<std::size_t>(y - 1)];
      const auto* p = present_.ptr<std::uint8_t>(y - 1);
      auto* out = change.ptr<std::uint8_t>(y - 1);
      LeaveRange(p,
                 {RowRange{high[0].data(), low[0].data()},
                  {high[1].data(), low[1].data()},
                  {high[2].data(), low[2].data()}},
                 part.x0, part.x1, out);
      if (!overlay_.empty()) {
        const auto* own = overlay_.ptr<std::uint8_t>(y - 1);
        for (int x = part.x0; x < part.x1; ++x) out[x] &= static_cast<std::uint8_t>(~own[x]);
      }
    }
    return change;
  }

 private:
  // Which pixels of the row have a symbol of the reference over them, into hidden_; false: none.
  bool Hide(std::size_t r, int y, Interval part) {
    const cv::Mat* overlay = references_[r]->overlay;
    if (overlay == nullptr || overlay->empty()) return false;
    const Homography& h = references_[r]->reference_from_present;
    std::fill(hidden_.begin(), hidden_.end(), std::uint8_t{0});
    bool any = false;
    for (int x0 = part.x0 / kHideRun * kHideRun; x0 < part.x1; x0 += kHideRun) {
      const Eigen::Vector2d p = motion::Apply(h, {x0 + kHideRun / 2.0, static_cast<double>(y)});
      if (!NearSymbol(r, p)) continue;
      WarpRow(*overlay, h, y, std::max(x0, part.x0), std::min(x0 + kHideRun, part.x1),
              hidden_.data());
      any = true;
    }
    return any;
  }

  // By a coarse copy of the overlay, grown by more than a run of pixels can reach.
  bool NearSymbol(std::size_t r, const Eigen::Vector2d& p) {
    cv::Mat& coarse = coarse_overlay_[r];
    const cv::Mat& overlay = *references_[r]->overlay;
    if (coarse.empty()) {
      cv::Mat grown;
      cv::dilate(overlay, grown, cv::Mat::ones(2 * kHideRun + 1, 2 * kHideRun + 1, CV_8U));
      cv::resize(grown, coarse, {}, 1.0 / kHideRun, 1.0 / kHideRun, cv::INTER_NEAREST);
    }
    const int x = static_cast<int>(std::clamp(p.x(), 0.0, overlay.cols - 1.0)) / kHideRun;
    const int y = static_cast<int>(std::clamp(p.y(), 0.0, overlay.rows - 1.0)) / kHideRun;
    return coarse.at<std::uint8_t>(std::min(y, coarse.rows - 1), std::min(x, coarse.cols - 1)) != 0;
  }

  void AddToTiles(int y, Interval part, const std::uint8_t* use,
                  const std::array<const std::uint8_t*, 2>& seen, TileSums& sums) {
    const int columns = sums.count.cols;
    const int row = std::min(y * sums.count.rows / present_.rows, sums.count.rows - 1);
    const auto* p = present_.ptr<std::uint8_t>(y);
    alike_.resize(static_cast<std::size_t>(present_.cols));
    MarkAlike(p, seen[0], seen[1], part.x0, part.x1, alike_.data());
    for (int c = 0; c < columns; ++c) {
      const int x0 = std::max(part.x0, c * present_.cols / columns);
      const int x1 = std::min(part.x1, (c + 1) * present_.cols / columns);
      int n = 0, own = 0, a = 0, b = 0;
      for (int x = x0; x < x1; ++x) {
        const int counts = use[x] & alike_[static_cast<std::size_t>(x)];
        n += counts & 1;
        own += p[x] & counts;
        a += seen[0][x] & counts;
        b += seen[1][x] & counts;
      }
      sums.count.at<float>(row, c) += static_cast<float>(n);
      sums.present.at<float>(row, c) += static_cast<float>(own);
      sums.seen[0].at<float>(row, c) += static_cast<float>(a);
      sums.seen[1].at<float>(row, c) += static_cast<float>(b);
    }
  }

  // Range of both references over three neighbours in a row; everything where there is no telling.
  void RangeOfRow(int y, std::uint8_t* high, std::uint8_t* low) {
    const auto width = static_cast<std::size_t>(present_.cols);
    std::memset(high, 255, width);
    std::memset(low, 0, width);
    const Interval part = warped_[static_cast<std::size_t>(y)];
    if (part.x1 - part.x0 < 3) return;
    for (std::size_t r = 0; r < 2; ++r) {
      seen_[r].resize(width);
      WarpRow(*references_[r]->picture, references_[r]->reference_from_present, y, part.x0, part.x1,
              seen_[r].data());
      LevelRow(levels_[r], y, present_.size(), part, offset_, seen_[r].data());
    }
    most_.resize(width);
    least_.resize(width);
    RangeOfTwo(seen_[0].data() + part.x0, seen_[1].data() + part.x0, part.x1 - part.x0,
               most_.data() + part.x0, least_.data() + part.x0);
    for (std::size_t r = 0; r < 2; ++r) {
      if (!Hide(r, y, part)) continue;
      for (int x = part.x0; x < part.x1; ++x) {
        const auto i = static_cast<std::size_t>(x);
        if (hidden_[i] == 0) continue;
        most_[i] = 255;
        least_[i] = 0;
      }
    }
    const int first = part.x0 + 1;
    RangeOfNeighbours(most_.data() + first, least_.data() + first, part.x1 - part.x0 - 2,
                      high + first, low + first);
  }

  const cv::Mat& present_;
  const cv::Mat& overlay_;
  std::array<const Reference*, 2> references_;
  std::array<Level, 2> levels_;
  std::vector<Interval> compared_, warped_;
  std::vector<std::uint8_t> hidden_;
  std::array<cv::Mat, 2> coarse_overlay_;
  std::vector<std::int32_t> offset_;
  std::array<std::vector<std::uint8_t>, 2> seen_;
  std::vector<std::uint8_t> most_, least_, alike_;
};

}  // namespace

SharedView ViewOfAll(const cv::Size& size, const Homography& a_from_present,
                     const Homography& b_from_present) {
  SharedView result;
  const float w = static_cast<float>(size.width) - 1.0F;
  const float h = static_cast<float>(size.height) - 1.0F;
  result.polygon = {{0, 0}, {w, 0}, {w, h}, {0, h}};
  for (const Homography* reference : {&a_from_present, &b_from_present}) {
    std::vector<cv::Point2f> both;
    const double area = cv::intersectConvexConvex(result.polygon, Shown(size, *reference), both);
    if (both.size() < 3) return {};
    result.polygon = std::move(both);
    result.share = area / (static_cast<double>(w) * h);
  }
  return result;
}

Difference ThreeFrameDifference(const cv::Mat& present, const cv::Mat& overlay, const Reference& a,
                                const Reference& b) {
  Difference result;
  const SharedView shared =
      ViewOfAll(present.size(), a.reference_from_present, b.reference_from_present);
  result.overlap = shared.polygon;
  result.overlap_share = shared.share;
  if (shared.polygon.empty()) {
    result.change = cv::Mat::zeros(present.size(), CV_8U);
    return result;
  }
  Comparison comparison(present, overlay, a, b, shared.polygon);
  result.noise = comparison.LookAtSamples();
  result.change = comparison.Change();
  return result;
}

}  // namespace trucewatch::motion
