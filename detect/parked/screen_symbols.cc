// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/screen_symbols.h"

#include <Eigen/LU>
#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <string>

#include "detect/motion/overlay.h"

namespace trucewatch::parked {
namespace {

constexpr int kMostSidePx = 800;  // of a kept picture: strokes of symbols grow with the picture
constexpr int kMostStoredPx = 4096;
constexpr double kTellingWayPx = 4;  // of the ground under the screen's middle
constexpr int kLooksApart = 4;       // kept ones, from one search to the next

cv::Mat KeptView(const std::vector<std::uint8_t>& grey, int width, int height) {
  return {height, width, CV_8U, const_cast<std::uint8_t*>(grey.data())};  // NOLINT: only read
}

std::vector<std::uint8_t> BytesOf(const cv::Mat& mask, std::size_t pixels) {
  if (mask.empty()) return std::vector<std::uint8_t>(pixels, 0);
  return {mask.datastart, mask.dataend};
}

std::string PackedMask(const std::vector<std::uint8_t>& mask) {
  std::string bits((mask.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] != 0) bits[i / 8] = static_cast<char>(bits[i / 8] | (1 << (i % 8)));
  }
  return bits;
}

std::vector<std::uint8_t> UnpackedMask(const std::string& bits, std::size_t pixels) {
  std::vector<std::uint8_t> mask(pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    mask[i] = (static_cast<unsigned char>(bits[i / 8]) >> (i % 8) & 1) != 0 ? 255 : 0;
  }
  return mask;
}

std::vector<std::uint8_t> Either(const std::vector<std::uint8_t>& a,
                                 const std::vector<std::uint8_t>& b) {
  std::vector<std::uint8_t> either = a;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) either[i] |= b[i];
  return either;
}

}  // namespace

void ScreenSymbols::Add(const GreyView& picture, const Geodetic& site_middle,
                        const Eigen::Matrix3d& pixel_from_site) {
  const int longer = std::max(picture.width_px, picture.height_px);
  const int smaller = (longer + kMostSidePx - 1) / kMostSidePx;
  const int width = picture.width_px / smaller, height = picture.height_px / smaller;
  if (width < 1 || height < 1) return;
  if (width != width_px_ || height != height_px_) {
    *this = {};
    width_px_ = width;
    height_px_ = height;
  }
  const double lat_deg = site_middle.latitude.deg(), lon_deg = site_middle.longitude.deg();
  if (lat_deg != site_lat_deg_ || lon_deg != site_lon_deg_) {  // ground that cannot be carried
    kept_.clear();
    site_lat_deg_ = lat_deg;
    site_lon_deg_ = lon_deg;
  }
  Kept look;
  const Eigen::Vector3d scale(static_cast<double>(width) / picture.width_px,
                              static_cast<double>(height) / picture.height_px, 1);
  look.pixel_from_site = scale.asDiagonal() * pixel_from_site;
  const Eigen::Matrix3d site_from_pixel = look.pixel_from_site.inverse();
  if (!site_from_pixel.allFinite()) return;
  const Eigen::Vector2d middle(width / 2.0, height / 2.0);
  for (const Kept& other : kept_) {
    const Eigen::Vector2d there = motion::Apply(other.pixel_from_site * site_from_pixel, middle);
    if (!((there - middle).norm() >= kTellingWayPx)) return;
  }
  const cv::Mat whole(picture.height_px, picture.width_px, CV_8U,
                      const_cast<std::uint8_t*>(picture.data),  // NOLINT: only read
                      static_cast<std::size_t>(picture.stride));
  cv::Mat reduced;
  cv::resize(whole, reduced, {width, height}, 0, 0, cv::INTER_AREA);
  look.grey.assign(reduced.datastart, reduced.dataend);
  kept_.push_back(std::move(look));
  if (kept_.size() > kKept) kept_.erase(kept_.begin());
  kept_since_ = std::min(kept_since_ + 1, kLooksApart);
  if (kept_.size() == kKept && (last_.empty() || kept_since_ >= kLooksApart)) FindSymbols();
}

void ScreenSymbols::FindSymbols() {
  kept_since_ = 0;
  std::vector<cv::Mat> views;
  for (const Kept& look : kept_) views.push_back(KeptView(look.grey, width_px_, height_px_));
  std::vector<const cv::Mat*> pictures;
  for (const cv::Mat& view : views) pictures.push_back(&view);
  std::vector<motion::CarriedPicture> pairs;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const std::size_t next = (i + 1) % kept_.size();
    pairs.push_back({&views[i], &views[next],
                     kept_[next].pixel_from_site * kept_[i].pixel_from_site.inverse()});
  }
  const std::size_t pixels =
      static_cast<std::size_t>(width_px_) * static_cast<std::size_t>(height_px_);
  before_last_ = std::move(last_);
  last_ = BytesOf(motion::ConfirmOverlay(motion::StillEdges(pictures), pairs), pixels);
  hidden_ = {width_px_, height_px_, Either(last_, before_last_)};
}

void ScreenSymbols::Snapshot(v1::ParkedScreen* out) const {
  out->set_width_px(static_cast<std::uint32_t>(width_px_));
  out->set_height_px(static_cast<std::uint32_t>(height_px_));
  out->set_site_lat_deg(site_lat_deg_);
  out->set_site_lon_deg(site_lon_deg_);
  out->set_kept_since(static_cast<std::uint32_t>(kept_since_));
  for (const Kept& look : kept_) {
    v1::ParkedScreenLook* to = out->add_kept();
    for (int i = 0; i < 9; ++i) to->add_pixel_from_site(look.pixel_from_site(i / 3, i % 3));
    to->set_grey(look.grey.data(), look.grey.size());
  }
  out->set_last(PackedMask(last_));
  out->set_before_last(PackedMask(before_last_));
}

Result<ScreenSymbols> ScreenSymbols::Restore(const v1::ParkedScreen& in) {
  const auto bad = [](const char* what) {
    return Fail(ErrorCode::kBadInput, "the snapshot of a screen of parked vehicles: {}", what);
  };
  if (in.width_px() < 1 || in.width_px() > kMostStoredPx || in.height_px() < 1 ||
      in.height_px() > kMostStoredPx) {
    return bad("its size is none");
  }
  const std::size_t pixels =
      static_cast<std::size_t>(in.width_px()) * static_cast<std::size_t>(in.height_px());
  const std::size_t packed = (pixels + 7) / 8;
  for (const std::string* mask : {&in.last(), &in.before_last()}) {
    if (!mask->empty() && mask->size() != packed) return bad("a mask of another size");
  }
  if (in.kept_size() > static_cast<int>(kKept)) return bad("it has too many looks");
  ScreenSymbols symbols;
  symbols.width_px_ = static_cast<int>(in.width_px());
  symbols.height_px_ = static_cast<int>(in.height_px());
  symbols.site_lat_deg_ = in.site_lat_deg();
  symbols.site_lon_deg_ = in.site_lon_deg();
  symbols.kept_since_ = static_cast<int>(std::min<std::uint32_t>(in.kept_since(), kLooksApart));
  for (const v1::ParkedScreenLook& from : in.kept()) {
    if (from.grey().size() != pixels || from.pixel_from_site_size() != 9) {
      return bad("a look of another size");
    }
    Kept look;
    for (int i = 0; i < 9; ++i) look.pixel_from_site(i / 3, i % 3) = from.pixel_from_site(i);
    look.grey.assign(from.grey().begin(), from.grey().end());
    symbols.kept_.push_back(std::move(look));
  }
  if (!in.last().empty()) {
    symbols.last_ = UnpackedMask(in.last(), pixels);
    if (!in.before_last().empty()) symbols.before_last_ = UnpackedMask(in.before_last(), pixels);
    symbols.hidden_ = {symbols.width_px_, symbols.height_px_,
                       Either(symbols.last_, symbols.before_last_)};
  }
  return symbols;
}

}  // namespace trucewatch::parked
