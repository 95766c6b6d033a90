// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/case_pictures.h"

#include <algorithm>
#include <iterator>

#include "core/types/codec.h"
#include "core/types/names.h"
#include "detect/still.h"
#include "tools/trucewatch/case_chips.h"
#include "tools/trucewatch/case_logs.h"
#include "tools/trucewatch/words.h"

namespace trucewatch::tools {
namespace {

constexpr std::size_t kMostPictures = 12;
constexpr Duration kBesideMoment = Duration::Seconds(3);  // a look that stands for a moment

// A moment that a statement speaks of as one camera saw it, and what is found of it in the logs. A
// source's `last` may lie after the moment: tracks are settled with hindsight.
struct Moment {
  const Finding* statement = nullptr;
  SourceId source;
  Instant time;
  std::optional<ObservationSet> look;
  std::optional<VideoSegment> segment;
  Duration Away(Instant at) const {
    const Duration d = at - time;
    return d < Duration() ? Duration() - d : d;
  }
};

std::vector<Moment> MomentsOf(const std::vector<Published>& statements) {
  std::vector<Moment> out;
  for (const Published& one : statements) {
    const Finding& f = one.finding;
    if (f.kind != FindingKind::kEventTransition || f.state > EventState::kVerified) continue;
    if (f.object_class == ObjectClass::kPersonGroup) continue;
    for (const Support& s : f.supports) {
      const Modality kind = s.lineage.modality;
      if (kind != Modality::kVideoRgb && kind != Modality::kVideoInfrared) continue;
      const Instant time = std::min(s.last, f.time_last);
      const bool known = std::any_of(out.begin(), out.end(), [&](const Moment& m) {
        return m.source == s.source && m.time == time;
      });
      if (!known && out.size() < kMostPictures) out.push_back({&f, s.source, time, {}, {}});
    }
  }
  return out;
}

// The look nearest to each moment, and then the segment that it looked at.
Result<void> Find(Storage& storage, const std::string& state, std::vector<Moment>& moments) {
  if (moments.empty()) return {};
  const auto looks =
      EachEnvelope(storage, state + "/detect", [&](const v1::Envelope& e) -> Result<void> {
        if (!e.has_observation_set()) return {};
        const Instant time = Instant::FromMicros(e.observation_set().time_us());
        for (Moment& m : moments) {
          if (e.observation_set().source_id() != m.source.value) continue;
          if (m.Away(time) > kBesideMoment) continue;
          if (m.look && m.Away(m.look->time) <= m.Away(time)) continue;
          TW_ASSIGN_OR_RETURN(m.look, FromProto(e.observation_set()));
        }
        return {};
      });
  TW_RETURN_IF_ERROR(looks);
  return EachEnvelope(storage, state + "/ingest", [&](const v1::Envelope& e) -> Result<void> {
    if (!e.has_video_segment()) return {};
    const v1::VideoSegment& segment = e.video_segment();
    for (Moment& m : moments) {
      if (!m.look || m.segment || segment.source_id() != m.look->source.value) continue;
      const int frame = m.look->frame_index;
      if (frame >= segment.frames_size() ||
          segment.frames(frame).time_us() != m.look->time.micros())
        continue;
      TW_ASSIGN_OR_RETURN(m.segment, FromProto(segment));
    }
    return {};
  });
}

}  // namespace

Result<std::vector<CasePicture>> CasePictures(Storage& storage, const std::string& state,
                                              const CaseEntries& entries) {
  std::vector<Moment> moments = MomentsOf(entries.statements);
  TW_RETURN_IF_ERROR(Find(storage, state, moments));
  std::vector<CasePicture> out;
  for (const Moment& m : moments) {
    if (!m.segment) continue;
    const auto picture = PictureOf(*m.segment, static_cast<std::size_t>(m.look->frame_index));
    if (!picture) continue;  // what does not decode is a fault in the ledger already
    TW_ASSIGN_OR_RETURN(std::string bytes, DrawLook(*picture, *m.look));
    out.push_back(
        {.path = fmt::format("pictures/{}-{}.png", out.size() + 1, PlainName(m.look->source.value)),
         .caption = fmt::format(
             "{} at {}, its look nearest to the moment at which the event was {}. Boxes: what was "
             "detected then ({}).",
             m.look->source.value, FormatUtc(m.look->time), StateName(m.statement->state),
             m.look->lineage.model),
         .bytes = std::move(bytes)});
  }
  TW_ASSIGN_OR_RETURN(std::vector<CasePicture> chips,
                      SceneChips(storage, state, entries.statements, kMostPictures - out.size()));
  std::move(chips.begin(), chips.end(), std::back_inserter(out));
  return out;
}

Result<std::optional<CasePicture>> RedrawnPicture(Storage& storage, const std::string& state,
                                                  const std::vector<Published>& told) {
  std::vector<Moment> moments = MomentsOf(told);
  TW_RETURN_IF_ERROR(Find(storage, state, moments));
  std::reverse(moments.begin(), moments.end());
  for (const Moment& m : moments) {
    if (!m.segment) continue;
    const auto frame = static_cast<std::size_t>(m.look->frame_index);
    const auto picture = PictureOf(*m.segment, frame);
    if (!picture) continue;
    auto drawing =
        RedrawVehicles(*picture, *m.look, m.segment->frames[frame].pose,
                       {.about = m.statement->position, .most_vehicles = m.statement->count_max});
    if (!drawing) continue;
    return CasePicture{
        .path = "pictures/redrawn.png",
        .caption = fmt::format(
            "Made anew from what a camera saw: the vehicles alone, in blocks of {} m or more. "
            "Ground, people and everything else are left out.",
            kRedrawBlockM),
        .bytes = std::move(*drawing)};
  }
  return std::optional<CasePicture>();
}

}  // namespace trucewatch::tools
