// SPDX-License-Identifier: Apache-2.0
#include "core/types/names.h"

namespace trucewatch {

const char* ObjectClassName(ObjectClass object_class) {
  switch (object_class) {
    case ObjectClass::kUnknownVehicle:
      return "vehicle";
    case ObjectClass::kLightVehicle:
      return "light_vehicle";
    case ObjectClass::kTruck:
      return "truck";
    case ObjectClass::kTrackedVehicle:
      return "tracked_vehicle";
    case ObjectClass::kPersonGroup:
      return "person_group";
    case ObjectClass::kUnspecified:
      break;
  }
  return "unspecified";
}

const char* ModalityName(Modality modality) {
  switch (modality) {
    case Modality::kVideoRgb:
      return "video_rgb";
    case Modality::kVideoInfrared:
      return "video_infrared";
    case Modality::kRadarGmti:
      return "radar_gmti";
    case Modality::kSatelliteOptical:
      return "satellite_optical";
    case Modality::kSatelliteSar:
      return "satellite_sar";
    case Modality::kRadarSurveillance:
      return "radar_surveillance";
    case Modality::kHuman:
      return "human";
    case Modality::kUnspecified:
      break;
  }
  return "unspecified";
}

const char* HumanRecordKindName(HumanRecordKind kind) {
  switch (kind) {
    case HumanRecordKind::kObservation:
      return "observation";
    case HumanRecordKind::kAllegation:
      return "allegation";
    case HumanRecordKind::kImpediment:
      return "impediment";
    case HumanRecordKind::kDecision:
      return "decision";
    case HumanRecordKind::kChallenge:
      return "challenge";
    case HumanRecordKind::kRuling:
      return "ruling";
    case HumanRecordKind::kKeySet:
      return "key_set";
    case HumanRecordKind::kCustody:
      return "custody";
    case HumanRecordKind::kUnspecified:
      break;
  }
  return "unspecified";
}

}  // namespace trucewatch
