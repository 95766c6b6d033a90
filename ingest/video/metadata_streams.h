// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/media/demuxer.h"
#include "ingest/video/metadata_reader.h"
#include "ingest/video/metadata_track.h"

namespace trucewatch {

// The KLV streams of one programme: reads all of them and says which one is followed.
//
// The rule: around each stretch of pictures (2 s before and after) the stream with the most sound
// ST 0601 packets that give a usable pose; of equals the one with more packets that have a time,
// then the one with the lowest index. A file beside the video counts where no stream gives a pose.
// The stream that is followed stays so until another has more than twice its packets with a pose,
// or it has no packets there at all. Bounded: kMaxStreams streams, 4096 packets each that wait for
// their picture.
class MetadataStreams {
 public:
  static constexpr std::size_t kMaxStreams = 16;
  static constexpr int kBeside = 1'000'000;  // index of the stream of a file beside the video

  explicit MetadataStreams(const PlatformStateOptions& options, bool with_targets = false)
      : options_(options), with_targets_(with_targets) {}

  // `width_px`: of the video, for VMTI pixel numbers. What is to be told of the packet.
  std::vector<MetadataReader::Fault> Push(const MediaPacket& packet, int width_px);
  // What a file beside the video says: one more stream, after all others.
  void AddBeside(std::vector<MetadataSample> samples);
  // Metadata without a time stamp is taken to belong to the picture it follows in the stream: `pts`
  // is that of the picture shown last before the byte `before_offset`.
  void PlaceWaiting(std::uint64_t before_offset, Duration pts);
  // Chooses for a stretch of pictures. What is to be told when there is a choice and it changed.
  std::optional<std::string> Choose(Duration first_pts, Duration last_pts);
  void DropBefore(Duration pts);
  // Another time line begins.
  void Restart();

  // Of the stream that is followed; before the first choice of the first stream with a time.
  const MetadataTrack& track() const;
  // Of one stream since the beginning.
  struct Totals {
    std::uint64_t packets = 0;  // sound ST 0601 with a time
    std::uint64_t poses = 0;
  };
  Totals TotalsOf(int index) const;
  std::optional<int> followed() const { return followed_; }
  bool infrared() const;
  // The stream that is followed, or any that has been heard, says exercise.
  bool exercise() const;
  // Moving targets up to `last`, in order: those of the stream that is followed, and sets that
  // stand alone in any stream; the rest is forgotten.
  std::vector<MetadataReader::Targets> TakeTargets(std::optional<Instant> last);
  // The time (item 2) of the packet that came last since this was called.
  std::optional<Instant> TakeLastTime() { return std::exchange(last_time_, std::nullopt); }
  std::optional<Instant> last_time() const { return last_time_; }
  // Sets that wait, in the stream with the most.
  std::size_t target_sets() const;

 private:
  struct Stream {
    MetadataReader reader;
    MetadataTrack track;
    std::deque<std::pair<std::uint64_t, MetadataSample>> waiting;  // position, sample without pts
    std::deque<MetadataReader::Targets> targets;
    Totals totals;
  };
  const Stream* Followed() const;

  PlatformStateOptions options_;
  bool with_targets_;
  std::map<int, Stream> streams_;  // by index
  std::optional<int> followed_;
  std::optional<Instant> last_time_;
  bool told_too_many_ = false;
};

}  // namespace trucewatch
