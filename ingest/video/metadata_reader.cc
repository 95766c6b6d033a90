// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/metadata_reader.h"

#include <algorithm>
#include <cctype>

namespace trucewatch {
namespace {

bool NamesInfrared(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (text.find("THERMAL") != std::string::npos || text.find("INFRARED") != std::string::npos)
    return true;
  // A word that ends in IR: "IR", "MWIR", "LWIR NOSE", and not "AIR" or "FIRE".
  std::string word;
  for (const char c : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word += c;
      continue;
    }
    if (word == "IR" || word == "EOIR" || word.ends_with("WIR") || word == "FLIR")
      return word != "EOIR";
    word.clear();
  }
  return false;
}

}  // namespace

void MetadataReader::Once(bool& told, std::uint64_t offset, std::string reason, Output& out) {
  if (!told) out.faults.push_back({offset, std::move(reason)});
  told = true;
}

MetadataReader::Output MetadataReader::Push(const MediaPacket& packet) {
  Output out;
  if (packet.repaired) {
    Once(told_repaired_, packet.offset,
         "the first five bytes of a key had been lost and were restored (told once)", out);
  }
  for (const KlvRecord& record : SplitKlv(AsBytes(packet.data))) {
    if (const auto* damage = std::get_if<KlvDamage>(&record)) {
      out.faults.push_back({packet.offset, damage->reason});
    } else {
      Take(packet, std::get<KlvPacket>(record), out);
    }
  }
  return out;
}

void MetadataReader::Take(const MediaPacket& packet, const KlvPacket& klv, Output& out) {
  if (!IsSt0601(klv)) return;  // other sets are not read here; inspect shows them
  auto decoded = DecodeSt0601(klv);
  if (!decoded) {
    out.faults.push_back({packet.offset, decoded.error().message});
    return;
  }
  if (!IsSound(decoded->checksum)) {
    out.faults.push_back({packet.offset, fmt::format("the checksum of a packet of {} bytes is {}",
                                                     decoded->length, Name(decoded->checksum))});
    return;
  }
  if (!decoded->checksum_ok()) {
    Once(told_variant_, packet.offset,
         fmt::format("the checksum is {}; such packets are used (told once)",
                     Name(decoded->checksum)),
         out);
  }
  const bool followed = !followed_ || *followed_ == packet.stream_index;
  const UasDatalink set = followed ? memory_.Complete(std::move(*decoded)) : std::move(*decoded);
  const PlatformState state = PlatformStateFromSt0601(set, options_);
  if (!followed && (followed_has_pose_ || !state.pose || !state.time)) {
    exercise_ = exercise_ || state.exercise;
    return;
  }
  if (!state.time) {
    out.faults.push_back({packet.offset, "a packet without a time (item 2)"});
    return;
  }
  out.restart = out.restart || !followed;
  if (out.restart) out.samples.clear();
  followed_ = packet.stream_index;
  followed_has_pose_ = followed_has_pose_ || state.pose.has_value();
  exercise_ = state.exercise;
  if (const auto sensor = set.Text(11)) infrared_ = NamesInfrared(*sensor);
  if (!state.pose && !without_pose_) out.faults.push_back({packet.offset, state.problem});
  without_pose_ = !state.pose;
  if (state.convention == AngleConvention::kAbsolute) {
    Once(told_absolute_, packet.offset,
         fmt::format("items 18 and 19 are true azimuth and elevation and are read so: only thus "
                     "the boresight meets "
                     "the frame centre, within {:.2f} degrees (told once)",
                     state.closure->deg()),
         out);
  }
  MetadataSample sample;
  sample.own_pts = packet.pts.has_value();
  if (packet.pts) sample.pts = *packet.pts;
  sample.time = *state.time;
  sample.pose = state.pose;
  sample.absolute_angles = state.convention == AngleConvention::kAbsolute;
  sample.exercise = state.exercise;
  out.samples.push_back(std::move(sample));
}

}  // namespace trucewatch
