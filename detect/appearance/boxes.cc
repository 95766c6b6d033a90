// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance/boxes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace trucewatch::appearance {
namespace {

using v1::config::ModelCard;
using v1::config::ModelClass;

constexpr double kHeldByOther = 0.6;  // of a cut box's area: the other is the whole of it
constexpr double kFaintest = 0.3;     // of a cut box's score: fainter ones are no whole
constexpr double kSameThing = 0.5;
constexpr double kSameAlongSeam = 0.5;  // of two halves' sides along the seam

bool Better(const Box& a, const Box& b) {
  return std::tuple(-a.score, a.model_class, a.y_px, a.x_px, a.height_px, a.width_px, a.tile) <
         std::tuple(-b.score, b.model_class, b.y_px, b.x_px, b.height_px, b.width_px, b.tile);
}

bool IsPerson(const Box& box, const ModelCard& card) {
  return card.class_(box.model_class).object() == ModelClass::PERSON;
}

// Halves of one thing: what is left of it in two tiles is the same stretch of the seam.
double ShareAlong(double a_start, double a_length, double b_start, double b_length) {
  const double shared =
      std::min(a_start + a_length, b_start + b_length) - std::max(a_start, b_start);
  return shared / std::max(a_length, b_length);
}

bool AreHalves(const Box& a, const Box& b) {
  if (a.tile == b.tile || a.model_class != b.model_class) return false;
  // Both show about all of it: the better one will do.
  if (IntersectionOverUnion(a, b) > kSameThing) return false;
  const bool touch_x = a.x_px <= b.x_px + b.width_px && b.x_px <= a.x_px + a.width_px;
  const bool touch_y = a.y_px <= b.y_px + b.height_px && b.y_px <= a.y_px + a.height_px;
  if (!touch_x || !touch_y) return false;
  if ((a.cut_right && b.cut_left && a.x_px < b.x_px) ||
      (b.cut_right && a.cut_left && b.x_px < a.x_px)) {
    return ShareAlong(a.y_px, a.height_px, b.y_px, b.height_px) >= kSameAlongSeam;
  }
  if ((a.cut_bottom && b.cut_top && a.y_px < b.y_px) ||
      (b.cut_bottom && a.cut_top && b.y_px < a.y_px)) {
    return ShareAlong(a.x_px, a.width_px, b.x_px, b.width_px) >= kSameAlongSeam;
  }
  return false;
}

// `whole` shows more of the thing than `piece`, which its own tile's edge cut.
bool YieldsTo(const Box& piece, const Box& whole, const ModelCard& card) {
  if (!piece.cut() || piece.tile == whole.tile) return false;
  if (IsPerson(piece, card) != IsPerson(whole, card)) return false;
  if (whole.cut() && whole.area_px2() <= piece.area_px2()) return false;
  if (whole.score < kFaintest * piece.score) return false;
  return IntersectionPx2(piece, whole) >= kHeldByOther * piece.area_px2();
}

Box Joined(const Box& a, const Box& b) {
  Box joined = Better(a, b) ? a : b;
  const double right = std::max(a.x_px + a.width_px, b.x_px + b.width_px);
  const double bottom = std::max(a.y_px + a.height_px, b.y_px + b.height_px);
  joined.x_px = std::min(a.x_px, b.x_px);
  joined.y_px = std::min(a.y_px, b.y_px);
  joined.width_px = right - joined.x_px;
  joined.height_px = bottom - joined.y_px;
  // It is still cut where the outer one is.
  const Box& left = a.x_px <= b.x_px ? a : b;
  const Box& right_one = a.x_px + a.width_px >= b.x_px + b.width_px ? a : b;
  const Box& top = a.y_px <= b.y_px ? a : b;
  const Box& bottom_one = a.y_px + a.height_px >= b.y_px + b.height_px ? a : b;
  joined.cut_left = left.cut_left;
  joined.cut_right = right_one.cut_right;
  joined.cut_top = top.cut_top;
  joined.cut_bottom = bottom_one.cut_bottom;
  return joined;
}

// Which boxes may touch a place: those that share a cell with it. A network that fires everywhere
// gives a hundred thousand boxes; comparing each with each would take minutes.
class BoxGrid {
 public:
  void Insert(std::size_t index, const Box& box) {
    const Cells cells = CellsOf(box);
    if (cells.count() > kMostCells) {
      large_.push_back(index);
      return;
    }
    for (int y = cells.top; y <= cells.bottom; ++y) {
      for (int x = cells.left; x <= cells.right; ++x) cells_[{y, x}].push_back(index);
    }
  }

  // True as soon as `test` is true of one; a box may be asked about several times.
  template <typename Test>
  bool AnyNear(const Box& box, const Test& test) const {
    if (std::any_of(large_.begin(), large_.end(), test)) return true;
    const Cells cells = CellsOf(box);
    auto row = cells_.lower_bound({cells.top, cells.left});
    for (; row != cells_.end() && row->first.first <= cells.bottom; ++row) {
      if (row->first.second < cells.left || row->first.second > cells.right) continue;
      if (std::any_of(row->second.begin(), row->second.end(), test)) return true;
    }
    return false;
  }

 private:
  static constexpr double kCellPx = 64;
  static constexpr double kMostCells = 64;
  struct Cells {
    int left, top, right, bottom;
    double count() const { return (right - left + 1.0) * (bottom - top + 1.0); }
  };
  static Cells CellsOf(const Box& box) {
    const auto cell = [](double at) { return static_cast<int>(std::floor(at / kCellPx)); };
    return {cell(box.x_px), cell(box.y_px), cell(box.x_px + box.width_px),
            cell(box.y_px + box.height_px)};
  }
  std::map<std::pair<int, int>, std::vector<std::size_t>> cells_;  // (row, column)
  std::vector<std::size_t> large_;
};

// Of boxes of one class, and of one tile where that is asked for, that overlap, the best; `boxes`
// are in order of score.
std::vector<Box> WithoutDoubles(std::vector<Box> boxes, double nms_iou, bool of_one_tile) {
  std::vector<Box> kept;
  BoxGrid grid;
  for (Box& box : boxes) {
    const bool doubled = grid.AnyNear(box, [&](std::size_t i) {
      return kept[i].model_class == box.model_class && (!of_one_tile || kept[i].tile == box.tile) &&
             IntersectionOverUnion(kept[i], box) > nms_iou;
    });
    if (doubled) continue;
    grid.Insert(kept.size(), box);
    kept.push_back(std::move(box));
  }
  return kept;
}

std::vector<Box> WithoutThose(std::vector<Box> boxes, const std::vector<bool>& gone) {
  std::size_t left = 0;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (gone[i]) continue;
    if (left != i) boxes[left] = std::move(boxes[i]);  // onto itself a vector would be emptied
    ++left;
  }
  boxes.resize(left);
  return boxes;
}

std::vector<Box> WithHalvesJoined(std::vector<Box> boxes) {
  std::vector<bool> gone(boxes.size(), false);
  BoxGrid grid;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (boxes[i].cut()) grid.Insert(i, boxes[i]);
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    bool joined = !gone[i] && boxes[i].cut();
    while (joined) {
      std::size_t other = boxes.size();
      grid.AnyNear(boxes[i], [&](std::size_t k) {
        // The best of them, whatever the order in which they are asked about.
        if (k != i && k < other && !gone[k] && AreHalves(boxes[i], boxes[k])) other = k;
        return false;
      });
      joined = other < boxes.size();
      if (!joined) break;
      boxes[i] = Joined(boxes[i], boxes[other]);
      gone[other] = true;
      grid.Insert(i, boxes[i]);
    }
  }
  return WithoutThose(std::move(boxes), gone);
}

// Pieces that yield, and what is whole takes over their score.
std::vector<Box> WithoutPieces(std::vector<Box> boxes, const ModelCard& card) {
  BoxGrid grid;
  for (std::size_t i = 0; i < boxes.size(); ++i) grid.Insert(i, boxes[i]);
  std::vector<bool> yielded(boxes.size(), false);
  std::vector<double> score;
  for (const Box& box : boxes) score.push_back(box.score);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (!boxes[i].cut()) continue;
    grid.AnyNear(boxes[i], [&](std::size_t k) {
      if (k == i || !YieldsTo(boxes[i], boxes[k], card)) return false;
      yielded[i] = true;
      score[k] = std::max(score[k], boxes[i].score);
      return false;
    });
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) boxes[i].score = score[i];
  return WithoutThose(std::move(boxes), yielded);
}

}  // namespace

double IntersectionPx2(const Box& a, const Box& b) {
  const double width =
      std::min(a.x_px + a.width_px, b.x_px + b.width_px) - std::max(a.x_px, b.x_px);
  const double height =
      std::min(a.y_px + a.height_px, b.y_px + b.height_px) - std::max(a.y_px, b.y_px);
  return width > 0 && height > 0 ? width * height : 0;
}

double IntersectionOverUnion(const Box& a, const Box& b) {
  const double both = IntersectionPx2(a, b);
  return both > 0 ? both / (a.area_px2() + b.area_px2() - both) : 0;
}

std::vector<Box> BoxesOf(const NetworkOutput& output, const ModelCard& card, double min_score) {
  const bool rows = card.layout() == ModelCard::YOLOV5;
  const std::size_t boxes = rows ? output.rows : output.columns;
  const std::size_t first_class = rows ? 5 : 4;
  const auto classes = static_cast<std::size_t>(card.class__size());
  const auto value = [&](std::size_t box, std::size_t field) {
    return output.values[rows ? box * output.columns + field : field * output.columns + box];
  };
  std::vector<Box> found;
  for (std::size_t i = 0; i < boxes; ++i) {
    const float objectness = rows ? value(i, 4) : 1.0F;
    if (!(objectness >= min_score)) continue;  // no class can score more
    std::size_t best = 0;
    for (std::size_t c = 1; c < classes; ++c) {
      if (value(i, first_class + c) > value(i, first_class + best)) best = c;
    }
    Box box;
    box.score = static_cast<double>(objectness) * value(i, first_class + best);
    if (!(box.score >= min_score) || box.score > 1.001) continue;
    box.score = std::min(box.score, 1.0);
    if (card.class_(static_cast<int>(best)).object() == ModelClass::IGNORED) continue;
    box.model_class = static_cast<int>(best);
    box.width_px = value(i, 2);
    box.height_px = value(i, 3);
    box.x_px = value(i, 0) - box.width_px / 2;
    box.y_px = value(i, 1) - box.height_px / 2;
    constexpr double kFarthest = 1e6;
    if (!(std::abs(box.x_px) < kFarthest && std::abs(box.y_px) < kFarthest) ||
        !(box.width_px > 0 && box.width_px < kFarthest) ||
        !(box.height_px > 0 && box.height_px < kFarthest)) {
      continue;
    }
    for (std::size_t c = 0; c < classes; ++c) {
      const float score = objectness * value(i, first_class + c);
      box.class_scores.push_back(std::isfinite(score) ? std::clamp(score, 0.0F, 1.0F) : 0.0F);
    }
    found.push_back(std::move(box));
  }
  std::sort(found.begin(), found.end(), Better);
  if (found.size() > kMaxBoxesPerTile) found.resize(kMaxBoxesPerTile);
  return found;
}

std::vector<Box> MergeBoxes(std::vector<Box> boxes, const ModelCard& card, double nms_iou) {
  std::sort(boxes.begin(), boxes.end(), Better);
  // Within a tile first: its double of a cut box must not stand for a whole one.
  boxes = WithoutDoubles(std::move(boxes), nms_iou, true);
  boxes = WithoutPieces(WithHalvesJoined(std::move(boxes)), card);
  std::sort(boxes.begin(), boxes.end(), Better);
  return WithoutDoubles(std::move(boxes), nms_iou, false);
}

}  // namespace trucewatch::appearance
