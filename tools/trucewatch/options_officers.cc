// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/commands/agreement_commands.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/options.h"

namespace trucewatch::tools {
namespace {

void AddAgreement(CLI::App& app, Action* action) {
  static CheckAgreementCommand check;
  static FreezeAgreementCommand freeze;
  static SignAgreementCommand sign;
  CLI::App* agreement = app.add_subcommand("agreement", "Work with agreement files");
  agreement->require_subcommand(1);
  CLI::App* sub = agreement->add_subcommand(
      "check", "Say in sentences what is wrong or doubtful; exit code 4 when it cannot be used");
  sub->add_option("files", check.files, "Agreement (.txtpb), or its versions, the first one first")
      ->required();
  sub->add_flag("--json", check.json, "One JSON object a line");
  sub->add_option("--map", check.map, "Draw zones, lines and roads: a file .svg or .geojson");
  sub->add_option("--key", check.keys,
                  "Public key (.vkey) that must have signed it, in FILE.note; once for each side");
  sub->footer(
      "Example: trucewatch agreement check configs/agreements/thirty_days.txtpb --map m.svg");
  sub->callback([action] { *action = [] { return RunCheckAgreement(check); }; });

  sub = agreement->add_subcommand("freeze",
                                  "Write the points of zones drawn in map files into the text");
  sub->add_option("file", freeze.file, "Agreement that names its map files")->required();
  sub->add_option("--out", freeze.out, "File to write")->required();
  sub->footer("Example: trucewatch agreement freeze draft.txtpb --out agreement.txtpb");
  sub->callback([action] { *action = [] { return RunFreezeAgreement(freeze); }; });

  sub = agreement->add_subcommand("sign", "Add a side's signature to FILE.note");
  sub->add_option("file", sign.file, "Agreement (.txtpb)")->required();
  sub->add_option("--key", sign.key, "Private key of the side (trucewatch keygen)")->required();
  sub->footer("Example: trucewatch agreement sign agreement.txtpb --key side-a.key");
  sub->callback([action] { *action = [] { return RunSignAgreement(sign); }; });
}

void AddReport(CLI::App& app, Action* action, ReportDailyCommand& daily,
               ReportCoverageCommand& coverage) {
  CLI::App* report = app.add_subcommand("report", "Reports from the ledger, for officers");
  report->require_subcommand(1);
  CLI::App* sub = report->add_subcommand(
      "daily",
      "One HTML page: events, coverage per side, impediments, sources; every figure linked");
  sub->add_option("run", daily.run, "Folder that replay or run wrote")->required();
  sub->add_option("--out", daily.out, "HTML file")->required();
  sub->add_option("--as-of", daily.as_of,
                  "Leave out what was stated later, e.g. 2026-03-01T19:30:00Z");
  sub->add_option("--date", daily.date, "The day (UTC), e.g. 2026-03-01; default: the last one");
  sub->footer("Example: trucewatch report daily /tmp/mission-run --out daily.html");
  sub->callback([action, &daily] { *action = [&daily] { return RunReportDaily(daily); }; });

  sub = report->add_subcommand("coverage",
                               "A table: how well each zone and side was observed, by class");
  sub->add_option("run", coverage.run, "Folder that replay or run wrote")->required();
  sub->footer("Example: trucewatch report coverage /tmp/mission-run");
  sub->callback(
      [action, &coverage] { *action = [&coverage] { return RunReportCoverage(coverage); }; });
}

void AddExport(CLI::App& app, Action* action, ExportCommand& c, ExportProofCommand& proof,
               ExportBundleCommand& bundle) {
  CLI::App* sub =
      app.add_subcommand("export",
                         "The mission's record as a GeoPackage or GeoJSON file; "
                         "'export proof': one entry's proof; 'export bundle': one case");
  sub->add_option("run", c.run, "Folder that replay or run wrote");
  sub->add_option("--format", c.format, "gpkg or geojson")
      ->check(CLI::IsMember({"gpkg", "geojson"}));
  sub->add_option("--out", c.out, "File to write");
  sub->footer(
      "Example: trucewatch export /tmp/mission-run --format gpkg --out mission.gpkg\n"
      "         trucewatch export proof /tmp/mission-run 13 --out e13.tlog-proof --leaf e13.leaf");
  sub->callback([action, sub, &c] {
    if (!sub->get_subcommands().empty()) return;
    for (const char* needed : {"run", "--format", "--out"}) {
      if (sub->get_option(needed)->empty()) throw CLI::RequiredError(needed);
    }
    *action = [&c] { return RunExport(c); };
  });

  CLI::App* one = sub->add_subcommand(
      "proof", "A small file by which anybody can check offline that one entry is in the ledger");
  one->add_option("run", proof.run, "Folder that replay or run wrote")->required();
  one->add_option("index", proof.index, "Of the entry, as audit and events.jsonl print it")
      ->required();
  one->add_option("--out", proof.out, "File of the proof (.tlog-proof)")->required();
  one->add_option("--leaf", proof.leaf, "File for the entry itself, which the proof is about");
  one->footer(
      "Example: trucewatch export proof /tmp/mission-run 13 --out e13.tlog-proof --leaf e13.leaf");
  one->callback([action, &proof] { *action = [&proof] { return RunExportProof(proof); }; });

  CLI::App* whole = sub->add_subcommand(
      "bundle", "Everything on one event in a folder that can be checked by itself, offline");
  whole->add_option("run", bundle.run, "Folder that replay or run wrote")->required();
  whole->add_option("event", bundle.event, "The event, or the first digits of its id")->required();
  whole->add_option("--for", bundle.audience, "officers or parties (both alike)")
      ->required()
      ->check(CLI::IsMember({"officers", "parties"}));
  whole->add_option("--out", bundle.out, "A new folder")->required();
  whole->add_option("--key", bundle.key, "Private key of the officer who hands it over")
      ->required();
  whole->add_option("--parties", bundle.parties, "Of parties: the folder that release wrote");
  whole->add_option("--salts", bundle.salts, "Of parties: the salt key of that release");
  whole->add_option("--encrypt-to", bundle.encrypt_to,
                    "File of the recipients' public keys (age or SSH), one a line; --out is then "
                    "one file that only they can open, with `age` or `trucewatch bundle open`");
  whole->footer(
      "Example: trucewatch export bundle /tmp/mission-run c160032c --for officers --out case --key "
      "chief.key\n"
      "         trucewatch export bundle /tmp/mission-run c160032c --for officers --out case.age "
      "--key chief.key --encrypt-to panel.pub");
  whole->callback([action, &bundle] { *action = [&bundle] { return RunExportBundle(bundle); }; });
}

void AddBundle(CLI::App& app, Action* action, OpenBundleCommand& c) {
  CLI::App* sub = app.add_subcommand("bundle", "A case bundle that was encrypted for you");
  sub->require_subcommand(1);
  CLI::App* open = sub->add_subcommand(
      "open", "Decrypt it into a new folder; the same as `age --decrypt -i KEY FILE | tar x`");
  open->add_option("file", c.file, "The encrypted bundle")->required();
  open->add_option("--identity", c.identities, "Your private key (age-keygen, or SSH)")->required();
  open->add_option("--out", c.out, "A new folder")->required();
  open->footer("Example: trucewatch bundle open case.age --identity me.key --out case");
  open->callback([action, &c] { *action = [&c] { return RunOpenBundle(c); }; });
}

void AddObserve(CLI::App& app, Action* action, ObserveCommand& c) {
  CLI::App* sub = app.add_subcommand(
      "observe", "Sign and write one human record: an observation, allegation or impediment");
  sub->add_option("kind", c.kind, "observation, allegation or impediment")->required();
  sub->add_option("--key", c.key, "Private key of the author (trucewatch keygen)")->required();
  sub->add_option("--out", c.out, "Folder of the records")->required();
  sub->add_option("--id", c.record_id, "Unique name of the record, e.g. patrol-2-0007")->required();
  sub->add_option("--status", c.status, "EXERCISE or OPERATIONAL")->required();
  sub->add_option("--first", c.time_first, "When it began, e.g. 2026-03-01T21:04:00Z")->required();
  sub->add_option("--last", c.time_last, "When it ended (default: --first)");
  sub->add_option("--reported", c.reported, "When it was reported (default: --last)");
  sub->add_option("--lat", c.lat_deg, "Latitude, degrees")->required();
  sub->add_option("--lon", c.lon_deg, "Longitude, degrees")->required();
  sub->add_option("--radius", c.radius_m, "Metres within which it was")->required();
  sub->add_option("--means", c.means, "saw, heard, camera, statement");
  sub->add_option("--class", c.object_class,
                  "vehicle, light_vehicle, truck, tracked_vehicle, person_group");
  sub->add_option("--count", c.count_min, "How many, at least");
  sub->add_option("--count-max", c.count_max, "How many, at most (default: --count)");
  sub->add_flag("--nothing-observed", c.nothing_observed, "Looked, and nothing was there");
  sub->add_option("--informant", c.informant, "Of an allegation: party, public, organisation");
  sub->add_option("--impediment", c.impediment,
                  "denied, delayed, conditioned, weapons_aimed, jamming, weather, sensor_down");
  sub->add_option("--assessed-as", c.assessed_as, "The author's assessment, in his words");
  sub->add_option("--text", c.text, "What there is to say besides");
  sub->footer(
      "Example: trucewatch observe observation --key patrol-2.key --out observations --id "
      "patrol-2-0007 --status EXERCISE --first 2026-03-01T21:04:00Z --lat 30.01 --lon -40.02 "
      "--radius 200 --means saw --class truck --count 5");
  sub->callback([action, &c] { *action = [&c] { return RunObserve(c); }; });
}

void AddRerun(CLI::App& app, Action* action, RerunCommand& c) {
  CLI::App* sub = app.add_subcommand(
      "rerun",
      "An event once more on the same evidence, with what a challenge may change; signed if asked");
  sub->add_option("run", c.run, "Folder that replay or run wrote")->required();
  sub->add_option("event", c.event, "The event, or the first digits of its id")->required();
  sub->add_option("--map-sigma", c.map_sigma_m, "The lines are known so well, metres (1-sigma)");
  sub->add_option("--verified-probability", c.verified_probability, "The least for VERIFIED");
  sub->add_option("--without", c.without,
                  "A source that is not believed (more than one may be given)");
  CLI::Option* key = sub->add_option("--key", c.key, "Private key that signs the difference");
  sub->add_option("--out", c.out, "File of the signed difference")->needs(key);
  key->needs("--out");
  sub->footer(
      "Example: trucewatch rerun /tmp/mission-run c160032c --map-sigma 20 --without drone1 --key "
      "chief.key --out difference.note");
  sub->callback([action, &c] { *action = [&c] { return RunRerun(c); }; });
}

void AddRelease(CLI::App& app, Action* action, ReleaseCommand& c) {
  CLI::App* sub = app.add_subcommand("release",
                                     "Write the parties' ledger: commitments to every entry, and "
                                     "what was released, coarse and late");
  sub->add_option("run", c.run, "Folder that replay or run wrote, with the officers' ledger")
      ->required();
  sub->add_option("--out", c.out, "Folder for both parties; the same again goes on where it was")
      ->required();
  sub->add_option("--key", c.key, "Private key of the parties' ledger (trucewatch keygen)")
      ->required();
  sub->add_option("--salts", c.salts,
                  "Salt key: opens what was committed; keep it with the officers, and a copy")
      ->required();
  sub->add_flag("--new-salts", c.new_salts, "Make that file");
  sub->add_option("--as-of", c.as_of,
                  "Only what may be shown at this time (default: the newest entry's)");
  sub->add_flag("--ended", c.ended, "The mission has ended: the last hours too");
  sub->footer(
      "Example: trucewatch release /tmp/mission-run --out /tmp/parties --key parties.key --salts "
      "salts.key");
  sub->callback([action, &c] { *action = [&c] { return RunRelease(c); }; });
}

void AddDecisions(CLI::App& app, Action* action, DecideCommand& decide, DecideCommand& challenge,
                  DecideCommand& ruling) {
  const auto run = [action](CLI::App* sub, DecideCommand& c) {
    sub->callback([action, &c] { *action = [&c] { return RunDecide(c); }; });
  };
  CLI::App* sub = AddRecordOptions(
      app.add_subcommand("decide", "Sign and write an officer's decision on an event"), decide);
  sub->add_option("event", decide.about, "Its event_id")->required();
  sub->add_option("decision", decide.decision,
                  "confirmed, not_confirmed, inconclusive, closed, reopened, release, release_raw "
                  "(recordings too)")
      ->required();
  sub->add_option(
      "--audience", decide.audience,
      "Of a release: parties (both alike) or public; positions stay coarse and late. Of "
      "release_raw: parties");
  sub->footer(
      "Example: trucewatch decide c160032c95e496db45210a706c2ece5b confirmed --key chief.key "
      "--out decisions --id chief-0012 --status EXERCISE --reported 2026-03-02T09:30:00Z --text "
      "'Seen by patrol 2 as well'");
  run(sub, decide);

  challenge.kind = HumanRecordKind::kChallenge;
  sub = AddRecordOptions(
      app.add_subcommand("challenge", "Sign and write a party's challenge on an event"), challenge);
  sub->add_option("event", challenge.about, "Its event_id")->required();
  sub->footer(
      "Example: trucewatch challenge c160032c95e496db45210a706c2ece5b --key side-a.key --out "
      "challenges --id a-0003 --status EXERCISE --reported 2026-03-02T11:00:00Z --text 'These were "
      "harvesters'");
  run(sub, challenge);

  ruling.kind = HumanRecordKind::kRuling;
  sub = AddRecordOptions(
      app.add_subcommand("rule", "Sign and write an officer's answer to a challenge, or a ruling"),
      ruling);
  sub->add_option("challenge", ruling.about, "Its challenge_id")->required();
  sub->add_option("ruling", ruling.decision, "answered, upheld, rejected, inconclusive, escalated")
      ->required();
  sub->footer(
      "Example: trucewatch rule 5d41402abc4b2a76b9719d911017c592 answered --key chief.key --out "
      "decisions --id chief-0013 --status EXERCISE --reported 2026-03-02T15:00:00Z --text 'See the "
      "pictures of 12:03'");
  run(sub, ruling);
}

void AddPapers(CLI::App& app, Action* action, CustodyCommand& custody, CosignCommand& cosign) {
  CLI::App* sub = AddRecordOptions(
      app.add_subcommand("custody", "Sign and write who handed what to whom, and when"), custody);
  sub->add_option("item", custody.item, "medium, bundle or raw_archive")->required();
  sub->add_option("--name", custody.name, "What it is: its label, its number")->required();
  sub->add_option("--file", custody.file, "The file itself, or a bundle's case.txt: its SHA-256");
  sub->add_option("--sha256", custody.sha256, "Its SHA-256, where the file is not here");
  sub->add_option("--by", custody.by, "Who had it")->required();
  sub->add_option("--to", custody.to, "Who has it now")->required();
  sub->add_option("--at", custody.at, "When, e.g. 2026-03-02T09:00:00Z")->required();
  sub->footer(
      "Example: trucewatch custody medium --name 'disk 7' --file disk-7.img --by patrol-2 --to "
      "archive --at 2026-03-02T09:00:00Z --key chief.key --out records --id chief-0014 --status "
      "EXERCISE --reported 2026-03-02T09:30:00Z --text 'weekly collection'");
  sub->callback([action, &custody] { *action = [&custody] { return RunCustody(custody); }; });

  sub = app.add_subcommand("cosign", "Add a signature to a record, where its role needs several");
  sub->add_option("file", cosign.file, "Record (.note)")->required();
  sub->add_option("--key", cosign.key, "Private key (trucewatch keygen)")->required();
  sub->footer("Example: trucewatch cosign decisions/chief-0012.note --key deputy.key");
  sub->callback([action, &cosign] { *action = [&cosign] { return RunCosign(cosign); }; });
}

}  // namespace

CLI::App* AddRecordOptions(CLI::App* sub, RecordCommand& c) {
  sub->add_option("--key", c.key, "Private key of the author (trucewatch keygen)")->required();
  sub->add_option("--out", c.out, "Folder of the records that the mission reads")->required();
  sub->add_option("--id", c.record_id, "Unique name of the record, e.g. chief-0012")->required();
  sub->add_option("--status", c.status, "EXERCISE or OPERATIONAL")->required();
  sub->add_option("--reported", c.reported, "When, e.g. 2026-03-02T09:30:00Z")->required();
  sub->add_option("--text", c.text, "The reason, in the author's words")->required();
  return sub;
}

void AddOfficerCommands(CLI::App& app, Action* action) {
  static ReportDailyCommand report_daily;
  static ReportCoverageCommand report_coverage;
  static ExportCommand exported;
  static ExportProofCommand export_proof;
  static ObserveCommand observe;
  AddAgreement(app, action);
  AddReport(app, action, report_daily, report_coverage);
  static ExportBundleCommand export_bundle;
  AddExport(app, action, exported, export_proof, export_bundle);
  static OpenBundleCommand open_bundle;
  AddBundle(app, action, open_bundle);
  static RerunCommand rerun;
  static ReleaseCommand release;
  AddRerun(app, action, rerun);
  AddRelease(app, action, release);
  static DecideCommand decide, challenge, ruling;
  AddObserve(app, action, observe);
  AddDecisions(app, action, decide, challenge, ruling);
  static CustodyCommand custody;
  static CosignCommand cosign;
  AddPapers(app, action, custody, cosign);
}

}  // namespace trucewatch::tools
