// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/types/observation.h"
#include "core/types/track.h"
#include "trucewatch/v1/verify_snapshot.pb.h"
#include "verify/coverage/silence_book.h"

namespace trucewatch {

// Which sources must not speak for anything, and when: those whose clock or position is not
// trusted, and those that show video which was shown before (core/types/source_notes.h; of these
// two already since kPositionDoubtLead and kOldFootageLead before it was known). What they measured
// then is no support of a track, group or change, whatever it was before: what else is known of it
// stands on its other sources. Brain. Determinism: a function of the inputs. Memory: as
// SilenceBook's, of kMemory.
class DoubtBook {
 public:
  static constexpr Duration kMemory = Duration::Seconds(24 * 3600);

  void Add(const SourceStatus& status);
  // The source is not to be believed at this time.
  bool Doubts(const SourceId& source, Instant time) const;
  // Why a look of this time saw nothing of what was where it says; empty: it may have, for all that
  // is known here (a wrong clock is the account's to judge).
  std::string_view BlindReason(const SourceId& source, Instant time) const;
  // Takes away the supports whose newest measurement is of such a time, and what then has none
  // left: a camera that believes itself elsewhere makes tracks of its own of what others see, too.
  void Void(Picture& picture) const;
  // Takes away what such a source says there. A look at old footage, or from nobody
  // knows where, saw nothing of what was there.
  void Void(SettledLook& look) const;
  void Void(LateLook& look) const;
  void Forget(Instant before);

  void Write(v1::VerifySnapshot* out) const;
  void Read(const v1::VerifySnapshot& in);

 private:
  SilenceBook clocks_{SilenceBook::Of::kClock};
  SilenceBook positions_{SilenceBook::Of::kPosition};
  SilenceBook footage_{SilenceBook::Of::kFootage};
};

}  // namespace trucewatch
