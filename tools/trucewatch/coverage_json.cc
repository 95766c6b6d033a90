// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/coverage_json.h"

#include "core/json/json_writer.h"
#include "tools/trucewatch/words.h"

namespace trucewatch::tools {
namespace {

std::string Line(const CoverageAccount& account, const ClassCoverage& of_class,
                 std::uint64_t ledger_index) {
  JsonWriter json;
  json.BeginObject().Field("zone", account.zone).Field("side", account.side);
  json.Field("start_utc", FormatUtc(account.start)).Field("end_utc", FormatUtc(account.end));
  json.Field("class", CoverageClassName(of_class.coverage_class)).Field("cells", account.cells);
  for (const CoverageState state : kCoverageStates) {
    int cells = 0;
    for (const CoverageShare& share : of_class.shares) {
      if (share.state == state) cells += share.cells;
    }
    json.Field(CoverageStateName(state), cells);
  }
  json.Key("reasons").BeginArray();
  for (const CoverageShare& share : of_class.shares) {
    if (share.reason.empty()) continue;
    json.BeginObject().Field("state", CoverageStateName(share.state));
    json.Field("reason", share.reason).Field("cells", share.cells).EndObject();
  }
  json.EndArray().Field("area_km2", account.area_km2).Field("ledger_index", ledger_index);
  json.Field("amended", account.amended).EndObject();
  return json.text() + "\n";
}

}  // namespace

std::string CoverageLines(const MissionRecord& record) {
  std::string lines;
  for (const Published& published : record.coverage_published) {
    const CoverageAccount& account = *published.finding.coverage;
    for (const ClassCoverage& of_class : account.classes) {
      lines += Line(account, of_class, published.ledger_index);
    }
  }
  return lines;
}

}  // namespace trucewatch::tools
