// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/metrics.h"

namespace trucewatch {
namespace {

class NullMetrics final : public Metrics, Counter, Gauge, Histogram {
 public:
  Counter& CounterOf(const MetricId&) override { return *this; }
  Gauge& GaugeOf(const MetricId&) override { return *this; }
  Histogram& HistogramOf(const MetricId&, const std::vector<double>&) override { return *this; }

 private:
  void Add(double) override {}
  void Set(double) override {}
  void Observe(double) override {}
};

}  // namespace

std::unique_ptr<Metrics> MakeNullMetrics() { return std::make_unique<NullMetrics>(); }

}  // namespace trucewatch
