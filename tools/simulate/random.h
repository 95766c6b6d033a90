// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace trucewatch::simulate {

// Spreads the bits of a number over all of it (the finaliser of SplitMix64, Steele et al. 2014).
constexpr std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// One number for one frame of one camera; that of camera 0 is the frame's own.
constexpr std::uint64_t FrameKey(int camera, int frame) {
  return static_cast<std::uint64_t>(camera) << 32 | static_cast<std::uint32_t>(frame);
}

// Our own generator and distributions: those of the standard library differ from one library to the
// next. Every purpose draws from a stream of its own, so a change in one leaves the others as they
// were.
class Random {
 public:
  Random(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
    for (const char c : purpose) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
    state_ = Mix(Mix(seed) ^ Mix(hash) ^ Mix(index + 0x51ULL));
  }

  std::uint64_t Next() { return Mix(state_++); }
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }  // [0, 1)
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }
  // 0 .. count - 1; the bias of the remainder is below count / 2^64.
  std::uint64_t Below(std::uint64_t count) { return Next() % count; }

  // Normal, by Box and Muller; both values are used.
  double Normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
    const double angle = 2.0 * std::numbers::pi * Uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

  // Poisson by Knuth's product; for means up to some hundreds.
  int Poisson(double mean) {
    int count = 0;
    double left = mean;
    double product = Uniform();
    while (left > 0) {
      const double step = left > 50 ? 50 : left;
      left -= step;
      product *= std::exp(step);
      while (product > 1.0) {
        product *= Uniform();
        ++count;
      }
    }
    return count;
  }

 private:
  std::uint64_t state_ = 0;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace trucewatch::simulate
