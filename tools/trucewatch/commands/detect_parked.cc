// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/commands/detect_parked.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "core/storage/memory_file.h"
#include "detect/parked_report.h"
#include "ingest/klv/klv_packet.h"
#include "ingest/klv/platform_state.h"
#include "ingest/klv/st0601.h"
#include "tools/trucewatch/commands/detect_images.h"

namespace trucewatch::tools {
namespace {

// As configs/defaults/single_file.txtpb has them for a bare file.
constexpr double kGroundSigmaM = 10, kPositionSigmaM = 10, kAngleSigmaDeg = 0.3;

Result<std::string> WholeFile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Fail(ErrorCode::kNotFound, "{}: no such file", file);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

Result<PlatformState> StateBeside(const std::string& picture) {
  const std::string file = std::filesystem::path(picture).replace_extension(".klv").string();
  TW_ASSIGN_OR_RETURN(const std::string bytes, WholeFile(file));
  KlvSplitter splitter;
  std::vector<KlvRecord> records = splitter.Push(AsBytes(bytes));
  for (KlvRecord& record : splitter.Finish()) records.push_back(std::move(record));
  for (const KlvRecord& record : records) {
    const auto* packet = std::get_if<KlvPacket>(&record);
    if (packet == nullptr || !IsSt0601(*packet)) continue;
    TW_ASSIGN_OR_RETURN(const UasDatalink set, DecodeSt0601(*packet));
    PlatformStateOptions options;
    options.sigma.position_horizontal_m = kPositionSigmaM;
    options.sigma.position_vertical_m = kPositionSigmaM;
    options.sigma.platform_angles = Angle::Degrees(kAngleSigmaDeg);
    options.sigma.sensor_angles = Angle::Degrees(kAngleSigmaDeg);
    PlatformState state = PlatformStateFromSt0601(set, options);
    if (!state.pose || !state.time) {
      return Fail(ErrorCode::kBadInput, "{}: no pose or time: {}", file, state.problem);
    }
    return state;
  }
  return Fail(ErrorCode::kBadInput, "{}: holds no ST 0601 packet", file);
}

}  // namespace

Result<int> DetectParked(const DetectCommand& command, std::span<const std::string> files,
                         FileWorkers& workers,
                         const std::function<void(std::size_t done)>& progress) {
  std::unique_ptr<const FlatTerrain> terrain;
  std::unique_ptr<ParkedReport> report;
  double ground_hae_m = 0;
  int code = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto look = [&]() -> Result<std::string> {
      TW_ASSIGN_OR_RETURN(const PlatformState state, StateBeside(files[i]));
      TW_ASSIGN_OR_RETURN(std::string image, WholeFile(files[i]));
      if (report == nullptr) {
        if (!state.frame_center) {
          return Fail(ErrorCode::kBadInput, "{}: its packet has no frame centre", files[i]);
        }
        ground_hae_m = state.frame_center->height_hae_m;
      }
      parked::ParkedLook asked;
      asked.time = *state.time;
      asked.pose = *state.pose;
      asked.pose_sigma = state.sigma;
      v1::FileJob job = JobAbout(files[i], command);
      v1::FileLook& message = *job.mutable_look();
      AskAbout(asked, &message);
      message.set_ground_hae_m(ground_hae_m);
      message.set_ground_sigma_m(kGroundSigmaM);
      message.set_network(i % command.network_every == 0);
      // The first picture says which network all of them are for.
      const auto network = report == nullptr ? FileWorkers::Network::kAsPictureLooks
                                             : FileWorkers::Network::kAsPictureBefore;
      TW_ASSIGN_OR_RETURN(const FileWorkers::Done done,
                          workers.Run(0, network, std::move(job),
                                      {std::make_shared<const MemoryFile>(std::move(image))}));
      if (report == nullptr) {
        terrain = std::make_unique<FlatTerrain>(ground_hae_m, kGroundSigmaM);
        report = std::make_unique<ParkedReport>(*terrain);
      }
      if (done.error) return tl::unexpected<Error>(*done.error);
      const auto seen = LookFrom(done.result, asked);
      if (!seen) return Fail(ErrorCode::kBadInput, "its worker said what is no answer about it");
      return report->Add(files[i], *seen);
    };
    const auto line = look();
    if (line) {
      if (command.json) std::printf("%s\n", line->c_str());
    } else {
      std::fprintf(stderr, "trucewatch: %s: %s\n", files[i].c_str(), line.error().message.c_str());
      code = ExitCode(line.error());
    }
    progress(i + 1);
  }
  if (report == nullptr) return Fail(ErrorCode::kBadInput, "no picture has its packet beside it");
  if (command.json) std::printf("%s\n", report->ListLine().c_str());
  if (!command.json) {
    const ParkedTally& tally = report->tally();
    std::printf("%zu looks (%zu fit no site), %zu arrivals, %zu departures\n", tally.looks,
                tally.poor, tally.arrivals, tally.departures);
    std::printf("%s\n", report->ListLine().c_str());
  }
  return code;
}

}  // namespace trucewatch::tools
