// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/time/clock.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch::station {

// A live feed, cut into raw records as the recorded readers cut a file (ingest/recorded): a
// datagram of UDP, a STANAG 4607 packet of a stream, just under 64 KiB of MPEG-TS (or what came in
// kMaxRecordAge), a chunk of a scene. So the same parsers read them. Every byte that came is in
// exactly one record, in order, damage too.
// Threads: one caller at a time.
class LiveSource {
 public:
  virtual ~LiveSource() = default;

  // The records that have come; waits for the first of them, no longer than `wait`. An Error means
  // that the line is gone: take Rest(), drop the object, and open again after a while.
  virtual Result<std::vector<std::string>> Receive(Duration wait) = 0;
  // Bytes held back for a record that was not complete.
  virtual std::vector<std::string> Rest() { return {}; }
  // There is a line: the other side has answered, or nobody needs to.
  virtual bool connected() const { return true; }
  // What is waited for while not connected.
  virtual std::string waiting_for() const { return "an answer"; }
  // Waiting for the other side to answer may be given up after a while.
  virtual bool calls() const { return true; }
  // What it has yet to give stays where it is: it is asked only when there is room for more, and
  // loses nothing to a rate or a full outbox.
  virtual bool patient() const { return false; }
  // All that it gave is durable in the outbox.
  virtual Result<void> Kept() { return {}; }
  // Records known to have been lost on this machine since it was opened.
  virtual std::uint64_t lost() const { return 0; }

  static constexpr Duration kMaxRecordAge = Duration::Seconds(1);
};

// The forms of StationSource.live, each with the formats it may carry:
//   udp://ADDRESS:PORT           ASTERIX, STANAG4607, MPEGTS_KLV; a multicast group is joined
//   tcp://HOST:PORT              STANAG4607, MPEGTS_KLV; we call
//   tcp://ADDRESS:PORT?mode=listener  the same; the sensor calls
//   srt://, rtsp://, file+grow:  MPEGTS_KLV (core/media/live_ts.h)
//   folder:PATH                  SATELLITE: scenes as they come into a folder (live_folder.h)
// kBadInput, one sentence, when the URL is none of these or not for that format. Opens nothing.
Result<void> CheckLiveUrl(const std::string& url, v1::config::SourceConfig::Format format);

// Errors of the line (kUnavailable, kNotFound, kIo) may pass: try again later. `clock` outlives it.
// A folder is opened by OpenSceneFolder instead: it has to remember what it has sent.
Result<std::unique_ptr<LiveSource>> OpenLiveSource(const std::string& url,
                                                   v1::config::SourceConfig::Format format,
                                                   const Clock& clock);

}  // namespace trucewatch::station
