// SPDX-License-Identifier: Apache-2.0
// The one program: a subcommand each in commands/.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <functional>

#include "core/log/log.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/stage_factory.h"

namespace trucewatch::tools {
namespace {

// The function of the subcommand that was given.
using Action = std::function<Result<int>()>;

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
  sub->add_flag("--json", c.json, "JSON lines (docs/formats/events.md)");
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

void AddInspect(CLI::App& app, Action* action, InspectCommand& c) {
  CLI::App* sub =
      app.add_subcommand("inspect", "What a sensor file holds, record by record with byte offsets");
  sub->add_option("files", c.files, "MPEG-TS, KLV, STANAG 4607 or ASTERIX (pcap, raw) files")
      ->required();
  sub->add_flag("--json", c.json, "One JSON object a line (docs/formats/inspect.md)");
  sub->footer("Example: trucewatch inspect --json drone.ts radar.4607");
  sub->callback([action, &c] { *action = [&c] { return RunInspect(c); }; });
}

void AddDetect(CLI::App& app, Action* action, DetectCommand& c) {
  CLI::App* sub =
      app.add_subcommand("detect", "Detection alone, on pictures, recorded video and rasters");
  sub->add_option("files", c.files,
                  "JPEG, PNG, BMP, WebP, TIFF; MPEG-TS, MP4, MOV, MKV; GeoTIFF, JPEG 2000, NITF; "
                  "folders of them")
      ->required();
  sub->add_flag("--json", c.json, "One JSON object a picture or frame (docs/formats/detect.md)");
  sub->add_option("--modality", c.modality,
                  "rgb, ir or sar; without it a grey picture is infrared, one in colour rgb")
      ->check(CLI::IsMember({"rgb", "ir", "sar"}));
  sub->add_option("--model", c.model,
                  "Card of a network (.txtpb), or its name in TRUCEWATCH_MODELS, "
                  "share/trucewatch/models or configs/models; without it the modality's");
  sub->add_option("--gsd", c.gsd_m,
                  "Metres a pixel: of pictures, where it is known; of video, to work at")
      ->check(CLI::Range(0.005, 10.0));
  sub->add_option("--min-score", c.min_score,
                  "Leave weaker detections out (video: 0, pictures: the model's)")
      ->check(CLI::Range(0.0, 1.0));
  sub->add_flag("--evaluate", c.evaluate,
                "Single persons as boxes, to score a model on a labelled set; else people are "
                "counts of groups");
  sub->add_option("--time", c.time, "When a satellite image was taken (2026-03-01T08:30:00Z)");
  sub->add_option("--draw", c.draw, "Write pictures with boxes to this folder");
  sub->add_option("--draw-every", c.draw_every, "... of video, one in so many frames")
      ->check(CLI::Range(1, 100000));
  sub->add_flag("--parked", c.parked,
                "The pictures are looks at one site, in order, each with its ST 0601 packet beside "
                "it (00000.jpg, 00000.klv): what is parked there, what came and what left");
  sub->add_option("--network-every", c.network_every,
                  "... the network looks at one in so many; every look is compared")
      ->check(CLI::Range(1, 100));
  sub->add_option("--threads", c.threads, "Pictures at a time; the result is the same")
      ->check(CLI::Range(1, 64));
  sub->add_flag("--quiet", c.quiet, "No progress bar, no summary");
  sub->footer(
      "Examples: trucewatch detect drone.ts --json --draw /tmp/pictures\n"
      "          trucewatch detect --modality ir --json --min-score 0.01 --evaluate folder/\n"
      "          trucewatch detect --parked --json --network-every 4 day/looks");
  sub->callback([action, &c] { *action = [&c] { return RunDetect(c); }; });
}

void AddTrack(CLI::App& app, Action* action, TrackCommand& c) {
  CLI::App* sub =
      app.add_subcommand("track", "Fusion alone: tracks from radar recordings or plots");
  sub->add_option("input", c.input,
                  "STANAG 4607 or ASTERIX file, a mission (its radars), or a measurement CSV "
                  "(docs/formats/tracks.md)")
      ->required();
  sub->add_option("--scans", c.scans,
                  "Of a measurement CSV: where the sensors looked (default: NAME_scans.csv beside "
                  "NAME_meas.csv)");
  sub->add_option("--site", c.site, "Of an ASTERIX radar: LAT,LON[,HEIGHT above the ellipsoid]");
  sub->add_option("--out", c.out, "Tracks as CSV (default: standard output)");
  sub->add_option("--groups", c.groups, "Groups that move together, as CSV, to this file");
  sub->add_option("--diagnostics", c.diagnostics,
                  "Counts and CPU seconds as one JSON object, to this file");
  sub->add_option("--settled", c.settled_lag_s,
                  "Seconds of hindsight: a row is written, smoothed, when so much more is there; "
                  "at least the hold; without it each row is what was known then")
      ->check(CLI::Range(0.0, 3600.0));
  sub->add_option("--hold", c.hold_s, "Seconds that looks may arrive late")
      ->check(CLI::Range(0.1, 600.0));
  sub->add_option("--reference", c.reference,
                  "Source on which the others are registered: their errors in range, azimuth, "
                  "place and time against it are estimated from common targets and removed");
  sub->add_option("--max-sigma", c.max_sigma_m, "Metres; rows known no better are left out")
      ->check(CLI::Range(0.1, 1e6));
  sub->add_flag("-q,--quiet", c.quiet, "No progress bar and no summary");
  sub->footer(
      "Example: trucewatch track radar1.4607 --settled 30 --out tracks.csv\n"
      "         trucewatch track mission/ --reference radar1 --settled 30 --out tracks.csv");
  sub->callback([action, &c] { *action = [&c] { return RunTrack(c); }; });
}

void AddScoreDetections(CLI::App* score, Action* action, ScoreDetectionsCommand& c) {
  CLI::App* sub = score->add_subcommand(
      "detections", "Average precision of boxes against a labelled set (docs/formats/score.md)");
  sub->add_option(
         "--truth", c.truth,
         "COCO JSON files, folders of YOLO .txt files, or lines as `detect --json` has them")
      ->required();
  sub->add_option("--detections", c.detections, "Output of `detect --json`, or COCO results")
      ->required();
  sub->add_option("--map", c.map,
                  "TRUTH=DETECTED: a class of the truth is this class of ours (repeatable)");
  sub->add_option(
      "--ignore", c.ignore,
      "A truth class that counts neither for nor against (repeatable); DontCare always");
  sub->add_option("--names", c.names, "Classes of YOLO files, in order (without classes.txt)")
      ->delimiter(',');
  sub->add_flag("--vehicles-as-one", c.vehicles_as_one,
                "Cars, trucks and all other vehicles are one class, on both sides");
  sub->add_option("--at-score", c.at_score, "Precision and recall at this score")
      ->check(CLI::Range(0.0, 1.0));
  sub->add_option("--bootstrap", c.bootstrap, "Resamplings of the pictures for the intervals")
      ->check(CLI::Range(0, 100000));
  sub->add_option("--seed", c.seed, "Of the resampling");
  sub->add_flag("--json", c.json, "One JSON object with every figure");
  sub->footer(
      "Example: trucewatch detect --modality ir --json --min-score 0.01 --evaluate val/ > d.jsonl\n"
      "         trucewatch score detections --truth val.json --detections d.jsonl");
  sub->callback([action, &c] { *action = [&c] { return RunScoreDetections(c); }; });
}

void AddScoreTracks(CLI::App* score, Action* action, ScoreTracksCommand& c) {
  CLI::App* sub = score->add_subcommand(
      "tracks", "Tracks against a truth: GOSPA, OSPA, IDF1, MOTA, switches, consistency");
  sub->add_option("--truth", c.truth, "CSV or .csv.gz: time,truth_id,x,y,vx,vy,group_id,kind")
      ->required();
  sub->add_option("--tracks,tracks", c.tracks,
                  "CSV or .csv.gz: time,track_id,x,y,vx,vy,existence_prob and covariances p_xx,...")
      ->required();
  sub->add_option("--scans", c.scans, "Scans CSV: adds the targets seen by a camera as a kind");
  sub->add_option("--groups", c.groups,
                  "CSV of `track --groups`: counts and places against the truth's convoys");
  sub->add_option("--c", c.c, "Metres beyond which a track is no target's (default 50)")
      ->check(CLI::Range(1e-3, 1e6));
  sub->add_option("--p", c.p, "Order of GOSPA and OSPA (default 2)")->check(CLI::Range(1.0, 10.0));
  sub->add_option("--min-existence", c.min_existence, "Rows below it do not count (default 0.5)")
      ->check(CLI::Range(0.0, 1.0));
  sub->add_option("--from", c.from_s, "Seconds from the scenario's start");
  sub->add_option("--to", c.to_s, "The same");
  sub->add_flag("--per-target", c.per_target, "One row a target");
  sub->add_option("--svg", c.svg, "Writes a picture of tracks and truth to this file");
  sub->add_flag("--json", c.json, "One JSON object with every figure (docs/formats/score.md)");
  sub->footer(
      "Example: trucewatch score tracks --truth S2_seed1_truth.csv.gz tracks.csv --svg s2.svg");
  sub->callback([action, &c] { *action = [&c] { return RunScoreTracks(c); }; });
}

struct ScoreCommands {
  ScoreEventsCommand events;
  ScoreDetectionsCommand detections;
  ScoreTracksCommand tracks;
};

void AddScore(CLI::App& app, Action* action, ScoreCommands& c) {
  CLI::App* score = app.add_subcommand("score", "Compare results with a truth");
  score->require_subcommand(1);
  CLI::App* sub = score->add_subcommand(
      "events", "Published events against a simulation's truth; exit 4 when one is not met");
  sub->add_option("run", c.events.run, "Folder that replay wrote")->required();
  sub->add_option("--truth", c.events.truth, "Recording with truth.json")->required();
  sub->add_flag("--json", c.events.json, "One JSON object with every figure");
  sub->footer("Example: trucewatch score events /tmp/mission-run --truth /tmp/mission");
  sub->callback([action, &c] { *action = [&c] { return RunScoreEvents(c.events); }; });
  AddScoreDetections(score, action, c.detections);
  AddScoreTracks(score, action, c.tracks);
}

void AddAgreement(CLI::App& app, Action* action, AgreementCheckCommand& c) {
  CLI::App* agreement = app.add_subcommand("agreement", "Work with agreement files");
  agreement->require_subcommand(1);
  CLI::App* sub =
      agreement->add_subcommand("check", "Find overlaps, gaps, undated phases, unknown classes");
  sub->add_option("file", c.file, "Agreement (.txtpb)")->required();
  sub->footer("Example: trucewatch agreement check configs/demo/agreement.txtpb");
  sub->callback([action, &c] { *action = [&c] { return RunAgreementCheck(c); }; });
}

void AddReport(CLI::App& app, Action* action, ReportDailyCommand& daily,
               ReportCoverageCommand& coverage, ExportCommand& exported) {
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

  sub = app.add_subcommand("export", "The mission's record as a GeoPackage or GeoJSON file");
  sub->add_option("run", exported.run, "Folder that replay or run wrote")->required();
  sub->add_option("--format", exported.format, "gpkg or geojson")
      ->required()
      ->check(CLI::IsMember({"gpkg", "geojson"}));
  sub->add_option("--out", exported.out, "File to write")->required();
  sub->footer("Example: trucewatch export /tmp/mission-run --format gpkg --out mission.gpkg");
  sub->callback([action, &exported] { *action = [&exported] { return RunExport(exported); }; });
}

void AddEvidence(CLI::App& app, Action* action, AuditCommand& audit, KeygenCommand& keygen,
                 SignerCommand& signer) {
  CLI::App* sub = app.add_subcommand("audit",
                                     "Check every byte of a ledger, offline, with the policy file "
                                     "alone; exit 4 names the first bad one");
  sub->add_option("ledger", audit.ledger, "Ledger folder")->required();
  sub->add_option("--policy", audit.policy,
                  "Policy file: the log's key and the witnesses you trust")
      ->required();
  sub->add_option("--seen", audit.seen,
                  "A checkpoint you were given before: finds truncation and rollback");
  sub->footer("Example: trucewatch audit /tmp/mission-run/ledger --policy policy.txt");
  sub->callback([action, &audit] { *action = [&audit] { return RunAudit(audit); }; });

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
  sub->callback([action, &signer] { *action = [&signer] { return RunSignerCommand(signer); }; });

  sub = app.add_subcommand(
      "worker",
      "A process that decodes and detects, shut in: no files, no network; started by run and "
      "replay");
  sub->callback([action] { *action = [] { return RunWorkerCommand(); }; });
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

int Main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("trucewatch: neutral, checkable verification of a ceasefire from sensor feeds");
  app.set_version_flag("--version", "trucewatch " + BuildId());
  app.require_subcommand(1);
  bool verbose = false;
  app.add_flag("-v,--verbose", verbose, "Log state changes to standard error");
  Action action;
  SimulateCommand simulate;
  RenderCommand render;
  ReplayCommand replay;
  RunCommand run;
  WatchCommand watch;
  StationCommand station;
  InspectCommand inspect;
  DetectCommand detect;
  TrackCommand track;
  ScoreCommands score;
  AgreementCheckCommand agreement;
  ReportDailyCommand report_daily;
  ReportCoverageCommand report_coverage;
  ExportCommand exported;
  AuditCommand audit;
  KeygenCommand keygen;
  SignerCommand signer;
  ObserveCommand observe;
  AddSimulate(app, &action, simulate);
  AddRender(app, &action, render);
  AddReplay(app, &action, replay);
  AddRun(app, &action, run);
  AddWatch(app, &action, watch);
  AddStation(app, &action, station);
  AddInspect(app, &action, inspect);
  AddDetect(app, &action, detect);
  AddTrack(app, &action, track);
  AddScore(app, &action, score);
  AddAgreement(app, &action, agreement);
  AddReport(app, &action, report_daily, report_coverage, exported);
  AddEvidence(app, &action, audit, keygen, signer);
  AddObserve(app, &action, observe);
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

}  // namespace
}  // namespace trucewatch::tools

int main(int argc, char** argv) { return trucewatch::tools::Main(argc, argv); }
