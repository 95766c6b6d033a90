// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/metrics.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/metrics/prometheus_metrics.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

// A listening socket on a port of the system's choice.
int Listen(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(fd, 1), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port = ntohs(address.sin_port);
  return fd;
}

TEST(PrometheusMetrics, WritesTheTextExposition) {
  PrometheusMetrics metrics;
  metrics.CounterOf({"tw_received_total", "Records.", {{"stage", "fusion"}}}).Add(2);
  metrics.CounterOf({"tw_received_total", "Records.", {{"stage", "fusion"}}}).Add(1);
  metrics.CounterOf({"tw_received_total", "Records.", {{"stage", "verify"}}}).Add(5);
  metrics.GaugeOf({"tw_depth", "Waiting.", {}}).Set(-1.5);
  auto& histogram = metrics.HistogramOf({"tw_seconds", "Time.", {}}, {0.1, 1});
  histogram.Observe(0.05);
  histogram.Observe(0.5);
  histogram.Observe(7);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# TYPE tw_received_total counter"));
  EXPECT_THAT(text, HasSubstr("tw_received_total{stage=\"fusion\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("tw_received_total{stage=\"verify\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("tw_depth -1.5"));
  EXPECT_THAT(text, HasSubstr("tw_seconds_bucket{le=\"1\"} 2"));
  EXPECT_THAT(text, HasSubstr("tw_seconds_bucket{le=\"+Inf\"} 3"));
}

TEST(PrometheusMetrics, AnAddressInUseIsRefusedWithASentence) {
  std::uint16_t port = 0;
  const int taken = Listen(port);
  PrometheusMetrics metrics;
  const std::string address = "127.0.0.1:" + std::to_string(port);
  const auto served = metrics.Serve(address);
  ::close(taken);
  ASSERT_FALSE(served);
  EXPECT_EQ(served.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(served.error().message, HasSubstr(address));
}

TEST(PrometheusMetrics, ServesOverHttp) {
  std::uint16_t port = 0;
  ::close(Listen(port));  // free again
  PrometheusMetrics metrics;
  metrics.CounterOf({"tw_received_total", "Records.", {}}).Add(4);
  ASSERT_TRUE(metrics.Serve("127.0.0.1:" + std::to_string(port)));
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const std::string request = "GET /metrics HTTP/1.0\r\nHost: x\r\n\r\n";
  ASSERT_EQ(::write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string response;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;) {
    response.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(fd);
  EXPECT_THAT(response, HasSubstr("200 OK"));
  EXPECT_THAT(response, HasSubstr("tw_received_total 4"));
}

TEST(NullMetrics, TakesEverything) {
  const auto metrics = MakeNullMetrics();
  metrics->CounterOf({"a", "", {}}).Add(1);
  metrics->GaugeOf({"a", "", {}}).Set(1);
  metrics->HistogramOf({"not a name", "", {}}, {}).Observe(1);
}

}  // namespace
}  // namespace trucewatch
