// SPDX-License-Identifier: Apache-2.0
#include "tools/month/month.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "core/types/codec.h"
#include "core/types/source_notes.h"
#include "tools/month/rates.h"
#include "tools/month/scene_fusion.h"
#include "verify/rules/probability.h"
#include "verify/verify_stage.h"

namespace trucewatch::tools::month {
namespace {

using simulate::Random;

constexpr double kLookPeriodS = 10.0;

double CpuSeconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

Digest StampOf(std::string_view text, double time_s) {
  Digest digest{};
  for (std::size_t i = 0; i < std::min<std::size_t>(text.size(), 20); ++i)
    digest[i] = static_cast<std::uint8_t>(text[i]);
  const auto stamp = static_cast<std::uint64_t>(time_s * 10.0);
  for (std::size_t i = 0; i < 8; ++i) digest[24 + i] = static_cast<std::uint8_t>(stamp >> (8 * i));
  return digest;
}

// Something that comes at a time, in order of time.
struct Planned {
  double time_s = 0;
  v1::Envelope message;
};

class Mission {
 public:
  explicit Mission(const MonthOptions& options)
      : options_(options),
        world_(MakeWorld(options.seed, options.days)),
        observers_(options.seed, options.days, options.mistakes),
        fusion_(options.seed, world_, observers_, options.mistakes),
        grader_(world_) {}

  Result<MonthResult> Run() {
    TW_RETURN_IF_ERROR(Begin());
    PlanPatrols();
    PlanPasses();
    std::stable_sort(planned_.begin(), planned_.end(),
                     [](const Planned& a, const Planned& b) { return a.time_s < b.time_s; });
    std::size_t next = 0;
    std::size_t next_patrolled = 0;
    std::stable_sort(patrolled_.begin(), patrolled_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    const double end_s = options_.days * kDayS;
    double next_look_s = 0;
    for (double t = 0; t < end_s; t += options_.step_s) {
      observers_.MoveTo(t, options_.step_s);
      for (const Observers::Change& change : observers_.TakeChanges()) Status(change, t);
      Notes(t);
      for (; next_patrolled < patrolled_.size() && patrolled_[next_patrolled].first <= t;
           ++next_patrolled)
        grader_.PatrolSaw(*patrolled_[next_patrolled].second, t);
      const Picture picture = fusion_.At(t, options_.step_s);
      grader_.Step(t, options_.step_s, fusion_.truth(), observers_.all());
      if (t >= next_look_s) {
        Looks(t);
        next_look_s += kLookPeriodS;
      }
      for (; next < planned_.size() && planned_[next].time_s <= t; ++next)
        Feed(planned_[next].message);
      v1::Envelope envelope;
      *envelope.mutable_picture() = ToProto(picture);
      Feed(envelope);
      TW_RETURN_IF_ERROR(Verify());
      if (options_.progress) options_.progress(t / end_s);
    }
    for (const Observer& observer : observers_.all()) {
      SourceStatus status{observer.source, At(end_s), SourceState::kEnded, "end of the mission"};
      v1::Envelope envelope;
      *envelope.mutable_source_status() = ToProto(status);
      Feed(envelope);
    }
    TW_RETURN_IF_ERROR(Verify());
    grader_.Finish();
    result_.rules = grader_.rules();
    result_.stated = grader_.stated();
    result_.mission_s = end_s;
    result_.movements = world_.movements.size() + world_.site_moves.size();
    return std::move(result_);
  }

 private:
  Result<void> Begin() {
    v1::config::VerifyConfig config;
    config.set_heartbeat_s(600);
    auto* coverage = config.mutable_coverage();
    coverage->set_cell_m(1000);
    coverage->set_period_s(300);
    coverage->set_observed_probability(0.9);
    coverage->set_degraded_probability(0.1);
    coverage->set_full_share(0.8);
    const std::string text = AgreementText(world_);
    TW_ASSIGN_OR_RETURN(stage_, MakeVerifyStage(config, text, "month.txtpb"));
    v1::Envelope header;
    header.mutable_mission_header()->set_mission("thirty days");
    header.mutable_mission_header()->set_exercise(true);
    header.mutable_mission_header()->set_start_time_us(MissionStart().micros());
    header.mutable_mission_header()->set_agreement_text(text);
    Feed(header);
    for (const Observer& observer : observers_.all()) {
      v1::Envelope envelope;
      *envelope.mutable_source_status() =
          ToProto(SourceStatus{observer.source, MissionStart(), SourceState::kStarted, ""});
      Feed(envelope);
    }
    return {};
  }

  void Feed(const v1::Envelope& envelope) {
    LogRecord record;
    record.sequence = ++result_.inputs;
    record.payload = SerializeEnvelope(envelope);
    batch_.push_back(std::move(record));
  }

  // What was fed goes to verify at once, as a stage reads its log.
  Result<void> Verify() {
    const double before_s = CpuSeconds();
    auto outputs = stage_->Handle(batch_);
    result_.verify_cpu_s += CpuSeconds() - before_s;
    batch_.clear();
    if (!outputs) return tl::unexpected(outputs.error());
    for (const auto& of_input : *outputs) {
      for (const std::string& payload : of_input) {
        TW_ASSIGN_OR_RETURN(const v1::Envelope out, ParseEnvelope(payload));
        if (!out.has_finding()) continue;
        TW_ASSIGN_OR_RETURN(const Finding finding, FromProto(out.finding()));
        ++result_.findings;
        ++result_.on_record[v1::FindingKind_Name(out.finding().kind()).substr(13)];
        grader_.Take(finding);
      }
    }
    return {};
  }

  void Status(const Observers::Change& change, double time_s) {
    SourceStatus status;
    status.source.value = change.source;
    status.time = At(time_s);
    status.state = change.working ? SourceState::kResumed : SourceState::kLate;
    status.reason = change.reason;
    v1::Envelope envelope;
    *envelope.mutable_source_status() = ToProto(status);
    Feed(envelope);
  }

  // What ingest and detection say of cameras that are not to be believed. A settled picture comes
  // half a minute after its time: what is known sooner than that is known before it.
  void Notes(double time_s) {
    faults_.resize(observers_.all().size());
    for (std::size_t i = 0; i < faults_.size(); ++i) {
      const Observer& o = observers_.all()[i];
      if (o.fault == faults_[i]) continue;
      if (faults_[i] != nullptr) Note(o, *faults_[i], time_s, false);
      faults_[i] = o.fault;
      if (o.fault != nullptr) Note(o, *o.fault, time_s, true);
    }
  }

  void Note(const Observer& observer, const Fault& fault, double time_s, bool begins) {
    SourceStatus status;
    status.source = observer.source;
    switch (fault.kind) {
      case FaultKind::kClock:
        status.time = At(time_s + rates::kClockKnownS);
        status.reason = begins ? kClockDoubtedNote : kClockTrustedNote;
        break;
      case FaultKind::kSpoofed:
        if (!fault.shows) return;
        status.time = At(time_s + rates::kSpringKnownS);
        status.reason = begins ? kPositionDoubtedNote : kPositionTrustedNote;
        break;
      case FaultKind::kReplayed:
        if (!fault.shows) return;
        status.time = At(time_s + rates::kFootageKnownS);
        status.reason = begins ? kOldFootageNote : kNewFootageNote;
        break;
      case FaultKind::kOutage:
      case FaultKind::kJammed:
        return;
    }
    v1::Envelope envelope;
    *envelope.mutable_source_status() = ToProto(status);
    Feed(envelope);
  }

  void Looks(double time_s) {
    for (const Observer& o : observers_.all()) {
      if (!o.working) continue;
      SettledLook look;
      look.source = o.source;
      look.lineage = o.lineage;
      look.time = At(time_s);
      look.footprint = o.Footprint();
      look.moving_vehicle_probability = o.recall * o.report;
      look.min_detectable_speed_mps = o.min_speed_mps;
      look.exercise = true;
      if (o.camera) {
        look.standing_vehicle_probability = 0.8;
        look.group_probability = rates::kGatheringRecall;
        if (o.fault != nullptr && o.fault->kind == FaultKind::kJammed)
          look.degraded_reason = "position not trusted";
      } else {
        look.sensor = Place(o.en_m);
      }
      look.raw_digests = {StampOf(o.source.value, time_s)};
      v1::Envelope envelope;
      *envelope.mutable_settled_look() = ToProto(look);
      Feed(envelope);
    }
  }

  HumanRecord PatrolRecord(const std::string& id, double first_s, double reported_s,
                           const Eigen::Vector2d& en_m) {
    HumanRecord record;
    record.source.value = "patrols";
    record.lineage = {Modality::kHuman, "patrol-1", "patrol-1", "hq", "watch", "map", "", ""};
    record.record_id = id;
    record.kind = HumanRecordKind::kObservation;
    record.time_first = At(first_s);
    record.time_last = At(first_s + 60);
    record.reported = At(reported_s);
    record.position = Place(en_m);
    record.radius_m = 100;
    record.means = "saw";
    record.author = "patrol-1";
    record.role = "officer";
    record.exercise = true;
    record.raw_digests = {StampOf(id, first_s)};
    return record;
  }

  void Plan(double time_s, const HumanRecord& record) {
    Planned planned;
    planned.time_s = time_s;
    *planned.message.mutable_human_record() = ToProto(record);
    planned_.push_back(std::move(planned));
  }

  // Patrols pass by half of the gatherings, and visit each site every morning.
  void PlanPatrols() {
    Random random(options_.seed, "patrols");
    for (const Movement& movement : world_.movements) {
      if (!movement.people() || random.Uniform() < 0.5) continue;
      const double seen_s = random.Uniform(movement.start_s() + 120, movement.end_s() - 300);
      HumanRecord record = PatrolRecord(fmt::format("g{}", movement.id), seen_s, seen_s + 240,
                                        movement.path.front().en_m);
      record.object_class = ObjectClass::kPersonGroup;
      const double counted = movement.count * std::exp(0.1 * random.Normal());
      record.count_min = std::max(3, static_cast<int>(counted * 0.9));
      record.count_max = std::max(record.count_min, static_cast<int>(counted * 1.1));
      Plan(seen_s + 240, record);
      if (record.count_max >= 10) patrolled_.emplace_back(seen_s + 240, &movement);
    }
    for (std::size_t site = 0; site < Sites().size(); ++site) {
      double last_visit_s = 0;
      for (double day = 0; day < options_.days; ++day) {
        const double visit_s = day * kDayS + random.Uniform(8.0, 9.5) * 3600;
        if (random.Uniform() < 0.1) {
          HumanRecord impediment = PatrolRecord(fmt::format("i{}-{}", site, day), visit_s,
                                                visit_s + 600, Sites()[site].en_m);
          impediment.kind = HumanRecordKind::kImpediment;
          impediment.impediment = "denied";
          impediment.means.clear();
          Plan(visit_s + 600, impediment);
          continue;
        }
        int moved = 0;
        for (const SiteMove& move : world_.site_moves) {
          if (move.site == static_cast<int>(site) && move.time_s > last_visit_s &&
              move.time_s <= visit_s)
            moved += move.left + move.came;
        }
        last_visit_s = visit_s;
        HumanRecord record = PatrolRecord(fmt::format("s{}-{}", site, day), visit_s, visit_s + 600,
                                          Sites()[site].en_m);
        if (moved > 0) {
          record.object_class = ObjectClass::kUnknownVehicle;
          record.count_min = record.count_max = moved;
        } else {
          record.nothing_observed = true;
        }
        Plan(visit_s + 600, record);
        if (moved > 0) site_visits_.push_back({static_cast<int>(site), visit_s});
      }
    }
  }

  // Twice a day, clouds permitting.
  void PlanPasses() {
    Random random(options_.seed, "passes");
    for (std::size_t site = 0; site < Sites().size(); ++site) {
      double last_s = -1;
      for (double day = 0; day < options_.days; ++day) {
        for (const double hour : {10.5, 14.5}) {
          const double pass_s = day * kDayS + hour * 3600 + 30 * static_cast<double>(site);
          if (random.Uniform() < 0.35) continue;
          Pass(static_cast<int>(site), last_s, pass_s, random);
          last_s = pass_s;
        }
      }
    }
  }

  void Pass(int site, double last_s, double pass_s, Random& random) {
    const Eigen::Vector2d middle = Sites()[static_cast<std::size_t>(site)].en_m;
    SettledLook look;
    look.source.value = "sat1";
    look.lineage = {Modality::kSatelliteOptical,
                    "sat1",
                    "sat1",
                    "downlink",
                    "clock-sat1",
                    "rpc-sat1",
                    "change-1",
                    ""};
    look.time = At(pass_s);
    look.exercise = true;
    look.standing_vehicle_probability = rates::kChangeRecall;
    const double half_m = 1'000;
    for (const double angle : {225.0, 315.0, 45.0, 135.0}) {
      const double radians = Angle::Degrees(angle).rad();
      look.footprint.push_back(
          Place(middle + half_m * Eigen::Vector2d(std::cos(radians), std::sin(radians))));
    }
    look.raw_digests = {StampOf("pass", pass_s)};
    if (last_s >= 0) {
      look.baseline = At(last_s);
      // Calibrated by construction: of those stated with p, the share p is real. Of real ones p has
      // the density of Beta(2.3, 0.5), of false ones that of Beta(1.3, 1.5), and there are as many
      // of each as 1.3 to 0.5.
      const auto stated = [&](bool real) {
        while (true) {
          const double u = random.Uniform();
          const double p = 1.0 - u * u;
          if (random.Uniform() < std::pow(p, 0.3) * (real ? p : 1.0 - p))
            return std::clamp(p, 0.01, 0.995);
        }
      };
      const auto add = [&](ChangeKind kind, bool real) {
        SiteChange change;
        change.kind = kind;
        change.position =
            Place(middle + Eigen::Vector2d(random.Uniform(-150, 150), random.Uniform(-150, 150)));
        change.cov_en_m2 = 4.0 * Eigen::Matrix2d::Identity();
        change.length_m = 7;
        change.width_m = 3;
        change.probability = stated(real);
        change.classes[ObjectClass::kUnknownVehicle] = 1.0;
        look.changes.push_back(change);
      };
      std::vector<double> moves;
      int moved = 0;
      for (const SiteMove& move : world_.site_moves) {
        if (move.site != site || move.time_s <= last_s || move.time_s > pass_s) continue;
        for (int i = 0; i < move.left + move.came; ++i) {
          if (random.Uniform() < rates::kChangeRecall * options_.mistakes.detection)
            add(i < move.left ? ChangeKind::kVanished : ChangeKind::kAppeared, true);
        }
        moves.push_back(move.time_s);
        moved += move.left + move.came;
      }
      for (int i = random.Poisson(rates::kFalseChangesAPass); i > 0; --i)
        add(random.Uniform() < 0.5 ? ChangeKind::kVanished : ChangeKind::kAppeared, false);
      // It can be seen where what the pass states suffices, and a patrol was there in between.
      std::vector<double> probabilities;
      for (const SiteChange& change : look.changes) probabilities.push_back(change.probability);
      const bool sure = AtLeast(PoissonBinomial(probabilities), 3) >= 0.95;
      // One event for all that moved between the two passes: it is that of the first.
      for (const auto& [visited, visit_s] : site_visits_) {
        if (sure && moved >= 3 && visited == site && visit_s > moves.front() && visit_s <= pass_s)
          grader_.SiteSeenByBoth(site, moves.front(), std::max(pass_s, visit_s + 600));
      }
    }
    Planned planned;
    planned.time_s = pass_s;
    *planned.message.mutable_settled_look() = ToProto(look);
    planned_.push_back(std::move(planned));
  }

  MonthOptions options_;
  World world_;
  Observers observers_;
  SceneFusion fusion_;
  Grader grader_;
  std::vector<const Fault*> faults_;  // by observer, as told last
  std::unique_ptr<Stage> stage_;
  std::vector<LogRecord> batch_;
  std::vector<Planned> planned_;
  std::vector<std::pair<double, const Movement*>> patrolled_;
  std::vector<std::pair<int, double>> site_visits_;
  MonthResult result_;
};

}  // namespace

Result<MonthResult> RunMonth(const MonthOptions& options) { return Mission(options).Run(); }

}  // namespace trucewatch::tools::month
