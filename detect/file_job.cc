// SPDX-License-Identifier: Apache-2.0
#include "detect/file_job.h"

#include <algorithm>
#include <cmath>

#include "core/base/bytes.h"
#include "core/raster/scene_reader.h"
#include "core/types/codec.h"
#include "detect/channel_file.h"
#include "detect/image_report.h"
#include "detect/parked_look_codec.h"
#include "detect/parked_report.h"
#include "detect/report.h"
#include "detect/scene_report.h"
#include "detect/segment.h"

namespace trucewatch {
namespace {

using v1::config::ModelCard;

constexpr std::size_t kReadPiece = std::size_t{16} << 20;
constexpr std::size_t kDrawingPiece = std::size_t{16} << 20;
constexpr std::size_t kMostDrawings = std::size_t{1} << 30;  // bytes of one job's
// What a job may say at once (core/process), less what stands around it.
constexpr std::size_t kMostSaid = (std::size_t{64} << 20) - 4096;
constexpr char kSaysDrawing = 'D';  // then frame (uint32), offset (uint64), both big-endian; bytes

using ExactPositions = google::protobuf::RepeatedField<double>;

void AddExact(const VideoSegment& segment, ExactPositions* out) {
  for (const VideoFrame& frame : segment.frames) {
    if (!frame.pose) continue;
    out->Add(frame.pose->position.latitude.rad());
    out->Add(frame.pose->position.longitude.rad());
  }
}

// Nothing to do when it is not as many.
void SetExact(const ExactPositions& exact, VideoSegment* segment) {
  const auto with_pose =
      std::count_if(segment->frames.begin(), segment->frames.end(),
                    [](const VideoFrame& frame) { return frame.pose.has_value(); });
  if (exact.size() != 2 * with_pose) return;
  auto next = exact.begin();
  for (VideoFrame& frame : segment->frames) {
    if (!frame.pose || !std::isfinite(next[0]) || !std::isfinite(next[1])) continue;
    frame.pose->position.latitude = Angle::Radians(*next++);
    frame.pose->position.longitude = Angle::Radians(*next++);
  }
}

// A picture in a file with a place on earth gives its detections one; null: another picture.
std::unique_ptr<SceneReader> PlacedScene(const std::string& bytes, ImageReportOptions* options) {
  if (!bytes.starts_with(std::string_view("II*\0", 4)) &&
      !bytes.starts_with(std::string_view("MM\0*", 4))) {
    return nullptr;
  }
  auto reader = SceneReader::Open(bytes, options->file);
  if (!reader) return nullptr;
  const SceneReader* scene = reader->get();
  if (!options->gsd_m && scene->info().resolution_m > 0) {
    options->gsd_m = scene->info().resolution_m;
  }
  options->place = [scene](double x_px, double y_px) -> std::optional<ImagePlace> {
    const auto position = scene->GroundFromPixel({x_px, y_px});
    if (!position) return std::nullopt;
    return ImagePlace{*position, scene->info().position_sigma_m};
  };
  return std::move(*reader);
}

class FileWork {
 public:
  FileWork(const FileTools& tools, const v1::FileJob& job, JobChannel& channel)
      : tools_(tools),
        job_(job),
        channel_(channel),
        name_(job.file()),
        file_(MakeChannelFile(channel, 0)) {}

  Result<void> Do() {
    switch (job_.work_case()) {
      case v1::FileJob::kPicture:
        return LookAtPicture();
      case v1::FileJob::kScene:
        return LookAtScene();
      case v1::FileJob::kVideo:
        return ReadVideo();
      case v1::FileJob::kSegment:
        return LookAtSegment();
      case v1::FileJob::kLook:
        return LookAtSite();
      default:
        return Fail(ErrorCode::kUsage, "{}: a job of no kind", name_);
    }
  }
  v1::FileResult& result() { return result_; }

 private:
  Result<std::string> WholeFile() {
    TW_ASSIGN_OR_RETURN(const std::uint64_t size, file_->Size());
    std::string bytes;
    bytes.reserve(static_cast<std::size_t>(size));
    while (bytes.size() < size) {
      const std::size_t piece = std::min<std::size_t>(kReadPiece, size - bytes.size());
      TW_ASSIGN_OR_RETURN(const std::string more, file_->ReadAt(bytes.size(), piece));
      bytes += more;
    }
    return bytes;
  }

  Result<void> SayDrawing(int frame, const std::string& drawing) {
    for (std::size_t done = 0; done < drawing.size(); done += kDrawingPiece) {
      std::string said = {kSaysDrawing};
      AppendBe32(said, static_cast<std::uint32_t>(frame));
      AppendBe64(said, done);
      said += std::string_view(drawing).substr(done, kDrawingPiece);
      const auto heard = channel_.Ask(said);
      if (!heard) return tl::unexpected<Error>(heard.error());
    }
    return {};
  }

  Result<const appearance::ImageDetector*> Network() const {
    if (tools_.looks == nullptr) return Fail(ErrorCode::kUsage, "{}: without a network", name_);
    return tools_.looks.get();
  }

  // True: the picture is not such as this worker's network knows, and is left to another worker.
  bool IsForAnother(const std::string& bytes) {
    if (!job_.as_it_looks()) return false;
    // One that does not decode says so when it is looked at, by whichever network.
    const bool grey = IsGreyImage(AsBytes(bytes)).value_or(false);
    const ModelCard::Modality wanted = grey ? ModelCard::INFRARED : ModelCard::RGB;
    if (tools_.looks != nullptr && tools_.looks->card().modality() == wanted) return false;
    result_.set_wanted(wanted);
    return true;
  }

  Result<void> LookAtPicture() {
    TW_ASSIGN_OR_RETURN(const std::string bytes, WholeFile());
    if (IsForAnother(bytes)) return {};
    TW_ASSIGN_OR_RETURN(const auto* detector, Network());
    ImageReportOptions options;
    options.file = name_;
    if (job_.has_min_score()) options.min_score = job_.min_score();
    options.evaluate = job_.evaluate();
    if (job_.gsd_m() > 0) options.gsd_m = job_.gsd_m();
    options.draw = job_.draw();
    const auto placed = PlacedScene(bytes, &options);
    TW_ASSIGN_OR_RETURN(const ImageReport report, ReportImage(AsBytes(bytes), *detector, options));
    if (job_.draw()) TW_RETURN_IF_ERROR(SayDrawing(0, report.drawing));
    result_.add_lines(report.line);
    result_.set_detections(report.detections);
    result_.set_groups(report.groups);
    return {};
  }

  Result<void> LookAtScene() {
    std::optional<Instant> time;
    if (job_.scene().has_time_us()) time = Instant::FromMicros(job_.scene().time_us());
    TW_ASSIGN_OR_RETURN(const SceneReport report,
                        ReportScene(name_, file_, time, job_.min_score()));
    result_.add_lines(report.line);
    result_.set_detections(report.detections);
    result_.set_degraded(report.degraded);
    return {};
  }

  Result<void> ReadVideo() {
    std::uint64_t number = 0;
    return tools_.read_video(
        name_, job_.video().absolute_file(), file_, [&](VideoPiece piece) -> Result<void> {
          v1::FileVideoPiece message;
          v1::Envelope envelope;
          if (const auto* segment = std::get_if<VideoSegment>(&piece.what)) {
            *envelope.mutable_video_segment() = ToProto(*segment);
            AddExact(*segment, message.mutable_exact_rad());
          } else {
            *envelope.mutable_data_fault() = ToProto(std::get<DataFault>(piece.what));
          }
          message.set_number(number++);
          message.set_envelope(SerializeEnvelope(envelope));
          message.set_ground_hae_m(piece.ground_hae_m);
          if (message.envelope().size() > kMostSaid) {
            return Fail(ErrorCode::kBadInput, "{}: a group of pictures of {} MiB", name_,
                        message.envelope().size() >> 20);
          }
          const auto heard = channel_.Ask(kSaysPiece + message.SerializeAsString());
          if (!heard) return tl::unexpected<Error>(heard.error());
          return {};
        });
  }

  static Result<VideoSegment> SegmentOf(const std::string& bytes, const ExactPositions& exact) {
    TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(bytes));
    TW_ASSIGN_OR_RETURN(VideoSegment segment, FromProto(envelope.video_segment()));
    SetExact(exact, &segment);
    return segment;
  }

  Result<void> LookAtSegment() {
    const v1::FileSegment& asked = job_.segment();
    TW_ASSIGN_OR_RETURN(const VideoSegment segment, SegmentOf(asked.envelope(), asked.exact_rad()));
    auto config = tools_.detect;
    if (job_.gsd_m() > 0) config.set_working_gsd_m(job_.gsd_m());
    ReportOptions options;
    options.file = name_;
    options.motion = MotionOptionsFrom(config);
    options.people = PeopleOptionsFrom(config);
    options.min_score = job_.min_score();
    if (job_.has_min_score()) options.motion.least_probability = job_.min_score();
    options.evaluate = job_.evaluate();
    options.motion.evidence = job_.evaluate();
    options.draw_every = static_cast<int>(asked.draw_every());
    if (asked.network()) {
      TW_ASSIGN_OR_RETURN(options.looks, Network());
    }
    if (job_.draw()) {
      options.draw = [&](int frame, const std::string& png) { return SayDrawing(frame, png); };
    }
    const FlatTerrain ground(asked.ground_hae_m(), tools_.ground_sigma_m);
    const auto next = ReportSegment(segment, options, ground, static_cast<int>(asked.first_frame()),
                                    [&](const std::string& line) { result_.add_lines(line); });
    if (!next) return tl::unexpected<Error>(next.error());
    return {};
  }

  Result<void> LookAtSite() {
    const v1::FileLook& asked = job_.look();
    TW_ASSIGN_OR_RETURN(VideoSegment pose, SegmentOf(asked.envelope(), asked.exact_rad()));
    if (pose.frames.empty() || !pose.frames[0].pose) {
      return Fail(ErrorCode::kUsage, "a look without a pose");
    }
    pose.frames[0].pose->width_px = pose.frames[0].pose->height_px = 0;  // the picture's
    TW_ASSIGN_OR_RETURN(const std::string bytes, WholeFile());
    if (IsForAnother(bytes)) return {};
    TW_ASSIGN_OR_RETURN(const auto* detector, Network());
    const FlatTerrain ground(asked.ground_hae_m(), asked.ground_sigma_m());
    TW_ASSIGN_OR_RETURN(const parked::ParkedLook look,
                        LookAtStill({.image = AsBytes(bytes),
                                     .time = pose.frames[0].time,
                                     .pose = *pose.frames[0].pose,
                                     .pose_sigma = pose.frames[0].pose_sigma,
                                     .ask_network = asked.network()},
                                    *detector, ground));
    v1::DetectParkedLook* to = result_.mutable_look();
    to->set_width_px(static_cast<std::uint32_t>(look.width_px));
    to->set_height_px(static_cast<std::uint32_t>(look.height_px));
    to->set_grey(look.grey.data(), look.grey.size());
    result_.set_network(look.vehicles.has_value());
    if (look.vehicles) AddParkedVehicles(*look.vehicles, to);
    return {};
  }

  const FileTools& tools_;
  const v1::FileJob& job_;
  JobChannel& channel_;
  const std::string name_;
  const std::shared_ptr<const File> file_;
  v1::FileResult result_;
};

}  // namespace

JobHandler FileJobHandler(FileTools made) {
  const auto tools = std::make_shared<const FileTools>(std::move(made));
  return [tools](const std::string& request, JobChannel& channel) -> std::string {
    v1::FileJob job;
    if (!job.ParseFromString(request)) return {};
    FileWork work(*tools, job, channel);
    const auto done = work.Do();
    if (!done) {
      work.result().set_error_code(static_cast<std::uint32_t>(done.error().code) + 1);
      work.result().set_error(done.error().message);
    }
    return work.result().SerializeAsString();
  };
}

bool TakeDrawing(std::string_view said, FileDrawings* drawings) {
  constexpr std::size_t kHead = 13;
  if (said.size() < kHead || said[0] != kSaysDrawing) return false;
  const std::uint32_t frame = ReadBe32(AsBytes(said).subspan(1));
  const std::uint64_t offset = ReadBe64(AsBytes(said).subspan(5));
  std::string& drawing = drawings->by_frame[frame];
  if (offset > drawing.size()) return false;
  drawings->bytes -= drawing.size() - offset;
  drawing.resize(offset);
  said.remove_prefix(kHead);
  if (said.size() > kMostDrawings - drawings->bytes) return false;
  drawings->bytes += said.size();
  drawing += said;
  return true;
}

void AskAbout(const parked::ParkedLook& look, v1::FileLook* message) {
  VideoSegment segment;
  segment.lineage.modality = Modality::kVideoRgb;  // one must stand there
  segment.frames.emplace_back();
  segment.frames[0].time = look.time;
  segment.frames[0].pose = look.pose;
  // A message's pose has a frame size; this picture's is not known before it is decoded.
  segment.frames[0].pose->width_px = segment.frames[0].pose->height_px = 1;
  segment.frames[0].pose_sigma = look.pose_sigma;
  v1::Envelope envelope;
  *envelope.mutable_video_segment() = ToProto(segment);
  message->set_envelope(SerializeEnvelope(envelope));
  AddExact(segment, message->mutable_exact_rad());
}

std::optional<parked::ParkedLook> LookFrom(const v1::FileResult& result,
                                           const parked::ParkedLook& asked) {
  auto look = ParkedPixels(result.look());
  if (!look) return std::nullopt;
  look->time = asked.time;
  look->pose = asked.pose;
  look->pose_sigma = asked.pose_sigma;
  if (!result.network()) look->vehicles.reset();
  return look;
}

}  // namespace trucewatch
