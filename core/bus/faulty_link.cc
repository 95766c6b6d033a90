// SPDX-License-Identifier: Apache-2.0
#include "core/bus/faulty_link.h"

#include <utility>

namespace trucewatch {

FaultyLink::FaultyLink(std::unique_ptr<Link> inside, const Options& options)
    : inside_(std::move(inside)), options_(options), random_(options.seed) {}

Result<void> FaultyLink::Send(std::string message) {
  if (Chance(options_.drop_percent)) return {};
  if (Chance(options_.double_percent)) TW_RETURN_IF_ERROR(inside_->Send(message));
  return inside_->Send(std::move(message));
}

Result<std::optional<std::string>> FaultyLink::Receive(Duration wait) {
  if (!late_.empty() && Chance(50)) {
    std::string message = std::move(late_.front());
    late_.pop_front();
    return message;
  }
  TW_ASSIGN_OR_RETURN(std::optional<std::string> message, inside_->Receive(wait));
  if (!message || Chance(options_.drop_percent)) return std::nullopt;
  if (Chance(options_.double_percent)) late_.push_back(*message);
  if (Chance(options_.delay_percent)) {
    late_.push_back(std::move(*message));
    return std::nullopt;
  }
  return message;
}

Result<void> FaultyLink::Reset() {
  if (Chance(50)) late_.clear();
  return inside_->Reset();
}

}  // namespace trucewatch
