// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/json/json_writer.h"
#include "tools/trucewatch/coverage_answers.h"
#include "tools/trucewatch/words.h"

namespace trucewatch::tools {
namespace {

constexpr double kMapWidthPx = 1000.0;
constexpr double kMapMarginPx = 20.0;
constexpr double kLegendPx = 110.0;

// Neighbours in one row that are alike.
struct Strip {
  std::uint32_t first = 0, last = 0;  // cells
  const CellEntry* entry = nullptr;
};

std::vector<Strip> StripsOf(const MapOfCells& map, std::size_t coverage_class) {
  std::vector<Strip> strips;
  std::uint32_t cell = 0;
  for (const CellRun& run : map.cells.classes[coverage_class]) {
    const CellEntry& entry = map.cells.entries[run.entry];
    for (std::uint32_t i = 0; i < run.length && cell < map.grid->cells(); ++i, ++cell) {
      if (i > 0) {
        const auto before = map.grid->Place(strips.back().last);
        const auto here = map.grid->Place(cell);
        if (before[1] == here[1] && before[0] + 1 == here[0]) {
          strips.back().last = cell;
          continue;
        }
      }
      strips.push_back({cell, cell, &entry});
    }
  }
  return strips;
}

std::array<Geodetic, 4> RingOf(const GridView& grid, const Strip& strip) {
  const auto first = grid.Corners(strip.first);
  const auto last = grid.Corners(strip.last);
  return {first[0], last[1], last[2], first[3]};
}

const char* ColourOf(const CellEntry& entry) {
  switch (entry.state) {
    case CoverageState::kObservedNothing:
      return "#2f855a";
    case CoverageState::kObservedActivity:
      return "#2b6cb0";
    case CoverageState::kDegraded:
      return "#d69e2e";
    default:
      return "#a0aec0";
  }
}

std::string EscapedXml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    }
  }
  return out;
}

// A length of 1, 2 or 5 with zeros that is at most `longest_m`.
double RoundLengthM(double longest_m) {
  const double ten = std::pow(10.0, std::floor(std::log10(longest_m)));
  for (const double digit : {5.0, 2.0}) {
    if (digit * ten <= longest_m) return digit * ten;
  }
  return ten;
}

// At the right end of the legend: a scale, and where north is.
std::string ScaleAndNorth(double top_px, double px_per_deg) {
  constexpr double kMetresPerDegree = 111'195.0;  // of a sphere: 0.6 % at most
  const double length_m = RoundLengthM(150.0 / px_per_deg * kMetresPerDegree);
  const double length_px = length_m / kMetresPerDegree * px_per_deg;
  const double right = kMapWidthPx - kMapMarginPx;
  const double x = right - 40 - length_px;
  const double y = top_px + 40;
  return fmt::format(
      "<path d=\"M{0:.1f} {2:.1f}v6h{1:.1f}v-6\" fill=\"none\" stroke=\"#000\"/><text "
      "x=\"{0:.1f}\" "
      "y=\"{3:.1f}\">{4}</text>\n<path d=\"M{5:.1f} {6:.1f}v-22m-5 7l5 -7l5 7\" fill=\"none\" "
      "stroke=\"#000\"/><text x=\"{5:.1f}\" y=\"{3:.1f}\" text-anchor=\"middle\">N</text>\n",
      x, length_px, y, y - 8,
      length_m >= 1000 ? fmt::format("{:g} km", length_m / 1000) : fmt::format("{:g} m", length_m),
      right - 10, y + 32);
}

}  // namespace

std::string CellsGeoJson(const std::vector<MapOfCells>& maps, std::size_t coverage_class) {
  JsonWriter json;
  json.BeginObject().Field("type", "FeatureCollection").Key("features").BeginArray();
  for (const MapOfCells& map : maps) {
    for (const Strip& strip : StripsOf(map, coverage_class)) {
      const CellEntry& entry = *strip.entry;
      json.BeginObject().Field("type", "Feature").Key("properties").BeginObject();
      json.Field("zone", map.cells.zone).Field("start_utc", FormatUtc(map.cells.start));
      json.Field("end_utc", FormatUtc(map.cells.end));
      json.Field("class", CoverageClassName(static_cast<CoverageClass>(coverage_class + 1)));
      json.Field("first_cell", strip.first).Field("cells", strip.last - strip.first + 1);
      json.Field("state", CoverageStateName(entry.state)).Field("probability", entry.probability());
      json.Field("reason", CoverageReasonName(entry.reason));
      json.Field("detail", map.cells.texts[entry.text]).EndObject();
      json.Key("geometry").BeginObject().Field("type", "Polygon").Key("coordinates").BeginArray();
      json.BeginArray();
      const auto ring = RingOf(*map.grid, strip);
      for (std::size_t i = 0; i <= ring.size(); ++i) {
        const Geodetic& corner = ring[i % ring.size()];
        json.BeginArray();
        for (const double deg : {corner.longitude.deg(), corner.latitude.deg()})
          json.Number(std::round(deg * 1e7) / 1e7);
        json.EndArray();
      }
      json.EndArray().EndArray().EndObject().EndObject();
    }
  }
  json.EndArray().EndObject();
  return json.text() + "\n";
}

std::string CellsSvg(const std::vector<MapOfCells>& maps, std::size_t coverage_class, Instant at) {
  // Degrees, with longitude as long as it is at the middle.
  double south = 90, north = -90, west = 360, east = -360;
  for (const MapOfCells& map : maps) {
    for (const Strip& strip : StripsOf(map, coverage_class)) {
      for (const Geodetic& corner : RingOf(*map.grid, strip)) {
        south = std::min(south, corner.latitude.deg());
        north = std::max(north, corner.latitude.deg());
        west = std::min(west, corner.longitude.deg());
        east = std::max(east, corner.longitude.deg());
      }
    }
  }
  const double shrink = std::cos(Angle::Degrees((south + north) / 2).rad());
  const double wide = std::max(1e-9, (east - west) * shrink);
  const double high = std::max(1e-9, north - south);
  const double scale = (kMapWidthPx - 2 * kMapMarginPx) / std::max(wide, high);
  const double height = high * scale + 2 * kMapMarginPx + kLegendPx;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" "
      "fill=\"#fff\"/>\n",
      kMapWidthPx, height);
  std::map<CoverageState, std::uint32_t> cells_of;
  std::string names;
  out += "<g shape-rendering=\"crispEdges\">\n";
  for (const MapOfCells& map : maps) {
    double left = kMapWidthPx, top = height;
    for (const Strip& strip : StripsOf(map, coverage_class)) {
      const CellEntry& entry = *strip.entry;
      cells_of[entry.state] += strip.last - strip.first + 1;
      std::string points;
      for (const Geodetic& corner : RingOf(*map.grid, strip)) {
        const double x = kMapMarginPx + (corner.longitude.deg() - west) * shrink * scale;
        const double y = kMapMarginPx + (north - corner.latitude.deg()) * scale;
        points += fmt::format("{:.2f},{:.2f} ", x, y);
        left = std::min(left, x);
        top = std::min(top, y);
      }
      out += fmt::format(
          "<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"{:.2f}\"><title>{}: {}, probability "
          "{}{}</title></polygon>\n",
          points, ColourOf(entry), 0.35 + 0.65 * entry.probability(), EscapedXml(map.cells.zone),
          CoverageStateWords(entry.state), entry.probability(),
          EscapedXml(entry.text == 0 ? "" : ": " + map.cells.texts[entry.text]));
    }
    names += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" stroke=\"#fff\" stroke-width=\"3\" "
        "paint-order=\"stroke\">{}</text>\n",
        left + 4, top + 15, EscapedXml(map.cells.zone));
  }
  out += "</g>\n" + names + ScaleAndNorth(height - kLegendPx, scale);
  double y = height - kLegendPx + 15;
  out += fmt::format(
      "<text x=\"{:.0f}\" y=\"{:.0f}\">{} at {}: the darker, the more surely one "
      "would have been detected</text>\n",
      kMapMarginPx, y, CoverageClassWords(static_cast<CoverageClass>(coverage_class + 1)),
      FormatUtc(at));
  for (const auto& [state, count] : cells_of) {
    y += 20;
    out += fmt::format(
        "<rect x=\"{0:.0f}\" y=\"{1:.0f}\" width=\"14\" height=\"14\" fill=\"{2}\"/><text "
        "x=\"{3:.0f}\" y=\"{4:.0f}\">{5}: {6} cells</text>\n",
        kMapMarginPx, y - 12, ColourOf({.state = state}), kMapMarginPx + 22, y,
        CoverageStateWords(state), count);
  }
  return out + "</svg>\n";
}

}  // namespace trucewatch::tools
