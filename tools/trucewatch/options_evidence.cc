// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/commands/audit_bundle_command.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/options.h"

namespace trucewatch::tools {
namespace {

void AddEvidence(CLI::App& app, Action* action, AuditCommand& audit, KeygenCommand& keygen,
                 SignerCommand& signer) {
  CLI::App* sub = app.add_subcommand("audit",
                                     "Check every byte of a ledger, offline, with the policy file "
                                     "alone; exit 4 names the first bad one");
  CLI::Option* ledger = sub->add_option("ledger", audit.ledger, "Ledger folder");
  sub->add_option("--policy", audit.policy,
                  "Policy file: the log's key and the witnesses you trust")
      ->required();
  // One proof or case says nothing about the rest of a ledger: there it could not be looked at.
  sub->add_option("--seen", audit.seen,
                  "A checkpoint you were given before: finds truncation and rollback")
      ->needs(ledger);
  CLI::Option* ca = sub->add_option("--ca", audit.ca,
                                    "PEM: whom you trust to certify the authority of --timestamps");
  CLI::Option* timestamps =
      sub->add_option("--timestamps", audit.timestamps,
                      "Folder of RFC 3161 time-stamps on the ledger's checkpoints")
          ->needs(ledger)
          ->needs(ca);
  CLI::Option* leaf = sub->add_option("--leaf", audit.leaf, "The leaf that --proof is about");
  CLI::Option* proof =
      sub->add_option(
             "--proof", audit.proof,
             "Instead of a ledger: a proof that one leaf is in it (trucewatch export proof)")
          ->needs(leaf)
          ->excludes(ledger);
  static AuditBundleCommand bundle;
  CLI::Option* signed_by = sub->add_option(
      "--signer", bundle.signer, "vkeys, one a line, of those who may have signed --bundle");
  CLI::Option* folder =
      sub->add_option("--bundle", bundle.folder,
                      "Instead of a ledger: the folder of a case bundle (trucewatch export bundle)")
          ->needs(signed_by)
          ->excludes(ledger)
          ->excludes(proof);
  signed_by->needs(folder);  // of a ledger alone nobody but the log signs
  sub->footer(
      "Example: trucewatch audit /tmp/mission-run/ledger --policy policy.txt\n"
      "         trucewatch audit RUN/ledger --policy policy.txt --timestamps RUN/timestamps --ca "
      "ca.pem\n"
      "         trucewatch audit --proof e13.tlog-proof --leaf e13.leaf --policy policy.txt\n"
      "         trucewatch audit --bundle CASE --policy policy.txt --signer chief.key.vkey");
  sub->callback([action, &audit, ca, timestamps, folder] {
    if (!ca->empty() && timestamps->empty() && folder->empty())
      throw CLI::RequiredError("with --ca, --timestamps or --bundle");
    *action = [&audit] {
      if (bundle.folder.empty()) return RunAudit(audit);
      bundle.policy = audit.policy;
      bundle.ca = audit.ca;
      return RunAuditBundle(bundle);
    };
  });

  sub = app.add_subcommand("keygen",
                           "Make a key: FILE (private, mode 0600) and its public half. Of a log "
                           "(FILE.vkey) unless an option says whose (FILE.pub)");
  sub->add_option("name", keygen.name,
                  "Of a log the ledger's origin, e.g. exercise.trucewatch.example/demo; of the "
                  "others their id in the configs, e.g. fs-north")
      ->required();
  CLI::Option_group* whose = sub->add_option_group("whose");
  whose->add_flag("--station", keygen.station, "A ground station's: CURVE and Ed25519");
  whose->add_flag("--hub", keygen.hub, "The hub's: CURVE");
  whose->add_flag("--subscriber", keygen.subscriber, "A subscriber's: CURVE");
  whose->add_flag("--witness", keygen.witness, "A witness's (FILE.vkey)");
  whose->require_option(0, 1);
  sub->add_option("--out", keygen.out, "File of the private key")->required();
  sub->footer(
      "Example: trucewatch keygen exercise.trucewatch.example/demo --out log.key\n"
      "         trucewatch keygen fs-north --station --out fs-north.key");
  sub->callback([action, &keygen] { *action = [&keygen] { return RunKeygen(keygen); }; });

  sub = app.add_subcommand(
      "signer",
      "The signing process: answers on standard input and output; started by run and replay");
  sub->add_option("--key", signer.key, "Private key")->required();
  sub->add_option("--state", signer.state, "What was signed last")->required();
  sub->add_option("--origin", signer.origin, "The key's name")->required();
  sub->add_flag("--asks-witnesses", signer.asks_witnesses,
                "Signs nothing after a start before the witnesses said what they hold");
  sub->callback([action, &signer] { *action = [&signer] { return RunSignerCommand(signer); }; });

  sub = app.add_subcommand(
      "worker",
      "A process that decodes and detects, shut in: no files, no network; started by run, "
      "replay and detect");
  sub->callback([action] { *action = [] { return RunWorkerCommand(); }; });
}

void AddWitness(CLI::App& app, Action* action, WitnessCommand& c) {
  CLI::App* sub = app.add_subcommand(
      "witness", "Cosign a log's checkpoints, each only when it extends the last one");
  sub->add_option("--key", c.key, "Private key (trucewatch keygen NAME --witness)")->required();
  sub->add_option("--state", c.state, "Folder of what was seen last; never restore it")->required();
  sub->add_option("--listen", c.listen, "ADDRESS:PORT; port 0: any that is free")->required();
  sub->add_option("--log", c.logs, "vkey of a log to watch (repeatable)");
  sub->add_option("--policy", c.policy, "Policy file: the logs it names are watched");
  sub->footer(
      "Example: trucewatch witness --key w1.key --state w1/ --listen 127.0.0.1:5801 --policy "
      "p.txt");
  sub->callback([action, &c] { *action = [&c] { return RunWitness(c); }; });
}

void AddKeyset(CLI::App& app, Action* action, KeysetMakeCommand& make, KeysetSignCommand& sign,
               KeysetCheckCommand& check) {
  CLI::App* keyset = app.add_subcommand(
      "keyset", "Who has which key, from when until when, signed by the root keys");
  keyset->require_subcommand(1);
  CLI::App* sub = keyset->add_subcommand("make", "Write a version, to be signed");
  sub->add_option("mission", make.mission, "The ledger's origin")->required();
  sub->add_option("--expires", make.expires, "UTC, e.g. 2027-03-01T00:00:00Z")->required();
  sub->add_option("--previous", make.previous, "The version before: its roles and keys stay");
  sub->add_option("--role", make.roles, "ROLE=SIGNATURES, e.g. root=2 (repeatable)");
  sub->add_option("--key", make.keys, "ROLE=VKEY@FROM (repeatable)");
  sub->add_option("--revoke", make.revoke, "NAME@FROM: this key counts no more from then on");
  sub->add_option("--out", make.out, "File to write")->required();
  sub->footer(
      "Example: trucewatch keyset make exercise.example/demo --expires 2027-03-01T00:00:00Z --role "
      "root=2 --role log=1 --key root=VKEY@2026-03-01T00:00:00Z ... --out keys-1.txt");
  sub->callback([action, &make] { *action = [&make] { return RunKeysetMake(make); }; });
  sub = keyset->add_subcommand("sign", "Add a root key's signature");
  sub->add_option("file", sign.file, "Key set")->required();
  sub->add_option("--key", sign.key, "Private key (trucewatch keygen)")->required();
  sub->callback([action, &sign] { *action = [&sign] { return RunKeysetSign(sign); }; });
  sub = keyset->add_subcommand("check",
                               "Follow the versions; exit 4 when a signature, a step or the time "
                               "does not hold");
  sub->add_option("files", check.files, "Signed key sets, oldest first")->required();
  sub->add_option("--at", check.at, "Time to check for (default: now)");
  sub->add_flag("--policy", check.policy, "Print only the log lines of a policy file");
  sub->callback([action, &check] { *action = [&check] { return RunKeysetCheck(check); }; });
}

void AddKeysetSubmit(CLI::App& app, Action* action, KeysetSubmitCommand& c) {
  CLI::App* sub = AddRecordOptions(
      app.get_subcommand("keyset")->add_subcommand(
          "submit", "Sign and write a record that brings a newer version into the mission"),
      c);
  sub->add_option("file", c.file, "Signed key set")->required();
  sub->footer(
      "Example: trucewatch keyset submit keys-2.txt --key chief.key --out records --id chief-0015 "
      "--status EXERCISE --reported 2026-03-05T12:00:00Z --text 'laptop lost'");
  sub->callback([action, &c] { *action = [&c] { return RunKeysetSubmit(c); }; });
}

}  // namespace

void AddEvidenceCommands(CLI::App& app, Action* action) {
  static AuditCommand audit;
  static KeygenCommand keygen;
  static SignerCommand signer;
  static WitnessCommand witness;
  static KeysetMakeCommand keyset_make;
  static KeysetSignCommand keyset_sign;
  static KeysetCheckCommand keyset_check;
  static KeysetSubmitCommand keyset_submit;
  AddEvidence(app, action, audit, keygen, signer);
  AddWitness(app, action, witness);
  AddKeyset(app, action, keyset_make, keyset_sign, keyset_check);
  AddKeysetSubmit(app, action, keyset_submit);
}

}  // namespace trucewatch::tools
