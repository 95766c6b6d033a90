// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "core/geo/camera.h"
#include "tools/simulate/flight.h"
#include "tools/simulate/ground_texture.h"
#include "tools/simulate/raster.h"
#include "tools/simulate/scenario.h"
#include "tools/simulate/view.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {

// The ground as a view sees it; its light is that of the texture.
void DrawGround(const GroundTexture& texture, const View& view, YuvPicture& picture);
// Vehicles, people and houses with their shadows, the farthest first. `movers`: also what moves.
void DrawObjects(const Scenario& scenario, const World& world, const View& view, double t_s,
                 bool movers, YuvPicture& picture);
// CV_8UC1 of the size of a picture: 0 leave, 1 dark edge, 2 letter. In the lower left corner.
cv::Mat ExerciseMark(int width_px, int height_px);

// Draws frames: ground, shadows, vehicles and people, houses, the lens, sensor noise, the exercise
// mark. Threads: Render may be called from several threads once the texture is painted.
// Determinism: a frame depends on scenario, seed and its number alone.
class SceneRenderer {
 public:
  SceneRenderer(const Scenario& scenario, const World& world, const Flight& flight,
                const GroundTexture& texture);

  struct Options {
    bool movers = true;  // tests take the difference
    bool noise = true;
    bool mark = true;
  };
  void Render(int frame, const Options& options, YuvPicture& picture) const;

  View ViewOf(int frame) const;

 private:
  void AddNoise(int frame, YuvPicture& picture) const;
  void BurnMark(YuvPicture& picture) const;

  const Scenario& scenario_;
  const World& world_;
  const Flight& flight_;
  const GroundTexture& texture_;
  std::vector<std::int8_t> noise_;  // a tile of normal noise, read at an offset of the frame's own
  cv::Mat mark_;                    // ExerciseMark
};

}  // namespace trucewatch::simulate
