// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/metrics/metrics.h"

namespace trucewatch {

// Metrics for a Prometheus server.
// Threads: thread-safe. A malformed name or label is a programmer's mistake and aborts.
class PrometheusMetrics final : public Metrics {
 public:
  PrometheusMetrics();
  ~PrometheusMetrics() override;
  PrometheusMetrics(const PrometheusMetrics&) = delete;
  PrometheusMetrics& operator=(const PrometheusMetrics&) = delete;

  Counter& CounterOf(const MetricId& id) override;
  Gauge& GaugeOf(const MetricId& id) override;
  Histogram& HistogramOf(const MetricId& id, const std::vector<double>& bounds) override;

  // Everything in the text exposition format 0.0.4.
  std::string Text() const;
  // Serves it at http://ADDRESS/metrics, e.g. "127.0.0.1:9464", as long as this lives. Call at most
  // once. Fails with kUnavailable when the address cannot be had.
  Result<void> Serve(const std::string& address);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace trucewatch
