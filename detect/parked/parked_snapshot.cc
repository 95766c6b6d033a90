// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "detect/parked/parked_site.h"

namespace trucewatch::parked {
namespace {

constexpr std::uint32_t kMostSideCells = 4096;

std::string Packed(const std::vector<std::uint8_t>& seen) {
  std::string bits((seen.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] != 0) bits[i / 8] = static_cast<char>(bits[i / 8] | (1 << (i % 8)));
  }
  return bits;
}

GroundPicture Unpacked(const v1::ParkedRingLook& in, std::size_t cells) {
  GroundPicture picture;
  picture.grey.assign(in.grey().begin(), in.grey().end());
  picture.seen.resize(cells);
  std::size_t seen = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    const bool bit = (static_cast<unsigned char>(in.seen()[i / 8]) >> (i % 8) & 1) != 0;
    picture.seen[i] = bit ? 255 : 0;
    seen += bit ? 1 : 0;
  }
  picture.seen_share = static_cast<double>(seen) / static_cast<double>(cells);
  return picture;
}

}  // namespace

void ParkedSite::Snapshot(v1::ParkedSite* out) const {
  out->set_middle_lat_deg(frame_.middle.latitude.deg());
  out->set_middle_lon_deg(frame_.middle.longitude.deg());
  out->set_middle_height_hae_m(frame_.middle.height_hae_m);
  out->set_side_cells(static_cast<std::uint32_t>(frame_.side_cells));
  out->set_cell_m(frame_.cell_m);
  out->set_last_look_us(last_look_.micros());
  out->set_looks(static_cast<std::uint32_t>(looks_));
  out->set_poor_looks(static_cast<std::uint32_t>(poor_looks_));
  out->set_poor_in_a_row(static_cast<std::uint32_t>(poor_in_a_row_));
  out->mutable_reference()->Add(reference_.begin(), reference_.end());
  out->mutable_unrest()->Add(unrest_.begin(), unrest_.end());
  out->set_unrest_looks(static_cast<std::uint32_t>(unrest_looks_));
  for (const auto& changes : recent_changes_) {
    v1::ParkedRecentChange* to = out->add_recent_changes();
    for (const auto& [square, strength] : changes) {
      to->add_square(square);
      to->add_strength(strength);
    }
  }
  for (const RingLook& look : ring_) {
    v1::ParkedRingLook* to = out->add_ring();
    to->set_time_us(look.time.micros());
    to->set_grey(look.picture.grey.data(), look.picture.grey.size());
    to->set_seen(Packed(look.picture.seen));
  }
  for (const NetworkLook& look : network_) {
    v1::ParkedNetworkLook* to = out->add_network();
    to->set_time_us(look.time.micros());
    for (const SeenVehicle& vehicle : look.vehicles) {
      v1::ParkedVehicleSeen* seen = to->add_vehicles();
      seen->set_east_m(vehicle.en_m.x());
      seen->set_north_m(vehicle.en_m.y());
      seen->set_score(vehicle.score);
      seen->set_length_m(vehicle.length_m);
      seen->set_width_m(vehicle.width_m);
    }
  }
  for (const Candidate& candidate : candidates_) {
    v1::ParkedCandidate* to = out->add_candidates();
    to->set_before_us(candidate.before.micros());
    to->set_since_us(candidate.since.micros());
    to->set_east_m(candidate.en_m.x());
    to->set_north_m(candidate.en_m.y());
    to->set_weight(candidate.weight);
    to->set_pictures(candidate.pictures);
    to->set_middle_east_m(candidate.middle_en_m.x());
    to->set_middle_north_m(candidate.middle_en_m.y());
    to->set_looks_since(static_cast<std::uint32_t>(candidate.looks_since));
  }
  for (const Place& place : places_) {
    v1::ParkedPlace* to = out->add_places();
    to->set_east_m(place.en_m.x());
    to->set_north_m(place.en_m.y());
    to->set_length_m(place.length_m);
    to->set_width_m(place.width_m);
    to->set_rate(place.rate);
    to->set_looks(static_cast<std::uint32_t>(place.looks));
    to->set_rate_before_gap(place.rate_before_gap);
    to->set_looks_before_gap(static_cast<std::uint32_t>(place.looks_before_gap));
    to->set_pictured(place.pictured);
    if (place.since) to->set_since_us(place.since->micros());
  }
  if (gap_from_) out->set_gap_from_us(gap_from_->micros());
  if (gap_to_) out->set_gap_to_us(gap_to_->micros());
}

Result<ParkedSite> ParkedSite::Restore(const v1::ParkedSite& in) {
  const auto bad = [](const char* what) {
    return Fail(ErrorCode::kBadInput, "the snapshot of a site of parked vehicles: {}", what);
  };
  if (in.side_cells() < 8 || in.side_cells() > kMostSideCells || !(in.cell_m() > 0)) {
    return bad("its size is none");
  }
  GroundFrame frame;
  frame.middle.latitude = Angle::Degrees(in.middle_lat_deg());
  frame.middle.longitude = Angle::Degrees(in.middle_lon_deg());
  frame.middle.height_hae_m = in.middle_height_hae_m();
  frame.side_cells = static_cast<int>(in.side_cells());
  frame.cell_m = in.cell_m();
  const std::size_t cells = frame.cells();
  ParkedSite site(frame);
  site.last_look_ = Instant::FromMicros(in.last_look_us());
  site.looks_ = static_cast<int>(in.looks());
  site.poor_looks_ = static_cast<int>(in.poor_looks());
  site.poor_in_a_row_ = static_cast<int>(in.poor_in_a_row());
  site.reference_.assign(in.reference().begin(), in.reference().end());
  if (!site.reference_.empty() && site.reference_.size() != cells) return bad("its reference");
  site.unrest_.assign(in.unrest().begin(), in.unrest().end());
  const std::size_t squares = site.UnrestSquares();
  if (!site.unrest_.empty() && site.unrest_.size() != squares) return bad("its unrest");
  site.unrest_looks_ = static_cast<int>(in.unrest_looks());
  if (in.recent_changes_size() > static_cast<int>(kLooks)) return bad("it has too many changes");
  for (const v1::ParkedRecentChange& from : in.recent_changes()) {
    auto& changes = site.recent_changes_.emplace_back();
    if (from.square_size() != from.strength_size()) return bad("changes without a strength");
    for (int i = 0; i < from.square_size(); ++i) {
      if (from.square(i) >= site.unrest_.size()) return bad("a change outside of it");
      changes[from.square(i)] = from.strength(i);
    }
  }
  if (in.ring_size() > static_cast<int>(kLooks)) return bad("it has too many looks");
  for (const v1::ParkedRingLook& look : in.ring()) {
    if (look.grey().size() != cells || look.seen().size() != (cells + 7) / 8) {
      return bad("a look of another size");
    }
    site.ring_.push_back({Unpacked(look, cells), Instant::FromMicros(look.time_us())});
  }
  for (const v1::ParkedNetworkLook& look : in.network()) {
    NetworkLook to{Instant::FromMicros(look.time_us()), {}};
    for (const v1::ParkedVehicleSeen& seen : look.vehicles()) {
      to.vehicles.push_back(
          {{seen.east_m(), seen.north_m()}, seen.score(), seen.length_m(), seen.width_m()});
    }
    site.network_.push_back(std::move(to));
  }
  for (const v1::ParkedCandidate& candidate : in.candidates()) {
    site.candidates_.push_back(
        {.before = Instant::FromMicros(candidate.before_us()),
         .since = Instant::FromMicros(candidate.since_us()),
         .en_m = {candidate.east_m(), candidate.north_m()},
         .weight = candidate.weight(),
         .pictures = candidate.pictures(),
         .middle_en_m = {candidate.middle_east_m(), candidate.middle_north_m()},
         .looks_since = static_cast<int>(candidate.looks_since())});
  }
  if (in.places_size() > static_cast<int>(kMaxPlaces)) return bad("it has too many places");
  for (const v1::ParkedPlace& from : in.places()) {
    Place place;
    place.en_m = {from.east_m(), from.north_m()};
    place.length_m = from.length_m();
    place.width_m = from.width_m();
    place.rate = from.rate();
    place.looks = static_cast<int>(from.looks());
    place.rate_before_gap = from.rate_before_gap();
    place.looks_before_gap = static_cast<int>(from.looks_before_gap());
    place.pictured = from.pictured();
    if (from.has_since_us()) place.since = Instant::FromMicros(from.since_us());
    site.places_.push_back(place);
  }
  if (in.has_gap_from_us()) site.gap_from_ = Instant::FromMicros(in.gap_from_us());
  if (in.has_gap_to_us()) site.gap_to_ = Instant::FromMicros(in.gap_to_us());
  return site;
}

}  // namespace trucewatch::parked
