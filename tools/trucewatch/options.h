// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <initializer_list>

#include "core/base/result.h"

namespace trucewatch::tools {

// The function of the subcommand that was given.
using Action = std::function<Result<int>()>;

struct RecordCommand;
// What signed records with a reason have in common.
CLI::App* AddRecordOptions(CLI::App* sub, RecordCommand& c);

// Each adds its subcommands; the one that is given sets the action. Call each once.
void AddMissionCommands(CLI::App& app, Action* action);    // simulate, render, replay, run, ...
void AddSensorCommands(CLI::App& app, Action* action);     // inspect, detect, track, score
void AddReadingCommands(CLI::App& app, Action* action);    // events, coverage
void AddOfficerCommands(CLI::App& app, Action* action);    // agreement, report, export, observe
void AddEvidenceCommands(CLI::App& app, Action* action);   // audit, keygen, signer, witness, worker
void AddRetentionCommands(CLI::App& app, Action* action);  // retention, hold

// The program with these subcommands: parses, acts, prints an error; gives the exit code.
int RunProgram(int argc, char** argv,
               std::initializer_list<void (*)(CLI::App& app, Action* action)> commands);

}  // namespace trucewatch::tools
