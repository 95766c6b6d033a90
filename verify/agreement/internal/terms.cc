// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <set>

#include "verify/agreement/internal/build.h"

namespace trucewatch::internal {

namespace config = v1::config;

void BuildTerms(const config::Agreement& message, Agreement& out, Findings& findings) {
  const auto seconds = [&](const std::string& path, double value, double low, double high) {
    return findings.Range(path, value, low, high) ? Duration::FromSeconds(value) : Duration();
  };
  const config::CorroborationTerms& terms = message.corroboration();
  std::set<Ancestor> breaking;
  for (int i = 0; i < terms.breaking_ancestor_size(); ++i) {
    switch (terms.breaking_ancestor(i)) {
      case config::CorroborationTerms::SENSOR:
        breaking.insert(Ancestor::kSensor);
        break;
      case config::CorroborationTerms::PLATFORM:
        breaking.insert(Ancestor::kPlatform);
        break;
      case config::CorroborationTerms::STATION:
        breaking.insert(Ancestor::kStation);
        break;
      case config::CorroborationTerms::CLOCK:
        breaking.insert(Ancestor::kClock);
        break;
      case config::CorroborationTerms::GEOREFERENCE:
        breaking.insert(Ancestor::kGeoreference);
        break;
      case config::CorroborationTerms::MODEL:
        breaking.insert(Ancestor::kModel);
        break;
      case config::CorroborationTerms::DERIVED_FROM:
        breaking.insert(Ancestor::kDerivedFrom);
        break;
      default:
        findings.Error(fmt::format("corroboration.breaking_ancestor[{}]", i),
                       "is no ancestor; expected SENSOR, PLATFORM, STATION, CLOCK, GEOREFERENCE, "
                       "MODEL or DERIVED_FROM");
    }
  }
  if (!breaking.contains(Ancestor::kSensor))
    findings.Error(
        "corroboration.breaking_ancestor",
        "does not list SENSOR; one instrument can never confirm itself, so SENSOR is required");
  out.corroboration.breaking.assign(breaking.begin(), breaking.end());
  if (findings.Range("corroboration.min_updates", terms.min_updates(), 1, 1000))
    out.corroboration.min_updates = static_cast<int>(terms.min_updates());
  out.corroboration.recent = seconds("corroboration.recent_s", terms.recent_s(), 0.1, 3600.0);
  // Half is the least that lets two sources speak of the same group.
  findings.Range("corroboration.member_share_ratio", terms.member_share_ratio(), 0.5, 1.0);
  out.corroboration.member_share_ratio = terms.member_share_ratio();
  findings.Range("corroboration.human_radius_m", terms.human_radius_m(), 0.0, 10'000.0);
  out.corroboration.human_radius_m = terms.human_radius_m();
  // Without a radius the time has no meaning, and with one there must be a time.
  out.corroboration.human_recent = seconds("corroboration.human_recent_s", terms.human_recent_s(),
                                           terms.human_radius_m() > 0.0 ? 1.0 : 0.0, 86'400.0);

  const config::EventIdentity& identity = message.event_identity();
  findings.Range("event_identity.distance_m", identity.distance_m(), 1.0, 10'000.0);
  findings.Range("event_identity.velocity_mps", identity.velocity_mps(), 0.1, 50.0);
  findings.Range("event_identity.acceleration_mps2", identity.acceleration_mps2(), 0.0, 10.0);
  out.identity = {identity.distance_m(), identity.velocity_mps(), identity.acceleration_mps2(),
                  seconds("event_identity.reopen_s", identity.reopen_s(), 1.0, 86'400.0)};

  const config::NotificationTerms& notification = message.notification();
  findings.Range("notification.min_probability", notification.min_probability(), 0.5, 1.0);
  out.notification.min_probability = notification.min_probability();
  out.notification.recognise =
      seconds("notification.recognise_s", notification.recognise_s(), 0.0, 3600.0);
  out.notification.leave = seconds("notification.leave_s", notification.leave_s(), 0.0, 3600.0);

  double shares = 0.0;
  for (int i = 0; i < message.class_share_size(); ++i) {
    const config::ClassShare& share = message.class_share(i);
    const std::string path = fmt::format("class_share[{}]", i);
    findings.Range(path + ".share", share.share(), 0.001, 1.0);
    shares += share.share();
    switch (share.object_class()) {
      case config::VehicleClass::LIGHT_VEHICLE:
        out.class_shares[ObjectClass::kLightVehicle] = share.share();
        break;
      case config::VehicleClass::TRUCK:
        out.class_shares[ObjectClass::kTruck] = share.share();
        break;
      case config::VehicleClass::TRACKED_VEHICLE:
        out.class_shares[ObjectClass::kTrackedVehicle] = share.share();
        break;
      default:
        findings.Error(path + ".object_class",
                       "is no kind that can be told apart; expected LIGHT_VEHICLE, TRUCK or "
                       "TRACKED_VEHICLE");
    }
  }
  if (message.class_share_size() > 0 &&
      (message.class_share_size() != 3 || out.class_shares.size() != 3 ||
       std::abs(shares - 1.0) > 1e-6))
    findings.Error("class_share",
                   "expected LIGHT_VEHICLE, TRUCK and TRACKED_VEHICLE once each, with shares that "
                   "add up to 1");
  if (findings.Range("min_group_size", message.min_group_size(), 2, 1000))
    out.min_group_size = static_cast<int>(message.min_group_size());
  findings.Range("map_sigma_m", message.map_sigma_m(), 0.0, 10'000.0);
  out.map_sigma_m = message.map_sigma_m();
}

}  // namespace trucewatch::internal
