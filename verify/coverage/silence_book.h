// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/types/observation.h"
#include "trucewatch/v1/verify_snapshot.pb.h"

namespace trucewatch {

// When sources were on record as silent (SourceState LATE to STARTED, RESUMED or ENDED), their
// clocks or positions as not trusted, or their video as shown before (core/types/source_notes.h),
// and why, so that the coverage account can say why nobody looked, or how far to trust who did.
// Brain. Determinism: a function of the inputs.
class SilenceBook {
 public:
  enum class Of { kSilence, kClock, kPosition, kFootage };
  explicit SilenceBook(Of of) : of_(of) {}

  // True when something about the time from status.time on is known now that was not before.
  bool Add(const SourceStatus& status);
  // Why it was so at some time of [from, until): the longest of these times counts.
  // Empty: it was not, as far as is known.
  std::string ReasonIn(const SourceId& source, Instant from, Instant until) const;
  bool IsIn(const SourceId& source, Instant time) const;
  bool empty() const { return silences_.empty(); }
  // Drops what ended before this.
  void Forget(Instant before);

  using Saved = google::protobuf::RepeatedPtrField<v1::VerifySnapshot::CoverageSilence>;
  void Write(Saved* out) const;
  void Read(const Saved& in);

  static constexpr std::size_t kMaxSources = 256;
  static constexpr std::size_t kMaxSilences = 1000;  // of a source: older ones are forgotten

 private:
  struct Silence {
    Instant from;
    std::optional<Instant> until;  // nothing: it lasts
    std::string reason;
  };
  bool Begins(const SourceStatus& status) const;
  bool Ends(const SourceStatus& status) const;

  Of of_;
  std::map<SourceId, std::vector<Silence>> silences_;
};

// Text of others as it may stand in an account: printable ASCII, at most 120 characters.
std::string ReasonText(std::string text);

}  // namespace trucewatch
