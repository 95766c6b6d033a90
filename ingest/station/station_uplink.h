// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/base/result.h"
#include "core/bus/link.h"
#include "core/time/instant.h"
#include "ingest/station/outbox.h"

namespace trucewatch::station {

// Sends an outbox to the hub over a link that promises nothing: Hello first, then batches while the
// hub's credit lasts, from the position that the hub last said; again from there whenever nothing
// is heard, the hub tells of a gap, or the connection was made anew. Goes on for ever: a key that
// is refused today may be enrolled tomorrow.
// Threads: Step by one thread; RequestCut and status by any.
class StationUplink {
 public:
  // Makes the link, when there is none.
  using MakeLink = std::function<Result<std::unique_ptr<Link>>()>;
  struct Options {
    std::string station_id;
    Duration hello_every = Duration::Millis(500);  // while nothing is heard
    Duration reset_after = Duration::Seconds(6);   // of silence
    Duration resend_after = Duration::Seconds(1);  // without progress
    Duration backoff_first = Duration::Millis(250);
    Duration backoff_last = Duration::Seconds(10);
    std::size_t max_sends = 16;  // in one step
  };
  struct Status {
    bool connected = false;         // the hub has answered on this connection
    Instant since;                  // of that, or of its end
    std::uint64_t connections = 0;  // times the hub answered first on a new one
    std::uint64_t sent = 0;         // batches, each time they were sent
    std::uint64_t cuts = 0;         // exercise cuts done
    std::string problem;            // why it is not connected, or what the hub refused
  };

  StationUplink(Options options, Outbox& outbox, MakeLink make_link);

  // One round: connects, sends, takes what comes within `wait`. Only the outbox's failure is an
  // error; everything about the link is tried again. Does not wait while there is no link.
  Result<void> Step(Instant now, Duration wait);
  bool has_link() const { return link_ != nullptr; }
  // Tells the hub what the outbox still holds: nothing, when the stream is finished.
  void SayGoodbye(Instant now);
  std::uint64_t answers() const { return answers_; }  // acks of our stream, so far
  // An exercise: destroys the link the next time the hub has answered, and stays away so long.
  void RequestCut(Duration duration);
  Status status() const;

 private:
  void Connect(Instant now);
  void Disconnect(Instant now, const std::string& why);
  bool SendFrame(Instant now, std::string bytes);  // false: the link is gone
  bool SendHello(Instant now);
  Result<void> SendBatches(Instant now);
  Result<void> HandleAck(Instant now, const std::string& bytes);
  void DoCut(Instant now);
  void SetProblem(const std::string& problem);

  const Options options_;
  Outbox& outbox_;
  const MakeLink make_link_;
  std::unique_ptr<Link> link_;
  std::optional<Instant> away_until_;  // no link before
  Duration backoff_;
  Instant last_heard_;
  Instant last_hello_;
  Instant last_progress_;     // an ack moved on, or something was sent after nothing was under way
  bool answered_ = false;     // on this connection
  std::uint64_t next_ = 1;    // batch to send next
  std::uint64_t credit_ = 0;  // bytes
  std::uint64_t under_way_ = 0;                                // bytes sent and not acknowledged
  std::deque<std::pair<std::uint64_t, std::uint64_t>> sizes_;  // of what is under way
  std::uint64_t answers_ = 0;
  std::uint64_t gap_at_ = 0;  // position we last went back to because of a gap

  mutable std::mutex mutex_;
  Status status_;
  std::deque<Duration> cuts_;
};

}  // namespace trucewatch::station
