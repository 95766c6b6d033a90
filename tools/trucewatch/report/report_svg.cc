// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/report/report_svg.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tools/trucewatch/report/record_links.h"

namespace trucewatch::tools {
namespace {

constexpr const char* kStateIds[] = {"nothing", "activity", "degraded", "unseen"};
constexpr double kMapWidth = 240;
constexpr double kMapHeight = 170;
constexpr double kStripWidth = 720;
constexpr double kBarHeight = 20;
constexpr double kLabelWidth = 128;

// Metres east and north of the mission's origin to a picture, the same scale both ways.
class MapFrame {
 public:
  explicit MapFrame(const MissionRecord& record)
      : frame_(record.origin), height_m_(record.origin.height_hae_m) {}

  Eigen::Vector2d En(double lat_deg, double lon_deg) const {
    return frame_.EnuFromGeodetic(Geodetic::FromDegrees(lat_deg, lon_deg, height_m_)).head<2>();
  }
  Eigen::Vector2d En(const Geodetic& place) const {
    return En(place.latitude.deg(), place.longitude.deg());
  }
  void Include(const Eigen::Vector2d& en) {
    low_ = empty_ ? en : low_.cwiseMin(en).eval();
    high_ = empty_ ? en : high_.cwiseMax(en).eval();
    empty_ = false;
  }
  void Fit() {
    const Eigen::Vector2d span = (high_ - low_).cwiseMax(Eigen::Vector2d(400, 400));
    middle_ = (low_ + high_) / 2;
    px_per_m_ = std::min((kMapWidth - 28) / span.x(), (kMapHeight - 40) / span.y());
  }
  double px_per_m() const { return px_per_m_; }
  Eigen::Vector2d Px(const Eigen::Vector2d& en) const {
    return {kMapWidth / 2 + (en.x() - middle_.x()) * px_per_m_,
            (kMapHeight - 12) / 2 - (en.y() - middle_.y()) * px_per_m_};
  }
  template <typename Points>
  std::string Path(const Points& points) const {
    std::string path;
    for (const auto& p : points) {
      const Eigen::Vector2d at = Px(En(p.lat_deg(), p.lon_deg()));
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", at.x(), at.y());
    }
    return path;
  }

 private:
  LocalFrame frame_;
  double height_m_;
  bool empty_ = true;
  Eigen::Vector2d low_{0, 0}, high_{0, 0}, middle_{0, 0};
  double px_per_m_ = 1;
};

std::string ScaleBar(double px_per_m) {
  double length_m = 1;
  for (const double step : {1.0, 2.0, 5.0}) {
    for (double m = step; m * px_per_m <= 90; m *= 10) length_m = std::max(length_m, m);
  }
  const double y = kMapHeight - 8;
  return fmt::format(
      "<path d=\"M10 {0:.1f}v4h{1:.1f}v-4\" fill=\"none\" stroke=\"#1c2530\"/>"
      "<text x=\"{2:.1f}\" y=\"{3:.1f}\" class=\"t\">{4}</text>",
      y - 4, length_m * px_per_m, 16 + length_m * px_per_m, y + 1,
      length_m >= 1000 ? fmt::format("{:g} km", length_m / 1000) : fmt::format("{:g} m", length_m));
}

// 95 % of a two-dimensional normal distribution lies within sqrt(5.991) sigma.
std::string Ellipse(const Eigen::Vector2d& at, const Eigen::Vector3d& cov_m2, double px_per_m) {
  constexpr double kSigmas95 = 2.4477;
  const double mean = (cov_m2(0) + cov_m2(2)) / 2;
  const double half = std::hypot((cov_m2(0) - cov_m2(2)) / 2, cov_m2(1));
  const double angle_deg =
      std::atan2(2 * cov_m2(1), cov_m2(0) - cov_m2(2)) / 2 * 180 / std::numbers::pi;
  const double major = kSigmas95 * std::sqrt(std::max(mean + half, 0.0)) * px_per_m;
  const double minor = kSigmas95 * std::sqrt(std::max(mean - half, 0.0)) * px_per_m;
  if (!std::isfinite(major) || major < 1) return "";
  return fmt::format(
      "<ellipse cx=\"{0:.1f}\" cy=\"{1:.1f}\" rx=\"{2:.1f}\" ry=\"{3:.1f}\" "
      "transform=\"rotate({4:.1f} {0:.1f} {1:.1f})\" fill=\"#c2410c\" fill-opacity=\".18\" "
      "stroke=\"#c2410c\"/>",
      at.x(), at.y(), major, minor, -angle_deg);
}

// Consecutive equal shares of one class drawn as one; bars too thin to see are averaged.
struct Run {
  double x0 = 0, x1 = 0;
  std::array<double, 4> share{};
};
constexpr double kThinnestBar = 1.6;

void AddRun(const Run& run, std::vector<Run>* runs) {
  if (!runs->empty() && std::abs(runs->back().x1 - run.x0) < 0.01) {
    Run& last = runs->back();
    const bool thin = last.x1 - last.x0 < kThinnestBar;
    if (last.share == run.share || thin) {
      const double weight = (last.x1 - last.x0) / std::max(run.x1 - last.x0, 1e-9);
      for (std::size_t i = 0; thin && i < last.share.size(); ++i) {
        last.share[i] = weight * last.share[i] + (1 - weight) * run.share[i];
      }
      last.x1 = run.x1;
      return;
    }
  }
  runs->push_back(run);
}

std::vector<Run> RunsOf(const ZoneCoverage& zone, CoverageClass coverage_class, Instant from,
                        Instant to) {
  const double span_s = std::max((to - from).seconds(), 1.0);
  const auto x = [&](Instant time) {
    return kLabelWidth +
           (kStripWidth - kLabelWidth) * std::clamp((time - from).seconds() / span_s, 0.0, 1.0);
  };
  std::vector<Run> runs;
  for (const Published* published : zone.accounts) {
    const CoverageAccount& account = *published->finding.coverage;
    for (const ClassCoverage& of_class : account.classes) {
      if (of_class.coverage_class != coverage_class || account.cells <= 0) continue;
      Run run{x(account.start), x(account.end), {}};
      for (const CoverageShare& share : of_class.shares) {
        for (std::size_t i = 0; i < run.share.size(); ++i) {
          if (share.state == kCoverageStates[i]) {
            run.share[i] += static_cast<double>(share.cells) / account.cells;
          }
        }
      }
      AddRun(run, &runs);
    }
  }
  return runs;
}

}  // namespace

std::string SvgPatterns() {
  return "<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\"><defs>"
         "<pattern id=\"p-nothing\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
         "<rect width=\"8\" height=\"8\" fill=\"#a7d3c4\"/></pattern>"
         "<pattern id=\"p-activity\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
         "<rect width=\"6\" height=\"6\" fill=\"#0f766e\"/><circle cx=\"3\" cy=\"3\" r=\"1.3\" "
         "fill=\"#fff\"/></pattern>"
         "<pattern id=\"p-degraded\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
         "<rect width=\"6\" height=\"6\" fill=\"#fbe3a4\"/><path d=\"M0 6L6 0\" "
         "stroke=\"#92400e\" stroke-width=\"1.2\"/></pattern>"
         "<pattern id=\"p-unseen\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
         "<rect width=\"6\" height=\"6\" fill=\"#fff\"/><path d=\"M0 0L6 6M0 6L6 0\" "
         "stroke=\"#94a0ab\" stroke-width=\".9\"/></pattern></defs></svg>\n";
}

std::string StateSwatch(CoverageState state) {
  for (std::size_t i = 0; i < std::size(kStateIds); ++i) {
    if (kCoverageStates[i] != state) continue;
    return fmt::format(
        "<svg class=\"swatch\" viewBox=\"0 0 22 12\" aria-hidden=\"true\"><rect x=\".5\" y=\".5\" "
        "width=\"21\" height=\"11\" fill=\"url(#p-{})\" stroke=\"#5b6875\"/></svg>",
        kStateIds[i]);
  }
  return "";
}

std::string PlaceMap(const MissionRecord& record, const Finding& finding) {
  MapFrame map(record);
  const auto* zone = FindZone(record, finding.zone, finding.agreement_hash);
  const Eigen::Vector2d place = map.En(finding.position);
  const double radius_m = finding.human_record ? finding.human_record->radius_m : 0;
  map.Include(place - Eigen::Vector2d(radius_m, radius_m));
  map.Include(place + Eigen::Vector2d(radius_m, radius_m));
  // Its own zone is shown whole; a finding outside of every zone is shown with all of them.
  for (const auto& z : record.agreement.zone()) {
    if (zone != nullptr && &z != zone) continue;
    for (const auto& v : z.vertex()) map.Include(map.En(v.lat_deg(), v.lon_deg()));
  }
  map.Fit();
  std::string svg = fmt::format(
      "<svg class=\"map\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Place of the finding\">"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fbfaf7\"/>",
      kMapWidth, kMapHeight);
  for (const auto& z : record.agreement.zone()) {
    svg += fmt::format("<path d=\"{}Z\" class=\"{}\"/>", map.Path(z.vertex()),
                       &z == zone ? "zone own" : "zone");
  }
  const auto corridor = [&](const auto& c) {
    svg += fmt::format("<path d=\"{}\" class=\"corridor\" stroke-width=\"{:.1f}\"/>",
                       map.Path(c.route()), std::max(c.width_m() * map.px_per_m(), 1.0));
  };
  for (const auto& c : record.agreement.notified_movement()) corridor(c);
  for (const auto& c : record.agreement.permitted_corridor()) corridor(c);
  const Eigen::Vector2d at = map.Px(place);
  if (radius_m > 0) {
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" class=\"around\"/>",
                       at.x(), at.y(), radius_m * map.px_per_m());
  } else {
    svg += Ellipse(at, finding.cov_m2, map.px_per_m());
  }
  svg += fmt::format(
      "<circle cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"4\" fill=\"#c2410c\" stroke=\"#fff\"/>"
      "<circle cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"11\" fill=\"none\" stroke=\"#c2410c\" "
      "stroke-width=\"1.6\"/>",
      at.x(), at.y());
  svg += ScaleBar(map.px_per_m());
  svg += fmt::format(
      "<path d=\"M{0} 22l4 12l-4 -3l-4 3Z\" fill=\"#1c2530\"/><text x=\"{0}\" y=\"18\" "
      "text-anchor=\"middle\" class=\"t\">N</text>",
      kMapWidth - 12);
  return svg + "</svg>";
}

std::string CoverageStrip(const ZoneCoverage& zone, Instant from, Instant to) {
  const double height = 3 * (kBarHeight + 6) + 20;
  std::string svg = fmt::format(
      "<svg class=\"strip\" viewBox=\"0 0 {} {:.0f}\" role=\"img\" aria-label=\"Time line of the "
      "coverage\">",
      kStripWidth, height);
  double y = 0;
  for (const CoverageClass coverage_class : kCoverageClasses) {
    svg += fmt::format("<text x=\"0\" y=\"{:.1f}\" class=\"t\">{}</text>", y + kBarHeight - 6,
                       CoverageClassWords(coverage_class));
    for (const Run& run : RunsOf(zone, coverage_class, from, to)) {
      double top = y;
      for (std::size_t i = 0; i < run.share.size(); ++i) {
        const double part = run.share[i] * kBarHeight;
        if (part <= 0) continue;
        svg += fmt::format(
            "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
            "fill=\"url(#p-{})\"/>",
            run.x0, top, run.x1 - run.x0, part, kStateIds[i]);
        top += part;
      }
    }
    svg += fmt::format(
        "<rect x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#5b6875\" "
        "stroke-width=\".7\"/>",
        kLabelWidth, y, kStripWidth - kLabelWidth - 0.5, kBarHeight);
    y += kBarHeight + 6;
  }
  constexpr int kTicks = 4;
  for (int i = 0; i <= kTicks; ++i) {
    const Instant at = from + Duration::Micros((to - from).micros() / kTicks * i);
    const double x = kLabelWidth + (kStripWidth - kLabelWidth) * i / kTicks;
    svg += fmt::format(
        "<path d=\"M{0:.1f} {1:.1f}v4\" stroke=\"#5b6875\"/><text x=\"{0:.1f}\" y=\"{2:.1f}\" "
        "class=\"t\" text-anchor=\"{3}\">{4}</text>",
        std::min(x, kStripWidth - 0.7), y - 6, y + 10,
        i == 0        ? "start"
        : i == kTicks ? "end"
                      : "middle",
        FormatUtc(at).substr(11, 8) + "Z");
  }
  return svg + "</svg>";
}

}  // namespace trucewatch::tools
