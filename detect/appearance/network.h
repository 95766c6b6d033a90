// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/config/model_card.h"

namespace trucewatch::appearance {

// The one tensor that a network gives; valid until the next Run.
struct NetworkOutput {
  std::span<const float> values;
  std::size_t rows = 0;  // of the last two dimensions
  std::size_t columns = 0;
};

// A network in cv::dnn, on the processor. OpenCV's exceptions stop here: whatever the file holds
// becomes an Error. Threads: one caller at a time; each thread wants a network of its own.
// Determinism: same input, same output, on one build and CPU feature set.
class Network {
 public:
  // Imports the network and runs it once, so that what cannot run is said now. Fails with kBadInput
  // when it is no ONNX; when OpenCV lacks an operator, which is named with what to do; when it
  // takes another input or gives another output than the card says.
  static Result<Network> Load(const ModelFile& model);
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

  // `input`: channels x height x width of the card, rows contiguous.
  Result<NetworkOutput> Run(std::span<const float> input);

 private:
  struct Impl;
  explicit Network(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace trucewatch::appearance
