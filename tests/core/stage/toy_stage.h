// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/stage/stage.h"

namespace trucewatch::testing {

// A stage with a memory: each input gives 0 to 3 outputs, whose number and content depend on all
// inputs so far.
class ToyStage final : public Stage {
 public:
  explicit ToyStage(std::uint64_t seed = 1) : state_(seed) {}

  Result<std::vector<std::vector<std::string>>> Handle(std::span<const LogRecord> inputs) override {
    std::vector<std::vector<std::string>> out;
    for (const LogRecord& input : inputs) {
      for (const char c : input.payload) {
        state_ = (state_ ^ static_cast<std::uint8_t>(c)) * 0x100000001B3u;  // FNV-1a
      }
      auto& mine = out.emplace_back();
      for (std::uint64_t i = 0; i < (state_ >> 32) % 4; ++i) {
        mine.push_back(std::to_string(state_) + "/" + std::to_string(i));
      }
      ++handled;
    }
    return out;
  }
  Result<std::string> Snapshot() const override { return std::to_string(state_); }
  Result<void> Restore(std::string_view snapshot) override {
    if (snapshot.empty() || snapshot.find_first_not_of("0123456789") != snapshot.npos) {
      return Fail(ErrorCode::kBadInput, "not a number");
    }
    state_ = std::stoull(std::string(snapshot));
    return {};
  }

  int handled = 0;

 private:
  std::uint64_t state_;
};

}  // namespace trucewatch::testing
