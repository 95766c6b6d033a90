// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "verify/rule_engine.h"
#include "verify/rules/count_inside.h"

// Parts that the files of the rule engine share.
namespace trucewatch {

// One picture on its way through the engine. Views: moving groups, then groups seen as wholes, then
// every vehicle by itself (only when a rule asks for it).
struct RuleEngine::Moment {
  const Picture& picture;
  Instant now;
  Duration dt;  // since the last picture, at most kMaxStep
  std::vector<GroupView> views;
  std::size_t groups_end = 0;
  std::size_t wholes_end = 0;
  std::vector<bool> covered;   // by a notified or permitted movement, one for each view
  std::vector<bool> eligible;  // one for each moving group: free to be covered
  std::vector<Finding> findings = {};

  std::span<const GroupView> groups() const { return std::span(views).first(groups_end); }
};

// What a rule says about the views that belong to one event.
struct ViewsAssessment {
  Assessment best;                       // of the vehicles, or of one group seen as a whole
  const GroupView* whole = nullptr;      // the latter
  std::vector<const Track*> vehicles;    // of all views
  std::vector<const Track*> inside;      // those that speak for it
  std::vector<const GroupView*> wholes;  // those that fulfil the rule by themselves
  std::vector<const Group*> counted;     // in a zone's count: groups seen as wholes
  std::vector<double> distribution;      // a zone's count
  std::string note;                      // for the sentence
};

// Whether a rule is about what should have gone from its zone.
bool AsksForWithdrawal(const Rule& rule);
// Whether a rule is about all that is in its zone at once.
bool CountsZone(const Rule& rule);
// Rules by kind. To add one: a file in verify/rules, a value in RuleKind and in the schema, a case
// here.
ViewsAssessment AssessViews(const Agreement& agreement, const Rule& rule, const RuleMemory& memory,
                            std::span<const GroupView* const> views, Instant now);

// The class that more than half of the belief of these vehicles is in.
ObjectClass MainClass(std::span<const Track* const> vehicles);

// Position, covariance, velocity and members of a finding about these vehicles.
void SetKinematics(Finding& finding, std::span<const Track* const> vehicles);

// Length first, so that no two lists of texts give the same bytes.
void AppendText(std::string& out, const std::string& text);

}  // namespace trucewatch
