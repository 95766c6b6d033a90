// SPDX-License-Identifier: Apache-2.0
// The one program: a subcommand each in commands/.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "core/log/log.h"
#include "tools/trucewatch/options.h"
#include "tools/trucewatch/stage_factory.h"

namespace trucewatch::tools {
namespace {

int Main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("trucewatch: neutral, checkable verification of a ceasefire from sensor feeds");
  app.set_version_flag("--version", "trucewatch " + BuildId());
  app.require_subcommand(1);
  bool verbose = false;
  app.add_flag("-v,--verbose", verbose, "Log state changes to standard error");
  Action action;
  AddMissionCommands(app, &action);
  AddSensorCommands(app, &action);
  AddOfficerCommands(app, &action);
  AddEvidenceCommands(app, &action);
  AddRetentionCommands(app, &action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    // CLI11 exits with its own numbers; ours: 0 for help, 2 for usage (DESIGN rule 10).
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (verbose) SetLogLevel(LogLevel::kInfo);
  const Result<int> result = action();
  if (result) return *result;
  std::fprintf(stderr, "trucewatch: %s\n", result.error().message.c_str());
  return ExitCode(result.error());
}

}  // namespace
}  // namespace trucewatch::tools

int main(int argc, char** argv) { return trucewatch::tools::Main(argc, argv); }
