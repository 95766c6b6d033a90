// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/commands/detect_video.h"

#include <deque>
#include <filesystem>
#include <future>

#include "core/types/codec.h"
#include "tools/trucewatch/commands/detect_images.h"

namespace trucewatch::tools {
namespace {

using LineOut = std::function<void(const std::string& line)>;

// The segments of a video as they come, looked at beside one another and told of in their order.
class VideoSegments {
 public:
  VideoSegments(const DetectCommand& command, const std::string& file, FileWorkers& workers,
                const LineOut& sink, const LineOut& complain)
      : command_(command), file_(file), workers_(workers), sink_(sink), complain_(complain) {
    // Beside the one that reads the file.
    first_ready_ = std::async(std::launch::async, [this] { workers_.GetReady(0, Network()); });
  }

  Result<void> Take(const std::string& bytes) {
    v1::FileVideoPiece piece;
    if (!piece.ParseFromString(bytes)) return {};
    if (piece.number() < next_piece_) return {};  // had before the job was done again
    next_piece_ = piece.number() + 1;
    const auto envelope = ParseEnvelope(piece.envelope());
    if (!envelope) return {};
    if (envelope->has_data_fault()) {
      const auto& fault = envelope->data_fault();
      waiting_.push_back(
          {.complaint = fmt::format("byte {}: {}", fault.source_offset(), fault.reason())});
    } else if (envelope->has_video_segment()) {
      if (looked_at_ == Threads()) TW_RETURN_IF_ERROR(TellUntilOneIsFree());
      Begin(piece, envelope->video_segment().frames_size());
    }
    return {};
  }

  Result<VideoSeen> Finish() {
    while (!waiting_.empty()) TW_RETURN_IF_ERROR(TellFirst());
    return seen_;
  }

 private:
  using Look = std::future<Result<FileWorkers::Done>>;
  struct Waiting {
    std::string complaint = {};
    Look look = {};  // without one: the complaint alone
    std::uint32_t first_frame = 0;
    std::uint32_t frames = 0;
  };

  FileWorkers::Network Network() const {
    const bool asked =
        !command_.model.empty() || command_.modality == "rgb" || command_.modality == "ir";
    return asked ? FileWorkers::Network::kAsked : FileWorkers::Network::kNone;
  }

  std::size_t Threads() const { return std::max(1U, command_.threads); }

  void Begin(const v1::FileVideoPiece& piece, int frames) {
    v1::FileJob job = JobAbout(file_, command_);
    v1::FileSegment& segment = *job.mutable_segment();
    segment.set_envelope(piece.envelope());
    segment.set_ground_hae_m(piece.ground_hae_m());
    *segment.mutable_exact_rad() = piece.exact_rad();
    segment.set_first_frame(next_frame_);
    segment.set_draw_every(static_cast<std::uint32_t>(command_.draw_every));
    const auto network = Network();
    segment.set_network(network == FileWorkers::Network::kAsked);
    const std::size_t worker = next_worker_++ % Threads();
    if (first_ready_.valid()) first_ready_.get();
    waiting_.push_back({.complaint = {},
                        .look = std::async(std::launch::async,
                                           [this, worker, network, job = std::move(job)] {
                                             return workers_.Run(worker, network, job, {});
                                           }),
                        .first_frame = next_frame_,
                        .frames = static_cast<std::uint32_t>(frames)});
    ++looked_at_;
    next_frame_ += static_cast<std::uint32_t>(frames);
  }

  Result<void> TellUntilOneIsFree() {
    for (const std::size_t before = looked_at_; looked_at_ == before;) {
      TW_RETURN_IF_ERROR(TellFirst());
    }
    return {};
  }

  Result<void> TellFirst() {
    Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    if (!first.look.valid()) {
      complain_(first.complaint);
      return {};
    }
    --looked_at_;
    TW_ASSIGN_OR_RETURN(const FileWorkers::Done done, first.look.get());
    if (done.refused) {
      ++seen_.refused;
      complain_(fmt::format("frames {} to {}: {}", first.first_frame,
                            first.first_frame + first.frames - 1, done.error->message));
      return {};
    }
    for (const std::string& line : done.result.lines()) sink_(line);
    if (done.error) {
      complain_(done.error->message);
      return {};
    }
    for (const auto& [frame, drawing] : done.drawings.by_frame) {
      if (frame < first.first_frame || frame - first.first_frame >= first.frames) continue;
      const auto written =
          WriteDrawing(fmt::format("{}/frame-{:06d}.png", command_.draw, frame), drawing);
      if (written) continue;
      complain_(written.error().message);
      break;
    }
    return {};
  }

  const DetectCommand& command_;
  const std::string& file_;
  FileWorkers& workers_;
  const LineOut& sink_;
  const LineOut& complain_;
  std::uint64_t next_piece_ = 0;
  std::uint32_t next_frame_ = 0;
  std::size_t next_worker_ = 0, looked_at_ = 0;
  VideoSeen seen_;
  std::future<void> first_ready_;
  std::deque<Waiting> waiting_;  // last: what is under way ends before the others go
};

}  // namespace

Result<VideoSeen> DetectInVideo(const DetectCommand& command, const std::string& file,
                                FileWorkers& workers, const LineOut& sink,
                                const LineOut& complain) {
  TW_ASSIGN_OR_RETURN(std::shared_ptr<const File> bytes, MakePosixStorage()->Open(file, false));
  v1::FileJob job = JobAbout(file, command);
  job.mutable_video()->set_absolute_file(std::filesystem::absolute(file).string());
  VideoSegments segments(command, file, workers, sink, complain);
  const std::size_t reader = std::max(1U, command.threads);  // beside those of the segments
  TW_ASSIGN_OR_RETURN(
      const FileWorkers::Done read,
      workers.Run(reader, FileWorkers::Network::kNone, std::move(job), {std::move(bytes)},
                  [&](const std::string& piece) { return segments.Take(piece); }));
  TW_ASSIGN_OR_RETURN(const VideoSeen seen, segments.Finish());
  if (read.refused) return Prefix(file, *read.error);
  if (read.error) return tl::unexpected<Error>(*read.error);
  return seen;
}

}  // namespace trucewatch::tools
