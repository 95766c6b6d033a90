// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/options.h"

namespace trucewatch::tools {
namespace {

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
                  "Leave weaker detections out (what moves: likely enough, pictures: the model's)")
      ->check(CLI::Range(0.0, 1.0));
  sub->add_flag("--evaluate", c.evaluate,
                "Single persons as boxes, to score a model on a labelled set; else people are "
                "counts of groups. Of video also by what each detection was judged");
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
  sub->add_option("--threads", c.threads,
                  "Pictures, or segments of a video, at a time; the result is the same")
      ->check(CLI::Range(1, 64));
  sub->add_option("--limit-cpu", c.limit_cpu_s,
                  "Seconds of processor time that a picture, a scene or a segment may cost")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  sub->add_option("--limit-memory", c.limit_memory_mib, "... and MiB of memory")
      ->check(CLI::Range(64, 1 << 20))
      ->capture_default_str();
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

void AddScoreMonth(CLI::App* score, Action* action, ScoreMonthCommand& c) {
  CLI::App* sub = score->add_subcommand(
      "month",
      "Verify by itself: simulated missions of thirty days at observation level, graded by rule");
  sub->add_option("--seed", c.seed, "Of the first mission (default 1)");
  sub->add_option("--missions", c.missions, "How many, one seed after the other (default 1)")
      ->check(CLI::Range(1, 1000));
  sub->add_option("--days", c.days, "Length of each (default 30)")->check(CLI::Range(0.1, 366.0));
  sub->add_option("--detection", c.detection,
                  "Things are found so much more rarely than measured, e.g. 0.7")
      ->check(CLI::Range(0.1, 1.0));
  sub->add_option("--georeference", c.georeference, "Places are so much worse than stated, e.g. 2")
      ->check(CLI::Range(0.0, 20.0));
  sub->add_flag("--correlated-outages", c.correlated_outages, "One failure takes all sensors");
  sub->add_option("--statements", c.statements,
                  "CSV of every statement's probability and whether it was so");
  sub->add_flag("--explain", c.explain, "What was verified and not so, and what was missed");
  sub->add_flag("--json", c.json, "One JSON object with every figure (docs/formats/score.md)");
  sub->add_flag("--quiet", c.quiet, "No progress bar");
  sub->footer("Example: trucewatch score month --days 3 --explain");
  sub->callback([action, &c] { *action = [&c] { return RunScoreMonth(c); }; });
}

struct ScoreCommands {
  ScoreMonthCommand month;
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
  AddScoreMonth(score, action, c.month);
}

}  // namespace

void AddSensorCommands(CLI::App& app, Action* action) {
  static InspectCommand inspect;
  static DetectCommand detect;
  static TrackCommand track;
  static ScoreCommands score;
  AddInspect(app, action, inspect);
  AddDetect(app, action, detect);
  AddTrack(app, action, track);
  AddScore(app, action, score);
}

}  // namespace trucewatch::tools
