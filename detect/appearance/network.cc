// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance/network.h"

#include <algorithm>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>
#include <vector>

namespace trucewatch::appearance {

struct Network::Impl {
  std::string where;  // the file, for errors
  cv::dnn::Net net;
  v1::config::ModelCard card;
  std::string output_name;
  cv::Mat input;   // 1 x channels x height x width
  cv::Mat output;  // keeps the values of the last run alive
};

namespace {

constexpr std::size_t kMaxOutputValues = std::size_t{64} << 20U;

// "Node [Einsum@ai.onnx]:(name) parse error": what OpenCV's importer stumbled over; empty: not
// said.
std::string OperatorIn(const std::string& what) {
  const std::size_t start = what.find("Node [");
  if (start == std::string::npos) return {};
  const std::size_t first = start + 6;
  const std::size_t end = what.find_first_of("@]", first);
  if (end == std::string::npos || end - first > 100) return {};
  return what.substr(first, end - first);
}

// OpenCV's messages span lines and name its own source files.
std::string OneLine(const std::string& what) {
  std::string line;
  for (const char c : what) {
    if (c == '\n' || c == '\r' || c == '\t') {
      if (!line.empty() && line.back() != ' ') line.push_back(' ');
    } else {
      line.push_back(c);
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  constexpr std::size_t kLongest = 300;
  if (line.size() > kLongest) line = line.substr(0, kLongest) + "...";
  return line;
}

tl::unexpected<Error> ImportError(const std::string& where, const std::string& what) {
  const std::string name = OperatorIn(what);
  if (!name.empty()) {
    return Fail(ErrorCode::kBadInput,
                "{}: this OpenCV ({}) cannot import the operator {} as the network uses it; export "
                "the network again with opset 12 or lower, fixed shapes and no operators for what "
                "follows the boxes (tools/train exports so; YOLOv8: `export format=onnx opset=12 "
                "simplify=True dynamic=False nms=False`). OpenCV says: {}",
                where, CV_VERSION, name, OneLine(what));
  }
  return Fail(ErrorCode::kBadInput, "{}: is no ONNX network that this OpenCV ({}) can import: {}",
              where, CV_VERSION, OneLine(what));
}

}  // namespace

Network::Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Result<Network> Network::Load(const ModelFile& model) {
  auto impl = std::make_unique<Impl>();
  impl->where = model.path + ": " + model.card.onnx_file();
  impl->card = model.card;
  // What it would print is in the errors below.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  try {
    impl->net = cv::dnn::readNetFromONNX(model.onnx.data(), model.onnx.size());
    if (impl->net.empty()) {
      return Fail(ErrorCode::kBadInput, "{}: is no ONNX network, or an empty one", impl->where);
    }
    impl->net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    impl->net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    const std::vector<cv::String> outputs = impl->net.getUnconnectedOutLayersNames();
    if (outputs.size() != 1) {
      return Fail(ErrorCode::kBadInput,
                  "{}: gives {} outputs; expected one tensor of boxes (an export with the decoded "
                  "boxes joined, not one tensor a scale)",
                  impl->where, outputs.size());
    }
    impl->output_name = outputs[0];
    const std::array<int, 4> shape{1, static_cast<int>(model.card.channels()),
                                   static_cast<int>(model.card.input_height_px()),
                                   static_cast<int>(model.card.input_width_px())};
    impl->input = cv::Mat::zeros(4, shape.data(), CV_32F);
  } catch (const std::exception& e) {  // cv::Exception is one; so is a failed allocation
    return ImportError(impl->where, e.what());
  }
  const std::size_t values = impl->input.total();
  Network network(std::move(impl));
  const std::vector<float> nothing(values, 0.0F);
  const auto output = network.Run(nothing);
  if (!output) return tl::unexpected<Error>(output.error());
  return network;
}

Result<NetworkOutput> Network::Run(std::span<const float> input) {
  Impl& impl = *impl_;
  if (input.size() != impl.input.total()) {
    return Fail(ErrorCode::kBadInput, "{}: an input of {} values; expected {}", impl.where,
                input.size(), impl.input.total());
  }
  try {
    std::copy(input.begin(), input.end(), impl.input.ptr<float>());
    impl.net.setInput(impl.input);
    impl.output = impl.net.forward(impl.output_name);
    if (impl.output.depth() != CV_32F || !impl.output.isContinuous() || impl.output.dims < 2 ||
        impl.output.total() > kMaxOutputValues) {
      return Fail(ErrorCode::kBadInput, "{}: gives no matrix of 32-bit numbers", impl.where);
    }
  } catch (const std::exception& e) {
    return Fail(
        ErrorCode::kBadInput,
        "{}: does not run on a picture of {} x {} with {} channels, as its card says; was it "
        "exported with that fixed input? OpenCV says: {}",
        impl.where, impl.card.input_width_px(), impl.card.input_height_px(), impl.card.channels(),
        OneLine(e.what()));
  }
  const cv::Mat& out = impl.output;
  NetworkOutput result;
  result.rows = static_cast<std::size_t>(out.size[out.dims - 2]);
  result.columns = static_cast<std::size_t>(out.size[out.dims - 1]);
  const std::size_t per_box = static_cast<std::size_t>(impl.card.class__size()) +
                              (impl.card.layout() == v1::config::ModelCard::YOLOV5 ? 5U : 4U);
  const bool boxes_in_rows = impl.card.layout() == v1::config::ModelCard::YOLOV5;
  if (result.rows * result.columns != out.total() ||
      (boxes_in_rows ? result.columns : result.rows) != per_box) {
    return Fail(ErrorCode::kBadInput,
                "{}: gives a matrix of {} x {}; its card says {} with {} classes, which is {}",
                impl.where, result.rows, result.columns,
                v1::config::ModelCard::Layout_Name(impl.card.layout()), impl.card.class__size(),
                boxes_in_rows ? fmt::format("N x {}", per_box) : fmt::format("{} x N", per_box));
  }
  result.values = {out.ptr<float>(), out.total()};
  return result;
}

}  // namespace trucewatch::appearance
