// SPDX-License-Identifier: Apache-2.0
#include "tools/score/track_picture.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/utf8.h"
#include "tools/score/assignment.h"
#include "tools/score/label_places.h"

namespace trucewatch::tools {
namespace {

constexpr double kPlotSide_px = 1160;  // the longer side of the map
constexpr double kMargin_px = 28, kHead_px = 88, kFoot_px = 66;
constexpr double kLabelHeight_px = 9.5, kLetter_px = 5.3;
constexpr double kLeaderReach_px = 110, kNearReach_px = 14;
constexpr double kSmallestStep_px = 0.35;
// Without red, which stands for what is wrong, and grey, which is the truth.
constexpr std::array kTrackColours = {"#1f6fb4", "#2a8a3e", "#7b4bb3", "#0f8b8d",
                                      "#a0522d", "#3b4cc0", "#6b8e00", "#b0338f",
                                      "#00668a", "#8a6d00", "#5d3a9b", "#20744f"};

const char* ColourOf(std::size_t track) { return kTrackColours[track % kTrackColours.size()]; }

// A name from a file as text of an XML document.
std::string XmlText(std::string_view name, std::size_t most_bytes) {
  std::string text;
  while (!name.empty() && most_bytes > 0) {
    const std::size_t length = std::max<std::size_t>(Utf8Length(name), 1);
    if (length > most_bytes) break;
    const std::string_view letter = name.substr(0, length);
    const bool readable =
        Utf8Length(name) > 0 && (length > 1 || (name[0] >= 0x20 && name[0] < 0x7f));
    if (letter == "&") {
      text += "&amp;";
    } else if (letter == "<") {
      text += "&lt;";
    } else if (letter == ">") {
      text += "&gt;";
    } else {
      text += readable ? letter : "?";
    }
    name.remove_prefix(length);
    most_bytes -= length;
  }
  return text;
}

// One row of a line: where, in which epoch, and whether a partner was matched.
struct LinePoint {
  Eigen::Vector2d px{0, 0};
  std::size_t epoch = 0;
  bool matched = false;
};
using Line = std::vector<LinePoint>;

struct MapFrame {
  Eigen::Vector2d low_en_m{0, 0}, size_px{0, 0};
  double px_per_m = 1;

  Eigen::Vector2d Px(const Eigen::Vector2d& en_m) const {
    const Eigen::Vector2d at = (en_m - low_en_m) * px_per_m;
    return {at.x(), size_px.y() - at.y()};
  }
};

template <typename Visit>
void ForEachScoredEpoch(const TrackedScenario& scenario, const TrackScore& score, Visit visit) {
  for (std::size_t k = 0; k < score.matches.size(); ++k) {
    visit(k, scenario.epochs[score.first_epoch + k], score.matches[k]);
  }
}

MapFrame FitMap(const TrackedScenario& scenario, const TrackScore& score) {
  constexpr double kSmallest_m = 200, kBorder_px = 24;
  Eigen::Array2d low(1e300, 1e300), high(-1e300, -1e300);
  ForEachScoredEpoch(scenario, score, [&](std::size_t, const ScoredEpoch& epoch, const auto&) {
    const auto include = [&](const Eigen::Vector2d& p) {
      low = low.min(p.array());
      high = high.max(p.array());
    };
    for (const TruthPoint& truth : epoch.truths) include(truth.p_en_m);
    for (const TrackPoint& track : epoch.tracks) include(track.p_en_m);
  });
  const Eigen::Array2d middle = (low + high) / 2;
  const Eigen::Array2d span = (high - low).max(kSmallest_m);
  MapFrame frame;
  frame.px_per_m = (kPlotSide_px - 2 * kBorder_px) / span.maxCoeff();
  // Never so narrow that the legend has no room.
  frame.size_px = (span * frame.px_per_m + 2 * kBorder_px).max(kPlotSide_px * 0.55).matrix();
  frame.size_px.x() = kPlotSide_px;
  frame.low_en_m = (middle - frame.size_px.array() / frame.px_per_m / 2).matrix();
  return frame;
}

struct Lines {
  std::vector<Line> truths, tracks;       // by target and by track
  std::vector<Eigen::Vector2d> switches;  // where a target's track became another
};

Lines CollectLines(const TrackedScenario& scenario, const TrackScore& score,
                   const MapFrame& frame) {
  Lines lines;
  lines.truths.resize(scenario.targets.size());
  lines.tracks.resize(scenario.tracks.size());
  std::vector<std::size_t> last_track(scenario.targets.size(), kUnassigned);
  ForEachScoredEpoch(
      scenario, score,
      [&](std::size_t k, const ScoredEpoch& epoch, const std::vector<std::size_t>& matches) {
        std::vector<char> taken(epoch.tracks.size(), 0);
        for (std::size_t i = 0; i < epoch.truths.size(); ++i) {
          const TruthPoint& truth = epoch.truths[i];
          const bool matched = matches[i] != kUnassigned;
          lines.truths[truth.target].push_back({frame.Px(truth.p_en_m), k, matched});
          if (!matched) continue;
          taken[matches[i]] = 1;
          const std::size_t track = epoch.tracks[matches[i]].track;
          std::size_t& last = last_track[truth.target];
          if (last != kUnassigned && last != track)
            lines.switches.push_back(frame.Px(truth.p_en_m));
          last = track;
        }
        for (std::size_t j = 0; j < epoch.tracks.size(); ++j) {
          const TrackPoint& track = epoch.tracks[j];
          lines.tracks[track.track].push_back({frame.Px(track.p_en_m), k, taken[j] != 0});
        }
      });
  return lines;
}

// SVG path of the parts of a line that are matched (or not): each part begins where the part before
// ended. Steps that nobody sees are left out.
std::string PathOf(const Line& line, bool matched) {
  std::string path;
  bool drawing = false;
  Eigen::Vector2d pen(0, 0);
  for (std::size_t k = 0; k < line.size(); ++k) {
    if (line[k].matched != matched) {
      drawing = false;
      continue;
    }
    const bool joined = k > 0 && line[k - 1].epoch + 1 == line[k].epoch;
    if (!joined) drawing = false;
    if (!drawing) {
      pen = joined ? line[k - 1].px : line[k].px;
      path += fmt::format("M{:.1f} {:.1f}", pen.x(), pen.y());
      // A part of one row is a dot.
      if (!joined) path += "h0";
      drawing = true;
    }
    const bool last = k + 1 == line.size() || line[k + 1].matched != matched ||
                      line[k + 1].epoch != line[k].epoch + 1;
    if (!last && (line[k].px - pen).norm() < kSmallestStep_px) continue;
    if (line[k].px == pen) continue;
    pen = line[k].px;
    path += fmt::format("L{:.1f} {:.1f}", pen.x(), pen.y());
  }
  return path;
}

void AddPath(std::string_view style, const std::string& path, std::string& svg) {
  if (!path.empty()) svg += fmt::format("<path class=\"{}\" d=\"{}\"/>\n", style, path);
}

std::string LabelOf(const Eigen::Vector2d& middle_px, std::string_view colour,
                    const std::string& text) {
  return fmt::format("<text class=\"l\" x=\"{:.1f}\" y=\"{:.1f}\" style=\"fill:{}\">{}</text>\n",
                     middle_px.x(), middle_px.y() + kLabelHeight_px * 0.34, colour, text);
}

// Where a line would go on from its last row; a label there does not cover it.
Eigen::Vector2d Onward(const Line& line) {
  constexpr double kFar_px = 12;
  const auto before = std::find_if(line.rbegin(), line.rend(), [&](const LinePoint& point) {
    return (point.px - line.back().px).norm() > kFar_px;
  });
  return line.back().px - (before == line.rend() ? line.front() : *before).px;
}

// Ids at the ends of the tracks, those of the truth at its beginnings where there is room.
// Returns how many tracks have none.
std::size_t AddLabels(const TrackedScenario& scenario, const Lines& lines, const MapFrame& frame,
                      std::string& svg) {
  LabelPlaces places(frame.size_px);
  const auto size_of = [](const std::string& name) {
    const auto letters = static_cast<double>(std::min<std::size_t>(name.size(), 24));
    return Eigen::Vector2d(letters * kLetter_px + 3, kLabelHeight_px);
  };
  const Eigen::Vector2d dot(5, 5);
  for (const Line& track : lines.tracks) {
    if (!track.empty()) places.Block(track.back().px, dot);
  }
  std::vector<std::size_t> order;  // long tracks first
  for (std::size_t k = 0; k < lines.tracks.size(); ++k) {
    if (!lines.tracks[k].empty()) order.push_back(k);
  }
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return lines.tracks[a].size() > lines.tracks[b].size();
  });
  std::string leaders, labels;
  std::size_t left_out = 0;
  for (const std::size_t k : order) {
    const Eigen::Vector2d& end = lines.tracks[k].back().px;
    const Eigen::Vector2d size = size_of(scenario.tracks[k]);
    const auto place = places.Place({end, size, Onward(lines.tracks[k]), kLeaderReach_px});
    if (!place) {
      ++left_out;
      continue;
    }
    const Eigen::Array2d over = (*place - end).array().abs() - size.array() / 2;
    if (over.max(0.0).matrix().norm() > kNearReach_px / 2) {
      // To the label's nearest edge.
      const Eigen::Vector2d half = size / 2;
      const Eigen::Vector2d edge = end.cwiseMax(*place - half).cwiseMin(*place + half);
      leaders += fmt::format("M{:.1f} {:.1f}L{:.1f} {:.1f}", end.x(), end.y(), edge.x(), edge.y());
    }
    labels += LabelOf(*place, ColourOf(k), XmlText(scenario.tracks[k], 24));
  }
  for (std::size_t k = 0; k < lines.truths.size(); ++k) {
    if (lines.truths[k].empty()) continue;
    const Eigen::Vector2d& start = lines.truths[k].front().px;
    svg += fmt::format("<circle class=\"b\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"1.8\"/>\n", start.x(),
                       start.y());
    const Line backwards(lines.truths[k].rbegin(), lines.truths[k].rend());
    const auto place =
        places.Place({start, size_of(scenario.targets[k].id), Onward(backwards), kNearReach_px});
    if (place) labels += LabelOf(*place, "#8a8a8a", XmlText(scenario.targets[k].id, 24));
  }
  AddPath("leader", leaders, svg);
  svg += labels;
  return left_out;
}

// The largest round length that fits.
double RoundLength_m(double px_per_m, double most_px) {
  double length_m = 1;
  for (const double digit : {1.0, 2.0, 5.0}) {
    for (double m = digit; m * px_per_m <= most_px; m *= 10) length_m = std::max(length_m, m);
  }
  return length_m;
}

std::string ScaleAndLegend(const MapFrame& frame, std::size_t left_out) {
  const double length_m = RoundLength_m(frame.px_per_m, 160);
  double y = kHead_px + frame.size_px.y() + 26;
  double x = kMargin_px;
  std::string svg = fmt::format("<path class=\"scale\" d=\"M{:.1f} {:.1f}v5h{:.1f}v-5\"/>\n", x,
                                y - 8, length_m * frame.px_per_m);
  const auto text = [&](double at_x, const std::string& words) {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", at_x, y, words);
  };
  x += length_m * frame.px_per_m + 8;
  text(x, (length_m >= 1000 ? fmt::format("{:g} km", length_m / 1000)
                            : fmt::format("{:g} m", length_m)) +
              ", north up");
  constexpr double kColumn_px = 270;
  const auto entry = [&](int column, std::string_view style, const std::string& words) {
    x = kMargin_px + 290 + kColumn_px * column;
    svg += fmt::format("<path class=\"{}\" d=\"M{:.1f} {:.1f}h26\"/>\n", style, x, y - 4);
    text(x + 33, words);
  };
  entry(0, "truth", "truth, grey id at its start");
  svg += fmt::format("<path class=\"missed\" d=\"M{:.1f} {:.1f}h26\"/>\n", x + kColumn_px, y - 4);
  entry(1, "truth", "missed: no track near it");
  y += 22;
  entry(0, "sample", "track, coloured id at its end");
  entry(1, "false", "false: no target near it");
  x += kColumn_px;
  svg +=
      fmt::format("<circle class=\"s\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.2\"/>\n", x + 20, y - 4);
  text(x + 33, "another track took over");
  if (left_out > 0) {
    svg += fmt::format(
        "<text class=\"small\" x=\"{:.1f}\" y=\"{:.1f}\">no room for the ids of {} "
        "tracks</text>\n",
        kMargin_px + 290, y + 18, left_out);
  }
  return svg;
}

std::string HeadOf(const TrackScore& s, const TrackPictureText& text) {
  std::string svg = fmt::format("<text class=\"title\" x=\"{0}\" y=\"30\">{1}</text>\n", kMargin_px,
                                XmlText(text.title, 150));
  svg += fmt::format(
      "<text x=\"{}\" y=\"52\">GOSPA {:.1f} m (located {:.1f}, missed {:.1f}, false {:.1f}), OSPA "
      "{:.1f} m, IDF1 {:.3f}, MOTA {:.3f}, {} identity switches, {} fragmentations, purity {:.3f}, "
      "position RMSE {:.1f} m</text>\n",
      kMargin_px, s.gospa_m, s.gospa_located_m, s.gospa_missed_m, s.gospa_false_m, s.ospa_m, s.idf1,
      s.mota, s.id_switches, s.fragmentations, s.purity, s.rmse_m);
  svg += fmt::format(
      "<text class=\"small\" x=\"{}\" y=\"71\">{} targets, {} tracks, {} epochs from {:g} to {:g} "
      "s; a "
      "track is near a target within {:g} m</text>\n",
      kMargin_px, s.targets, s.tracks, s.epochs, s.first_s, s.last_s, text.cutoff_m);
  return svg;
}

constexpr char kPictureStyle[] =
    "<style>"
    "text{font:12.5px 'DejaVu Sans',Verdana,sans-serif;fill:#222}"
    ".title{font-size:17px;font-weight:bold}.small{font-size:11px;fill:#555}"
    "path{fill:none;stroke-linecap:round;stroke-linejoin:round}"
    ".truth{stroke:#9a9a9a;stroke-width:1}"
    ".missed{stroke:#f6b26b;stroke-width:4.5;stroke-opacity:.55}"
    ".false{stroke:#e00000;stroke-width:1.5}"
    ".track{stroke-width:1.1}.sample{stroke:#1f6fb4;stroke-width:1.1}"
    ".leader{stroke:#777;stroke-width:.4}.scale{stroke:#222;stroke-width:1.2}"
    ".b{fill:#fff;stroke:#8a8a8a;stroke-width:.8}.s{fill:none;stroke:#111;stroke-width:.6}"
    ".l{font-size:8.5px;stroke:#fff;stroke-width:2;stroke-opacity:.8;paint-order:stroke}"
    ".frame{fill:#fff;stroke:#bbb}"
    "</style>\n";

}  // namespace

std::string DrawTracks(const TrackedScenario& scenario, const TrackScore& score,
                       const TrackPictureText& text) {
  const MapFrame frame = FitMap(scenario, score);
  const Lines lines = CollectLines(scenario, score, frame);
  const Eigen::Vector2d page(frame.size_px.x() + 2 * kMargin_px,
                             frame.size_px.y() + kHead_px + kFoot_px);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\">\n",
      page.x(), page.y());
  svg += kPictureStyle;
  svg += "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  svg += HeadOf(score, text);
  svg += fmt::format(
      "<g transform=\"translate({} {})\">\n<rect class=\"frame\" width=\"{:.1f}\" "
      "height=\"{:.1f}\"/>\n",
      kMargin_px, kHead_px, frame.size_px.x(), frame.size_px.y());
  for (const Line& truth : lines.truths) AddPath("missed", PathOf(truth, false), svg);
  for (const Line& truth : lines.truths) {
    AddPath("truth", PathOf(truth, false) + PathOf(truth, true), svg);
  }
  for (std::size_t k = 0; k < lines.tracks.size(); ++k) {
    const std::string path = PathOf(lines.tracks[k], true);
    if (path.empty()) continue;
    svg += fmt::format("<path class=\"track\" stroke=\"{}\" d=\"{}\"/>\n", ColourOf(k), path);
  }
  for (const Line& track : lines.tracks) AddPath("false", PathOf(track, false), svg);
  for (const Eigen::Vector2d& at : lines.switches) {
    svg += fmt::format("<circle class=\"s\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.2\"/>\n", at.x(),
                       at.y());
  }
  svg += "<g style=\"text-anchor:middle\" class=\"labels\">\n";
  const std::size_t left_out = AddLabels(scenario, lines, frame, svg);
  svg += "</g>\n</g>\n";
  svg += ScaleAndLegend(frame, left_out);
  svg += "</svg>\n";
  return svg;
}

}  // namespace trucewatch::tools
