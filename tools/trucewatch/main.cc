// SPDX-License-Identifier: Apache-2.0
// trucewatch-mission: every command, a subcommand each in commands/.
#include "tools/trucewatch/options.h"

int main(int argc, char** argv) {
  using namespace trucewatch::tools;
  return RunProgram(argc, argv,
                    {AddMissionCommands, AddSensorCommands, AddReadingCommands, AddOfficerCommands,
                     AddEvidenceCommands, AddRetentionCommands});
}
