// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/ground_paint.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "tools/simulate/random.h"

namespace trucewatch::simulate {
namespace {

using Rgb = Eigen::Array3f;

float Unit(std::uint64_t bits) { return static_cast<float>(bits >> 40) * 0x1p-24F; }  // [0, 1)

std::uint64_t CellHash(std::uint64_t seed, int x, int y) {
  return Mix(seed ^ (static_cast<std::uint64_t>(static_cast<std::uint32_t>(x)) << 32 |
                     static_cast<std::uint32_t>(y)));
}

float Smooth(float low, float high, float x) {
  const float t = std::clamp((x - low) / (high - low), 0.0F, 1.0F);
  return t * t * (3 - 2 * t);
}

// Smooth noise in [-1, 1] with features of about `wavelength_m`, for a whole window at once.
std::vector<float> NoiseLayer(std::uint64_t seed, double wavelength_m, const GroundWindow& window,
                              int size) {
  std::vector<float> out(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
  std::vector<int> cell(static_cast<std::size_t>(size));
  std::vector<float> blend(cell.size());
  for (int i = 0; i < size; ++i) {
    const double x = (window.north_west.x() + (i + 0.5) * window.texel_m) / wavelength_m;
    cell[static_cast<std::size_t>(i)] = static_cast<int>(std::floor(x));
    const auto f = static_cast<float>(x - std::floor(x));
    blend[static_cast<std::size_t>(i)] = f * f * (3 - 2 * f);
  }
  const int first = cell.front();
  const auto lattice_size = static_cast<std::size_t>(cell.back() - first + 2);
  std::vector<float> upper(lattice_size), lower(lattice_size), row(lattice_size);
  const auto fill = [&](int y, std::vector<float>& values) {
    for (std::size_t i = 0; i < lattice_size; ++i) {
      values[i] = 2 * Unit(CellHash(seed, first + static_cast<int>(i), y)) - 1;
    }
  };
  int held = 0x7fffffff;
  for (int j = 0; j < size; ++j) {
    const double y = (window.north_west.y() - (j + 0.5) * window.texel_m) / wavelength_m;
    const int base = static_cast<int>(std::floor(y));
    if (base != held) {
      fill(base, lower);
      fill(base + 1, upper);
      held = base;
    }
    const auto f = static_cast<float>(y - std::floor(y));
    const float t = f * f * (3 - 2 * f);
    for (std::size_t i = 0; i < lattice_size; ++i) row[i] = lower[i] + (upper[i] - lower[i]) * t;
    float* to = out.data() + static_cast<std::size_t>(j) * static_cast<std::size_t>(size);
    for (std::size_t i = 0; i < cell.size(); ++i) {
      const auto c = static_cast<std::size_t>(cell[i] - first);
      to[i] = row[c] + (row[c + 1] - row[c]) * blend[i];
    }
  }
  return out;
}

// The patchwork of fields: strips of jittered width, cut into fields of a length of their own.
struct Field {
  std::uint64_t hash = 0;
  float edge_m = 0;    // to the nearest border
  float across_m = 0;  // across its furrows
};

class FieldMap {
 public:
  explicit FieldMap(std::uint64_t seed) : seed_(seed) {
    const double tilt = 0.12 + 0.3 * static_cast<double>(Unit(Mix(seed ^ 0x11)));
    cos_ = std::cos(tilt), sin_ = std::sin(tilt);
  }

  Field At(double east_m, double north_m) const {
    const double u = east_m * cos_ + north_m * sin_;
    const double v = north_m * cos_ - east_m * sin_;
    int strip = static_cast<int>(std::floor(u / kStripM));
    if (u < Border(strip)) --strip;
    const double length_m = 70 + 80 * static_cast<double>(Unit(CellHash(seed_, strip, 8)));
    const double along = v / length_m + 5 * static_cast<double>(Unit(CellHash(seed_, strip, 9)));
    const int index = static_cast<int>(std::floor(along));
    Field field;
    field.hash = CellHash(seed_ ^ 0x77, strip, index);
    const double part = along - index;
    field.edge_m = static_cast<float>(std::min(std::min(part, 1 - part) * length_m,
                                               std::min(u - Border(strip), Border(strip + 1) - u)));
    field.across_m = static_cast<float>((field.hash & 1) == 0 ? u : v);
    return field;
  }

 private:
  static constexpr double kStripM = 165;
  double Border(int strip) const {
    return (strip + 0.4 * static_cast<double>(Unit(CellHash(seed_, strip, 7)))) * kStripM;
  }

  std::uint64_t seed_;
  double cos_, sin_;
};

// Muted colours of dry farmland; the last two are the greener ones.
constexpr std::array<std::array<float, 3>, 7> kFieldColours{{{176, 160, 122},
                                                             {140, 116, 88},
                                                             {162, 146, 112},
                                                             {152, 132, 100},
                                                             {186, 172, 138},
                                                             {118, 120, 80},
                                                             {132, 130, 92}}};

constexpr double kClearOfParkedM = 10;  // no tree stands nearer to a parking place

struct NearSegment {
  Eigen::Vector2d a, b;
  std::size_t road;
  float half_width_m;
  bool paved;
};

// What paints one window: the layers of noise and what lies near it.
class Painter {
 public:
  Painter(const Scenario& scenario, const World& world, const GroundWindow& window, int size)
      : scenario_(scenario),
        world_(world),
        window_(window),
        size_(size),
        seed_(Mix(scenario.seed ^ 0x47)),
        fields_(seed_) {
    const double metres = size * window.texel_m;
    const Eigen::Vector2d middle = window.north_west + Eigen::Vector2d(0.5, -0.5) * metres;
    for (std::size_t r = 0; r < world.roads.size(); ++r) {
      const auto& points = world.roads[r].points();
      const double reach = 0.75 * metres + world.road_looks[r].width_m + 40;
      for (std::size_t i = 1; i < points.size(); ++i) {
        if (DistanceToSegment(middle, points[i - 1], points[i]).distance_m > reach) continue;
        segments_.push_back({points[i - 1], points[i], r,
                             static_cast<float>(0.5 * world.road_looks[r].width_m),
                             world.road_looks[r].paved});
      }
    }
  }

  void PaintSoil(YuvPicture& picture) const {
    const auto layer = [&](std::uint64_t salt, double wavelength_m) {
      return NoiseLayer(Mix(seed_ ^ salt), wavelength_m, window_, size_);
    };
    const auto warp = layer(1, 330), wide = layer(2, 190), patch = layer(3, 47),
               clump = layer(4, 13);
    const auto tuft = layer(5, 4.3), grain = layer(6, 1.7), fine = layer(7, 2.6 * window_.texel_m);
    std::vector<Rgb> row(static_cast<std::size_t>(size_));
    std::vector<Rgb> above(row.size());
    for (int j = 0; j < size_; ++j) {
      const double north = window_.north_west.y() - (j + 0.5) * window_.texel_m;
      for (int i = 0; i < size_; ++i) {
        const auto k = static_cast<std::size_t>(j) * static_cast<std::size_t>(size_) +
                       static_cast<std::size_t>(i);
        const Eigen::Vector2d place(window_.north_west.x() + (i + 0.5) * window_.texel_m, north);
        const double bend = 28.0 * static_cast<double>(warp[k]);
        Rgb rgb = Land(fields_.At(place.x() + bend, place.y() - bend), patch[k], clump[k], tuft[k]);
        rgb = Village(place, clump[k], rgb);
        rgb *= 1 + 0.07F * wide[k] + 0.06F * patch[k] + 0.05F * clump[k] + 0.05F * tuft[k];
        rgb = Road(place, tuft[k], rgb);
        rgb *= 1 + 0.055F * grain[k] + 0.06F * fine[k];
        row[static_cast<std::size_t>(i)] = rgb;
        const Rgb& c = rgb;
        picture.y[k] =
            ToByte(16 + (0.2126F * c[0] + 0.7152F * c[1] + 0.0722F * c[2]) * (219.0F / 255));
      }
      if (j % 2 == 1) {
        for (std::size_t i = 0; i + 1 < row.size(); i += 2) {
          const Rgb c = 0.25F * (row[i] + row[i + 1] + above[i] + above[i + 1]);
          const Colour colour = FromRgb(static_cast<double>(c[0]), static_cast<double>(c[1]),
                                        static_cast<double>(c[2]));
          const std::size_t at =
              static_cast<std::size_t>(j / 2) * static_cast<std::size_t>(size_ / 2) + i / 2;
          picture.u[at] = ToByte(colour.u);
          picture.v[at] = ToByte(colour.v);
        }
      }
      std::swap(row, above);
    }
  }

  void PaintTrees(YuvPicture& picture) const {
    constexpr double kCellM = 13;
    const double metres = size_ * window_.texel_m;
    const int west = static_cast<int>(std::floor((window_.north_west.x() - 15) / kCellM));
    const int east = static_cast<int>(std::floor((window_.north_west.x() + metres + 15) / kCellM));
    const int south = static_cast<int>(std::floor((window_.north_west.y() - metres - 15) / kCellM));
    const int north = static_cast<int>(std::floor((window_.north_west.y() + 15) / kCellM));
    for (int y = north; y >= south; --y) {
      for (int x = west; x <= east; ++x) {
        Random random(CellHash(seed_ ^ 0x7ee5, x, y), "tree");
        const Eigen::Vector2d place((x + random.Uniform()) * kCellM,
                                    (y + random.Uniform()) * kCellM);
        const double chance = random.Uniform();
        const double radius = random.Uniform(0.8, 2.6);
        const double tone = random.Uniform(0.8, 1.2);
        const float edge = fields_.At(place.x(), place.y()).edge_m;
        if (chance > (edge < 5 ? 0.30 : 0.035) || !ClearOfRoads(place, radius + 2.0)) continue;
        PaintTree(place, radius, tone, picture);
      }
    }
  }

  void ShadeHouses(YuvPicture& picture) const {
    const Eigen::Vector2d shadow = ShadowPerMetre(scenario_);
    for (const Building& house : world_.buildings) {
      const Eigen::Vector2d across(-house.along.y(), house.along.x());
      std::vector<Eigen::Vector2d> points;
      for (const double a : {-1.0, 1.0}) {
        for (const double b : {-1.0, 1.0}) {
          const Eigen::Vector2d corner = house.centre + a * house.half_length_m * house.along +
                                         b * house.half_width_m * across;
          points.push_back(ToTexel(corner));
          points.push_back(ToTexel(corner + shadow * house.height_m));
        }
      }
      ShadeConvex(picture, ConvexHull(std::move(points)), 0.5F);
    }
  }

 private:
  static std::uint8_t ToByte(float value) {
    return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 16.0F, 240.0F));
  }

  Eigen::Vector2d ToTexel(const Eigen::Vector2d& place) const {
    return Eigen::Vector2d(place.x() - window_.north_west.x(), window_.north_west.y() - place.y()) /
           window_.texel_m;
  }

  Rgb Land(const Field& field, float patch, float clump, float tuft) const {
    const std::size_t kind = (field.hash >> 8) % kFieldColours.size();
    const auto& base = kFieldColours[kind];
    Rgb rgb(base[0], base[1], base[2]);
    rgb *= 0.92F + 0.16F * Unit(field.hash << 16);
    if (kind == 1 || kind == 3 || kind >= 5) {  // furrows, rows
      const float period_m = 4 + 4 * Unit(field.hash << 24);
      rgb *= 1 + 0.035F * std::sin(field.across_m * 6.2832F / period_m);
    } else {  // scrub on fallow land
      const float scrub = Smooth(0.15F, 0.6F, patch * 0.5F + tuft * 0.6F + clump * 0.35F);
      rgb += scrub * 0.55F * (Rgb(104, 104, 72) - rgb);
    }
    const float border = 1 - Smooth(0.9F, 2.4F, field.edge_m + 0.7F * tuft);
    const bool hedge = ((field.hash >> 3) & 1) == 0;
    const Rgb edge = hedge ? Rgb(108, 106, 74) : Rgb(184, 168, 134);
    return rgb + border * (hedge ? 0.75F * Smooth(-0.4F, 0.2F, clump + 0.5F * tuft) : 0.7F) *
                     (edge - rgb);
  }

  Rgb Village(const Eigen::Vector2d& place, float clump, const Rgb& rgb) const {
    Rgb result = rgb;
    for (const auto& village : scenario_.config.village()) {
      const auto distance = static_cast<float>((place - ToVector(village.centre())).norm());
      const auto radius = static_cast<float>(village.radius_m());
      const float share = 0.8F * (1 - Smooth(0.6F * radius, 1.15F * radius, distance + 22 * clump));
      result += share * (Rgb(180, 164, 134) * (1 + 0.05F * clump) - result);
    }
    return result;
  }

  Rgb Road(const Eigen::Vector2d& place, float tuft, const Rgb& rgb) const {
    Rgb result = rgb;
    for (std::size_t first = 0; first < segments_.size();) {
      // Segments of one road follow each other; its surface is that of the nearest.
      const NearSegment& s = segments_[first];
      auto d = 1e9F;
      for (; first < segments_.size() && segments_[first].road == s.road; ++first) {
        const NearSegment& n = segments_[first];
        d = std::min(d, static_cast<float>(DistanceToSegment(place, n.a, n.b).distance_m));
      }
      if (d > s.half_width_m + 5) continue;
      const float shoulder =
          1 - Smooth(s.half_width_m + 0.4F, s.half_width_m + 3.0F, d + 0.8F * tuft);
      result += 0.75F * shoulder * (Rgb(186, 170, 138) - result);
      const float lane = 1 - Smooth(s.half_width_m - 0.6F, s.half_width_m + 0.2F, d);
      Rgb surface = s.paved ? Rgb(128, 123, 114) : Rgb(192, 176, 144);
      const float track = std::abs(d - 0.42F * s.half_width_m);
      surface *= 1 - 0.06F * (1 - Smooth(0.2F, 0.8F, track));
      result += lane * (surface * (1 + 0.02F * tuft) - result);
    }
    return result;
  }

  bool ClearOfRoads(const Eigen::Vector2d& place, double margin_m) const {
    for (const NearSegment& s : segments_) {
      if (DistanceToSegment(place, s.a, s.b).distance_m <
          static_cast<double>(s.half_width_m) + margin_m)
        return false;
    }
    for (const Building& house : world_.buildings) {
      if ((place - house.centre).norm() < house.half_length_m + margin_m) return false;
    }
    for (const ParkedVehicle& parked : world_.parked) {
      if ((place - parked.state.position).norm() < kClearOfParkedM + margin_m) return false;
    }
    for (const auto& gathering : scenario_.config.gathering()) {
      if ((place - ToVector(gathering.centre())).norm() < gathering.radius_m() + margin_m + 3) {
        return false;
      }
    }
    return true;
  }

  void PaintTree(const Eigen::Vector2d& place, double radius, double tone,
                 YuvPicture& picture) const {
    const Eigen::Vector2d shadow = ShadowPerMetre(scenario_);
    const auto disc = [&](const Eigen::Vector2d& centre, double r) {
      std::array<Eigen::Vector2d, 9> points;
      for (std::size_t i = 0; i < points.size(); ++i) {
        const double angle = 2 * std::numbers::pi * static_cast<double>(i) / 9;
        points[i] = ToTexel(centre + r * Eigen::Vector2d(std::cos(angle), std::sin(angle)));
      }
      return points;
    };
    ShadeConvex(picture, disc(place + 1.4 * radius * shadow, radius), 0.58F);
    PaintConvex(picture, disc(place, radius), FromRgb(66 * tone, 72 * tone, 48 * tone), 0.9F);
    PaintConvex(picture, disc(place - 0.3 * radius * shadow.normalized(), 0.6 * radius),
                FromRgb(92 * tone, 98 * tone, 64 * tone), 0.8F);
  }

  const Scenario& scenario_;
  const World& world_;
  GroundWindow window_;
  int size_;
  std::uint64_t seed_;
  FieldMap fields_;
  std::vector<NearSegment> segments_;
};

}  // namespace

Eigen::Vector2d ShadowPerMetre(const Scenario& scenario) {
  const auto& look = scenario.config.look();
  const double azimuth = look.sun_azimuth_deg() * std::numbers::pi / 180.0;
  const double length = 1.0 / std::tan(look.sun_elevation_deg() * std::numbers::pi / 180.0);
  return -length * Eigen::Vector2d(std::sin(azimuth), std::cos(azimuth));
}

void PaintGround(const Scenario& scenario, const World& world, const GroundWindow& window,
                 YuvPicture& picture) {
  const Painter painter(scenario, world, window, picture.width_px);
  painter.PaintSoil(picture);
  painter.PaintTrees(picture);
  painter.ShadeHouses(picture);
}

}  // namespace trucewatch::simulate
