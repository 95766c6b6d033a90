// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/human_recording.h"

#include <algorithm>

#include "core/note/signed_note.h"
#include "ingest/human/human_record.h"
#include "tools/simulate/exercise_keys.h"
#include "tools/simulate/flight.h"
#include "tools/simulate/random.h"

namespace trucewatch::simulate {
namespace {

HumanRecordKind RecordKindOf(const v1::config::HumanNote& note) {
  switch (note.kind()) {
    case v1::config::HumanNote::OBSERVATION:
      return HumanRecordKind::kObservation;
    case v1::config::HumanNote::ALLEGATION:
      return HumanRecordKind::kAllegation;
    case v1::config::HumanNote::IMPEDIMENT:
      return HumanRecordKind::kImpediment;
    default:
      return HumanRecordKind::kUnspecified;
  }
}

Result<HumanRecord> RecordOf(const Scenario& scenario, const World& world, int index) {
  const auto& note = scenario.config.human().note(index);
  const auto at = [&](double t_s) { return scenario.start + Duration::FromSeconds(t_s); };
  Random random(scenario.seed, "human note", static_cast<std::uint64_t>(index));
  HumanRecord record;
  record.record_id = note.record_id();
  record.kind = RecordKindOf(note);
  record.time_first = at(note.first_s());
  record.time_last = at(note.last_s());
  record.reported = at(note.reported_s());
  Eigen::Vector2d place = ToVector(note.place());
  if (!note.follow().empty()) {
    place = world.MiddleOf(note.follow(), note.last_s()).value_or(place);
  }
  place += note.place_error_m() * Eigen::Vector2d(random.Normal(), random.Normal());
  record.position = GroundPlace(LocalFrame(scenario.origin), place);
  record.radius_m = note.radius_m();
  record.means = note.means();
  if (!note.object_class().empty()) {
    TW_ASSIGN_OR_RETURN(record.object_class, ObjectClassFromName(note.object_class()));
  }
  record.count_min = static_cast<int>(note.count_min());
  record.count_max = static_cast<int>(note.count_max());
  record.assessed_as = note.assessed_as();
  record.text = note.text();
  record.informant = note.informant();
  record.impediment = note.impediment();
  record.nothing_observed = note.nothing_observed();
  record.exercise = true;
  return record;
}

}  // namespace

Ed25519KeyPair AuthorKey(const Scenario& scenario, const std::string& author) {
  return Ed25519KeyPair::FromSeed(ExerciseSecret(scenario.seed, "human", author));
}

std::vector<std::string> AuthorVkeys(const Scenario& scenario) {
  std::vector<std::string> authors;
  std::vector<std::string> vkeys;
  for (const auto& note : scenario.config.human().note()) {
    if (std::find(authors.begin(), authors.end(), note.author()) != authors.end()) continue;
    authors.push_back(note.author());
    NoteKey key;
    key.name = note.author();
    key.public_key = AuthorKey(scenario, note.author()).public_key();
    vkeys.push_back(FormatVkey(key));
  }
  return vkeys;
}

Result<std::vector<NoteFile>> WriteNotes(const Scenario& scenario, const World& world) {
  std::vector<NoteFile> files;
  for (int i = 0; i < scenario.config.human().note_size(); ++i) {
    const auto& note = scenario.config.human().note(i);
    const std::string where = fmt::format("human.note[{}]", i);
    const auto record = RecordOf(scenario, world, i);
    if (!record) return Prefix(where, record.error());
    auto bytes = WriteHumanRecord(*record, note.author(), AuthorKey(scenario, note.author()));
    if (!bytes) return Prefix(where, bytes.error());
    files.push_back({note.record_id() + ".note", std::move(*bytes)});
  }
  return files;
}

}  // namespace trucewatch::simulate
