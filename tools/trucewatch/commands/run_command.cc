// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

#include "core/metrics/prometheus_metrics.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/event_printer.h"
#include "tools/trucewatch/hub_feed.h"
#include "tools/trucewatch/live_map.h"
#include "tools/trucewatch/pipeline.h"
#include "tools/trucewatch/progress_bar.h"
#include "tools/trucewatch/run_files.h"
#include "tools/trucewatch/stop_signal.h"

namespace trucewatch::tools {
namespace {

constexpr Duration kHealthPeriod = Duration::Seconds(1);

// health.json in the state folder, for people and watchdogs.
void WriteHealth(Storage& storage, const std::string& path, const Pipeline& pipeline) {
  const std::vector<StageHealth> health = pipeline.health();
  const std::string text = HealthJson(health) + "\n";
  // A health file that cannot be written must not stop the mission.
  static_cast<void>(WriteFileAtomically(storage, path, AsBytes(text)));
}

// live.geojson in the state folder, for screens; nor must that one stop the mission.
void WriteLive(Storage& storage, const std::string& path, LiveMap& live) {
  const auto text = live.Newest();
  if (text && *text) static_cast<void>(WriteFileAtomically(storage, path, AsBytes(**text)));
}

}  // namespace

Result<int> RunRun(const RunCommand& command) {
  TW_ASSIGN_OR_RETURN(const MissionFile mission, LoadMissionConfig(command.config));
  const std::string state = !command.state.empty() ? command.state
                            : !command.out.empty() ? command.out + "/state"
                                                   : mission.directory + "/state";
  const std::string out = command.out.empty() ? state : command.out;
  PipelineOptions options;
  options.state_directory = state;
  options.ledger_directory = out + "/ledger";
  if (!command.stage.empty()) {
    if (std::find(kStageNames.begin(), kStageNames.end(), command.stage) == kStageNames.end()) {
      return Fail(
          ErrorCode::kUsage,
          "--stage {}: there is no such stage; expected ingest, detect, fusion, verify or evidence",
          command.stage);
    }
    options.stages = {command.stage};
    options.in_process = false;
  }
  options.detect_threads = command.threads;
  options.speed = command.speed;

  const std::unique_ptr<Storage> storage = MakePosixStorage();
  SystemClock clock;
  PrometheusMetrics metrics;
  const ZmqContext context;
  if (!command.metrics_address.empty()) TW_RETURN_IF_ERROR(metrics.Serve(command.metrics_address));
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<Pipeline> pipeline,
                      Pipeline::Create(mission, options, *storage, clock, metrics, context));
  for (const std::string& problem : pipeline->source_problems()) {
    std::fprintf(stderr, "trucewatch: %s; the other sources go on\n", problem.c_str());
  }
  ProgressBar no_bar(false);
  std::optional<EventPrinter> printer;
  if (Journal* published = pipeline->log("published"); published != nullptr) {
    // After a restart only what is new is news; the ledger has the rest.
    printer.emplace(*published, command.json, &no_bar, published->last());
  }
  std::optional<LiveMap> live;
  if (Journal* fusion = pipeline->log("fusion"); fusion != nullptr) {
    live.emplace(*fusion, fusion->last());
  }
  StopOnSignal signals;
  Result<void> result;
  std::atomic<bool> done = false;
  const std::string health_path =
      state + "/health" + (command.stage.empty() ? "" : "-" + command.stage) + ".json";
  {
    const std::jthread runner([&] {
      result = pipeline->Run(signals.token());
      done = true;
    });
    Instant next_health = clock.Now();
    while (!done) {
      if (printer) {
        const auto step = printer->Step(Duration::Millis(100));
        if (!step) {
          signals.RequestStop();
          return tl::unexpected<Error>(step.error());
        }
        if (!*step) clock.SleepFor(Duration::Millis(50));
      } else {
        clock.SleepFor(Duration::Millis(100));
      }
      if (clock.Now() < next_health) continue;
      WriteHealth(*storage, health_path, *pipeline);
      if (live) WriteLive(*storage, state + "/live.geojson", *live);
      next_health = clock.Now() + kHealthPeriod;
    }
  }
  WriteHealth(*storage, health_path, *pipeline);
  if (live) WriteLive(*storage, state + "/live.geojson", *live);
  for (const auto& account : pipeline->stations()) {
    std::fprintf(stderr, "%s\n", AccountLine(account).c_str());
  }
  if (!result) return tl::unexpected<Error>(result.error());
  if (printer) {
    for (bool more = true; more && !signals.token().stop_requested();) {
      TW_ASSIGN_OR_RETURN(more, printer->Step(Duration()));
    }
  }
  if (printer && command.stage.empty()) {
    TW_RETURN_IF_ERROR(storage->MakeDirectories(out));
    const RunFiles files{.directory = out,
                         .ledger_directory = options.ledger_directory,
                         .event_lines = printer->lines()};
    Journal& published = *pipeline->log("published");
    if (published.closed()) {
      // A mission that has come to its end leaves the same files as a replay.
      TW_RETURN_IF_ERROR(WriteRunFiles(*storage, mission, *pipeline, files));
      std::fprintf(stderr, "the mission has ended; %s/mission.html shows it\n", out.c_str());
    } else {
      TW_RETURN_IF_ERROR(WriteRecordFiles(*storage, mission, published, files));
    }
  }
  return pipeline->source_problems().empty() ? 0 : 3;
}

}  // namespace trucewatch::tools
