// SPDX-License-Identifier: Apache-2.0
// A detect worker in which some segments do what a hole in a decoder would let them do. Its set-up
// is a serialised DetectConfig; the ground is flat at 0.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "core/process/job_server.h"
#include "core/raster/scene_reader.h"
#include "core/types/codec.h"
#include "detect/detect_job.h"

namespace trucewatch {
namespace {

constexpr char kHook[] = "hostile: ";

// An answer about somebody else's segment.
std::string Lie(const std::string& payload, void (*change)(v1::ObservationSet&)) {
  const auto envelope = ParseEnvelope(payload);
  const v1::VideoSegment& segment = envelope->video_segment();
  v1::Envelope look;
  v1::ObservationSet& set = *look.mutable_observation_set();
  set.set_source_id(segment.source_id());
  *set.mutable_lineage() = segment.lineage();
  set.mutable_lineage()->set_model("motion-1");
  set.set_time_us(segment.frames(0).time_us());
  set.set_exercise(segment.exercise());
  *set.mutable_raw_digests() = segment.raw_digests();
  change(set);
  v1::DetectJobResult result;
  result.add_payloads(SerializeEnvelope(look));
  return result.SerializeAsString();
}

std::string Misbehave(const std::string& how, const std::string& payload) {
  if (how == "crash") std::abort();
  if (how == "socket") return ::socket(AF_INET, SOCK_STREAM, 0) < 0 ? "no" : "yes";
  if (how == "exec") return ::execl("/bin/true", "true", nullptr) < 0 ? "no" : "yes";
  if (how == "memory") {
    while (true) *static_cast<volatile char*>(static_cast<void*>(new char[1 << 20])) = 1;
  }
  if (how == "loop") {
    volatile unsigned turns = 0;
    while (true) turns = turns + 1;
  }
  if (how == "garbage") return "\xff\xff";
  if (how == "honest") return Lie(payload, [](v1::ObservationSet&) {});
  if (how == "source") return Lie(payload, [](v1::ObservationSet& s) { s.set_source_id("other"); });
  if (how == "time") {
    return Lie(payload, [](v1::ObservationSet& s) { s.set_time_us(s.time_us() - 1); });
  }
  if (how == "exercise") {
    return Lie(payload, [](v1::ObservationSet& s) { s.set_exercise(!s.exercise()); });
  }
  if (how == "lineage") {
    return Lie(payload, [](v1::ObservationSet& s) { s.mutable_lineage()->set_sensor("other"); });
  }
  if (how == "digests") return Lie(payload, [](v1::ObservationSet& s) { s.clear_raw_digests(); });
  return {};
}

Result<JobServerParts> SetUp(const std::string& setup) {
  UseOneThread();
  DetectTools tools{.config = {}, .terrain = std::make_unique<FlatTerrain>(0, 0), .looks = {}};
  if (!tools.config.ParseFromString(setup)) return Fail(ErrorCode::kBadInput, "no DetectConfig");
  JobServerParts parts;
  const JobHandler real = DetectJobHandler(std::move(tools));
  parts.handler = [real](const std::string& request, JobChannel& channel) {
    v1::DetectJob job;
    if (job.ParseFromString(request) && !job.segment().empty()) {
      const auto envelope = ParseEnvelope(job.segment());
      const std::string& unit = envelope->video_segment().frames(0).access_unit();
      if (unit.starts_with(kHook)) return Misbehave(unit.substr(sizeof(kHook) - 1), job.segment());
    }
    return real(request, channel);
  };
  parts.readable = SceneReader::Prepare();
  return parts;
}

}  // namespace
}  // namespace trucewatch

int main() { return trucewatch::RunJobServer(trucewatch::SetUp) ? 0 : 1; }
