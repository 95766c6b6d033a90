// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/prometheus_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <exception>
#include <mutex>
#include <utility>

#include "core/base/check.h"

namespace trucewatch {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void Add(double amount) override { counter_.Increment(amount); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_.Set(value); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void Observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

using Key = std::pair<std::string, std::map<std::string, std::string>>;

// The object under the key, made by `make` the first time. The library throws on a bad name.
template <typename Object, typename Make>
Object& FindOrMake(std::map<Key, Object>& objects, const MetricId& id, const Make& make) {
  const Key key{id.name, id.labels};
  const auto found = objects.find(key);
  if (found != objects.end()) return found->second;
  try {
    return objects.emplace(key, make()).first->second;
  } catch (const std::exception& error) {
    const std::string text = id.name + ": " + error.what();
    CheckFailed(__FILE__, __LINE__, text.c_str());
  }
}

}  // namespace

struct PrometheusMetrics::State {
  std::mutex mutex;
  // shared_ptr: the library's exposer wants one.
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  std::map<Key, PrometheusCounter> counters;
  std::map<Key, PrometheusGauge> gauges;
  std::map<Key, PrometheusHistogram> histograms;
  std::unique_ptr<prometheus::Exposer> exposer;
};

PrometheusMetrics::PrometheusMetrics() : state_(std::make_unique<State>()) {}
PrometheusMetrics::~PrometheusMetrics() = default;

Counter& PrometheusMetrics::CounterOf(const MetricId& id) {
  const std::lock_guard lock(state_->mutex);
  return FindOrMake(state_->counters, id, [&] {
    auto& family =
        prometheus::BuildCounter().Name(id.name).Help(id.help).Register(*state_->registry);
    return PrometheusCounter(family.Add(id.labels));
  });
}

Gauge& PrometheusMetrics::GaugeOf(const MetricId& id) {
  const std::lock_guard lock(state_->mutex);
  return FindOrMake(state_->gauges, id, [&] {
    auto& family = prometheus::BuildGauge().Name(id.name).Help(id.help).Register(*state_->registry);
    return PrometheusGauge(family.Add(id.labels));
  });
}

Histogram& PrometheusMetrics::HistogramOf(const MetricId& id, const std::vector<double>& bounds) {
  const std::lock_guard lock(state_->mutex);
  return FindOrMake(state_->histograms, id, [&] {
    auto& family =
        prometheus::BuildHistogram().Name(id.name).Help(id.help).Register(*state_->registry);
    return PrometheusHistogram(family.Add(id.labels, bounds));
  });
}

std::string PrometheusMetrics::Text() const {
  return prometheus::TextSerializer().Serialize(state_->registry->Collect());
}

Result<void> PrometheusMetrics::Serve(const std::string& address) {
  const std::lock_guard lock(state_->mutex);
  try {
    state_->exposer = std::make_unique<prometheus::Exposer>(address, 1);
    state_->exposer->RegisterCollectable(state_->registry);
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kUnavailable,
                "{}: cannot serve metrics there: {}; is it in use? configure another address",
                address, error.what());
  }
  return {};
}

}  // namespace trucewatch
