// SPDX-License-Identifier: Apache-2.0
// Questions about what is on record.
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/commands/coverage_command.h"
#include "tools/trucewatch/options.h"

namespace trucewatch::tools {
namespace {

void AddEvents(CLI::App& app, Action* action, EventsCommand& c) {
  CLI::App* sub = app.add_subcommand(
      "events", "How every event stands, or stood at a time, from the ledger alone");
  sub->add_option("run", c.run, "Folder that replay or run wrote")->required();
  sub->add_option("--at", c.at, "As it stood then, e.g. 2026-03-04T18:00:00Z");
  sub->add_option("--event", c.event,
                  "Only this one (the first digits of its id), with its history");
  sub->add_flag("--json", c.json, "One JSON object a line");
  sub->footer("Example: trucewatch events /tmp/mission-run --at 2026-03-01T12:02:00Z");
  sub->callback([action, &c] { *action = [&c] { return RunEvents(c); }; });
}

void AddCoverage(CLI::App& app, Action* action, CoverageCommand& c) {
  CLI::App* sub = app.add_subcommand(
      "coverage",
      "How well a place or a zone was watched, at a time or between two; what may be said of "
      "absence");
  sub->add_option("run", c.run, "Folder that replay or run wrote")->required();
  sub->add_option("--zone", c.zone, "Only this zone (id in the agreement)");
  sub->add_option("--place", c.place, "The cell a place is in: LAT,LON in degrees");
  sub->add_option("--at", c.at, "At this time (UTC), e.g. 2026-03-01T12:10:00Z");
  sub->add_option("--from", c.from, "From this time on; default: the first period on record");
  sub->add_option("--to", c.to, "Until this time; default: the last period on record");
  sub->add_option("--class", c.coverage_class,
                  "moving_vehicle, standing_vehicle or group; default: all three");
  sub->add_option("--map", c.map,
                  "With --at: draw the cells, of --class or moving vehicles; .svg or .geojson");
  sub->add_flag("--check", c.check,
                "Instead: hold all of it against the ledger's digests; exit code 4 if it differs");
  sub->add_flag("--json", c.json, "One JSON object a line");
  sub->footer(
      "Examples:\n"
      "  trucewatch coverage /tmp/mission-run                        every zone and side, all of "
      "it\n"
      "  trucewatch coverage /tmp/mission-run --zone buffer --at 2026-03-01T12:10:00Z --map m.svg\n"
      "  trucewatch coverage /tmp/mission-run --place 30.0012,-40.0035 --class moving_vehicle \\\n"
      "      --from 2026-03-01T12:00:00Z --to 2026-03-01T12:30:00Z   was it empty?");
  sub->callback([action, &c] { *action = [&c] { return RunCoverage(c); }; });
}

}  // namespace

void AddReadingCommands(CLI::App& app, Action* action) {
  static EventsCommand events;
  static CoverageCommand coverage;
  AddEvents(app, action, events);
  AddCoverage(app, action, coverage);
}

}  // namespace trucewatch::tools
