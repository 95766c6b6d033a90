// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/simulate/demo_scenario.h"

#include <google/protobuf/text_format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "core/config/text_config.h"

namespace trucewatch::simulate::testing {

std::string WriteDemoScenario(const trucewatch::testing::TempDirectory& directory,
                              const std::string& name,
                              const std::function<void(v1::config::Scenario&)>& edit) {
  const auto text = ReadTextFile("configs/demo/" + name + ".txtpb");
  v1::config::Scenario config;
  if (!text || !ParseTextConfig(*text, name, &config)) {
    std::fprintf(stderr, "configs/demo/%s.txtpb does not load\n", name.c_str());
    std::abort();
  }
  config.set_agreement_file("paper.txtpb");
  if (edit) edit(config);
  std::string out;
  google::protobuf::TextFormat::PrintToString(config, &out);
  std::ofstream(directory.File("paper.txtpb")) << "title: \"a test\"\n";
  std::ofstream(directory.File(name + ".txtpb")) << out;
  return directory.File(name + ".txtpb");
}

Scenario DemoScenario(const std::string& name, std::uint64_t seed,
                      const std::function<void(v1::config::Scenario&)>& edit) {
  const trucewatch::testing::TempDirectory directory;
  const auto scenario = LoadScenario(WriteDemoScenario(directory, name, edit), seed);
  if (!scenario) {
    std::fprintf(stderr, "%s\n", scenario.error().message.c_str());
    std::abort();
  }
  return *scenario;
}

void Shorten(v1::config::Scenario& scenario, double duration_s) {
  scenario.set_duration_s(duration_s);
  scenario.mutable_radar()->clear_outage();
  scenario.clear_satellite();
  scenario.clear_human();
  scenario.clear_expected();
}

void MakeTiny(v1::config::Scenario& scenario) {
  scenario.set_duration_s(4);
  scenario.mutable_look()->set_texel_m(2);
  scenario.mutable_drone(0)->set_width_px(160);
  scenario.mutable_drone(0)->set_height_px(90);
  scenario.mutable_drone(0)->set_frames_per_second(5);
  scenario.mutable_radar()->set_scan_period_s(1);
}

}  // namespace trucewatch::simulate::testing
