// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/commands/retention_commands.h"
#include "tools/trucewatch/options.h"

namespace trucewatch::tools {
namespace {

void AddRetention(CLI::App& app, Action* action) {
  static RetentionCommand c;
  CLI::App* sub = app.add_subcommand(
      "retention", "Say which raw evidence would go by age and quota, and what stays and why");
  sub->add_option("run", c.run, "Folder that replay or run wrote; the mission has ended")
      ->required();
  sub->add_option("--config", c.config, "The mission's config, for the ledger's key; with --trim");
  sub->add_flag("--trim", c.trim, "Put it on record in the ledger, then do it");
  sub->add_option("--keep-days", c.keep_days, "Instead of evidence.retention.keep_days");
  sub->add_option("--quota-mb", c.quota_mb, "Instead of evidence.retention.quota_mb");
  sub->add_option("--margin-s", c.margin_s, "Instead of evidence.retention.margin_s");
  sub->add_option("--as-of", c.as_of, "What counts as now, UTC; default: the newest raw record");
  sub->footer(
      "Example: trucewatch retention /tmp/mission-run --keep-days 30 --as-of 2026-04-02T00:00:00Z\n"
      "         trucewatch retention /tmp/mission-run --config mission.txtpb --trim");
  sub->callback([action] { *action = [] { return RunRetention(c); }; });
}

void AddHold(CLI::App& app, Action* action) {
  static HoldCommand c;
  CLI::App* sub = app.add_subcommand(
      "hold", "Sign an officer's word that raw evidence must stay (or, with --lift, need not)");
  sub->add_option("run", c.run, "Folder that replay or run wrote")->required();
  CLI::Option* event = sub->add_option("event", c.event, "Beginning of an event's or case's id");
  CLI::Option* from =
      sub->add_option("--from", c.from, "Instead of an event a time, UTC")->excludes(event);
  CLI::Option* to = sub->add_option("--to", c.to, "Its end, UTC")->needs(from);
  from->needs(to);
  sub->add_option("--source", c.sources, "... of this source only (repeatable)")->needs(from);
  sub->add_flag("--lift", c.lift, "The event or case needs nothing any more")->needs(event);
  CLI::Option* lifts = sub->add_option("--lift-hold", c.lifts_hold, "Id of a hold that has ended")
                           ->excludes(event)
                           ->excludes(from);
  sub->add_option("--id", c.id, "Of this statement, unique in the mission")->required();
  sub->add_option("--reason", c.reason, "Why, one line")->required();
  sub->add_option("--key", c.key, "Private key of the officer")->required();
  sub->add_option("--signed", c.time, "When, UTC; default: now");
  sub->footer(
      "Example: trucewatch hold /tmp/mission-run c160032c --id hold-3 --reason 'asked for by the "
      "commission' --key chief.key\n"
      "         trucewatch hold /tmp/mission-run --from 2026-03-01T21:00:00Z --to "
      "2026-03-01T22:00:00Z --source drone1 --id hold-4 --reason 'crash inquiry' --key chief.key");
  sub->callback([action, event, from, lifts] {
    if (event->empty() && from->empty() && lifts->empty())
      throw CLI::RequiredError("an event, --from or --lift-hold");
    *action = [] { return RunHold(c); };
  });
}

}  // namespace

void AddRetentionCommands(CLI::App& app, Action* action) {
  AddRetention(app, action);
  AddHold(app, action);
}

}  // namespace trucewatch::tools
