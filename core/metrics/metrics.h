// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace trucewatch {

// What a stage tells its operators. Write-only: no decision and no output depends on a metric.
// Threads: everything here is thread-safe.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double amount) = 0;  // not negative
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

// Names follow Prometheus: trucewatch_stage_batch_seconds, counters end in _total.
struct MetricId {
  std::string name = {};
  std::string help = {};
  std::map<std::string, std::string> labels = {};
};

class Metrics {
 public:
  virtual ~Metrics() = default;
  // The same name and labels give the same object; it lives as long as this.
  virtual Counter& CounterOf(const MetricId& id) = 0;
  virtual Gauge& GaugeOf(const MetricId& id) = 0;
  // Upper bounds of the buckets, ascending; the last bucket (no bound) is there anyway.
  virtual Histogram& HistogramOf(const MetricId& id, const std::vector<double>& bounds) = 0;
};

// Forgets everything it is told.
std::unique_ptr<Metrics> MakeNullMetrics();

}  // namespace trucewatch
