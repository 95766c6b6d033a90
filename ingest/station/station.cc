// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/station.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "core/base/bytes.h"
#include "core/crypto/sha256.h"
#include "core/media/live_ts.h"
#include "ingest/station/batch_wire.h"
#include "ingest/station/live_folder.h"

namespace trucewatch::station {
namespace {

constexpr Duration kPoll = Duration::Millis(20);
constexpr Duration kFullPoll = Duration::Millis(50);
// How long a finished station waits for the hub to hear that it knows.
constexpr Duration kGoodbye = Duration::Millis(1000);

// Newest time of the records that are sealed.
std::optional<Instant> NewestTime(const StreamProgress& progress) {
  std::optional<Instant> newest;
  for (const auto& [id, source] : progress) {
    if (!newest || source.time > *newest) newest = source.time;
  }
  return newest;
}

std::string NewStreamId() {
  const Ed25519Seed random = Ed25519KeyPair::RandomSeed();
  return {random.begin(), random.begin() + kStreamIdBytes};
}

}  // namespace

GroundStation::GroundStation(const StationFile& config, const Ed25519KeyPair& key, Storage& storage,
                             Clock& clock)
    : config_(config), key_(key), storage_(storage), clock_(clock) {}

Result<std::unique_ptr<GroundStation>> GroundStation::Create(const StationFile& config,
                                                             const Ed25519KeyPair& key,
                                                             StationUplink::MakeLink make_link,
                                                             Storage& storage, Clock& clock) {
  std::unique_ptr<GroundStation> station(new GroundStation(config, key, storage, clock));
  TW_ASSIGN_OR_RETURN(station->outbox_,
                      Outbox::Open(storage, config.Resolve(config.config.outbox()),
                                   {.station_id = config.config.id(),
                                    .new_stream_id = NewStreamId(),
                                    .chunk_bytes = std::max<std::uint64_t>(
                                        64 << 20, config.config.max_outbox_bytes() / 64)}));
  station->recorded_.emplace(RecordedMission::Open(storage, config.Recorded()));
  station->MakeLive();
  station->sealer_.emplace(
      BatchSealer::Options{.station_id = config.config.id(),
                           .batch_bytes = config.config.batch_bytes(),
                           .batch_age = Duration::FromSeconds(config.config.batch_s())},
      key, station->outbox_->state());
  StationUplink::Options uplink;
  uplink.station_id = config.config.id();
  station->uplink_.emplace(uplink, *station->outbox_, std::move(make_link));
  station->cuts_ = {config.config.exercise_cut().begin(), config.config.exercise_cut().end()};
  std::sort(station->cuts_.begin(), station->cuts_.end(),
            [](const auto& a, const auto& b) { return a.after_s() < b.after_s(); });
  // Cuts of an earlier life are not done again.
  if (const auto newest = NewestTime(station->outbox_->state().progress)) {
    while (station->CutIsDue(*newest)) ++station->cuts_done_;
  }
  return station;
}

void GroundStation::MakeLive() {
  const std::uint64_t most = config_.config.max_outbox_bytes();
  recorded_share_ = most;
  const StreamProgress before = outbox_->state().progress;
  for (const auto& source : config_.config.source()) {
    if (source.live().empty()) continue;
    const std::string& id = source.id();
    const std::string url = source.live();
    const auto format = source.format();
    Live live;
    live.share = source.max_queued_bytes() > 0
                     ? source.max_queued_bytes()
                     : most / static_cast<std::uint64_t>(config_.config.source_size());
    recorded_share_ -= std::min(recorded_share_, live.share);
    live.patient = format == v1::config::SourceConfig::SATELLITE;
    const Digest seed = Sha256(config_.config.id() + "/" + id);
    const auto at = before.find(id);
    LiveOptions options{.source = id,
                        .station = config_.config.id(),
                        .url = WithoutCredentials(url),
                        .occasional = format == v1::config::SourceConfig::SATELLITE,
                        .seed = ReadBe64(Bytes(seed.data(), seed.size()))};
    if (source.stall_s() > 0) options.stall = Duration::FromSeconds(source.stall_s());
    if (source.max_bytes_per_s() > 0) options.max_bytes_per_s = source.max_bytes_per_s();
    if (source.max_records_per_s() > 0) options.max_records_per_s = source.max_records_per_s();
    live.intake = std::make_unique<LiveIntake>(
        std::move(options), [this, url, format, id] { return OpenLine(id, url, format); },
        at == before.end() ? SourceProgress{} : at->second, clock_);
    live_.push_back(std::move(live));
  }
}

Result<std::unique_ptr<LiveSource>> GroundStation::OpenLine(
    const std::string& id, const std::string& url, v1::config::SourceConfig::Format format) {
  constexpr std::string_view kFolder = "folder:";
  if (!url.starts_with(kFolder)) return OpenLiveSource(url, format, clock_);
  SceneFolderOptions options;
  options.folder = config_.Resolve(url.substr(kFolder.size()));
  options.state_file = config_.Resolve(config_.config.outbox()) + "/" + id + ".sent";
  options.start = config_.start();
  return OpenSceneFolder(storage_, std::move(options), clock_);
}

Result<void> GroundStation::Keep(const std::vector<v1::OutboxRecord>& sealed) {
  for (const v1::OutboxRecord& record : sealed) TW_RETURN_IF_ERROR(outbox_->Append(record));
  return {};
}

Result<void> GroundStation::SealIfDue() {
  const std::lock_guard lock(seal_mutex_);
  const auto due = sealer_->due();
  if (!due || clock_.Now() < *due) return {};
  return Keep({*sealer_->Seal(clock_.Now())});
}

bool GroundStation::OutboxFull() {
  full_ = outbox_->unacknowledged_bytes() + config_.config.batch_bytes() > recorded_share_;
  return full_;
}

bool GroundStation::CutIsDue(Instant time) const {
  return cuts_done_ < cuts_.size() &&
         config_.start() + Duration::FromSeconds(cuts_[cuts_done_].after_s()) <= time;
}

void GroundStation::RequestCuts(Instant sealed) {
  while (CutIsDue(sealed)) {
    uplink_->RequestCut(Duration::FromSeconds(cuts_[cuts_done_++].duration_s()));
  }
}

Result<bool> GroundStation::WaitFor(const RawRecord& record, std::stop_token stop) {
  double speed = 0;
  for (const auto& source : config_.config.source()) {
    if (source.id() == record.source.value) speed = source.speed();
  }
  if (!start_) {
    start_ = clock_.Now();
    first_time_ = record.receive_time;
  }
  const Instant due =
      speed > 0
          ? *start_ + Duration::FromSeconds((record.receive_time - *first_time_).seconds() / speed)
          : *start_;
  while (!stop.stop_requested()) {
    TW_RETURN_IF_ERROR(SealIfDue());
    const Instant now = clock_.Now();
    if (OutboxFull()) {
      clock_.SleepFor(kFullPoll);
    } else if (now < due) {
      clock_.SleepFor(std::min(due - now, kFullPoll));
    } else {
      return true;
    }
  }
  return false;
}

Result<void> GroundStation::FeedRecorded(std::stop_token stop) {
  const StreamProgress sealed_before = outbox_->state().progress;
  while (auto record = recorded_->Next()) {
    if (stop.stop_requested()) break;
    // The recording gives the same records every time; what is sealed is not sealed again.
    const auto before = sealed_before.find(record->source.value);
    if (before != sealed_before.end() && record->source_sequence <= before->second.sequence) {
      continue;
    }
    TW_ASSIGN_OR_RETURN(const bool go_on, WaitFor(*record, stop));
    if (!go_on) break;
    const std::lock_guard lock(seal_mutex_);
    TW_RETURN_IF_ERROR(Keep(sealer_->Add(*record, clock_.Now())));
    if (CutIsDue(record->receive_time)) {
      if (auto sealed = sealer_->Seal(clock_.Now())) TW_RETURN_IF_ERROR(Keep({*sealed}));
      RequestCuts(record->receive_time);
    }
  }
  return {};
}

bool GroundStation::ShareIsUsed(Live& live) const {
  const std::uint64_t acknowledged = outbox_->acknowledged();
  while (!live.queued.empty() && live.queued.front().first <= acknowledged) {
    live.queued_bytes -= live.queued.front().second;
    live.queued.pop_front();
  }
  return live.queued_bytes >= live.share ||
         outbox_->unacknowledged_bytes() >= config_.config.max_outbox_bytes();
}

Result<void> GroundStation::SealItems(Live& live, std::vector<LiveIntake::Item> items) {
  const std::lock_guard lock(seal_mutex_);
  bool urgent = false;
  for (LiveIntake::Item& item : items) {
    const Instant now = clock_.Now();
    if (const auto* record = std::get_if<RawRecord>(&item)) {
      TW_RETURN_IF_ERROR(Keep(sealer_->Add(*record, now)));
      // At the latest the batch after this one holds it.
      const std::uint64_t batch = sealer_->state().sequence + 1;
      if (live.queued.empty() || live.queued.back().first != batch)
        live.queued.push_back({batch, 0});
      live.queued.back().second += record->bytes.size();
      live.queued_bytes += record->bytes.size();
    } else if (const auto* loss = std::get_if<LiveIntake::Loss>(&item)) {
      TW_RETURN_IF_ERROR(Keep(sealer_->Declare({live.intake->options().source}, loss->first,
                                               loss->last, loss->reason, now)));
    } else {
      TW_RETURN_IF_ERROR(Keep(sealer_->State(std::get<SourceStatus>(item), now)));
      urgent = true;
    }
  }
  // The hub waits for this source until it hears of it.
  if (urgent) {
    if (auto sealed = sealer_->Seal(clock_.Now())) TW_RETURN_IF_ERROR(Keep({*sealed}));
  }
  return {};
}

Result<void> GroundStation::FeedLive(std::size_t index, std::stop_token stop) {
  Live& live = live_[index];
  while (!stop.stop_requested()) {
    auto items = live.intake->Step(kFullPoll, ShareIsUsed(live));
    if (!items.empty()) {
      TW_RETURN_IF_ERROR(SealItems(live, std::move(items)));
    } else if (!live.intake->has_line() || live.intake->waits()) {
      clock_.SleepFor(kFullPoll);
    }
    if (live.patient) {
      const StreamProgress kept = outbox_->state().progress;
      const auto at = kept.find(live.intake->options().source);
      if (at != kept.end()) live.intake->Kept(at->second.sequence);
    }
  }
  return {};
}

Result<void> GroundStation::Feed(std::stop_token stop) {
  if (outbox_->state().ended) return {};
  std::stop_source both;
  const std::stop_callback forward(stop, [&] { both.request_stop(); });
  std::vector<Result<void>> results(live_.size() + 1);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < live_.size(); ++i) {
      threads.emplace_back([this, i, &results, &both] {
        results[i] = FeedLive(i, both.get_token());
        if (!results[i]) both.request_stop();
      });
    }
    Result<void>& recorded = results.back();
    recorded = FeedRecorded(both.get_token());
    while (recorded && !live_.empty() && !both.stop_requested()) {
      recorded = SealIfDue();
      clock_.SleepFor(kPoll);
    }
    if (!recorded) both.request_stop();
  }
  for (const auto& result : results) TW_RETURN_IF_ERROR(result);
  const bool ended = !stop.stop_requested();
  if (auto last = sealer_->Seal(clock_.Now(), ended)) TW_RETURN_IF_ERROR(Keep({*last}));
  return {};
}

Result<void> GroundStation::Uplink(std::stop_token stop) {
  while (!stop.stop_requested() && !outbox_->finished()) {
    TW_RETURN_IF_ERROR(uplink_->Step(clock_.Now(), kPoll));
    if (!uplink_->has_link()) clock_.SleepFor(kPoll);
  }
  TW_RETURN_IF_ERROR(outbox_->Save());
  if (!outbox_->finished()) return {};
  uplink_->SayGoodbye(clock_.Now());
  const Instant until = clock_.Now() + kGoodbye;
  const std::uint64_t answers = uplink_->answers();
  while (uplink_->has_link() && uplink_->answers() == answers && clock_.Now() < until) {
    TW_RETURN_IF_ERROR(uplink_->Step(clock_.Now(), kPoll));
  }
  return {};
}

Result<bool> GroundStation::Run(std::stop_token stop) {
  std::stop_source both;
  const std::stop_callback forward(stop, [&] { both.request_stop(); });
  Result<void> uplink;
  Result<void> feed;
  {
    const std::jthread link([&] {
      uplink = Uplink(both.get_token());
      if (!uplink) both.request_stop();
    });
    feed = Feed(both.get_token());
    // A station that can no longer seal has nothing more to keep safe: it stops, and is started
    // again by whoever watches it.
    if (!feed) both.request_stop();
  }
  if (!feed) return tl::unexpected<Error>(feed.error());
  if (!uplink) return tl::unexpected<Error>(uplink.error());
  return outbox_->finished();
}

GroundStation::Status GroundStation::status() const {
  Status status{.sealed = outbox_->state(),
                .acknowledged = outbox_->acknowledged(),
                .outbox_bytes = outbox_->unacknowledged_bytes(),
                .reading_stopped = full_,
                .link = uplink_->status(),
                .live = {}};
  for (const Live& live : live_) status.live.push_back(live.intake->status());
  return status;
}

std::vector<std::string> GroundStation::source_problems() const {
  std::vector<std::string> problems;
  for (const auto& problem : recorded_->problems()) {
    problems.push_back(problem.source.value + ": " + problem.error.message);
  }
  return problems;
}

}  // namespace trucewatch::station
