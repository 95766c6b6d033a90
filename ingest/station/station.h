// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/crypto/ed25519.h"
#include "core/storage/storage.h"
#include "core/time/clock.h"
#include "ingest/recorded/recorded_mission.h"
#include "ingest/station/live_intake.h"
#include "ingest/station/outbox.h"
#include "ingest/station/station_config.h"
#include "ingest/station/station_uplink.h"

namespace trucewatch::station {

// A ground station: reads its sources, seals what they give into its outbox, and sends that to the
// hub until all of it is acknowledged. Killed at any moment and started again it goes on exactly
// where it was: what is in the outbox is never made anew, what is not is read again. A live source
// has no end: its station runs until it is stopped, its numbers go on in the next life. Each may
// use its share of the outbox and no more; what comes beyond is declared lost, so that a flood of
// one never costs the others anything, nor the recordings. What a live source's state becomes is
// sealed at once. Threads: Run starts one for the link and one for each live source, and reads
// recordings in its own; status by any.
class GroundStation {
 public:
  struct Status {
    StreamState sealed;
    std::uint64_t acknowledged = 0;  // batches
    std::uint64_t outbox_bytes = 0;  // not acknowledged
    bool reading_stopped = false;    // the outbox is full
    StationUplink::Status link;
    std::vector<LiveStatus> live;
  };
  // All outlive it. Opens the outbox and the recordings.
  static Result<std::unique_ptr<GroundStation>> Create(const StationFile& config,
                                                       const Ed25519KeyPair& key,
                                                       StationUplink::MakeLink make_link,
                                                       Storage& storage, Clock& clock);

  // Until everything is acknowledged and the sources have ended (true), or a stop is asked for
  // (false); then the same config goes on from there.
  Result<bool> Run(std::stop_token stop);
  Status status() const;
  // Sources that could not be opened or broke; their end says so at the hub.
  std::vector<std::string> source_problems() const;

 private:
  GroundStation(const StationFile& config, const Ed25519KeyPair& key, Storage& storage,
                Clock& clock);
  void MakeLive();
  Result<std::unique_ptr<LiveSource>> OpenLine(const std::string& id, const std::string& url,
                                               v1::config::SourceConfig::Format format);
  Result<void> Feed(std::stop_token stop);
  Result<void> FeedRecorded(std::stop_token stop);
  Result<void> FeedLive(std::size_t index, std::stop_token stop);
  Result<void> Uplink(std::stop_token stop);
  // False when stopped.
  Result<bool> WaitFor(const RawRecord& record, std::stop_token stop);
  bool OutboxFull();
  Result<void> Keep(const std::vector<v1::OutboxRecord>& sealed);
  Result<void> SealIfDue();
  bool CutIsDue(Instant time) const;
  void RequestCuts(Instant sealed);

  const StationFile& config_;
  const Ed25519KeyPair key_;
  Storage& storage_;
  Clock& clock_;
  std::unique_ptr<Outbox> outbox_;
  std::optional<RecordedMission> recorded_;
  struct Live {
    std::unique_ptr<LiveIntake> intake;
    bool patient = false;     // loses nothing, so it is told what is kept
    std::uint64_t share = 0;  // of the outbox, bytes
    // What it has in the outbox: by the batch that holds it, bytes.
    std::deque<std::pair<std::uint64_t, std::uint64_t>> queued;
    std::uint64_t queued_bytes = 0;
  };
  // What the intake gave, into batches.
  Result<void> SealItems(Live& live, std::vector<LiveIntake::Item> items);
  bool ShareIsUsed(Live& live) const;
  std::vector<Live> live_;
  std::uint64_t recorded_share_ = 0;  // of the outbox, bytes
  std::mutex seal_mutex_;  // of sealer_, and of the order in which the outbox gets what it seals
  std::optional<BatchSealer> sealer_;
  std::optional<StationUplink> uplink_;
  std::optional<Instant> start_;       // of the clock, at the first new record
  std::optional<Instant> first_time_;  // of that record
  std::size_t cuts_done_ = 0;
  std::vector<v1::config::ExerciseCut> cuts_;  // by after_s
  std::atomic<bool> full_ = false;
};

}  // namespace trucewatch::station
