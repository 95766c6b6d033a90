// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/pipeline.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>

#include "core/bus/log_client.h"
#include "core/bus/log_server.h"
#include "core/bus/zmq_link.h"
#include "core/config/text_config.h"
#include "core/log/log.h"
#include "core/stage/stage_runner.h"
#include "detect/load_meter.h"
#include "detect/overload_governor.h"
#include "ingest/receiver.h"
#include "ingest/station/receive_stage.h"
#include "tools/trucewatch/checkpoint_stamper.h"
#include "tools/trucewatch/coverage_follower.h"
#include "tools/trucewatch/http/timestamp_http.h"
#include "tools/trucewatch/hub_doors.h"
#include "tools/trucewatch/hub_feed.h"
#include "tools/trucewatch/mission_ledger.h"
#include "tools/trucewatch/release_follower.h"
#include "tools/trucewatch/served_log.h"
#include "tools/trucewatch/stage_endpoint.h"
#include "tools/trucewatch/stage_factory.h"
#include "tools/trucewatch/subscriber_door.h"

namespace trucewatch::tools {
namespace {

constexpr Duration kPoll = Duration::Millis(200);
// Between two questions to witnesses without whom nothing may be published.
constexpr Duration kLongestWitnessPause = Duration::Seconds(10);
// A consumer that has read the end of our log may ask once more when the answer got lost.
constexpr Duration kServeAfterEnd = Duration::Millis(1500);
// So long a hub that has everything answers a station that has not said that it knows.
constexpr Duration kStationGrace = Duration::Seconds(5);

Result<std::string> EndpointOf(const MissionFile& mission, const PipelineOptions& options,
                               const std::string& stage) {
  if (options.in_process) return "inproc://" + stage;
  return StageEndpoint(mission, options.state_directory, stage);
}

}  // namespace

class Pipeline::Impl {
 public:
  Impl(const MissionFile& mission, PipelineOptions options, Storage& storage, Clock& clock,
       Metrics& metrics, const ZmqContext& context)
      : mission_(mission),
        options_(std::move(options)),
        storage_(storage),
        clock_(clock),
        metrics_(metrics),
        context_(context) {}

  Result<void> Prepare() {
    TW_ASSIGN_OR_RETURN(parts_, LoadMissionParts(mission_));
    scenes_.emplace(storage_, options_.state_directory + "/scenes");
    parts_.scenes = &*scenes_;
    parts_.worker_program = options_.worker_program;
    parts_.load = &load_;
    TW_RETURN_IF_ERROR(storage_.MakeDirectories(options_.state_directory));
    TW_RETURN_IF_ERROR(PrepareDoors());
    for (const std::string& name : options_.stages) TW_RETURN_IF_ERROR(PrepareStage(name));
    return {};
  }

  Result<void> Run(std::stop_token stop) {
    std::stop_source stop_all;
    std::stop_callback forward(stop, [&] { stop_all.request_stop(); });
    std::vector<std::jthread> threads;
    const auto start = [&](const std::string& name, auto body) {
      threads.emplace_back([this, name, body, &stop_all] {
        Log(LogLevel::kInfo, "stage_started", {{"stage", name}});
        const Result<void> result = body(stop_all.get_token());
        Log(LogLevel::kInfo, "stage_ended", {{"stage", name}, {"ok", result.has_value()}});
        if (result) return;
        {
          const std::lock_guard lock(mutex_);
          if (!failure_) {
            failure_ = Error{result.error().code, name + ": " + result.error().message};
          }
        }
        stop_all.request_stop();
      });
    };
    if (receiver_) {
      start("receiver", [this](std::stop_token token) {
        return receiver_->Run([token] { return token.stop_requested(); });
      });
    }
    std::stop_source give_up;
    std::atomic<bool> stations_done = !hub_feed_;
    std::jthread stations;
    if (hub_feed_) {
      start("receive", [this](std::stop_token token) { return receive_runner_->Run(token); });
      start("stations", [&](std::stop_token token) {
        auto result = hub_feed_->Run(token, give_up.get_token());
        stations_done = true;
        return result;
      });
      stations = std::move(threads.back());
      threads.pop_back();
    }
    for (auto& stage : stages_) {
      start(stage->name, [&stage](std::stop_token token) { return stage->runner->Run(token); });
    }
    if (Journal* verify = log("verify"); verify && mission_.config.verify().has_coverage()) {
      start("coverage", [this, verify](std::stop_token token) {
        return FollowCoverage(storage_, *verify, options_.state_directory + "/coverage", token);
      });
    }
    if (ledger_) start("publisher", [this](std::stop_token token) { return Publish(token); });
    if (release_) start("release", [this](std::stop_token token) { return Release(token); });
    if (stamper_) start("timestamps", [this](std::stop_token token) { return Stamp(token); });
    threads.clear();  // joins
    for (const Instant end = clock_.Now();
         !stations_done && !stop_all.stop_requested() && clock_.Now() - end < kStationGrace;) {
      clock_.SleepFor(Duration::Millis(50));
    }
    give_up.request_stop();
    if (stations.joinable()) stations.join();
    {
      const std::lock_guard lock(mutex_);
      if (failure_) return tl::unexpected<Error>(*failure_);
    }
    if (release_ && !stop.stop_requested()) {
      const auto finished = release_->Finish(clock_.Now());
      if (!finished) return Prefix("release", finished.error());
    }
    if (!stop.stop_requested()) ServeToTheEnd(stop);
    return {};
  }

  std::vector<StageHealth> health() const {
    std::vector<StageHealth> all;
    if (receive_runner_) all.push_back(receive_runner_->health());
    for (const auto& stage : stages_) all.push_back(stage->runner->health());
    return all;
  }

  std::vector<std::string> source_problems() const {
    std::vector<std::string> problems;
    if (!recorded_) return problems;
    for (const auto& problem : recorded_->problems()) {
      problems.push_back(problem.source.value + ": " + problem.error.message);
    }
    return problems;
  }

  std::vector<station::StationAccount> stations() const {
    if (!hub_feed_) return {};
    return hub_feed_->accounts();
  }

  Journal* log(const std::string& name) const {
    const auto found = logs_.find(name);
    return found == logs_.end() ? nullptr : found->second.get();
  }

 private:
  struct StageParts {
    std::string name;
    std::unique_ptr<Stage> stage;
    std::unique_ptr<LogReader> remote_input;  // when the input log is not ours
    std::unique_ptr<StageRunner> runner;
    std::unique_ptr<ServedReader> served;
    std::unique_ptr<LogServer> server;
  };

  Result<Journal*> OpenLog(const std::string& name) {
    JournalOptions journal_options;
    if (const auto kib = mission_.config.evidence().retention().segment_kib(); kib != 0)
      journal_options.segment_bytes = std::uint64_t{kib} << 10U;
    auto journal = Journal::Open(storage_, options_.state_directory + "/" + name, journal_options);
    if (!journal) return Prefix("the log of " + name, journal.error());
    return (logs_[name] = std::move(*journal)).get();
  }

  bool RunsHere(const std::string& stage) const {
    return std::find(options_.stages.begin(), options_.stages.end(), stage) !=
           options_.stages.end();
  }

  // Before any door: none is opened when strangers could come in.
  Result<void> PrepareDoors() {
    const auto& hub = mission_.config.hub();
    const bool stations = RunsHere(kStageNames.front());
    const bool subscribers = !hub.subscriber_endpoint().empty() && RunsHere(kStageNames.back());
    if (!mission_.config.has_hub() || (!stations && !subscribers)) return {};
    TW_ASSIGN_OR_RETURN(doors_, HubDoors::Open(context_, hub, mission_.Resolve(hub.key_file())));
    return {};
  }

  // What is published, to whom, and what is released of it.
  Result<void> PrepareSubscriberDoor() {
    SubscriberDoor::Logs logs{.published = log("published")};
    const auto& release = mission_.config.evidence().release();
    if (mission_.config.evidence().has_release()) {
      TW_ASSIGN_OR_RETURN(Journal * released, OpenLog("released"));
      TW_ASSIGN_OR_RETURN(Journal * open, OpenLog("open"));
      PartyReleaseOptions options{
          .directory = BesideLedger("parties"),
          .key_file = mission_.Resolve(release.log_key_file()),
          .salt_file = mission_.Resolve(release.salt_key_file()),
          .make_salts = true,
          .officers_origin = mission_.config.evidence().ledger_origin(),
          .signer_program = options_.signer_program,
          .signer_state = options_.state_directory + "/parties.signer.state"};
      TW_ASSIGN_OR_RETURN(
          release_, ReleaseFollower::Open(storage_, options_.ledger_directory, std::move(options),
                                          {*log("published"), *released, *open}));
      logs.released = released;
      logs.open = open;
    }
    const auto& hub = mission_.config.hub();
    if (hub.subscriber_endpoint().empty()) return {};
    TW_ASSIGN_OR_RETURN(subscriber_door_, SubscriberDoor::Open(context_, hub, *doors_, logs));
    return {};
  }

  std::string BesideLedger(const char* folder) const {
    return (std::filesystem::path(options_.ledger_directory).parent_path() / folder).string();
  }

  Result<void> PrepareStage(const std::string& name) {
    auto parts = std::make_unique<StageParts>();
    parts->name = name;
    TW_ASSIGN_OR_RETURN(parts->stage, MakeStage(name, parts_, options_.detect_threads.value_or(0)));
    LogReader* input = nullptr;
    if (name == kStageNames.front()) {
      TW_RETURN_IF_ERROR(mission_.config.has_hub() ? PrepareHub() : PrepareReceiver());
      input = log("journal");
    } else {
      const auto before = std::find(kStageNames.begin(), kStageNames.end(), name) - 1;
      TW_ASSIGN_OR_RETURN(const std::string endpoint, EndpointOf(mission_, options_, *before));
      TW_ASSIGN_OR_RETURN(std::unique_ptr<Link> link, MakeZmqLink(context_, endpoint));
      parts->remote_input = std::make_unique<LogClient>(std::move(link), *before);
      input = parts->remote_input.get();
    }
    TW_ASSIGN_OR_RETURN(Journal * output, OpenLog(name));
    StageRunnerOptions runner{.name = name,
                              .snapshot_path = options_.state_directory + "/" + name + ".snapshot",
                              .config_digest = ConfigDigest(parts_)};
    runner.poll = kPoll;
    if (name == "detect") {
      // Enough that workers seldom wait for the last one of a batch, few enough that a stop, and
      // what comes next, do not wait long.
      runner.max_batch_bytes = 32 << 20;
      runner.max_batch_records = 16 * std::max(1U, DetectWorkers());
    }
    parts->runner = std::make_unique<StageRunner>(StageRunner::Parts{.stage = *parts->stage,
                                                                     .input = *input,
                                                                     .output = *output,
                                                                     .written = *output,
                                                                     .storage = storage_,
                                                                     .metrics = metrics_},
                                                  runner);
    LogReader* offered = output;
    if (name == kStageNames.back()) {
      TW_RETURN_IF_ERROR(PreparePublisher(*output));
      TW_RETURN_IF_ERROR(PrepareSubscriberDoor());
      offered = log("published");
    }
    parts->served = std::make_unique<ServedReader>(*offered);
    TW_ASSIGN_OR_RETURN(const std::string endpoint, EndpointOf(mission_, options_, name));
    TW_ASSIGN_OR_RETURN(parts->server,
                        LogServer::Start(context_, endpoint, {{name, parts->served.get()}}));
    stages_.push_back(std::move(parts));
    return {};
  }

  // Stations instead of recordings: their batches become durable in `received`, and a stage of
  // its own writes the journal from it.
  Result<void> PrepareHub() {
    TW_ASSIGN_OR_RETURN(Journal * received, OpenLog("received"));
    TW_ASSIGN_OR_RETURN(Journal * refused, OpenLog("refused"));
    TW_ASSIGN_OR_RETURN(Journal * journal, OpenLog("journal"));
    TW_ASSIGN_OR_RETURN(auto keys, BeginKeyBook(mission_, parts_.key_sets));
    TW_ASSIGN_OR_RETURN(hub_feed_,
                        HubFeed::Open(mission_, MissionHeaderRecord(parts_), *received, *refused,
                                      *doors_, context_, clock_, std::move(keys), OverloadNotes()));
    // Where a port was chosen by the system, somebody has to say which.
    const std::string endpoint = hub_feed_->endpoint() + "\n";
    TW_RETURN_IF_ERROR(WriteFileAtomically(storage_, options_.state_directory + "/station_endpoint",
                                           AsBytes(endpoint)));
    StageRunnerOptions runner{.name = "receive",
                              .snapshot_path = options_.state_directory + "/receive.snapshot",
                              .config_digest = ConfigDigest(parts_)};
    runner.poll = kPoll;
    receive_runner_.emplace(StageRunner::Parts{.stage = receive_stage_,
                                               .input = *received,
                                               .output = *journal,
                                               .written = *journal,
                                               .storage = storage_,
                                               .metrics = metrics_},
                            runner);
    return {};
  }

  unsigned DetectWorkers() const {
    return options_.detect_threads.value_or(mission_.config.detect().threads());
  }

  // What the hub is to put on record when detection, here, falls behind.
  HubFeed::Notes OverloadNotes() {
    const auto& detect = mission_.config.detect();
    if (!detect.has_overload()) return {};
    if (!RunsHere("detect") || !RunsHere("ingest")) {
      Log(LogLevel::kWarn, "overload_not_watched",
          {{"why", "ingest and detect run in different processes: nothing will be skipped"}});
      return {};
    }
    governor_.emplace(
        OverloadOptions{.max_lag = Duration::FromSeconds(detect.overload().max_lag_s()),
                        .max_skip = static_cast<int>(detect.overload().max_skip())});
    return [this](Instant now, const std::map<SourceId, int>& thinned) {
      std::vector<station::SourceNote> notes;
      const auto stage = std::find_if(stages_.begin(), stages_.end(),
                                      [](const auto& s) { return s->name == "detect"; });
      if (stage == stages_.end()) return notes;
      const DetectProgress progress{.available = log("ingest")->last(),
                                    .handled = (*stage)->runner->health().last_input_sequence,
                                    .costs = load_.costs()};
      for (ThinningDecision& decision : governor_->Step(now, progress, thinned)) {
        notes.push_back({std::move(decision.source), std::move(decision.reason)});
      }
      return notes;
    };
  }

  Result<void> PrepareReceiver() {
    TW_ASSIGN_OR_RETURN(Journal * journal, OpenLog("journal"));
    recorded_.emplace(RecordedMission::Open(storage_, mission_));
    if (recorded_->source_count() == recorded_->problems().size()) {
      return tl::unexpected<Error>(recorded_->problems().front().error);
    }
    ReceiverOptions options;
    options.mission_header = MissionHeaderRecord(parts_);
    for (const auto& source : mission_.config.source()) {
      options.speed[{source.id()}] = options_.speed.value_or(source.speed());
    }
    receiver_.emplace(std::move(options), &*recorded_, journal, journal, &clock_);
    return {};
  }

  Result<void> PreparePublisher(Journal& leaves) {
    const auto& stamps = mission_.config.evidence().timestamp();
    if (mission_.config.evidence().has_timestamp()) {
      CheckpointStamper::Options stamper{.ledger_directory = options_.ledger_directory,
                                         .out_directory = BesideLedger("timestamps"),
                                         .ca_pem = {},
                                         .every = Duration::FromSeconds(stamps.every_s())};
      TW_ASSIGN_OR_RETURN(stamper.ca_pem, ReadTextFile(mission_.Resolve(stamps.ca_file())));
      stamper_.emplace(storage_, std::move(stamper), [&stamps](const std::string& request) {
        return AskForTimestamp(stamps.url(), request, Duration::FromSeconds(stamps.timeout_s()));
      });
    }
    MissionLedgerOptions options{.state_directory = options_.state_directory,
                                 .ledger_directory = options_.ledger_directory,
                                 .signer_program = options_.signer_program,
                                 .with_operations = stamper_.has_value()};
    TW_ASSIGN_OR_RETURN(options.keys, BeginKeyBook(mission_, parts_.key_sets));
    TW_ASSIGN_OR_RETURN(
        ledger_, MissionLedger::Open(mission_, options, storage_, leaves,
                                     [this](const std::string& name) { return OpenLog(name); }));
    return {};
  }

  // On a thread of its own: however slowly the authority answers, nothing waits for it, and that no
  // stamp was had stops nothing.
  Result<void> Stamp(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const bool ended = published_all_;
      auto statement = stamper_->Step(clock_.Now(), ended);
      if (!statement)
        Log(LogLevel::kWarn, "timestamp_failed", {{"why", statement.error().message}});
      // That the last checkpoint was stamped is on record by the files alone: a leaf would ask for
      // another checkpoint.
      const bool said =
          statement && *statement && !(ended && (*statement)->text.starts_with("stamped"));
      if (said) ledger_->publisher().Add(std::move(**statement));
      for (bool more = ended && said; more && !stop.stop_requested();) {
        TW_ASSIGN_OR_RETURN(more, ledger_->publisher().Step(kPoll));
      }
      if (ended) return {};
      for (int i = 0; i < 5 && !published_all_ && !stop.stop_requested(); ++i)
        clock_.SleepFor(kPoll);
    }
    return {};
  }

  Result<void> Publish(std::stop_token stop) {
    std::string waited_for;
    Duration pause = kPoll;
    while (!stop.stop_requested()) {
      TW_ASSIGN_OR_RETURN(const bool more, ledger_->publisher().Step(kPoll));
      published_all_ = !more;
      if (!more) return {};
      const std::string waits_for = ledger_->publisher().waiting_for();
      if (waits_for != waited_for) {
        Log(LogLevel::kWarn, waits_for.empty() ? "publication_goes_on" : "publication_waits",
            {{"why", waits_for.empty() ? waited_for : waits_for}});
        pause = kPoll;
      }
      waited_for = waits_for;
      if (waits_for.empty()) continue;
      const Instant begin = clock_.Now();
      while (!stop.stop_requested() && clock_.Now() - begin < pause) clock_.SleepFor(kPoll);
      pause = std::min(pause + pause, kLongestWitnessPause);
    }
    return {};
  }

  Result<void> Release(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      TW_ASSIGN_OR_RETURN(const bool more, release_->Step(kPoll));
      if (!more) return {};
    }
    return {};
  }

  // A stage that runs alone serves its log until its consumer has read the end.
  void ServeToTheEnd(std::stop_token stop) {
    for (const auto& stage : stages_) {
      const auto next = std::find(kStageNames.begin(), kStageNames.end(), stage->name) + 1;
      const bool consumer_is_here =
          next == kStageNames.end() ||
          std::find(options_.stages.begin(), options_.stages.end(), *next) != options_.stages.end();
      if (consumer_is_here) continue;
      while (!stop.stop_requested() && !stage->served->EndWasRead(kServeAfterEnd)) {
        clock_.SleepFor(Duration::Millis(50));
      }
    }
    if (subscriber_door_ != nullptr && !mission_.config.hub().subscriber().empty())
      subscriber_door_->ServeToTheEnd(clock_, stop);
  }

  const MissionFile& mission_;
  const PipelineOptions options_;
  Storage& storage_;
  Clock& clock_;
  Metrics& metrics_;
  const ZmqContext& context_;
  MissionParts parts_;
  std::optional<FileBlobStore> scenes_;
  LoadMeter load_;
  std::optional<OverloadGovernor> governor_;  // asked by the thread of the stations
  std::map<std::string, std::unique_ptr<Journal>> logs_;
  std::optional<RecordedMission> recorded_;
  std::optional<Receiver> receiver_;
  std::unique_ptr<MissionLedger> ledger_;
  std::optional<CheckpointStamper> stamper_;
  std::atomic<bool> published_all_ = false;
  std::unique_ptr<HubDoors> doors_;
  std::unique_ptr<HubFeed> hub_feed_;
  station::ReceiveStage receive_stage_;
  std::optional<StageRunner> receive_runner_;
  std::unique_ptr<ReleaseFollower> release_;
  std::unique_ptr<SubscriberDoor> subscriber_door_;
  std::vector<std::unique_ptr<StageParts>> stages_;
  std::mutex mutex_;
  std::optional<Error> failure_;
};

Pipeline::Pipeline(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pipeline::~Pipeline() = default;

Result<std::unique_ptr<Pipeline>> Pipeline::Create(const MissionFile& mission,
                                                   const PipelineOptions& options, Storage& storage,
                                                   Clock& clock, Metrics& metrics,
                                                   const ZmqContext& context) {
  auto impl = std::make_unique<Impl>(mission, options, storage, clock, metrics, context);
  TW_RETURN_IF_ERROR(impl->Prepare());
  return std::unique_ptr<Pipeline>(new Pipeline(std::move(impl)));
}

Result<void> Pipeline::Run(std::stop_token stop) { return impl_->Run(std::move(stop)); }
std::vector<StageHealth> Pipeline::health() const { return impl_->health(); }
std::vector<std::string> Pipeline::source_problems() const { return impl_->source_problems(); }
std::vector<station::StationAccount> Pipeline::stations() const { return impl_->stations(); }
Journal* Pipeline::log(const std::string& name) const { return impl_->log(name); }

}  // namespace trucewatch::tools
