// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/stage_factory.h"

#include <optional>

#include "core/crypto/sha256.h"
#include "core/raster/dem.h"
#include "core/types/codec.h"
#include "detect/detect_pool.h"
#include "detect/detect_stage.h"
#include "evidence/evidence_stage.h"
#include "fusion/fusion_stage.h"
#include "ingest/ingest_stage.h"
#include "tools/trucewatch/agreement_texts.h"
#include "tools/trucewatch/build_id.h"
#include "tools/trucewatch/model_files.h"
#include "verify/verify_stage.h"

namespace trucewatch::tools {
namespace {

// What byte-identity between two machines depends on besides the build (OpenCV and FFmpeg choose
// their kernels by it).
std::string CpuFeatures() {
  std::string features;
#if defined(__x86_64__)
  features = "x86-64";
  if (__builtin_cpu_supports("sse4.2")) features += " sse4.2";
  if (__builtin_cpu_supports("avx2")) features += " avx2";
  if (__builtin_cpu_supports("fma")) features += " fma";
  if (__builtin_cpu_supports("avx512f")) features += " avx512f";
  if (__builtin_cpu_supports("avx512bw")) features += " avx512bw";
#else
  features = "other";
#endif
  return features;
}

template <typename T>
Result<std::unique_ptr<Stage>> AsStage(Result<std::unique_ptr<T>> made) {
  if (!made) return tl::unexpected<Error>(made.error());
  return std::unique_ptr<Stage>(std::move(*made));
}

}  // namespace

Result<std::unique_ptr<Terrain>> LoadTerrain(const MissionFile& mission) {
  const auto& terrain = mission.config.terrain();
  if (terrain.dem_file().empty()) {
    return std::make_unique<FlatTerrain>(mission.config.origin_height_hae_m(), terrain.sigma_m());
  }
  return LoadDem({.path = mission.Resolve(terrain.dem_file()),
                  .sigma_m = terrain.sigma_m(),
                  .geoid_undulation_m = terrain.geoid_undulation_m()});
}

Result<std::vector<std::string>> ReadKeySetFiles(const MissionFile& mission) {
  std::vector<std::string> notes;
  for (const std::string& file : mission.config.keys().file()) {
    TW_ASSIGN_OR_RETURN(std::string note, ReadTextFile(mission.Resolve(file)));
    notes.push_back(std::move(note));
    const auto followed = FollowKeySets(notes);
    if (!followed) return Prefix(mission.Resolve(file), followed.error());
  }
  return notes;
}

Result<std::optional<KeyBook>> BeginKeyBook(const MissionFile& mission,
                                            const std::vector<std::string>& key_sets) {
  const auto& config = mission.config;
  if (!config.has_keys()) return std::nullopt;
  KeyBook book;
  const auto begun =
      book.Begin(config.evidence().ledger_origin(), config.keys().first_sha256(), key_sets);
  if (!begun) return Prefix(mission.path + ": keys", begun.error());
  return std::optional<KeyBook>(std::move(book));
}

Result<MissionParts> LoadMissionParts(const MissionFile& mission) {
  MissionParts parts;
  parts.mission = &mission;
  TW_ASSIGN_OR_RETURN(parts.agreements, ReadAgreementFiles(mission));
  TW_ASSIGN_OR_RETURN(parts.key_sets, ReadKeySetFiles(mission));
  TW_RETURN_IF_ERROR(BeginKeyBook(mission, parts.key_sets));
  TW_ASSIGN_OR_RETURN(parts.terrain, LoadTerrain(mission));
  return parts;
}

// A card's name is one that ships, a path is relative to the mission.
Result<ModelFile> FindMissionModel(const MissionFile& mission) {
  const std::string& card = mission.config.detect().appearance().model_card();
  const bool is_path = card.find('/') != std::string::npos || card.find('.') != std::string::npos;
  return FindModel(is_path ? mission.Resolve(card) : card);
}

Result<std::unique_ptr<DetectPool>> MakeDetectPool(const MissionParts& parts,
                                                   const v1::config::DetectConfig& config) {
  const MissionFile& mission = *parts.mission;
  std::optional<ModelFile> model;
  if (config.has_appearance()) {
    TW_ASSIGN_OR_RETURN(model, FindMissionModel(mission));
  }
  if (parts.worker_program.empty()) {
    DetectTools tools{.config = config, .terrain = {}, .looks = {}};
    TW_ASSIGN_OR_RETURN(tools.terrain, LoadTerrain(mission));
    if (model) {
      TW_ASSIGN_OR_RETURN(tools.looks, appearance::ImageDetector::Create(std::move(*model)));
    }
    return MakeDetectThreads(std::move(tools), config.threads());
  }
  // Of the config what a worker needs, and nothing of keys or stations.
  v1::DetectWorkerSetup setup;
  *setup.mutable_config()->mutable_detect() = config;
  *setup.mutable_config()->mutable_terrain() = mission.config.terrain();
  setup.mutable_config()->set_origin_height_hae_m(mission.config.origin_height_hae_m());
  setup.set_directory(mission.directory);
  if (model) {
    *setup.mutable_model_card() = model->card;
    setup.set_model_path(model->path);
    setup.set_model_onnx(std::move(model->onnx));
  }
  DetectWorkerOptions options;
  options.workers = config.threads();
  options.client.argv = {parts.worker_program, "worker"};
  options.client.setup = std::make_shared<const std::string>(setup.SerializeAsString());
  if (config.has_limits()) {
    options.client.limits.cpu = Duration::FromSeconds(config.limits().cpu_s());
    options.client.limits.memory_bytes = std::uint64_t{config.limits().memory_mib()} << 20;
  }
  auto pool = MakeDetectWorkers(options);
  if (!pool) return Prefix("detection's worker process", pool.error());
  return pool;
}

Result<std::unique_ptr<Stage>> MakeStage(const std::string& name, const MissionParts& parts,
                                         unsigned detect_threads) {
  const auto& config = parts.mission->config;
  if (name == "ingest")
    return AsStage(IngestStage::Create(config, parts.terrain.get(), parts.scenes));
  if (name == "detect") {
    auto detect = config.detect();
    if (detect_threads != 0) detect.set_threads(detect_threads);
    TW_ASSIGN_OR_RETURN(auto pool, MakeDetectPool(parts, detect));
    return std::unique_ptr<Stage>(
        std::make_unique<DetectStage>(detect, std::move(pool), parts.scenes, parts.load));
  }
  if (name == "fusion") {
    FusionStage::Options options{.config = config.fusion(),
                                 .origin = parts.mission->origin(),
                                 .sources = {},
                                 .live_pictures = true};
    for (const auto& source : config.source()) {
      using Source = v1::config::SourceConfig;
      options.sources.push_back(
          {.id = {source.id()},
           .sparse = source.format() == Source::SATELLITE || source.format() == Source::HUMAN});
    }
    return AsStage(FusionStage::Create(options));
  }
  if (name == "verify") {
    return MakeVerifyStage(config.verify(), parts.agreements, CoverageCells::kGiven);
  }
  if (name == "evidence") {
    return AsStage(
        evidence::EvidenceStage::Create({.ledger_origin = config.evidence().ledger_origin(),
                                         .exercise = config.status() == v1::config::EXERCISE}));
  }
  return Fail(ErrorCode::kUsage,
              "there is no stage '{}'; expected ingest, detect, fusion, verify or evidence", name);
}

Result<DetectTools> MakeDetectTools(v1::DetectWorkerSetup setup) {
  MissionFile mission;
  mission.config = setup.config();
  mission.directory = setup.directory();
  DetectTools tools{.config = setup.config().detect(), .terrain = {}, .looks = {}};
  TW_ASSIGN_OR_RETURN(tools.terrain, LoadTerrain(mission));
  if (setup.has_model_card()) {
    TW_ASSIGN_OR_RETURN(tools.looks, appearance::ImageDetector::Create(
                                         {.card = setup.model_card(),
                                          .path = setup.model_path(),
                                          .onnx = std::move(*setup.mutable_model_onnx())}));
  }
  return tools;
}

std::string MissionHeaderRecord(const MissionParts& parts) {
  v1::Envelope envelope;
  v1::MissionHeader* header = envelope.mutable_mission_header();
  header->set_mission(parts.mission->config.name());
  header->set_exercise(parts.mission->config.status() == v1::config::EXERCISE);
  header->set_start_time_us(parts.mission->start().micros());
  header->set_config_text(parts.mission->text);
  for (const AgreementFile& version : parts.agreements) {
    if (&version == &parts.agreements.front()) {
      header->set_agreement_text(version.text);
    } else {
      header->add_later_agreement_text(version.text);
    }
  }
  for (const std::string& note : parts.key_sets) header->add_key_set_note(note);
  header->set_build_id(BuildId());
  header->set_cpu_features(CpuFeatures());
  return SerializeEnvelope(envelope);
}

std::string ConfigDigest(const MissionParts& parts) {
  return std::string(AsText(Sha256(MissionHeaderRecord(parts))));
}

}  // namespace trucewatch::tools
