// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "core/types/observation.h"
#include "trucewatch/v1/detect_snapshot.pb.h"

namespace trucewatch {

// Which segments are left out under overload: of each source that a note thins to one segment in N,
// the first after the note is looked at, then each Nth. Brain: what it decides depends on the notes
// and segments it was told of, in their order, alone.
class Thinning {
 public:
  static constexpr std::size_t kMaxSources = 256;  // further ones are never thinned

  // A status of a source; what is no such note changes nothing.
  void Note(const SourceStatus& status);
  // The next segment of the source: is it looked at?
  bool LooksAt(const SourceId& source);

  bool empty() const { return sources_.empty(); }
  void Write(v1::DetectSnapshot* out) const;
  void Read(const v1::DetectSnapshot& in);

 private:
  struct Source {
    std::uint32_t one_in = 1;
    std::uint64_t segments = 0;  // since the note
  };
  std::map<SourceId, Source> sources_;
};

}  // namespace trucewatch
