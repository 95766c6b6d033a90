// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <random>
#include <string>

#include "core/bus/link.h"

namespace trucewatch {

// A link for tests that loses, doubles and delays the messages of the link inside it, by a seed. A
// delayed message comes after later ones, or long after the caller stopped waiting. Threads: one
// caller at a time. Determinism: by the seed, if the link inside is.
class FaultyLink final : public Link {
 public:
  // In percent of the messages, either way.
  struct Options {
    std::uint64_t seed = 0;
    unsigned drop_percent = 30;
    unsigned double_percent = 30;
    unsigned delay_percent = 30;
  };
  FaultyLink(std::unique_ptr<Link> inside, const Options& options);

  Result<void> Send(std::string message) override;
  Result<std::optional<std::string>> Receive(Duration wait) override;
  // Half of the time messages under way survive it, as on a network.
  Result<void> Reset() override;

 private:
  bool Chance(unsigned percent) { return random_() % 100 < percent; }

  const std::unique_ptr<Link> inside_;
  const Options options_;
  std::mt19937_64 random_;
  std::deque<std::string> late_;
};

}  // namespace trucewatch
