// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/case_chips.h"

#include <algorithm>
#include <cmath>

#include "core/raster/scene_reader.h"
#include "core/storage/blob_store.h"
#include "core/types/codec.h"
#include "core/types/names.h"
#include "detect/still.h"
#include "tools/trucewatch/case_logs.h"
#include "tools/trucewatch/words.h"

namespace trucewatch::tools {
namespace {

constexpr int kLeastSidePx = 32, kMostSidePx = 1024;
constexpr int kWantedSidePx = 640;  // of the picture
constexpr double kNearM = 500;  // detections that tell where the place is in a scene without one

// A statement and one satellite that speaks for it.
struct Pass {
  const Finding* statement = nullptr;
  SourceId source;
  Instant time;  // of the scene that was taken last by then
  std::optional<ObservationSet> look;
  std::optional<Scene> scene;
};

std::vector<Pass> PassesOf(const std::vector<Published>& statements, std::size_t most) {
  std::vector<Pass> out;
  for (const Published& one : statements) {
    const Finding& f = one.finding;
    if (f.kind != FindingKind::kEventTransition || f.state > EventState::kVerified) continue;
    for (const Support& s : f.supports) {
      if (!IsSatellite(s.lineage.modality) || out.size() >= most) continue;
      const bool known = std::any_of(out.begin(), out.end(), [&](const Pass& p) {
        return p.source == s.source && p.time == s.last;
      });
      if (!known) out.push_back({&f, s.source, s.last, {}, {}});
    }
  }
  return out;
}

// The look that the support speaks of, which bears the time of its scene, and that scene.
Result<void> FindPasses(Storage& storage, const std::string& state, std::vector<Pass>& passes) {
  const auto looks =
      EachEnvelope(storage, state + "/detect", [&](const v1::Envelope& e) -> Result<void> {
        if (!e.has_observation_set()) return {};
        const Instant time = Instant::FromMicros(e.observation_set().time_us());
        for (Pass& p : passes) {
          if (e.observation_set().source_id() != p.source.value || time > p.time) continue;
          if (p.look && p.look->time >= time) continue;
          TW_ASSIGN_OR_RETURN(p.look, FromProto(e.observation_set()));
        }
        return {};
      });
  TW_RETURN_IF_ERROR(looks);
  return EachEnvelope(storage, state + "/ingest", [&](const v1::Envelope& e) -> Result<void> {
    if (!e.has_scene()) return {};
    for (Pass& p : passes) {
      if (!p.look || p.scene || e.scene().source_id() != p.source.value ||
          e.scene().time_us() != p.look->time.micros())
        continue;
      TW_ASSIGN_OR_RETURN(p.scene, FromProto(e.scene()));
    }
    return {};
  });
}

// Where the statement's place is in the image: by its georeference, else by what was detected near.
std::optional<Eigen::Vector2d> CentreOf(const Pass& pass, const SceneReader& image) {
  if (const auto pixel = image.PixelFromGround(pass.statement->position)) return pixel;
  Eigen::Vector2d sum = Eigen::Vector2d::Zero();
  int count = 0;
  for (const Detection& d : pass.look->detections) {
    if (GeodesicDistanceM(d.position, pass.statement->position) > kNearM) continue;
    sum += Eigen::Vector2d(d.box_x_px + d.box_width_px / 2, d.box_y_px + d.box_height_px / 2);
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / count;
}

std::optional<PixelWindow> WindowOf(const Pass& pass, const SceneReader& image) {
  const auto centre = CentreOf(pass, image);
  const double resolution = pass.scene->resolution_m;
  if (!centre || !(resolution > 0)) return std::nullopt;
  const SceneInfo& info = image.info();
  const double side =
      std::clamp(kChipSideM / resolution, double{kLeastSidePx}, double{kMostSidePx});
  const auto range = [side](double middle, int length) {
    const int first = static_cast<int>(std::clamp(middle - side / 2, 0.0, double(length)));
    const int last = static_cast<int>(std::clamp(middle + side / 2, 0.0, double(length)));
    return std::pair{first, last - first};
  };
  const auto [x, width] = range(centre->x(), info.width_px);
  const auto [y, height] = range(centre->y(), info.height_px);
  if (width < 1 || height < 1) return std::nullopt;
  return PixelWindow{x, y, width, height};
}

// Each pixel `times` as large, from black at the 2nd percentile to white at the 98th.
DecodedPicture Stretched(const GreyPlane& plane, int times) {
  std::vector<float> values;
  for (std::size_t i = 0; i < plane.values.size(); ++i) {
    if (plane.valid[i] != 0) values.push_back(plane.values[i]);
  }
  std::sort(values.begin(), values.end());
  const float low = values.empty() ? 0 : values[values.size() * 2 / 100];
  const float high = values.empty() ? 1 : values[values.size() * 98 / 100];
  DecodedPicture out;
  out.width_px = plane.width * times;
  out.height_px = plane.height * times;
  out.luma.resize(static_cast<std::size_t>(out.width_px) * static_cast<std::size_t>(out.height_px));
  for (int y = 0; y < out.height_px; ++y) {
    for (int x = 0; x < out.width_px; ++x) {
      const std::size_t from =
          static_cast<std::size_t>(y / times) * static_cast<std::size_t>(plane.width) +
          static_cast<std::size_t>(x / times);
      const float share = high > low ? (plane.values[from] - low) / (high - low) : 0.5F;
      out.luma[static_cast<std::size_t>(y) * static_cast<std::size_t>(out.width_px) +
               static_cast<std::size_t>(x)] =
          plane.valid[from] == 0
              ? 0
              : static_cast<std::uint8_t>(std::lround(255 * std::clamp(share, 0.0F, 1.0F)));
    }
  }
  return out;
}

// What was detected, in pixels of the chip.
ObservationSet LookAt(const PixelWindow& window, int times, ObservationSet look) {
  std::erase_if(look.detections, [&](const Detection& d) {
    return d.box_x_px + d.box_width_px < window.x || d.box_x_px > window.x + window.width ||
           d.box_y_px + d.box_height_px < window.y || d.box_y_px > window.y + window.height;
  });
  for (Detection& d : look.detections) {
    d.box_x_px = (d.box_x_px - window.x) * times;
    d.box_y_px = (d.box_y_px - window.y) * times;
    d.box_width_px *= times;
    d.box_height_px *= times;
  }
  look.groups.clear();
  return look;
}

}  // namespace

Result<std::vector<CasePicture>> SceneChips(Storage& storage, const std::string& state,
                                            const std::vector<Published>& statements,
                                            std::size_t most) {
  std::vector<Pass> passes = PassesOf(statements, most);
  if (passes.empty()) return std::vector<CasePicture>();
  TW_RETURN_IF_ERROR(FindPasses(storage, state, passes));
  FileBlobStore scenes(storage, state + "/scenes");
  std::vector<CasePicture> out;
  for (const Pass& pass : passes) {
    if (!pass.scene) continue;
    auto file = scenes.Open(pass.scene->sha256);
    if (!file) continue;  // trimmed
    SceneOptions options;
    options.name = pass.scene->item;
    options.placed = false;  // what was detected tells the place where the file does not
    const auto image = SceneReader::Open(std::move(*file), std::move(options));
    if (!image) continue;
    const auto window = WindowOf(pass, **image);
    if (!window) continue;
    const auto plane = (*image)->ReadGrey(*window);
    if (!plane) continue;
    const int times = std::max(1, kWantedSidePx / std::max(window->width, window->height));
    TW_ASSIGN_OR_RETURN(std::string bytes,
                        DrawLook(Stretched(*plane, times), LookAt(*window, times, *pass.look)));
    out.push_back(
        {.path =
             fmt::format("pictures/chip-{}-{}.png", out.size() + 1, PlainName(pass.source.value)),
         .caption = fmt::format(
             "{}: scene {} of {}, about {:.0f} m of it around the place of which the event was "
             "stated {}. Boxes: what was detected there ({}).",
             pass.source.value, pass.scene->item, FormatUtc(pass.scene->time),
             std::max(window->width, window->height) * pass.scene->resolution_m,
             StateName(pass.statement->state), pass.look->lineage.model),
         .bytes = std::move(bytes)});
  }
  return out;
}

}  // namespace trucewatch::tools
