// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/metadata_reader.h"

#include <algorithm>
#include <cctype>

#include "ingest/klv/keys.h"

namespace trucewatch {
namespace {

constexpr std::uint32_t kVmtiItem = 74;  // of ST 0601

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

MetadataReader::Output MetadataReader::Push(const MediaPacket& packet, int width_px) {
  Output out;
  if (packet.lost_cells > 0) {
    out.faults.push_back(
        {packet.offset,
         fmt::format("{} metadata access unit cells are missing before this byte: their sequence "
                     "number jumps",
                     packet.lost_cells)});
  }
  if (packet.repaired) {
    Once(told_repaired_, packet.offset,
         "the first five bytes of a key had been lost and were restored (told once)", out);
  }
  for (const KlvRecord& record : SplitKlv(AsBytes(packet.data))) {
    if (const auto* damage = std::get_if<KlvDamage>(&record)) {
      out.faults.push_back({packet.offset, damage->reason});
    } else {
      Take(packet, std::get<KlvPacket>(record), width_px, out);
    }
  }
  return out;
}

void MetadataReader::Take(const MediaPacket& packet, const KlvPacket& klv, int width_px,
                          Output& out) {
  if (!IsSt0601(klv)) {  // inspect shows what is not read here
    if (with_targets_) TakeTargetsAlone(packet, klv, width_px, out);
    return;
  }
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
  const UasDatalink set = memory_.Complete(std::move(*decoded));
  const PlatformState state = PlatformStateFromSt0601(set, options_);
  exercise_ = state.exercise;
  if (!state.time) {
    out.faults.push_back({packet.offset, "a packet without a time (item 2)", true});
    return;
  }
  TakeState(packet, set, state, out);
  if (with_targets_) TakeTargets(packet, klv, set, state, width_px, out);
}

void MetadataReader::TakeState(const MediaPacket& packet, const UasDatalink& set,
                               const PlatformState& state, Output& out) {
  if (const auto sensor = set.Text(11)) infrared_ = NamesInfrared(*sensor);
  if (!state.pose && !without_pose_) out.faults.push_back({packet.offset, state.problem, true});
  without_pose_ = !state.pose;
  if (state.closure && state.convention != AngleConvention::kStandard) {
    Once(told_reading_, packet.offset,
         fmt::format("items 18 and 19 are read as {}: so the boresight comes nearest to the frame "
                     "centre, within {:.2f} degrees (told once)",
                     Name(state.convention), state.closure->deg()),
         out);
  }
  if (state.corners && state.corners->reading == RollReading::kLevel) {
    Once(told_level_, packet.offset,
         fmt::format("the picture's lines are level whatever items 5-7 and 18-20 say: so its "
                     "corners (items 26-33, 82-89) are met within {:.2f} degrees (told once)",
                     state.corners->miss.deg()),
         out);
  }
  if (state.sigma_widened) {
    const Angle corner_miss = state.corners ? state.corners->miss : Angle();
    Once(told_widened_, packet.offset,
         fmt::format("the boresight misses the frame centre by {:.2f} degrees and the corners by "
                     "{:.2f}, more than the stated errors explain: the sensor angles get the "
                     "larger as their sigma (told once)",
                     state.closure->deg(), corner_miss.deg()),
         out);
  }
  MetadataSample sample;
  sample.own_pts = packet.pts.has_value();
  if (packet.pts) sample.pts = *packet.pts;
  sample.time = *state.time;
  sample.pose = state.pose;
  // One number for both readings: poses read differently are not interpolated.
  const bool level = state.corners && state.corners->reading == RollReading::kLevel;
  sample.angle_reading = 2 * static_cast<int>(state.convention) + (level ? 1 : 0);
  if (state.sigma_widened) sample.sensor_sigma = state.sigma.sensor_angles;
  sample.exercise = state.exercise;
  out.samples.push_back(std::move(sample));
}

// What does not change from set to set is sent now and then only: version, frame, system.
Result<Vmti> MetadataReader::ReadVmti(Bytes value, std::uint64_t offset, int width_px) {
  const auto width = vmti_width_px_.value_or(static_cast<std::uint64_t>(std::max(width_px, 0)));
  TW_ASSIGN_OR_RETURN(Vmti vmti, DecodeVmti(value, offset, width, vmti_version_));
  const auto remember = [](auto& said, auto& memory) {
    if (said) memory = said;
    said = memory;
  };
  remember(vmti.version, vmti_version_);
  remember(vmti.frame_width_px, vmti_width_px_);
  remember(vmti.frame_height_px, vmti_height_px_);
  remember(vmti.system_name, vmti_system_);
  for (VmtiTarget& target : vmti.targets) target.items = {};  // would outlive the packet
  return vmti;
}

void MetadataReader::TakeTargets(const MediaPacket& packet, const KlvPacket& klv,
                                 const UasDatalink& set, const PlatformState& state, int width_px,
                                 Output& out) {
  const KlvItem* item = set.Find(kVmtiItem);
  if (item == nullptr || item->raw.empty()) return;
  auto vmti = ReadVmti(AsBytes(item->raw), klv.offset, width_px);
  if (!vmti) {
    out.faults.push_back({packet.offset, "item 74: " + vmti.error().message});
    return;
  }
  Instant time = *state.time;
  if (vmti->time_us) time = Instant::FromMicros(*vmti->time_us);
  out.targets.push_back({packet.offset, time, state, std::move(*vmti)});
}

void MetadataReader::TakeTargetsAlone(const MediaPacket& packet, const KlvPacket& klv, int width_px,
                                      Output& out) {
  if (!std::equal(kSt0903Key.begin(), kSt0903Key.end(), klv.key().begin())) return;
  const KlvChecksumState checksum = CheckKlvChecksum(klv);
  if (!IsSound(checksum)) {
    out.faults.push_back(
        {packet.offset, fmt::format("the checksum of a VMTI set is {}", Name(checksum))});
    return;
  }
  auto vmti = ReadVmti(klv.value(), klv.offset, width_px);
  if (!vmti || !vmti->time_us) {
    out.faults.push_back({packet.offset, vmti ? "a VMTI set of its own without a time (item 2)"
                                              : vmti.error().message});
    return;
  }
  const Instant time = Instant::FromMicros(*vmti->time_us);
  out.targets.push_back({packet.offset, time, {}, std::move(*vmti)});
}

}  // namespace trucewatch
