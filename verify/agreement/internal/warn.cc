// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "verify/agreement/internal/doubts.h"

namespace trucewatch::internal {

bool ListsPhase(const std::vector<std::string>& phases, const std::string& id) {
  return phases.empty() || std::find(phases.begin(), phases.end(), id) != phases.end();
}

std::vector<const Phase*> CommonPhases(const Agreement& agreement,
                                       const std::vector<std::string>& one,
                                       const std::vector<std::string>& two) {
  std::vector<const Phase*> out;
  for (const Phase& phase : agreement.phases)
    if (ListsPhase(one, phase.id) && ListsPhase(two, phase.id)) out.push_back(&phase);
  return out;
}

void WarnAboutTimes(const Agreement& agreement, Findings& findings) {
  const auto dated = [&](Instant start, Instant end) {
    Duration covered;
    for (const Phase& phase : agreement.phases)
      covered =
          covered + std::max(Duration(), std::min(phase.end, end) - std::max(phase.start, start));
    return covered;
  };
  for (std::size_t i = 0; i < agreement.notified.size(); ++i) {
    const NotifiedMovement& notified = agreement.notified[i];
    const std::string path = At("notified_movement", static_cast<int>(i));
    const Duration covered = dated(notified.window_start, notified.window_end);
    if (covered == Duration()) {
      findings.Warn(path, {fmt::format("The window of notified movement \"{}\" lies outside all "
                                       "phases.",
                                       notified.id),
                           "It has no effect: no rule applies at that time.",
                           "Check the year and the month."});
    } else if (covered < notified.window_end - notified.window_start) {
      findings.Note(path, {fmt::format("A part of the window of notified movement \"{}\" lies "
                                       "outside all phases.",
                                       notified.id),
                           "In that part no rule applies, and the movement is not put on record.",
                           "Look at its dates and at those of the phases."});
    }
    if (notified.max_count < agreement.min_group_size)
      findings.Note(
          path, {fmt::format(
                     "Notified movement \"{}\" speaks of {} vehicles at most, and groups of fewer "
                     "than {} are never looked at.",
                     notified.id, notified.max_count, agreement.min_group_size),
                 "So this movement will never be put on record as the one that was notified.", ""});
  }
  for (std::size_t i = 0; i < agreement.withdrawals.size(); ++i) {
    const Withdrawal& withdrawal = agreement.withdrawals[i];
    if (PhaseAt(agreement, withdrawal.deadline) != nullptr) continue;
    findings.Warn(At("withdrawal", static_cast<int>(i)) + ".deadline_utc",
                  {fmt::format("The deadline of withdrawal \"{}\", {}, lies outside all phases.",
                               withdrawal.id, FormatUtc(withdrawal.deadline)),
                   "When it comes no rule applies any more, so the software does not ask whether "
                   "it was kept.",
                   "Look at the date, or let a phase go on past it."});
  }
  if (agreement.amendment.version > 1 &&
      PhaseAt(agreement, agreement.amendment.valid_from) == nullptr)
    findings.Warn("amendment.valid_from_utc",
                  {fmt::format("This version begins at {}, and no phase holds then.",
                               FormatUtc(agreement.amendment.valid_from)),
                   "Until a phase begins neither the old rules nor the new ones apply.",
                   "Let the version begin when one of its phases holds."});
}

void WarnAboutAgreement(const Agreement& agreement, Findings& findings) {
  WarnAboutTimes(agreement, findings);
  WarnAboutMap(agreement, findings);
  WarnAboutRules(agreement, findings);
  WarnAboutWeapons(agreement, findings);
  WarnAboutUnused(agreement, findings);
}

}  // namespace trucewatch::internal
