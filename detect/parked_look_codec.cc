// SPDX-License-Identifier: Apache-2.0
#include "detect/parked_look_codec.h"

#include <cmath>

namespace trucewatch {

void AddParkedVehicles(std::span<const Detection> vehicles, v1::DetectParkedLook* to) {
  for (const Detection& vehicle : vehicles) {
    v1::DetectParkedVehicle* v = to->add_vehicles();
    v->set_x_px(vehicle.box_x_px);
    v->set_y_px(vehicle.box_y_px);
    v->set_width_px(vehicle.box_width_px);
    v->set_height_px(vehicle.box_height_px);
    v->set_score(vehicle.score);
    v->set_length_m(vehicle.length_m);
    v->set_width_m(vehicle.width_m);
  }
}

std::optional<parked::ParkedLook> ParkedPixels(const v1::DetectParkedLook& m) {
  constexpr std::uint32_t kMostSidePx = 16'384;
  if (m.width_px() == 0 || m.height_px() == 0 || m.width_px() > kMostSidePx ||
      m.height_px() > kMostSidePx || m.grey().size() != std::size_t{m.width_px()} * m.height_px()) {
    return std::nullopt;
  }
  parked::ParkedLook look;
  look.width_px = static_cast<int>(m.width_px());
  look.height_px = static_cast<int>(m.height_px());
  look.grey.assign(m.grey().begin(), m.grey().end());
  look.vehicles.emplace();
  for (const v1::DetectParkedVehicle& v : m.vehicles()) {
    Detection d;
    d.box_x_px = v.x_px();
    d.box_y_px = v.y_px();
    d.box_width_px = v.width_px();
    d.box_height_px = v.height_px();
    d.score = v.score();
    d.length_m = v.length_m();
    d.width_m = v.width_m();
    for (const double value : {d.box_x_px, d.box_y_px, d.box_width_px, d.box_height_px, d.score,
                               d.length_m, d.width_m}) {
      if (!std::isfinite(value)) return std::nullopt;
    }
    look.vehicles->push_back(d);
  }
  return look;
}

}  // namespace trucewatch
