// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "core/metrics/prometheus_metrics.h"
#include "evidence/signer/log_key.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/event_printer.h"
#include "tools/trucewatch/output_file.h"
#include "tools/trucewatch/pipeline.h"
#include "tools/trucewatch/progress_bar.h"
#include "tools/trucewatch/run_files.h"
#include "tools/trucewatch/single_file.h"
#include "tools/trucewatch/stop_signal.h"

namespace trucewatch::tools {
namespace {

// How far the chain is: a stage's share of the log before it, once that log is known to its end.
double Fraction(const Pipeline& pipeline) {
  const Journal* ingest = pipeline.log("ingest");
  if (ingest == nullptr || !ingest->closed() || ingest->last() == 0) return 0.02;
  std::uint64_t detected = 0;
  for (const StageHealth& stage : pipeline.health()) {
    if (stage.name == "detect") detected = stage.last_input_sequence;
  }
  return 0.02 + 0.98 * static_cast<double>(detected) / static_cast<double>(ingest->last());
}

// An exercise may make its own key, so that a recording replays anywhere; an operational ledger's
// key is a person's decision.
Result<void> EnsureExerciseKey(const MissionFile& mission) {
  const std::string path = mission.Resolve(mission.config.evidence().log_key_file());
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) || mission.config.status() != v1::config::EXERCISE)
    return {};
  TW_RETURN_IF_ERROR(evidence::GenerateKey(path, mission.config.evidence().ledger_origin()));
  std::fprintf(stderr, "made an exercise key for the ledger: %s\n", path.c_str());
  return {};
}

std::string DefaultOut(const std::string& recording) {
  std::filesystem::path path(recording);
  if (!path.has_filename()) path = path.parent_path();
  if (path.filename() == "mission.txtpb") path = path.parent_path();
  return path.stem().string() + "-replay";
}

}  // namespace

Result<int> RunReplay(const ReplayCommand& command) {
  const std::string out = command.out.empty() ? DefaultOut(command.recording) : command.out;
  MissionFile mission;
  // The folder is made only when there is something to put into it.
  const bool single_file = IsSensorFile(command.recording);
  if (single_file) {
    TW_RETURN_IF_ERROR(RecogniseFile(command.recording));
  } else {
    TW_ASSIGN_OR_RETURN(mission, LoadMissionConfig(command.recording));
    if (mission.config.has_hub()) {
      return Fail(ErrorCode::kUsage,
                  "{}: this mission is fed by stations (hub); start it with: trucewatch run {}",
                  mission.path, command.recording);
    }
  }
  std::error_code error;
  std::filesystem::create_directories(out, error);
  if (error) return Fail(ErrorCode::kIo, "{}: the folder cannot be made: {}", out, error.message());

  if (single_file) {
    TW_ASSIGN_OR_RETURN(mission, MissionForSingleFile(command.recording, out));
  }
  TW_RETURN_IF_ERROR(EnsureExerciseKey(mission));

  const std::unique_ptr<Storage> storage = MakePosixStorage();
  SystemClock clock;
  PrometheusMetrics metrics;
  const ZmqContext context;
  PipelineOptions options;
  options.state_directory = out + "/state";
  options.ledger_directory = out + "/ledger";
  options.detect_threads = command.threads;
  options.speed = command.speed;
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<Pipeline> pipeline,
                      Pipeline::Create(mission, options, *storage, clock, metrics, context));
  for (const std::string& problem : pipeline->source_problems()) {
    std::fprintf(stderr, "trucewatch: %s; the other sources go on\n", problem.c_str());
  }

  ProgressBar bar(!command.quiet);
  EventPrinter printer(*pipeline->log("published"), command.json, &bar);
  StopOnSignal signals;
  Result<void> result;
  std::atomic<bool> done = false;
  {
    const std::jthread runner([&] {
      result = pipeline->Run(signals.token());
      done = true;
    });
    bool more = true;
    while (more && !done) {
      const auto step = printer.Step(Duration::Millis(100));
      if (!step) {
        signals.RequestStop();
        return tl::unexpected<Error>(step.error());
      }
      more = *step;
      bar.Show(Fraction(*pipeline), mission.config.name());
    }
  }
  if (!result) return tl::unexpected<Error>(result.error());
  for (bool more = true; more;) {
    TW_ASSIGN_OR_RETURN(more, printer.Step(Duration()));
    if (signals.token().stop_requested()) break;
  }
  bar.Clear();
  if (signals.token().stop_requested()) {
    std::fprintf(stderr, "stopped; the same command goes on from here\n");
    return 130;
  }
  TW_RETURN_IF_ERROR(WriteRunFiles(*storage, mission, *pipeline,
                                   {.directory = out,
                                    .ledger_directory = options.ledger_directory,
                                    .event_lines = printer.lines()}));
  if (!command.metrics_file.empty()) {
    const std::string text = metrics.Text();
    TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.metrics_file, AsBytes(text)));
  }
  const auto transitions = std::count(printer.lines().begin(), printer.lines().end(), '\n');
  std::fprintf(stderr,
               "%lld event transitions and notified movements, %llu parts of the input refused; "
               "%s/mission.html shows them\n",
               static_cast<long long>(transitions),
               static_cast<unsigned long long>(printer.faults()), out.c_str());
  return pipeline->source_problems().empty() ? 0 : 3;
}

}  // namespace trucewatch::tools
