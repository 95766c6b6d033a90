// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "core/log/log.h"
#include "tools/trucewatch/build_id.h"
#include "tools/trucewatch/options.h"

namespace trucewatch::tools {

int RunProgram(int argc, char** argv,
               std::initializer_list<void (*)(CLI::App& app, Action* action)> commands) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("trucewatch: neutral, checkable verification of a ceasefire from sensor feeds",
               "trucewatch");
  app.set_version_flag("--version", "trucewatch " + BuildId());
  app.require_subcommand(1);
  bool verbose = false;
  app.add_flag("-v,--verbose", verbose, "Log state changes to standard error");
  Action action;
  for (const auto& add : commands) add(app, &action);
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

}  // namespace trucewatch::tools
