// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "core/types/codec.h"
#include "fusion/fusion_stage.h"
#include "fusion/look_codec.h"
#include "fusion/snapshot.h"

// The part of the stage that registers sources on the reference (registration.h).
namespace trucewatch {

Look FusionStage::Located(Look look) const {
  const auto bias = registration_ ? registration_->BiasOf(look.source) : std::nullopt;
  return bias ? Corrected(std::move(look), *bias) : look;
}

Lineage FusionStage::Marked(const SourceId& source, const Lineage& lineage) const {
  return registration_ ? registration_->MarkedLineage(source, lineage) : lineage;
}

void FusionStage::MarkLineage(std::vector<TrackSupport>& supports) const {
  for (TrackSupport& support : supports) {
    support.lineage = Marked(support.source, support.lineage);
  }
}

void FusionStage::Track(const HeldMeasurement& measurement, Look look, Outputs& outputs) {
  if (!registration_) {
    tracker_.Process(look);
    smoother_.Note(look.time, tracker_.tracks());
    return;
  }
  registration_->Observe(look);
  for (const SourceStatus& note : registration_->TakeNotes()) {
    v1::Envelope envelope;
    *envelope.mutable_source_status() = ToProto(note);
    outputs.push_back(SerializeEnvelope(envelope));
  }
  const std::optional<Bias> bias = registration_->BiasOf(look.source);
  if (bias) look = Corrected(std::move(look), *bias);
  const Instant time = look.time;
  aligned_.emplace(time, AlignedLook{measurement, bias, std::move(look)});
  TrackAligned(measurement.time);
}

void FusionStage::TrackAligned(std::optional<Instant> until) {
  if (!registration_) return;
  while (!aligned_.empty() &&
         (!until || aligned_.begin()->first <= *until - registration_->Delay())) {
    tracker_.Process(aligned_.begin()->second.corrected);
    smoother_.Note(tracker_.time(), tracker_.tracks());
    aligned_.erase(aligned_.begin());
  }
}

void FusionStage::RegistrationToProto(v1::FusionSnapshot* message) const {
  if (!registration_) return;
  *message->mutable_registration() = ToProto(*registration_);
  for (const auto& [time, look] : aligned_) {
    v1::AlignedLookState* out = message->add_aligned();
    *out->mutable_measurement() = ToProto(look.measurement);
    BiasToProto(look.bias, out);
  }
}

Result<FusionStage::RestoredRegistration> FusionStage::RegistrationFromProto(
    const v1::FusionSnapshot& message) const {
  RestoredRegistration restored{.registration = registration_, .aligned = {}};
  if (!registration_) return restored;
  TW_RETURN_IF_ERROR(RestoreFrom(message.registration(), *restored.registration));
  for (const v1::AlignedLookState& in : message.aligned()) {
    AlignedLook aligned{.measurement = FromProto(in.measurement()), .bias = {}, .corrected = {}};
    TW_ASSIGN_OR_RETURN(aligned.bias, BiasFromProto(in));
    TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(aligned.measurement.payload));
    TW_ASSIGN_OR_RETURN(ConvertedLook converted, LookOf(envelope, frame_));
    aligned.corrected = std::move(converted.look);
    if (aligned.bias) aligned.corrected = Corrected(std::move(aligned.corrected), *aligned.bias);
    const Instant time = aligned.corrected.time;
    restored.aligned.emplace(time, std::move(aligned));
  }
  return restored;
}

}  // namespace trucewatch
