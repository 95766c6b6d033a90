// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/types/observation.h"

namespace trucewatch::tools {

// One struct and one function a subcommand. Functions return the exit code of a finished command;
// an Error is printed by main and mapped by ExitCode (2 usage, 3 bad input, 4 failed check).

struct SimulateCommand {
  std::string scenario;
  std::string out;
  std::optional<std::uint64_t> seed;
  unsigned threads = 0;
  bool quiet = false;
};
Result<int> RunSimulate(const SimulateCommand& command);

struct RenderCommand {
  std::string scene;  // file
  std::string out;
  std::uint64_t seed = 1;
  double seconds = 60;
  bool quiet = false;
};
Result<int> RunRender(const RenderCommand& command);

struct ReplayCommand {
  std::string recording;  // folder, config or a single sensor file
  std::string out;        // empty: a folder beside the recording's name in the current one
  double speed = 0;       // 0: as fast as possible
  std::optional<unsigned> threads;
  bool json = false;
  bool quiet = false;
  std::string metrics_file;
};
Result<int> RunReplay(const ReplayCommand& command);

struct RunCommand {
  std::string config;
  std::string stage;  // empty: all
  std::string state;  // empty: "state" in `out`, or beside the config
  std::string out;    // empty: the state folder
  std::optional<unsigned> threads;
  std::optional<double> speed;
  bool json = false;
  std::string metrics_address;  // "127.0.0.1:9464"
};
Result<int> RunRun(const RunCommand& command);

struct StationCommand {
  std::string config;
  bool quiet = false;
};
Result<int> RunStation(const StationCommand& command);

struct InspectCommand {
  std::vector<std::string> files;
  bool json = false;
};
Result<int> RunInspect(const InspectCommand& command);

struct DetectCommand {
  std::vector<std::string> files;
  bool json = false;
  double gsd_m = 0;                 // 0: the default's; of pictures: not known
  std::optional<double> min_score;  // nothing: 0 in video and scenes, the model's in pictures
  std::string time;                 // of scenes: when they were taken, UTC; empty: as the file says
  std::string modality;             // "rgb", "ir" or "sar"; empty: as the file looks
  std::string model;                // name or card file; empty: the modality's
  bool evaluate = false;            // single persons as boxes
  unsigned threads = 1;             // pictures, or segments of a video, at a time
  // Of the workers that read the files: of processor time for a picture, a scene, a segment; and of
  // memory.
  unsigned limit_cpu_s = 600;
  unsigned limit_memory_mib = 4096;
  bool quiet = false;
  std::string draw;
  int draw_every = 10;         // of videos
  bool parked = false;         // pictures are looks at one site, one after another
  unsigned network_every = 1;  // ... of which one in so many is shown to the network
};
Result<int> RunDetect(const DetectCommand& command);

struct ScoreEventsCommand {
  std::string run;    // folder of a replay
  std::string truth;  // recording with truth.json
  bool json = false;
};
Result<int> RunScoreEvents(const ScoreEventsCommand& command);

struct ScoreDetectionsCommand {
  std::vector<std::string> truth;   // COCO files, YOLO folders, lines of `detect --json`
  std::string detections;           // lines of `detect --json`, or COCO results
  std::vector<std::string> map;     // "truth class=detected class"
  std::vector<std::string> ignore;  // truth classes that count neither for nor against
  std::vector<std::string> names;   // of YOLO classes, in order
  bool vehicles_as_one = false;
  double at_score = 0.5;
  int bootstrap = 1000;
  std::uint64_t seed = 1;
  bool json = false;
};
Result<int> RunScoreDetections(const ScoreDetectionsCommand& command);

struct TrackCommand {
  std::string input;             // measurement CSV, STANAG 4607, ASTERIX, or a mission with radars
  std::string scans = {};        // of a measurement CSV; empty: beside it
  std::string site = {};         // of an ASTERIX radar: LAT,LON[,HEIGHT]
  std::string out = {};          // empty: standard output
  std::string groups = {};       // file for groups; empty: none
  std::string diagnostics = {};  // file for counts and CPU seconds; empty: none
  std::optional<double> settled_lag_s = {};
  double hold_s = 10;
  double max_sigma_m = 50;
  std::string reference = {};  // source that the others are registered on; empty: none
  bool quiet = false;
};
Result<int> RunTrack(const TrackCommand& command);

struct ScoreTracksCommand {
  std::string truth;   // CSV or .csv.gz
  std::string tracks;  // the same
  std::string scans;   // may be empty
  std::string groups;  // the same
  double c = 50, p = 2;
  double min_existence = 0.5;
  std::optional<double> from_s, to_s;
  bool per_target = false;
  std::string svg;  // empty: no picture
  bool json = false;
};
Result<int> RunScoreTracks(const ScoreTracksCommand& command);

struct ReportDailyCommand {
  std::string run;  // folder of a replay or a run
  std::string out;
  std::string as_of;  // empty: everything on record
  std::string date;   // empty: the last day on record
};
Result<int> RunReportDaily(const ReportDailyCommand& command);

struct ReportCoverageCommand {
  std::string run;  // folder of a replay or a run
};
Result<int> RunReportCoverage(const ReportCoverageCommand& command);

struct ExportCommand {
  std::string run;     // folder of a replay or a run
  std::string format;  // "gpkg" or "geojson"
  std::string out;
};
Result<int> RunExport(const ExportCommand& command);

struct ExportProofCommand {
  std::string run;          // folder of a replay or a run
  std::uint64_t index = 0;  // of the entry
  std::string out;          // .tlog-proof
  std::string leaf;         // empty: the leaf is not written
};
Result<int> RunExportProof(const ExportProofCommand& command);

// A case: everything on one event, signed.
struct ExportBundleCommand {
  std::string run;
  std::string event;  // beginning of its id
  std::string audience;
  std::string out;
  std::string key;
  std::string parties, salts;                // of a party's
  std::vector<std::string> encrypt_to = {};  // files of recipients' keys; then `out` is a file
};
Result<int> RunExportBundle(const ExportBundleCommand& command);

// A bundle that was encrypted.
struct OpenBundleCommand {
  std::string file;
  std::vector<std::string> identities;  // files
  std::string out;
};
Result<int> RunOpenBundle(const OpenBundleCommand& command);

struct AuditCommand {
  std::string ledger;  // or:
  std::string proof;   // .tlog-proof, of the leaf
  std::string leaf;
  std::string policy;
  std::string seen;
  std::string timestamps;  // folder, of a ledger's stamped checkpoints
  std::string ca;          // PEM file: whom to trust for them
};
Result<int> RunAudit(const AuditCommand& command);

struct KeygenCommand {
  std::string name;
  std::string out;
  // At most one; none: a log's key.
  bool station = false;
  bool hub = false;
  bool subscriber = false;
  bool witness = false;
};
Result<int> RunKeygen(const KeygenCommand& command);

struct WatchCommand {
  std::string hub;                     // "tcp://HOST:PORT"
  std::string hub_key;                 // Z85, or
  std::string hub_pub;                 // the hub's .pub file
  std::string key;                     // the subscriber's key file
  std::string audience = "officers";   // "parties", "public": what the hub gives that key
  std::optional<std::uint64_t> since;  // a ledger index; none: from the beginning
  std::optional<std::uint64_t> count;
  std::string cursor_file;
  std::string out;  // empty: standard output
  bool json = false;
  bool until_end = false;
};
Result<int> RunWatch(const WatchCommand& command);

struct SignerCommand {
  std::string key;
  std::string state;
  std::string origin;
  bool asks_witnesses = false;
};
Result<int> RunSignerCommand(const SignerCommand& command);

struct KeysetMakeCommand {
  std::string mission;
  std::string expires;
  std::string previous;             // file of the version before; empty: this is the first
  std::vector<std::string> roles;   // "root=2"
  std::vector<std::string> keys;    // "log=VKEY@2026-03-01T00:00:00Z"
  std::vector<std::string> revoke;  // "NAME@2026-09-05T00:00:00Z"
  std::string out;
};
Result<int> RunKeysetMake(const KeysetMakeCommand& command);

struct KeysetSignCommand {
  std::string file;
  std::string key;
};
Result<int> RunKeysetSign(const KeysetSignCommand& command);

struct KeysetCheckCommand {
  std::vector<std::string> files;  // oldest first
  std::string at;                  // empty: now
  bool policy = false;
};
Result<int> RunKeysetCheck(const KeysetCheckCommand& command);

struct WitnessCommand {
  std::string listen;  // "127.0.0.1:5801"; port 0: any
  std::string key;
  std::string state;
  std::vector<std::string> logs;  // vkeys
  std::string policy;             // or the log lines of this file
};
Result<int> RunWitness(const WitnessCommand& command);

// The confined process that looks at video and scenes.
Result<int> RunWorkerCommand();

// Texts are as in docs/formats/human_record.md; empty: not given.
struct ObserveCommand {
  std::string kind;
  std::string key;
  std::string out;
  std::string record_id;
  std::string status;
  std::string time_first, time_last, reported;
  double lat_deg = 0, lon_deg = 0, radius_m = 0;
  std::string means;
  std::string object_class;
  int count_min = 0, count_max = 0;
  bool nothing_observed = false;
  std::string informant;
  std::string impediment;
  std::string assessed_as;
  std::string text;
};
Result<int> RunObserve(const ObserveCommand& command);

// Simulated missions at observation level through verify, graded.
struct ScoreMonthCommand {
  std::uint64_t seed = 1;
  int missions = 1;
  double days = 30;
  double detection = 1, georeference = 1;
  bool correlated_outages = false;
  std::string statements;  // CSV: every statement's probability and whether it was so
  bool json = false, explain = false, quiet = false;
};
Result<int> RunScoreMonth(const ScoreMonthCommand& command);

// How events stand, or stood at a time.
struct EventsCommand {
  std::string run;
  std::string at;
  std::string event;  // beginning of its id; then its whole history
  bool json = false;
};
Result<int> RunEvents(const EventsCommand& command);

// An event once more, with what a challenge may change.
struct RerunCommand {
  std::string run;
  std::string event;  // beginning of its id
  std::optional<double> map_sigma_m, verified_probability;
  std::vector<std::string> without;
  std::string key, out;  // a signed note; empty: only printed
};
Result<int> RunRerun(const RerunCommand& command);

// The parties' ledger, from the officers'.
struct ReleaseCommand {
  std::string run;
  std::string out;
  std::string key;    // of the parties' ledger
  std::string salts;  // file
  bool new_salts = false;
  std::string as_of;
  bool ended = false;
};
Result<int> RunRelease(const ReleaseCommand& command);

// What every signed record that says why has.
struct RecordCommand {
  std::string key;
  std::string out;
  std::string record_id;
  std::string status;
  std::string reported;
  std::string text;
};

// What people do with an event: one signed record each.
struct DecideCommand : RecordCommand {
  HumanRecordKind kind = HumanRecordKind::kDecision;
  std::string about;     // id of the event; of rulings: of the challenge
  std::string decision;  // not of challenges
  std::string audience;
};
Result<int> RunDecide(const DecideCommand& command);

// Who handed what to whom, and when.
struct CustodyCommand : RecordCommand {
  std::string item;  // "medium", "bundle", "raw_archive"
  std::string name;
  std::string file;    // its SHA-256 is computed; or
  std::string sha256;  // is given
  std::string by;
  std::string to;
  std::string at;
};
Result<int> RunCustody(const CustodyCommand& command);

// A newer key set, to be brought into a running mission.
struct KeysetSubmitCommand : RecordCommand {
  std::string file;
};
Result<int> RunKeysetSubmit(const KeysetSubmitCommand& command);

// One more signature on a record, where its role needs several.
struct CosignCommand {
  std::string file;
  std::string key;
};
Result<int> RunCosign(const CosignCommand& command);

}  // namespace trucewatch::tools
