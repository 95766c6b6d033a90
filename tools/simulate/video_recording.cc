// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/video_recording.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <opencv2/core.hpp>
#include <thread>
#include <vector>

#include "core/media/ts_writer.h"
#include "ingest/klv/st0601_encoder.h"
#include "tools/simulate/flight.h"
#include "tools/simulate/scene_renderer.h"

namespace trucewatch::simulate {
namespace {

Instant FrameTime(const Scenario& scenario, const v1::config::DroneConfig& drone, int frame) {
  // Whole microseconds for every frame rate; the n-th frame is exposed n periods after the start.
  const std::int64_t rate = drone.frames_per_second();
  return scenario.start + Duration::Micros(frame * std::int64_t{1'000'000} / rate);
}

double TexelOf(const Scenario& scenario, const Flight& flight) {
  const double own = flight.drone().texel_m();
  return own > 0 ? own : scenario.config.look().texel_m();
}

Result<std::unique_ptr<GroundTexture>> PaintLookedAt(const Scenario& scenario, const World& world,
                                                     const Flight& flight, unsigned threads) {
  std::vector<std::array<Eigen::Vector2d, 4>> footprints;
  Eigen::Vector2d low(1e300, 1e300), high(-1e300, -1e300);
  for (int frame = 0; frame < FrameCount(scenario, flight.index()); ++frame) {
    const double t_s = static_cast<double>(frame) / flight.drone().frames_per_second();
    const View view(flight.TruePose(t_s), flight.frame(), flight.StarePoint(t_s));
    const auto footprint = view.Footprint();
    if (!footprint) {
      return Fail(
          ErrorCode::kBadInput,
          "drone[{}]: at {:.1f} s the camera sees the horizon; use a smaller orbit_radius_m or "
          "horizontal_fov_deg, or a stare point closer to the orbit",
          flight.index(), t_s);
    }
    for (const Eigen::Vector2d& corner : *footprint) {
      low = low.cwiseMin(corner);
      high = high.cwiseMax(corner);
    }
    footprints.push_back(*footprint);
  }
  TW_ASSIGN_OR_RETURN(auto texture,
                      GroundTexture::Create(scenario, world, low, high, TexelOf(scenario, flight)));
  for (const auto& footprint : footprints) texture->Want(footprint);
  texture->Paint(threads);
  return texture;
}

// Frames rendered ahead of the writer: a bounded ring, filled out of order and emptied in order.
class RenderQueue {
 public:
  struct Frame {
    explicit Frame(int width, int height) : picture(width, height) {}
    YuvPicture picture;
    std::string klv;
    int number = -1;  // which frame is ready here
  };

  RenderQueue(int count, int width, int height, unsigned slots)
      : count_(count), slots_(slots, Frame(width, height)) {}

  // Body of a worker: render(frame, slot) until there are no more frames.
  template <typename Render>
  void Work(std::stop_token stop, Render&& render) {
    while (true) {
      int frame;
      {
        std::unique_lock lock(mutex_);
        frame = next_;
        if (frame >= count_) return;
        ++next_;
        const auto room = [&] { return frame < taken_ + static_cast<int>(slots_.size()); };
        if (!changed_.wait(lock, stop, room)) return;
      }
      Frame& slot = SlotOf(frame);
      render(frame, slot);
      {
        const std::lock_guard lock(mutex_);
        slot.number = frame;
      }
      changed_.notify_all();
    }
  }

  // Waits for the next frame in order; it stays valid until Release.
  Frame& Take() {
    std::unique_lock lock(mutex_);
    Frame& slot = SlotOf(taken_);
    changed_.wait(lock, [&] { return slot.number == taken_; });
    return slot;
  }
  void Release() {
    {
      const std::lock_guard lock(mutex_);
      ++taken_;
    }
    changed_.notify_all();
  }

 private:
  Frame& SlotOf(int frame) { return slots_[static_cast<std::size_t>(frame) % slots_.size()]; }

  const int count_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  int next_ = 0;   // to be rendered
  int taken_ = 0;  // to be written
  std::vector<Frame> slots_;
};

}  // namespace

int FrameCount(const Scenario& scenario, int drone) {
  return std::max(1, static_cast<int>(scenario.duration_s() *
                                      scenario.config.drone(drone).frames_per_second()));
}

std::string MetadataPacket(const Scenario& scenario, const v1::config::DroneConfig& drone,
                           const CameraPose& pose, Instant time) {
  const double undulation_m = scenario.config.mission().terrain().geoid_undulation_m();
  const FlatTerrain ground(scenario.ground_hae_m(), 0);
  St0601Fields fields;
  fields.time = time;
  fields.mission_id = drone.mission_id();
  fields.platform_tail_number = drone.platform();
  fields.platform_designation = drone.platform();
  fields.image_source_sensor = "EO";
  fields.image_coordinate_system = "Geodetic WGS84";
  fields.platform_heading = pose.platform_heading;
  fields.platform_pitch = pose.platform_pitch;
  fields.platform_roll = pose.platform_roll;
  fields.sensor = pose.position;
  fields.sensor_altitude_msl_m = pose.position.height_hae_m - undulation_m;
  fields.horizontal_fov = pose.horizontal_fov;
  fields.vertical_fov = pose.vertical_fov;
  fields.sensor_azimuth = pose.sensor_azimuth;
  fields.sensor_elevation = pose.sensor_elevation;
  fields.sensor_roll = pose.sensor_roll;
  fields.platform_ground_speed_mps = drone.speed_mps();
  fields.operational_mode = OperationalMode::kExercise;  // DESIGN.md rule 8
  const double w = pose.width_px;
  const double h = pose.height_px;
  const auto at = [&](double u, double v) { return GroundFromPixel(pose, u, v, ground); };
  if (const auto centre = at(w / 2, h / 2)) {
    fields.frame_center = *centre;
    fields.frame_center_elevation_msl_m = centre->height_hae_m - undulation_m;
    fields.slant_range_m = LocalFrame(pose.position).EnuFromGeodetic(*centre).norm();
    const auto left = at(0, h / 2), right = at(w, h / 2);
    if (left && right) fields.target_width_m = GeodesicDistanceM(*left, *right);
  }
  const auto a = at(0, 0), b = at(w, 0), c = at(w, h), d = at(0, h);
  if (a && b && c && d) fields.corners = std::array<Geodetic, 4>{*a, *b, *c, *d};
  return EncodeSt0601(fields);
}

Result<void> RecordVideo(const Scenario& scenario, const World& world, int index,
                         const std::string& path, unsigned threads,
                         const std::function<void(double fraction)>& progress) {
  cv::setNumThreads(1);
  const Flight flight(scenario, world, index);
  TW_ASSIGN_OR_RETURN(const auto texture, PaintLookedAt(scenario, world, flight, threads));
  const SceneRenderer renderer(scenario, world, flight, *texture);
  const auto& drone = flight.drone();
  TsWriterOptions options;
  options.width_px = static_cast<int>(drone.width_px());
  options.height_px = static_cast<int>(drone.height_px());
  options.frames_per_second = static_cast<int>(drone.frames_per_second());
  options.key_frame_interval = 2 * options.frames_per_second;
  options.crf = static_cast<int>(drone.crf());
  TW_ASSIGN_OR_RETURN(const auto writer, TsWriter::Create(path, options));

  const int count = FrameCount(scenario, index);
  RenderQueue queue(count, options.width_px, options.height_px, 2 * threads + 2);
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&](std::stop_token stop) {
      queue.Work(stop, [&](int frame, RenderQueue::Frame& slot) {
        renderer.Render(frame, {}, slot.picture);
        const double t_s = static_cast<double>(frame) / drone.frames_per_second();
        slot.klv = MetadataPacket(scenario, drone, flight.MetadataPose(flight.TruePose(t_s), frame),
                                  FrameTime(scenario, drone, frame));
      });
    });
  }
  for (int frame = 0; frame < count; ++frame) {
    const RenderQueue::Frame& ready = queue.Take();
    TW_RETURN_IF_ERROR(
        writer->Write(ready.picture.y, ready.picture.u, ready.picture.v, AsBytes(ready.klv)));
    queue.Release();
    if (progress && frame % 20 == 19) progress(static_cast<double>(frame + 1) / count);
  }
  return writer->Finish();
}

}  // namespace trucewatch::simulate
