// SPDX-License-Identifier: Apache-2.0
// Who gets what at the hub's door: the evidence stage with its release as a process, and
// subscribers of every audience who ask for everything there is. What is looked at is every byte
// that comes out of a subscriber's end of the encrypted link.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <thread>
#include <unordered_set>

#include "core/bus/log_client.h"
#include "core/types/codec.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tests/tools/watch/test_hub.h"
#include "tools/trucewatch/key_files.h"
#include "tools/trucewatch/party_release.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::Process;
using testing::ReadFile;

constexpr const char* kAudienceMission = R"(
name: "audiences-test"
status: EXERCISE
start_utc: "2026-03-01T12:00:00Z"
origin_lat_deg: 30
origin_lon_deg: -40
terrain { sigma_m: 10 }
source {
  id: "radar1" format: STANAG4607 platform: "uav1" station: "fs-north" clock: "c" georeference: "g"
}
detect {
  threads: 1 working_gsd_m: 0.3 min_speed_mps: 2.5 max_speed_mps: 50 min_size_m: 2 max_size_m: 20
  observation_period_s: 0.5 detection_probability: 0.8 false_alarms_per_km2: 0.5
}
fusion {
  hold_s: 8 picture_period_s: 1 group_distance_m: 200 group_speed_mps: 4 group_min_count: 5
  confirm_existence: 0.9 delete_existence: 0.05
}
verify { heartbeat_s: 30 }
evidence {
  ledger_origin: "exercise.trucewatch.example/aud" log_key_file: "log.key"
  release { log_key_file: "parties.key" salt_key_file: "salts.key" }
}
bus { ipc_pattern: "ipc://%s.sock" }
)";

constexpr const char* kAgreement = R"(
title: "audiences"
release { audience: PARTIES delay_s: 1800 grid_m: 1000 automatic: true }
)";

// What must not leave, drawn anew for each finding.
struct Canary {
  double lat_deg, lon_deg;
  Instant time;
  std::string name, event_id;
  std::uint64_t track;
};

// Keeps what comes in.
class TappedLink final : public Link {
 public:
  TappedLink(std::unique_ptr<Link> inside, std::string* tap)
      : inside_(std::move(inside)), tap_(tap) {}
  Result<void> Send(std::string message) override { return inside_->Send(std::move(message)); }
  Result<std::optional<std::string>> Receive(Duration wait) override {
    auto message = inside_->Receive(wait);
    if (message && *message) *tap_ += **message;
    return message;
  }
  Result<void> Reset() override { return inside_->Reset(); }

 private:
  const std::unique_ptr<Link> inside_;
  std::string* const tap_;
};

class AudiencesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(State());
    hub_ = MakeCurveKeyPair();
    ASSERT_TRUE(WriteHubKeys(directory_.File("hub.key"), hub_));
    for (const char* name : {"aud", "parties"}) {
      const std::string file = std::string(name) == "aud" ? "log.key" : "parties.key";
      ASSERT_EQ(testing::RunProcess({testing::TrucewatchProgram(), "keygen",
                                     std::string("exercise.trucewatch.example/") + name, "--out",
                                     directory_.File(file)})
                    .code,
                0);
    }
    std::string lines = "station_endpoint: \"" + testing::FreeEndpoint() +
                        "\"\nsubscriber_endpoint: \"" + endpoint_ +
                        "\"\nkey_file: \"hub.key\"\nlate_after_s: 10\n" +
                        StationPeerLines(MakeStationKeys("fs-north"));
    for (const auto& [name, audience] : std::map<std::string, std::string>{
             {"officer1", "OFFICERS"}, {"a", "PARTY_A"}, {"b", "PARTY_B"}, {"paper", "PUBLIC"}}) {
      tapped_[name] = "";  // so that readers may work at the same time
      keys_[name] = {.id = name, .curve = MakeCurveKeyPair()};
      lines += testing::PeerLines(keys_[name], audience);
      ASSERT_TRUE(WriteSubscriberKeys(directory_.File(name + ".key"), keys_[name]));
    }
    std::ofstream(directory_.File("mission.txtpb")) << kAudienceMission << "hub {\n"
                                                    << lines << "}\n";
    before_ = LogServer::Start(context_, "ipc://" + State() + "/verify.sock", {{"verify", &log_}})
                  .value();
    Give([](v1::Envelope& e) {
      e.mutable_mission_header()->set_mission("audiences-test");
      e.mutable_mission_header()->set_exercise(true);
      e.mutable_mission_header()->set_start_time_us(kStart.micros());
      e.mutable_mission_header()->set_agreement_text(kAgreement);
    });
  }
  std::string State() const { return directory_.File("state"); }
  std::vector<std::string> Hub() const {
    return {testing::TrucewatchProgram(),
            "run",
            directory_.path(),
            "--stage",
            "evidence",
            "--state",
            State(),
            "--out",
            directory_.File("out")};
  }
  template <typename Fill>
  void Give(const Fill& fill) {
    v1::Envelope envelope;
    fill(envelope);
    ASSERT_TRUE(log_.Append({{log_.last() + 1, SerializeEnvelope(envelope)}}));
  }

  // Events and, many more, findings that ask for no checkpoint; all of this mission hour.
  void GiveCanaries(int hour, int events, int others) {
    std::uniform_real_distribution<double> share(0, 1);
    for (int i = 0; i < events + others; ++i) {
      Canary canary;
      canary.lat_deg = 29 + 2 * share(random_);
      canary.lon_deg = -41 + 2 * share(random_);
      canary.time = kStart + Duration::Seconds(3600 * hour) +
                    Duration::Micros(static_cast<std::int64_t>(3.6e9 * (i + share(random_)) /
                                                               (events + others)));
      canary.name = fmt::format("canary-{:08x}", random_() & 0xffffffffU);
      canary.event_id = fmt::format("{:016x}{:016x}", random_(), random_());
      canary.track = random_();
      canaries_.push_back(canary);
      Finding f;
      f.kind = i % ((events + others) / events) == 0 ? FindingKind::kEventTransition
                                                     : FindingKind::kSourceStatus;
      f.exercise = true;
      f.time = f.time_first = f.time_last = canary.time;
      f.position = Geodetic::FromDegrees(canary.lat_deg, canary.lon_deg, 0);
      f.reason = canary.name + " at " + FormatUtc(canary.time);
      if (f.kind == FindingKind::kEventTransition) {
        f.event_id = canary.event_id;
        f.state = EventState::kVerified;
        f.rule = "no_convoys";
        f.zone = "buffer";
        f.object_class = ObjectClass::kTruck;
        f.count_min = 6;
        f.count_max = 8;
        f.members = {{canary.track}};
        f.agreement_hash = std::string(64, 'a');
      }
      Give([&](v1::Envelope& e) { *e.mutable_finding() = ToProto(f); });
    }
  }

  // Everything of a log that this subscriber gets, until its end.
  Result<std::vector<LogRecord>> ReadAll(const std::string& who, const std::string& log) {
    TW_ASSIGN_OR_RETURN(
        auto link, MakeCurveLink(context_, endpoint_,
                                 {.keys = keys_[who].curve, .server_public = hub_.public_key}));
    LogClient client(std::make_unique<TappedLink>(std::move(link), &tapped_[who]), log);
    std::vector<LogRecord> records;
    while (true) {
      TW_ASSIGN_OR_RETURN(const LogBatch batch,
                          client.ReadAfter(records.size(), 64 << 10, Duration::Seconds(2)));
      records.insert(records.end(), batch.records.begin(), batch.records.end());
      if (batch.closed && records.size() == batch.last) return records;
    }
  }
  // Times as numbers and as texts, places, names and ids, as they would stand in messages or lines;
  // gives how many of them are there.
  std::size_t CanariesIn(std::string_view bytes) const {
    std::map<std::size_t, std::unordered_set<std::string_view>> traces;  // by length
    std::deque<std::string> kept;
    for (const Canary& canary : canaries_) {
      Finding f;
      f.time = canary.time;
      f.position = Geodetic::FromDegrees(canary.lat_deg, canary.lon_deg, 0);
      // The eight bytes of a double, and the varint of a time, as protobuf has them.
      for (std::string trace :
           {canary.name, canary.event_id, FormatUtc(canary.time),
            std::to_string(canary.time.micros()), fmt::format("{:.7f}", canary.lat_deg),
            fmt::format("{:.7f}", canary.lon_deg), ToProto(f).position().SerializeAsString(),
            TimeBytes(canary.time)}) {
        kept.push_back(std::move(trace));
        traces[kept.back().size()].insert(kept.back());
      }
    }
    std::unordered_set<std::string_view> found;
    for (const auto& [length, of_length] : traces) {
      for (std::size_t at = 0; at + length <= bytes.size(); ++at) {
        const auto trace = of_length.find(bytes.substr(at, length));
        if (trace != of_length.end()) found.insert(*trace);
      }
    }
    return found.size();
  }
  static std::string TimeBytes(Instant time) {
    v1::Finding only_time;
    only_time.set_time_us(time.micros());
    return only_time.SerializeAsString();
  }

  static const inline Instant kStart = *ParseUtc("2026-03-01T12:00:00Z");
  testing::TempDirectory directory_;
  ZmqContext context_;
  MemoryLog log_;
  const std::string endpoint_ = testing::FreeEndpoint();
  CurveKeyPair hub_;
  std::map<std::string, SubscriberKeys> keys_;
  std::map<std::string, std::string> tapped_;
  std::unique_ptr<LogServer> before_;
  std::mt19937_64 random_{17};
  std::vector<Canary> canaries_;
};

TEST_F(AudiencesTest, APartysKeyGetsTheReleasedLogAndNothingFinerByAnyName) {
  // 564 of them, or about as many as TRUCEWATCH_CANARIES says.
  const char* const wanted_canaries = std::getenv("TRUCEWATCH_CANARIES");
  const int many = wanted_canaries == nullptr ? 1 : std::max(1, std::atoi(wanted_canaries) / 564);
  GiveCanaries(0, 20 * many, 200 * many);
  GiveCanaries(1, 20 * many, 200 * many);
  std::vector<LogRecord> first;
  {
    // A hub that dies after the first hour was released.
    Process hub(Hub(), directory_.File("hub.log"));
    GiveCanaries(2, 2 * many, 10 * many);
    auto link = MakeCurveLink(context_, endpoint_,
                              {.keys = keys_["a"].curve, .server_public = hub_.public_key});
    ASSERT_TRUE(link);
    LogClient client(std::make_unique<TappedLink>(std::move(*link), &tapped_["a"]), "released",
                     {.reply_timeout = Duration::Seconds(3), .attempts = 5});
    const auto batch = client.ReadAfter(0, 1 << 20, Duration::Seconds(10));
    ASSERT_TRUE(batch) << batch.error().message << ReadFile(directory_.File("hub.log"));
    first = batch->records;
    EXPECT_FALSE(first.empty());
    hub.Kill();
  }
  GiveCanaries(3, 10 * many, 100 * many);
  Process hub(Hub(), directory_.File("hub.log"));
  // Whatever else they ask for is not there.
  for (const char* who : {"a", "b", "paper"}) {
    for (const char* name : {"published", "evidence", "verify", "fusion", "detect", "ingest",
                             "journal", "received", "refused", "operations", "coverage", "health",
                             "health.json", "live.geojson", "released/../published"}) {
      const auto refused = ReadAll(who, name);
      ASSERT_FALSE(refused) << who << " " << name;
      EXPECT_THAT(refused.error().message, HasSubstr("there is no log"));
    }
  }
  EXPECT_FALSE(ReadAll("paper", "released"));

  // Everything that each of them may have, until the mission's end. An officer gets it all: the
  // test would see it.
  std::map<std::string, Result<std::vector<LogRecord>>> read;
  const std::map<std::string, std::string> wanted = {
      {"a", "released"}, {"b", "released"}, {"paper", "open"}, {"officer1", "published"}};
  for (const auto& [who, log] : wanted) read[who] = std::vector<LogRecord>();
  {
    std::vector<std::jthread> readers;
    for (const auto& [who, log] : wanted)
      readers.emplace_back(
          [this, who = who, log = log, &result = read.at(who)] { result = ReadAll(who, log); });
    ASSERT_TRUE(log_.Close());
  }
  for (const auto& [who, result] : read)
    ASSERT_TRUE(result) << who << result.error().message << ReadFile(directory_.File("hub.log"));
  const std::vector<LogRecord>& by_a = *read["a"];
  EXPECT_EQ(by_a, *read["b"]);  // the same for both
  ASSERT_GE(by_a.size(), first.size());
  EXPECT_TRUE(std::equal(first.begin(), first.end(), by_a.begin()));  // whatever happened between
  std::size_t statements = 0;
  for (const LogRecord& record : by_a) {
    const auto line = StatementLine(record.payload, record.sequence - 1);
    ASSERT_TRUE(line) << line.error().message;
    if (!*line) continue;
    ++statements;
    EXPECT_THAT(**line, HasSubstr("\"statement\":\"event\""));
  }
  EXPECT_EQ(statements, 52U * static_cast<std::size_t>(many));  // every event, coarse and late
  for (const LogRecord& record : *read["paper"]) EXPECT_TRUE(IsForThePublic(record.payload));
  EXPECT_GE(CanariesIn(tapped_["officer1"]), 4 * canaries_.size());
  for (const char* who : {"a", "b", "paper"}) EXPECT_EQ(CanariesIn(tapped_[who]), 0U) << who;
  EXPECT_EQ(hub.Wait(), 0) << ReadFile(directory_.File("hub.log"));

  // The folder is the same statements under a signature of the parties' own log.
  const std::string parties = directory_.File("out") + "/parties";
  const auto audit =
      testing::RunProcess({testing::TrucewatchProgram(), "audit", parties + "/ledger", "--policy",
                           parties + "/policy.txt"});
  EXPECT_EQ(audit.code, 0) << audit.output;
  EXPECT_THAT(audit.output, HasSubstr(fmt::format("latest known: size {}", by_a.size())));
}

TEST_F(AudiencesTest, WatchPrintsToAPartyWhatWasReleasedAndToThePublicNothingOfIt) {
  GiveCanaries(0, 3, 10);
  Process hub(Hub(), directory_.File("hub.log"));
  const auto watch = [&](const std::string& who, const std::string& audience) {
    return std::vector<std::string>{testing::TrucewatchProgram(),
                                    "watch",
                                    "--hub",
                                    endpoint_,
                                    "--hub-pub",
                                    directory_.File("hub.key") + ".pub",
                                    "--key",
                                    directory_.File(who + ".key"),
                                    "--for",
                                    audience,
                                    "--until-end"};
  };
  Process party(watch("a", "parties"), directory_.File("party.log"));
  Process paper(watch("paper", "public"), directory_.File("paper.log"));
  const auto officers_log = testing::RunProcess(watch("a", "officers"));
  EXPECT_EQ(officers_log.code, 3);
  EXPECT_THAT(officers_log.output, HasSubstr("there is no log 'published'"));
  ASSERT_TRUE(log_.Close());
  EXPECT_EQ(party.Wait(), 0) << ReadFile(directory_.File("party.log"));
  EXPECT_EQ(paper.Wait(), 0) << ReadFile(directory_.File("paper.log"));
  EXPECT_EQ(hub.Wait(), 0) << ReadFile(directory_.File("hub.log"));
  const std::string statements = ReadFile(directory_.File("out") + "/parties/statements.jsonl");
  EXPECT_THAT(statements, HasSubstr("{\"ledger_index\":64,\"statement\":\"event\""));
  EXPECT_THAT(ReadFile(directory_.File("party.log")), HasSubstr(statements));
  EXPECT_THAT(ReadFile(directory_.File("paper.log")), Not(HasSubstr("statement")));
  EXPECT_EQ(CanariesIn(ReadFile(directory_.File("party.log"))), 0U);
}

}  // namespace
}  // namespace trucewatch::tools
