// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/time/instant.h"
#include "core/types/observation.h"
#include "detect/footage/footage_print.h"
#include "trucewatch/v1/detect_snapshot.pb.h"

namespace trucewatch::footage {

// Recognises video that was shown before, with new times on it, also when it was encoded again or
// made smaller: nothing that it shows is there now. Brain: a function of the prints in their order.
//
// It keeps a key picture of each source at least every kKeySpacing in which the view changes (a
// camera that stands still gives one). Footage is old when kRow key pictures come again in their
// order, at the pace at which they came (kPace), more than kMinAge after they were shown first,
// each lying on its first showing so exactly that rms over the row is at most kMaxShift parts of a
// picture. A drone that flies the same circle again and holds its camera on the same place never
// comes so near: measured on rendered flights, docs/benchmarks.md. Where a new picture falls
// between two of the old ones the motion between them is taken as straight. Not recognised: the
// pictures of a camera that stands still, cropped or turned pictures, less than about kRow *
// kKeySpacing.
class FootageMemory {
 public:
  static constexpr Duration kKeySpacing = Duration::Seconds(2);
  static constexpr int kNewView = 96;  // bits of the difference hash: from here on another picture
  static constexpr std::size_t kRow = 10;
  static constexpr double kMaxShift = 0.0125;  // of a thirty-second of the picture's side
  static constexpr double kPace = 0.1;         // difference of pace, and s of jitter
  static constexpr Duration kMinAge = Duration::Seconds(60);
  // Keys of all sources, 1 kB each; the oldest go first. One drone in the air all day: 36 hours.
  static constexpr std::size_t kMaxKeys = 65'536;
  static constexpr std::size_t kMaxSources = 256;  // of further ones nothing is said

  // What has changed with this picture, in words: the footage is old ("..., as drone1 showed it at
  // TIME, ..."), or (empty text) new again. Times of a source that do not ascend are passed over.
  std::optional<std::string> Add(const SourceId& source, Instant time, const FootagePrint& print);

  // The source shows old footage now.
  bool IsOld(const SourceId& source) const;

  bool empty() const { return sources_.empty(); }
  void Write(v1::DetectSnapshot* out) const;
  Result<void> Read(const v1::DetectSnapshot& in);

 private:
  struct Key {
    Instant time;
    FootagePrint print;
    std::uint64_t signature = 0;
  };
  struct Sighting {  // of one key picture
    std::uint64_t key = 0;
    Instant key_time;
    Duration lag;        // of the picture that came nearest
    double shift = 0;    // of that one, parts
    Eigen::Vector2d at;  // of the newest picture
  };
  // A stretch of old footage that the newest pictures may be.
  struct Run {
    SourceId of;
    std::deque<Sighting> row;  // the last kRow + 1
    Instant seen;
  };
  struct Match {
    SourceId of;
    std::uint64_t key = 0;
    Instant key_time;
    Eigen::Vector2d shift;
  };
  struct Source {
    std::uint64_t first = 0;  // number of keys.front()
    std::deque<Key> keys;
    FootageBits last_bits{};
    std::optional<Instant> newest;
    std::vector<Run> runs;
    bool old = false;
  };

  struct Candidate {
    const SourceId* of = nullptr;
    const Key* key = nullptr;
    std::uint64_t number = 0;
    int differing = 0;  // bits of the signature
  };
  // Keys that the picture may show again: the likeliest, and what the source's runs wait for.
  std::vector<Candidate> CandidatesFor(const Source& source, Instant time,
                                       std::uint64_t signature) const;
  void Look(Source& source, Instant time, const FootagePrint& print, std::uint64_t signature);
  static void Sight(Source& source, const Match& match, Instant time);
  static const Run* OldRun(const Source& source);
  void Keep(Source& source, Instant time, const FootagePrint& print, const FootageBits& bits);

  std::map<SourceId, Source> sources_;
  std::size_t keys_ = 0;
};

}  // namespace trucewatch::footage
