// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>

#include "core/journal/journal.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/export_layers.h"
#include "tools/trucewatch/ledger_record.h"
#include "tools/trucewatch/output_file.h"

namespace trucewatch::tools {
namespace {

// Tracks and looks are no findings: they are in the logs of the run, which a ledger handed on alone
// does not have. A replay keeps them in RUN/state, a run in its state folder itself.
Result<void> GatherLogs(Storage& storage, const std::string& run, MissionRecord* record) {
  std::error_code ignored;
  const std::string state =
      std::filesystem::is_directory(run + "/state", ignored) ? run + "/state" : run;
  for (const char* name : {"detect", "fusion"}) {
    const std::string folder = state + "/" + name;
    if (!std::filesystem::is_directory(folder, ignored)) {
      std::fprintf(stderr, "%s: no such folder; the layers made from it stay empty\n",
                   folder.c_str());
      continue;
    }
    TW_ASSIGN_OR_RETURN(const std::unique_ptr<Journal> log, Journal::Open(storage, folder));
    TW_RETURN_IF_ERROR(name == std::string_view("detect") ? GatherLooks(*log, record)
                                                          : GatherTracks(*log, record));
  }
  return {};
}

}  // namespace

Result<int> RunExport(const ExportCommand& command) {
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(LedgerRecord ledger, ReadLedgerRecord(*storage, command.run, std::nullopt));
  TW_RETURN_IF_ERROR(GatherLogs(*storage, command.run, &ledger.record));
  const std::vector<VectorLayer> layers = ExportLayers(ledger.record);
  const std::string status = ledger.record.exercise ? "EXERCISE" : "OPERATIONAL";
  TW_ASSIGN_OR_RETURN(const std::string bytes, command.format == "gpkg"
                                                   ? GeoPackageBytes(layers)
                                                   : GeoJsonText(layers, status));
  TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.out, AsBytes(bytes)));
  std::fprintf(stderr, "%s:", command.out.c_str());
  for (const VectorLayer& layer : layers) {
    std::fprintf(stderr, " %s %zu", layer.name.c_str(), layer.features.size());
  }
  std::fprintf(stderr, "\n");
  return 0;
}

}  // namespace trucewatch::tools
