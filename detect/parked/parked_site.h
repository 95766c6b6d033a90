// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/time/instant.h"
#include "core/types/observation.h"
#include "detect/parked/ground_picture.h"
#include "detect/parked/parked_evidence.h"
#include "detect/parked/picture_change.h"
#include "trucewatch/v1/detect_snapshot.pb.h"

namespace trucewatch::parked {

// A vehicle as the network saw it in one look; metres east and north of the site's middle.
struct SeenVehicle {
  Eigen::Vector2d en_m = Eigen::Vector2d::Zero();
  double score = 0;
  double length_m = 0, width_m = 0;
};

// A vehicle came to, or left, a place.
struct ParkedEvent {
  ChangeKind kind = ChangeKind::kUnspecified;
  Instant before, since;  // the last look that shows the place as it was, the first that does not
  Eigen::Vector2d en_m = Eigen::Vector2d::Zero();
  double length_m = 0, width_m = 0;  // 0: not known
  double probability = 0;
};

// Something that stands at a place.
struct ParkedVehicle {
  Eigen::Vector2d en_m = Eigen::Vector2d::Zero();
  double length_m = 0, width_m = 0;
  double probability = 0;        // that a vehicle stands there
  std::optional<Instant> since;  // nothing: since before the first look
};

// One piece of ground that is looked at again and again, and what stands on it.
//
// Pictures are held against one another, not looks against a list: a vehicle that comes or goes is
// a change of vehicle size that is there from one look to the next and stays, whatever the light
// does. What creeps (shadows), comes with a change everywhere (weather), never rests (crowns,
// burnt-in symbols) or is gone again after a look (what passes) is none. The network says which way
// it was. What it fails to see in a poor look, or under a crown, stays where it stood: without a
// change of the picture nothing is taken away.
// Frame: metres east and north of GroundFrame::middle. Time: looks in ascending order.
// Determinism: a pure function of the looks; Restore(Snapshot()) goes on alike.
class ParkedSite {
 public:
  static constexpr std::size_t kLooks = 12;  // held: six before a change, six after it
  static constexpr std::size_t kMaxPlaces = 2000;

  explicit ParkedSite(const GroundFrame& frame) : frame_(frame) {}

  const GroundFrame& frame() const { return frame_; }
  Instant last_look() const { return last_look_; }
  int looks() const { return looks_; }
  int poor_looks() const { return poor_looks_; }  // that could not be laid on the site
  // Of the last Add.
  bool fits() const { return poor_in_a_row_ == 0; }
  const GroundAlignment& alignment() const { return alignment_; }

  // What the look decides; about four looks after it happened, more where the network is asked
  // seldom. `vehicles`: nothing when the network was not asked. A look that does not fit the site
  // counts as poor and changes nothing.
  std::vector<ParkedEvent> Add(const GroundPicture& look, Instant time,
                               const std::optional<std::vector<SeenVehicle>>& vehicles);

  std::vector<ParkedVehicle> Vehicles() const;  // probability of half or more
  ParkedCount Count() const;

  void Snapshot(v1::ParkedSite* out) const;
  static Result<ParkedSite> Restore(const v1::ParkedSite& in);

 private:
  struct RingLook {
    GroundPicture picture;
    Instant time;
  };
  struct NetworkLook {
    Instant time;
    std::vector<SeenVehicle> vehicles;
  };
  // A change that waits for looks of the network after it.
  struct Candidate {
    Instant before, since;
    Eigen::Vector2d en_m = Eigen::Vector2d::Zero();
    double weight = 0;                                      // how clear a step it is
    double pictures = 0;                                    // StandsApart::Came
    Eigen::Vector2d middle_en_m = Eigen::Vector2d::Zero();  // of what changed there
    int looks_since = 0;
  };
  struct Place {
    Eigen::Vector2d en_m = Eigen::Vector2d::Zero();
    double length_m = 0, width_m = 0;
    double rate = 0;  // mean score of the network's looks, the old ones fading
    int looks = 0;    // of the network, since rate began
    double rate_before_gap = 0;
    int looks_before_gap = 0;
    int pictured = 0;  // 1: a change brought a vehicle; -1: one took it away; 0: neither
    std::optional<Instant> since;
  };
  struct Evidence {
    double before = 0, after = 0;  // mean of the best scores near the place
    std::optional<SeenVehicle> vehicle;
  };

  void UpdateReference(const GroundPicture& look);
  void FindCandidates();
  void UpdateUnrest(const std::vector<ChangePeak>& peaks);
  std::vector<ParkedEvent> Decide();
  std::vector<ParkedEvent> DecideTogether(const std::vector<Candidate>& together);
  Evidence EvidenceAt(const Candidate& candidate) const;
  bool Shows(const GroundPicture& look, const Eigen::Vector2d& en_m) const;
  void UpdatePlaces(const std::vector<SeenVehicle>& vehicles, const GroundPicture& look);
  std::vector<ParkedEvent> AfterGap();
  Place* PlaceAt(const Eigen::Vector2d& en_m, double reach_m);
  static double Probability(const Place& place);
  std::size_t UnrestSquares() const;
  std::optional<std::size_t> UnrestCell(const Eigen::Vector2d& cell) const;

  GroundFrame frame_;
  GroundAlignment alignment_;
  Instant last_look_;
  int looks_ = 0, poor_looks_ = 0, poor_in_a_row_ = 0;
  std::vector<float> reference_;  // grey levels of the cells, slowly adapted; below 0: never seen
  std::vector<float> unrest_;     // usual strength of change, in squares of kUnrestCells
  int unrest_looks_ = 0;
  // Changes that do not count as unrest yet: a vehicle's own must not speak against it.
  std::deque<std::map<std::uint32_t, float>> recent_changes_;
  std::deque<RingLook> ring_;
  std::deque<NetworkLook> network_;
  std::vector<Candidate> candidates_;
  std::vector<Place> places_;
  std::optional<Instant> gap_from_, gap_to_;
};

}  // namespace trucewatch::parked
