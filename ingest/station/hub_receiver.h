// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/bus/log.h"
#include "core/crypto/ed25519.h"
#include "core/keys/key_book.h"
#include "core/time/instant.h"
#include "core/types/ids.h"
#include "ingest/station/batch_sealer.h"
#include "trucewatch/v1/station.pb.h"

namespace trucewatch::station {

// A station as the mission's config names it.
struct HubStation {
  std::string id;
  Ed25519PublicKey sign_key{};  // where the mission has no key set
  std::set<std::string> sources;
  // Those of them that speak now and then, such as scenes and officers' records: fusion waits for
  // none of them, so they are never expected and never late.
  std::set<std::string> occasional = {};
  // Those of them that are officers' records: a newer key set comes in through them.
  std::set<std::string> officers = {};
};

// Something to be on record of a source that changes nothing for those who wait for it.
struct SourceNote {
  SourceId source;
  std::string reason;
};

struct HubOptions {
  std::string mission_header;  // the received log's first record: a serialised Envelope
  Instant start;               // of the mission
  std::vector<HubStation> stations;
  Duration late_after = Duration::Seconds(60);
  std::uint64_t credit_bytes = 4 << 20;  // what a station may have under way
  // Whose batches count: those signed by a key of the role "station" that has the station's name
  // and counts at the time of receipt, by the hub's clock. Nothing: HubStation.sign_key, for good.
  std::optional<KeyBook> keys = {};
  // Asked at each Tick: what is to be on record of sources, such as that detection cannot keep up
  // (core/types/source_notes.h). `thinned`: what is in force of that, by source.
  using Thinned = std::map<SourceId, int>;
  std::function<std::vector<SourceNote>(Instant now, const Thinned& thinned)> notes = {};
};

// What came from one station. Batches, records, bytes and losses count since the mission began, the
// rest since this process did.
struct StationAccount {
  std::string id;
  std::uint64_t records = 0;
  std::uint64_t batches = 0;
  std::uint64_t bytes = 0;
  std::uint64_t declared_lost = 0;
  std::uint64_t connections = 0;
  std::uint64_t repeated = 0;  // batches that were there already
  std::uint64_t refused = 0;   // frames
  bool ended = false;          // its stream has ended and all of it is here
  // The hub's clock minus the station's, median of the last Hellos; what is under way makes it a
  // little larger. Nothing before the first.
  std::optional<Duration> clock_offset = std::nullopt;
};

// The hub's end of the link to its stations: decides what gets into the `received` log, which is
// the first that the mission keeps. A frame counts when CURVE's user id, the station's id in it and
// the signature all name the same station; a batch is taken when it is the next of its stream. A
// batch of an old number with other bytes is an equivocation: both stay on record, the first
// stands. What is acknowledged is durable.
// Late: a live source of which its station says so (StationBatch.notices), until the station says
// that it is back; and a source whose station is silent for late_after is journalled LATE once, and
// RESUMED before the station's next batch. Where several stations feed a mission, every source that
// speaks all the time is journalled as expected from the start, so that fusion waits for a station
// that connects later. Threads: thread-compatible. An Error of Handle or Tick is final: open again.
class HubReceiver {
 public:
  struct Inbound {
    std::string peer;
    std::string user_id;
    std::string bytes;
  };
  struct Outbound {
    std::string peer;
    std::string bytes;
  };
  struct Log {
    LogReader& reader;
    LogWriter& writer;
  };

  // Reads all of both logs, to go on where they end; begins them when they are empty. Fails with
  // kCheckFailed when `received` is of another mission. Both outlive it.
  static Result<std::unique_ptr<HubReceiver>> Open(HubOptions options, Log received, Log refused,
                                                   Instant now);

  // Takes what came, makes it durable in one append, and gives the answers.
  Result<std::vector<Outbound>> Handle(const std::vector<Inbound>& frames, Instant now);
  // Decides what is late, and asks for notes. Often enough: a tenth of late_after.
  Result<void> Tick(Instant now);

  // Every station has ended its stream: the log is closed.
  bool closed() const { return closed_; }
  // Every station has also said that it knows.
  bool settled() const;
  std::vector<StationAccount> accounts() const;

  static constexpr std::size_t kMaxRefusedKept = 1000;
  // A station's clock further off than this is worth a line in the log.
  static constexpr Duration kMaxClockOffset = Duration::Seconds(2);

 private:
  struct Stream {
    std::vector<Digest> bodies;  // of batch i + 1
    bool ended = false;
  };
  struct Station {
    HubStation config;
    std::map<std::string, Stream> streams;
    std::string newest_stream;
    StreamProgress sources;
    std::set<std::string> late;     // the hub has said so
    std::set<std::string> stalled;  // the station has said so
    Instant heard;
    std::string peer;
    bool knows_end = false;
    std::deque<std::int64_t> clock_offsets_us;  // of the last Hellos
    bool clock_wrong = false;
    std::string key_refused;  // the reason that is on record
    StationAccount account;
  };

  HubReceiver(HubOptions options, Log received, Log refused, Instant now);
  Result<void> Recover();
  Result<void> RecoverRefused();
  // Adds to the station's state; the batch is checked and is the next one.
  void Take(Station& station, const v1::StationBatch& batch, const std::string& body);
  Result<void> Flush();
  Result<void> CloseIfDone();
  // The answer's `refused`; empty when the frame is good.
  std::string HandleHello(Station& station, const v1::StationHello& hello, Instant now);
  static void ReadClock(Station& station, Instant clock, Instant now);
  Result<std::string> HandleBatch(Station& station, const v1::SignedBatch& sealed, Instant now,
                                  std::string* stream_id);
  std::string CheckSources(const Station& station, const v1::StationBatch& batch) const;
  Result<std::string> KeepAside(Station& station, const v1::StationBatch& batch,
                                const v1::SignedBatch& sealed);
  // The batch, when a key that counts has signed it.
  Result<v1::StationBatch> OpenSigned(const Station& station, const v1::SignedBatch& sealed,
                                      Instant now) const;
  // A newer key set among the records of a batch that was taken.
  void TakeKeySets(const Station& station, const v1::StationBatch& batch);
  // Once for each reason, as a note of the station's sources: that a key of it is refused.
  void StateRefusedKey(Station& station, const std::string& why);
  void Decide(Station& station, const std::string& source, v1::SourceState state,
              const std::string& reason);
  // Of a note that is on record.
  void Remember(const v1::SourceStatus& note);
  void CountRefusal(Station* station, const std::string& user_id, const std::string& why);

  const HubOptions options_;
  const Log received_;
  const Log refused_;
  std::map<std::string, Station> stations_;
  std::vector<LogWriter::NewRecord> pending_;
  std::set<Digest> kept_aside_;
  HubOptions::Thinned thinned_;
  std::optional<KeyBook> keys_;
  std::uint64_t strangers_ = 0;
  bool closed_ = false;
};

}  // namespace trucewatch::station
