// SPDX-License-Identifier: Apache-2.0
// Decoding and motion detection of a rendered 1080p30 clip beside `ffmpeg -threads 1 -f null` of
// the same file, in turn, by CPU seconds; what each step of ours costs; and, from the same run,
// recall and precision against the clip's truth: speed without them says nothing.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "core/media/demuxer.h"
#include "core/types/codec.h"
#include "detect/detect_stage.h"
#include "detect/segment.h"
#include "tests/bench/motion_clip.h"
#include "tests/bench/peer.h"

namespace trucewatch::bench {
namespace {

constexpr char kUsage[] =
    "usage: motion_benchmark [--clip FILE] [--turns N] [--every] [--frames N]\n"
    "  --clip FILE  the clip; made there when it is missing (default: in the temporary folder)\n"
    "  --turns N    of ffmpeg and ours (default 3)\n"
    "  --every      look at every picture instead of ten a second\n"
    "  --frames N   length of the clip (default 900)\n";
constexpr double kBorderPx = 60, kMatchPx = 20;
constexpr int kSegmentFrames = 60;  // two seconds, as ingest cuts them

double Now(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// CPU seconds of each step, told by the detector as it begins them.
class StepClock {
 public:
  void Begin(const char* step) {
    const double now = Now(CLOCK_THREAD_CPUTIME_ID);
    if (!step_.empty()) seconds_[step_] += now - since_;
    since_ = now;
    step_ = step;
  }
  const std::map<std::string, double>& seconds() const { return seconds_; }

 private:
  std::string step_;
  double since_ = 0;
  std::map<std::string, double> seconds_;
};

std::vector<VideoSegment> ReadSegments(const std::string& path, const MotionClip& clip) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto demuxer = TsDemuxer::Create();
  std::vector<MediaPacket> packets;
  const auto take = [&](Result<std::vector<MediaPacket>> more) {
    if (!more) return;
    for (MediaPacket& packet : *more) {
      if (packet.kind == MediaKind::kVideo && packet.pts) packets.push_back(std::move(packet));
    }
  };
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  constexpr std::size_t kPiece = 188 * 512;
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    take(demuxer->Push({data + at, std::min(kPiece, bytes.size() - at)}));
  }
  take(demuxer->Finish());
  std::vector<VideoSegment> segments;
  if (packets.empty()) return segments;
  Duration first = *packets[0].pts;
  for (const MediaPacket& packet : packets) first = std::min(first, *packet.pts);
  for (MediaPacket& packet : packets) {
    const double at = (*packet.pts - first).seconds() * clip.options().frames_per_second;
    const int number = static_cast<int>(std::lround(at));
    if (number >= clip.options().frames) continue;
    if (segments.empty() ||
        (packet.key && static_cast<int>(segments.back().frames.size()) >= kSegmentFrames)) {
      VideoSegment& segment = segments.emplace_back();
      segment.codec = "h264";
      segment.width_px = clip.options().width_px;
      segment.height_px = clip.options().height_px;
    }
    const MotionPicture picture = clip.PictureAt(number);
    VideoFrame& frame = segments.back().frames.emplace_back();
    frame.time = picture.time;
    frame.pose = picture.pose;
    frame.key = packet.key;
    frame.access_unit = std::move(packet.data);
  }
  return segments;
}

struct Grade {
  int truths = 0, found = 0, detections = 0, right = 0;
  std::map<int, std::pair<int, int>> by_speed;  // whole m/s up to 6 -> found of truths
};

// One to one, nearest first for each truth; what lies in the border does not count either way.
void Add(const MotionClip& clip, const MotionMoment& moment, int frame, Grade& grade) {
  std::vector<bool> used(moment.detections.size()), ignored(moment.detections.size());
  const auto nearest = [&](const Eigen::Vector2d& at) {
    std::size_t match = used.size();
    double best = kMatchPx;
    for (std::size_t i = 0; i < used.size(); ++i) {
      const Detection& d = moment.detections[i];
      const Eigen::Vector2d c(d.box_x_px + d.box_width_px / 2, d.box_y_px + d.box_height_px / 2);
      if (used[i] || (c - at).norm() >= best) continue;
      best = (c - at).norm();
      match = i;
    }
    return match;
  };
  for (const TruthVehicle& truth : clip.TruthAt(frame, kBorderPx)) {
    const std::size_t match = nearest(truth.centre_px);
    auto& band = grade.by_speed[std::min(6, static_cast<int>(truth.speed_mps))];
    ++grade.truths;
    ++band.second;
    if (match == used.size()) continue;
    used[match] = true;
    ++grade.found;
    ++band.first;
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    const Detection& d = moment.detections[i];
    const double x = d.box_x_px + d.box_width_px / 2, y = d.box_y_px + d.box_height_px / 2;
    const bool border = x < kBorderPx || y < kBorderPx || x > clip.options().width_px - kBorderPx ||
                        y > clip.options().height_px - kBorderPx;
    if (border && !used[i]) continue;
    ++grade.detections;
    if (used[i]) ++grade.right;
  }
}

v1::config::DetectConfig StageConfig(unsigned threads) {
  v1::config::DetectConfig config;
  config.set_threads(threads);
  config.set_working_gsd_m(0.5);
  config.set_min_speed_mps(1.5);
  config.set_max_speed_mps(40);
  config.set_min_size_m(2.5);
  config.set_max_size_m(25);
  config.set_observation_period_s(0.5);
  config.set_detection_probability(0.9);
  return config;
}

// All segments through the stage, as several streams would be; CPU and wall seconds, and its
// output.
struct StageRun {
  double cpu_s = 0, wall_s = 0;
  std::vector<std::vector<std::string>> out;
};
StageRun RunStage(const std::vector<VideoSegment>& segments, unsigned threads) {
  std::vector<LogRecord> inputs;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    v1::Envelope envelope;
    *envelope.mutable_video_segment() = ToProto(segments[i]);
    LogRecord record;
    record.sequence = i + 1;
    record.payload = SerializeEnvelope(envelope);
    inputs.push_back(std::move(record));
  }
  StageRun run;
  DetectStage stage(StageConfig(threads), std::make_unique<FlatTerrain>(0, 0));
  const double cpu = Now(CLOCK_PROCESS_CPUTIME_ID), wall = Now(CLOCK_MONOTONIC);
  auto out = stage.Handle(inputs);
  run.cpu_s = Now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  run.wall_s = Now(CLOCK_MONOTONIC) - wall;
  if (out) run.out = std::move(*out);
  return run;
}

int Run(const std::string& path, int turns, bool every, const MotionClip& clip) {
  if (!std::filesystem::exists(path)) {
    std::fprintf(stderr, "rendering and encoding %s ...\n", path.c_str());
    const std::string part = path + ".part";
    if (!clip.Write(part)) {
      std::fprintf(stderr, "ffmpeg failed; tools/setup/install_packages installs it\n");
      return 1;
    }
    std::filesystem::rename(part, path);
  }
  const int frames = clip.options().frames;
  const double mbps = 8e-6 * static_cast<double>(std::filesystem::file_size(path)) /
                      (static_cast<double>(frames) / clip.options().frames_per_second);
  std::printf("clip: %d frames, %dx%d, %d a second, %.1f Mbit/s\n", frames, clip.options().width_px,
              clip.options().height_px, clip.options().frames_per_second, mbps);
  double ffmpeg_s = 1e9, ours_s = 1e9;
  std::map<std::string, double> steps;
  Grade grade;
  MotionCounts counts;
  const FlatTerrain flat(0, 0);
  std::vector<VideoSegment> segments;
  for (int turn = 0; turn < turns; ++turn) {
    const double peer = ChildCpuSeconds(
        {"ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", path, "-f", "null", "-"});
    if (peer < 0) {
      std::fprintf(stderr, "ffmpeg cannot be run\n");
      return 1;
    }
    ffmpeg_s = std::min(ffmpeg_s, peer);
    StepClock clock;
    Grade this_grade;
    MotionCounts this_counts;
    const double begin = Now(CLOCK_PROCESS_CPUTIME_ID);
    segments = ReadSegments(path, clip);
    const double read = Now(CLOCK_PROCESS_CPUTIME_ID) - begin;
    MotionOptions options = MotionOptionsFrom(StageConfig(1));
    options.object_height_m = 0;  // the clip's vehicles are painted on the ground
    if (every) options.sample_period = Duration();
    options.on_step = [&](const char* step) { clock.Begin(step); };
    std::vector<std::pair<int, MotionMoment>> seen;
    int decoded = 0;
    for (const VideoSegment& segment : segments) {
      const auto result = DetectSegmentMotion(segment, options, flat);
      clock.Begin("");
      if (!result) {
        std::fprintf(stderr, "%s\n", result.error().message.c_str());
        return 1;
      }
      decoded += result->decoded;
      this_counts += result->motion.counts;
      for (const MotionMoment& moment : result->motion.moments) {
        const double at = (moment.time - clip.PictureAt(0).time).seconds();
        seen.emplace_back(std::lround(at * clip.options().frames_per_second), moment);
      }
    }
    const double spent = Now(CLOCK_PROCESS_CPUTIME_ID) - begin;
    if (decoded != frames) {
      std::fprintf(stderr, "%d of %d pictures decoded: the figures would not compare\n", decoded,
                   frames);
      return 1;
    }
    for (const auto& [frame, moment] : seen) Add(clip, moment, frame, this_grade);
    std::printf("turn %d: ffmpeg %.2f s, ours %.2f s: %.3f of ffmpeg's frames per CPU second\n",
                turn + 1, peer, spent, peer / spent);
    if (spent >= ours_s) continue;
    ours_s = spent;
    steps = clock.seconds();
    steps["demultiplex"] = read;
    grade = this_grade;
    counts = this_counts;
  }
  std::printf("ffmpeg -threads 1 -f null: %.2f ms a frame; ours: %.2f ms a frame, %.2f above it\n",
              1e3 * ffmpeg_s / frames, 1e3 * ours_s / frames, 1e3 * (ours_s - ffmpeg_s) / frames);
  for (const auto& [step, seconds] : steps) {
    std::printf("  %-12s %6.3f ms a frame\n", step.c_str(), 1e3 * seconds / frames);
  }
  std::printf("ratio (best turns): %.3f; goal 0.5, then 0.8\n", ffmpeg_s / ours_s);
  std::printf("recall %.3f (%d of %d), precision %.3f (%d of %d)\n",
              static_cast<double>(grade.found) / std::max(1, grade.truths), grade.found,
              grade.truths, static_cast<double>(grade.right) / std::max(1, grade.detections),
              grade.right, grade.detections);
  for (const auto& [speed, n] : grade.by_speed) {
    std::printf("  from %d m/s%s: %.3f of %d\n", speed, speed == 6 ? " on" : "",
                static_cast<double>(n.first) / n.second, n.second);
  }
  std::printf(
      "tracks: accepted %d, brief %d, slow %d, fast %d, crooked %d, small %d, large %d, "
      "thin %d, ghost %d, symbol %d, parallax %d, duplicate %d\n",
      counts.accepted, counts.brief, counts.slow, counts.fast, counts.crooked, counts.small,
      counts.large, counts.thin, counts.ghost, counts.symbol, counts.parallax, counts.duplicate);
  // Two threads cost more CPU for the same work where they share caches and memory: without other
  // load the speed-up is 2 * CPU of one / CPU of two.
  const StageRun one = RunStage(segments, 1), two = RunStage(segments, 2);
  std::printf(
      "streams on 2 cores: CPU %.2f s with one thread, %.2f s with two: scaling %.2f by CPU, "
      "%.2f by wall time; output %s\n",
      one.cpu_s, two.cpu_s, 2 * one.cpu_s / two.cpu_s, one.wall_s / two.wall_s,
      one.out == two.out && !one.out.empty() ? "identical" : "DIFFERS");
  return one.out == two.out && !one.out.empty() ? 0 : 1;
}

}  // namespace
}  // namespace trucewatch::bench

int main(int argc, char** argv) {
  using trucewatch::bench::kUsage;
  trucewatch::bench::MotionClipOptions options;
  std::string path;
  int turns = 3;
  bool every = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--every") {
      every = true;
    } else if (word == "--clip" && has_value) {
      path = argv[++i];
    } else if (word == "--turns" && has_value) {
      turns = std::max(1, std::atoi(argv[++i]));
    } else if (word == "--frames" && has_value) {
      options.frames = std::max(60, std::atoi(argv[++i]));
    } else {
      std::fputs(kUsage, word == "--help" ? stdout : stderr);
      return word == "--help" ? 0 : 2;
    }
  }
  if (path.empty()) {
    path = std::filesystem::temp_directory_path() /
           ("trucewatch-motion-clip-" + std::to_string(options.seed) + "-" +
            std::to_string(options.frames) + ".ts");
  }
  return trucewatch::bench::Run(path, turns, every, trucewatch::bench::MotionClip(options));
}
