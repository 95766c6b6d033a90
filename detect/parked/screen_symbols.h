// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "detect/parked/ground_picture.h"
#include "trucewatch/v1/detect_snapshot.pb.h"

namespace trucewatch::parked {

// Where on a camera's screen symbols are burnt in: edges that stay there while the ground goes on
// under them from look to look (errors of the hovering camera are enough: four pixels). Of ground
// under a symbol nothing is known. With a camera that stands wholly still symbols hide the same
// ground always, and change nothing.
// One picture size; another one begins anew. Determinism: a pure function of the looks.
class ScreenSymbols {
 public:
  // A look that was laid on its site; `pixel_from_site`: homogeneous, from metres east and north of
  // the site's middle.
  void Add(const GreyView& picture, const Geodetic& site_middle,
           const Eigen::Matrix3d& pixel_from_site);
  // What symbols hide; without pixels while none are known.
  const HiddenPixels& hidden() const { return hidden_; }

  bool empty() const { return width_px_ == 0; }  // nothing was added yet
  void Snapshot(v1::ParkedScreen* out) const;
  static Result<ScreenSymbols> Restore(const v1::ParkedScreen& in);

 private:
  static constexpr std::size_t kKept = 4;
  struct Kept {
    Eigen::Matrix3d pixel_from_site;  // pixels of `grey`
    std::vector<std::uint8_t> grey;
  };
  void FindSymbols();

  int width_px_ = 0, height_px_ = 0;  // of what is kept, which may be smaller than the pictures
  double site_lat_deg_ = 0, site_lon_deg_ = 0;
  std::vector<Kept> kept_;  // the last ones, between each two of which the ground has moved
  int kept_since_ = 0;      // since symbols were last looked for
  std::vector<std::uint8_t> last_, before_last_;  // 255: found hidden; one look may miss some
  HiddenPixels hidden_;
};

}  // namespace trucewatch::parked
