// SPDX-License-Identifier: Apache-2.0
#include "detect/overload_governor.h"

#include <algorithm>
#include <cmath>

#include "core/types/source_notes.h"

namespace trucewatch {
namespace {

constexpr double kGivenOut = 0.8;  // of what was used lately: the rest drains what waits

std::string Text(int one_in, const std::string& why) {
  return fmt::format("{}{} is looked at; {}", kThinnedNote, one_in, why);
}

int InForce(const std::map<SourceId, int>& in_force, const SourceId& source) {
  const auto found = in_force.find(source);
  return found == in_force.end() ? 1 : found->second;
}

// Max-min fair: the largest share such that all get the smaller of their need and the share.
double FairShare(std::vector<double> needs, double capacity) {
  std::sort(needs.begin(), needs.end());
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const double share = capacity / static_cast<double>(needs.size() - i);
    if (needs[i] > share) return share;
    capacity -= needs[i];
  }
  return needs.empty() ? capacity : needs.back();
}

}  // namespace

std::vector<ThinningDecision> OverloadGovernor::Step(Instant now, const DetectProgress& progress,
                                                     const std::map<SourceId, int>& in_force) {
  if (!samples_.empty() && now - samples_.back().time < kStep) return {};
  samples_.push_back({now, progress});
  // The first sample that knows of an input that still waits.
  const auto first = std::find_if(samples_.begin(), samples_.end(), [&](const Sample& sample) {
    return sample.progress.available > progress.handled;
  });
  lag_ = first == samples_.end() ? Duration() : now - first->time;
  Forget();
  if (lag_ >= Duration::Micros(options_.max_lag.micros() / 4)) {
    idle_since_.reset();
  } else if (!idle_since_) {
    idle_since_ = now;
  }
  if (note_at_) {
    if (progress.handled < *note_at_) return {};
    note_at_.reset();
    settles_until_ = now + options_.max_lag;
    lag_before_ = lag_;
  }
  if (settles_until_ && now < *settles_until_) return {};

  std::vector<ThinningDecision> decisions;
  if (lag_ > options_.max_lag) {
    const bool shorter = settles_until_ && lag_ < lag_before_;
    settles_until_ = now + options_.max_lag;
    lag_before_ = lag_;
    decisions = Thin(in_force, shorter);
    if (decisions.empty() && in_force.empty()) settles_until_.reset();  // nothing is known yet
  } else if (idle_since_ && now - *idle_since_ >= options_.max_lag + options_.max_lag) {
    decisions = Relax(in_force);
    idle_since_ = now;
  }
  // The note will be after all that is there now.
  if (!decisions.empty()) note_at_ = progress.available + 1;
  return decisions;
}

void OverloadGovernor::Forget() {
  const Instant now = samples_.back().time;
  const Duration kept = std::max(lag_, options_.max_lag + options_.max_lag) + kStep;
  while (now - samples_.front().time > kept) samples_.pop_front();
}

std::vector<ThinningDecision> OverloadGovernor::Thin(const std::map<SourceId, int>& in_force,
                                                     bool shorter) const {
  const Sample& last = samples_.back();
  // Over max_lag at least: batches end now and then.
  auto begin = samples_.begin();
  while (begin + 1 != samples_.end() &&
         last.time - (begin + 1)->time >= options_.max_lag + options_.max_lag) {
    ++begin;
  }
  const double elapsed_s = (last.time - begin->time).seconds();
  if (elapsed_s < options_.max_lag.seconds()) return {};
  struct Stream {
    SourceId source;
    double need = 0;  // processors
  };
  std::vector<Stream> streams;
  std::vector<double> needs;
  double used = 0;
  for (const auto& [source, cost] : last.progress.costs) {
    const auto before = begin->progress.costs.find(source);
    const StreamCost earlier =
        before == begin->progress.costs.end() ? StreamCost{} : before->second;
    used += (cost.cpu - earlier.cpu).seconds() / elapsed_s;
    // What it costs lately; of a stream that was not looked at lately, what it cost before.
    const bool lately = cost.video > earlier.video;
    const double video_s = (lately ? cost.video - earlier.video : cost.video).seconds();
    const double cpu_s = (lately ? cost.cpu - earlier.cpu : cost.cpu).seconds();
    if (!(video_s > 0)) continue;
    streams.push_back({source, cpu_s / video_s});
    needs.push_back(cpu_s / video_s);
  }
  if (!(used > 0)) return {};  // nothing has ended since: a batch under way
  const double share = FairShare(needs, kGivenOut * used);
  const auto why = [&](const Stream& stream) {
    return fmt::format(
        "what waits has waited {:.0f} s (more than {:g} s); the source needs {:.2f} processors, "
        "its fair share is {:.2f} of {:.2f}",
        lag_.seconds(), options_.max_lag.seconds(), stream.need, share, used);
  };
  std::vector<ThinningDecision> decisions;
  int most = 0;
  for (const Stream& stream : streams) {
    const double factor = std::ceil(stream.need / share - 1e-9);
    const int one_in = static_cast<int>(std::clamp(factor, 1.0, double(options_.max_skip)));
    const int before = InForce(in_force, stream.source);
    most = std::max(most, before);
    if (one_in <= before) continue;  // it is given back when nothing waits
    decisions.push_back({stream.source, one_in, Text(one_in, why(stream))});
  }
  if (!decisions.empty() || shorter) return decisions;
  for (const Stream& stream : streams) {
    const int before = InForce(in_force, stream.source);
    if (before != most || before >= options_.max_skip) continue;
    if (before == 1 && stream.need <= share) continue;
    decisions.push_back({stream.source, before + 1, Text(before + 1, why(stream))});
  }
  return decisions;
}

std::vector<ThinningDecision> OverloadGovernor::Relax(
    const std::map<SourceId, int>& in_force) const {
  std::vector<ThinningDecision> decisions;
  for (const auto& [source, before] : in_force) {
    if (before < 2) continue;
    const int one_in = (before + 1) / 2 == before ? before - 1 : (before + 1) / 2;
    decisions.push_back(
        {source, one_in,
         Text(one_in, fmt::format("little has waited for {:g} s",
                                  (options_.max_lag + options_.max_lag).seconds()))});
  }
  return decisions;
}

}  // namespace trucewatch
