// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/options.h"

namespace trucewatch::tools {
namespace {

void AddSimulate(CLI::App& app, Action* action, SimulateCommand& c) {
  CLI::App* sub =
      app.add_subcommand("simulate", "Render a recorded mission in real formats, with its truth");
  sub->add_option("scenario", c.scenario, "Scenario file (.txtpb)")->required();
  sub->add_option("--out", c.out, "Folder of the recording")->required();
  sub->add_option("--seed", c.seed, "Instead of the scenario's")->check(CLI::NonNegativeNumber);
  sub->add_option("--threads", c.threads,
                  "Rendering threads (default: all cores); the bytes do not depend on it");
  sub->add_flag("--quiet", c.quiet, "No progress bar");
  sub->footer(
      "Example: trucewatch simulate configs/demo/scenario.txtpb --out /tmp/mission --seed 7");
  sub->callback([action, &c] { *action = [&c] { return RunSimulate(c); }; });
}

void AddRender(CLI::App& app, Action* action, RenderCommand& c) {
  CLI::App* sub = app.add_subcommand(
      "render",
      "Render one clip of a scene with the truth of what moves: what detection is "
      "measured on");
  sub->add_option("scene", c.scene, "Scene file (configs/scenes/*.txtpb)")->required();
  sub->add_option("--out", c.out, "Folder for clip.ts, truth.jsonl and mission.txtpb")->required();
  sub->add_option("--seed", c.seed, "Draws another clip of the scene (default 1)")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--seconds", c.seconds, "Length (default 60); of a day of looks 36000 or so")
      ->check(CLI::Range(0.1, 86400.0));
  sub->add_flag("--quiet", c.quiet, "No progress bar");
  sub->footer("Example: trucewatch render configs/scenes/town.txtpb --out /tmp/clip --seed 7");
  sub->callback([action, &c] { *action = [&c] { return RunRender(c); }; });
}

void AddReplay(CLI::App& app, Action* action, ReplayCommand& c) {
  CLI::App* sub = app.add_subcommand(
      "replay", "Run a recording through the pipeline; ledger, map and events in a folder");
  sub->add_option("recording", c.recording,
                  "Recorded mission (folder or mission.txtpb), or one .ts or .4607 file")
      ->required();
  sub->add_option(
      "--out", c.out,
      "Folder for the results (default: NAME-replay here); the same again goes on where it was");
  sub->add_option_function<std::string>(
      "--speed",
      [&c](const std::string& text) {
        if (text == "max") return;
        char* end = nullptr;
        c.speed = std::strtod(text.c_str(), &end);
        if (end == text.c_str() || *end != '\0' || !(c.speed > 0) || c.speed > 1000) {
          throw CLI::ValidationError(
              "--speed", "'" + text + "' is no speed; expected max, or a number up to 1000");
        }
      },
      "1 as it happened, 10 ten times as fast, max (default)");
  sub->add_option("--threads", c.threads, "Detection threads; the result does not depend on it")
      ->check(CLI::Range(1, 64));
  sub->add_flag("--json", c.json, "Events as JSON lines");
  sub->add_flag("--quiet", c.quiet, "No progress bar");
  sub->add_option("--metrics", c.metrics_file,
                  "Write metrics (Prometheus text) to this file at the end");
  sub->footer("Example: trucewatch replay /tmp/mission --out /tmp/mission-run");
  sub->callback([action, &c] { *action = [&c] { return RunReplay(c); }; });
}

void AddRun(CLI::App& app, Action* action, RunCommand& c) {
  CLI::App* sub = app.add_subcommand(
      "run", "The pipeline, live; killed and started again it goes on where it was");
  sub->add_option("config", c.config, "Mission config (.txtpb) or its folder")->required();
  sub->add_option(
      "--stage", c.stage,
      "Only this stage, over the config's bus endpoints: ingest, detect, fusion, verify, evidence");
  sub->add_option("--state", c.state,
                  "Folder of logs, snapshots and ledger (default: state in --out, or beside the "
                  "config)");
  sub->add_option("--out", c.out,
                  "Folder for the ledger and, at the mission's end, for the files that replay "
                  "writes (default: the state folder)");
  sub->add_option("--threads", c.threads, "Detection threads")->check(CLI::Range(1, 64));
  sub->add_option("--speed", c.speed,
                  "Of recorded sources, instead of the config's; 0 as fast as possible")
      ->check(CLI::Range(0.0, 1000.0));
  sub->add_flag("--json", c.json, "Events as JSON lines");
  sub->add_option("--metrics", c.metrics_address,
                  "Serve metrics at this address, e.g. 127.0.0.1:9464");
  sub->footer("Example: trucewatch run /tmp/mission/mission.txtpb --state /var/lib/trucewatch");
  sub->callback([action, &c] { *action = [&c] { return RunRun(c); }; });
}

void AddWatch(CLI::App& app, Action* action, WatchCommand& c) {
  CLI::App* sub = app.add_subcommand(
      "watch", "Subscribe to a hub: each event once, across cuts of the connection");
  sub->add_option("--hub", c.hub, "Where the hub serves subscribers: tcp://HOST:PORT")->required();
  sub->add_option("--hub-key", c.hub_key,
                  "The hub's public key (quote it; --hub-key=KEY if it starts with '-')");
  sub->add_option("--hub-pub", c.hub_pub, "... or the file that holds it (FILE.pub of the hub)");
  sub->add_option("--key", c.key, "Your private key, from keygen --subscriber")->required();
  sub->add_option("--for", c.audience,
                  "officers (default), parties or public: what the hub gives to your key")
      ->check(CLI::IsMember({"officers", "parties", "public"}));
  sub->add_flag("--json", c.json,
                "JSON lines (docs/formats/events.md); of parties and public always");
  sub->add_option("--since", c.since,
                  "Only what comes after this ledger index (default: from the beginning); a cursor "
                  "file that is there counts instead");
  sub->add_option("--cursor-file", c.cursor_file, "Where to keep how far it got");
  sub->add_option("--out", c.out,
                  "Write to this file instead, each line exactly once, also when killed");
  sub->add_flag("--until-end", c.until_end, "End with the mission");
  sub->add_option("--count", c.count, "End after so many lines")->check(CLI::PositiveNumber);
  sub->footer(
      "Example: trucewatch watch --hub tcp://hub.example:5702 --hub-pub hub.key.pub --key a.key "
      "--out events.jsonl --cursor-file events.cursor --json");
  sub->callback([action, &c] { *action = [&c] { return RunWatch(c); }; });
}

void AddStation(CLI::App& app, Action* action, StationCommand& c) {
  CLI::App* sub = app.add_subcommand(
      "station",
      "A ground station: feeds its sources to the hub; nothing is lost when the link is");
  sub->add_option("config", c.config, "Station config (.txtpb)")->required();
  sub->add_flag("--quiet", c.quiet, "No progress line");
  sub->footer("Example: trucewatch station /etc/trucewatch/fs-north.txtpb");
  sub->callback([action, &c] { *action = [&c] { return RunStation(c); }; });
}

}  // namespace

void AddMissionCommands(CLI::App& app, Action* action) {
  static SimulateCommand simulate;
  static RenderCommand render;
  static ReplayCommand replay;
  static RunCommand run;
  static WatchCommand watch;
  static StationCommand station;
  AddSimulate(app, action, simulate);
  AddRender(app, action, render);
  AddReplay(app, action, replay);
  AddRun(app, action, run);
  AddWatch(app, action, watch);
  AddStation(app, action, station);
}

}  // namespace trucewatch::tools
