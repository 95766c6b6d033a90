// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/raster/vector_writer.h"
#include "tools/trucewatch/agreement_files.h"

namespace trucewatch::tools {
namespace {

using PlaneVec = Eigen::Vector2d;

constexpr double kWidthPx = 900.0;
constexpr double kMarginPx = 40.0;

const char* SideColour(Side side) {
  return side == Side::kA ? "#2b6cb0" : side == Side::kB ? "#b7791f" : "#4a5568";
}

std::string SideText(const Agreement& agreement, Side side) {
  return side == Side::kA   ? agreement.side_a_name
         : side == Side::kB ? agreement.side_b_name
                            : "neither side";
}

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
  }
  return out;
}

Geodetic MiddleOf(const std::vector<Geodetic>& places) {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (const Geodetic& place : places) sum += EcefFromGeodetic(place);
  return GeodeticFromEcef(sum / static_cast<double>(places.size()));
}

// North up, one scale for the whole picture, in the plane about the middle of everything.
class Canvas {
 public:
  explicit Canvas(const std::vector<Geodetic>& everything) : plane_(MiddleOf(everything)) {
    low_ = high_ = plane_.FromGeodetic(everything.front());
    for (const Geodetic& place : everything) {
      low_ = low_.cwiseMin(plane_.FromGeodetic(place));
      high_ = high_.cwiseMax(plane_.FromGeodetic(place));
    }
    const PlaneVec size = (high_ - low_).cwiseMax(PlaneVec(1.0, 1.0));
    px_per_m_ = (kWidthPx - 2.0 * kMarginPx) / std::max(size.x(), size.y() / 1.4);
    height_px_ = size.y() * px_per_m_ + 2.0 * kMarginPx + 30.0;
  }

  PlaneVec Pixel(const Geodetic& place) const {
    const PlaneVec p = plane_.FromGeodetic(place);
    return {kMarginPx + (p.x() - low_.x()) * px_per_m_,
            kMarginPx + (high_.y() - p.y()) * px_per_m_};
  }
  std::string Path(const std::vector<Geodetic>& places) const {
    std::string out;
    for (const Geodetic& place : places) {
      const PlaneVec p = Pixel(place);
      out += fmt::format("{}{:.1f},{:.1f}", out.empty() ? "" : " ", p.x(), p.y());
    }
    return out;
  }
  // Of a length on the ground.
  double Pixels(double length_m) const { return length_m * px_per_m_; }
  double height_px() const { return height_px_; }

 private:
  GnomonicPlane plane_;
  PlaneVec low_, high_;
  double px_per_m_ = 1.0;
  double height_px_ = 0.0;
};

// The text at a place, of a size that more or less fits.
std::string Label(const PlaneVec& at, const std::string& text, const char* colour) {
  return fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\" text-anchor=\"middle\">{}</text>\n", at.x(),
      at.y(), colour, Escaped(text));
}

// A round length that is about a quarter of the picture.
double ScaleBarM(const Canvas& canvas) {
  const double wanted = (kWidthPx / 4.0) / canvas.Pixels(1.0);
  const double power = std::pow(10.0, std::floor(std::log10(wanted)));
  return (wanted / power >= 5.0 ? 5.0 : wanted / power >= 2.0 ? 2.0 : 1.0) * power;
}

std::vector<Geodetic> Everything(const Agreement& agreement) {
  std::vector<Geodetic> out;
  const auto add = [&](const std::vector<Geodetic>& places) {
    out.insert(out.end(), places.begin(), places.end());
  };
  for (const Zone& zone : agreement.zones) add(zone.shape.vertices());
  for (const Line& line : agreement.lines) add(line.shape.points());
  for (const NotifiedMovement& notified : agreement.notified) add(notified.corridor.route());
  for (const PermittedCorridor& permitted : agreement.permitted) add(permitted.corridor.route());
  return out;
}

std::string Svg(const Agreement& agreement) {
  const std::vector<Geodetic> everything = Everything(agreement);
  if (everything.empty()) return "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n";
  const Canvas canvas(everything);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0f}\" height=\"{:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"11\">\n<title>{}, edition {}, SHA-256 {}</title>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
      kWidthPx, canvas.height_px(), Escaped(agreement.title), Escaped(agreement.edition),
      agreement.hash);
  // Large zones first, so that small ones lie on top.
  std::vector<const Zone*> zones;
  for (const Zone& zone : agreement.zones) zones.push_back(&zone);
  std::stable_sort(zones.begin(), zones.end(), [](const Zone* a, const Zone* b) {
    return a->shape.AreaM2() > b->shape.AreaM2();
  });
  for (const Zone* zone : zones)
    out += fmt::format(
        "<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"0.15\" stroke=\"{}\"><title>{} ({}), "
        "{:.2f} km2</title></polygon>\n",
        canvas.Path(zone->shape.vertices()), SideColour(zone->side), SideColour(zone->side),
        Escaped(zone->name), Escaped(SideText(agreement, zone->side)), zone->shape.AreaM2() / 1e6);
  const auto road = [&](const CorridorShape& corridor, const std::string& name,
                        const char* colour) {
    out += fmt::format(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-opacity=\"0.5\" "
        "stroke-width=\"{:.1f}\"><title>{}, {:.0f} m wide</title></polyline>\n",
        canvas.Path(corridor.route()), colour, std::max(1.5, canvas.Pixels(corridor.width_m())),
        Escaped(name), corridor.width_m());
    out += Label(canvas.Pixel(corridor.route().back()) - PlaneVec(0, 4), name, colour);
  };
  for (const PermittedCorridor& permitted : agreement.permitted)
    road(permitted.corridor, permitted.id, "#2f855a");
  for (const NotifiedMovement& notified : agreement.notified)
    road(notified.corridor, notified.id, "#805ad5");
  for (const Line& line : agreement.lines) {
    out += fmt::format(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#c53030\" stroke-width=\"2\" "
        "stroke-dasharray=\"8 4\"><title>{}; behind it is the {} hand</title></polyline>\n",
        canvas.Path(line.shape.points()), Escaped(line.name),
        line.shape.behind_is_left() ? "left" : "right");
    out += Label(canvas.Pixel(line.shape.points().front()) + PlaneVec(20, -4), line.id, "#c53030");
  }
  for (const Zone* zone : zones)
    out += Label(canvas.Pixel(zone->shape.frame().origin()), zone->id, SideColour(zone->side));
  const double bar_m = ScaleBarM(canvas);
  const double y = canvas.height_px() - 18.0;
  out += fmt::format(
      "<path d=\"M{0:.1f},{1:.1f} h{2:.1f}\" stroke=\"black\" stroke-width=\"2\"/>\n"
      "<text x=\"{0:.1f}\" y=\"{3:.1f}\">{4:g} km; north is up; {5}, edition {6}</text>\n</svg>\n",
      kMarginPx, y, canvas.Pixels(bar_m), y + 14.0, bar_m / 1000.0, Escaped(agreement.title),
      Escaped(agreement.edition));
  return out;
}

Result<std::string> GeoJson(const Agreement& agreement) {
  const std::vector<VectorField> fields = {{"id", VectorFieldType::kText},
                                           {"name", VectorFieldType::kText},
                                           {"side", VectorFieldType::kText}};
  VectorLayer zones{"zones", "zone", VectorGeometry::kPolygon, fields, {}};
  for (const Zone& zone : agreement.zones)
    zones.features.push_back(
        {zone.shape.vertices(), {zone.id, zone.name, SideText(agreement, zone.side)}});
  VectorLayer lines{"lines", "line", VectorGeometry::kLine, fields, {}};
  for (const Line& line : agreement.lines)
    lines.features.push_back(
        {line.shape.points(), {line.id, line.name, SideText(agreement, line.side)}});
  VectorLayer roads{"roads", "road", VectorGeometry::kLine, fields, {}};
  for (const NotifiedMovement& notified : agreement.notified)
    roads.features.push_back(
        {notified.corridor.route(),
         {notified.id, notified.reference, SideText(agreement, notified.side)}});
  for (const PermittedCorridor& permitted : agreement.permitted)
    roads.features.push_back(
        {permitted.corridor.route(), {permitted.id, permitted.clause, std::string("both")}});
  return GeoJsonText({zones, lines, roads}, "agreement " + agreement.hash);
}

}  // namespace

Result<std::string> AgreementMap(const Agreement& agreement, const std::string& file_name) {
  if (file_name.ends_with(".svg")) return Svg(agreement);
  if (file_name.ends_with(".geojson") || file_name.ends_with(".json")) return GeoJson(agreement);
  return Fail(ErrorCode::kUsage, "--map {}: expected a name that ends in .svg or .geojson",
              file_name);
}

}  // namespace trucewatch::tools
