// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/types/finding.h"
#include "tools/month/observers.h"
#include "tools/month/scene_fusion.h"
#include "tools/month/world.h"

namespace trucewatch::tools::month {

// Figures of one rule over one or more months.
struct RuleGrade {
  int events = 0, candidates_only = 0;
  int verified = 0, verified_true = 0;
  // What a rule describes and two independent modalities could see for as long as its clause asks,
  // and thirty seconds (that fusion may start its tracks); of these told as verified.
  int visible = 0, visible_verified = 0;
  int happened = 0;                // whether or not anybody could see it
  std::vector<double> delays_s;    // from the moment the rule was satisfiable, hold included
  std::vector<std::string> wrong;  // verified and not so: what it was, for people
  std::vector<std::string> missed;
};

// One statement with its probability, and whether it was so.
struct Stated {
  double probability = 0;
  bool so = false;
};

// Equal-count bins of at least 300 statements: mean of |mean probability - share that was so|,
// weighted alike. Nothing with fewer than 300.
std::optional<double> CalibrationError(std::vector<Stated> stated);

// Holds what verify says against the truth of the same moment.
class Grader {
 public:
  explicit Grader(const World& world) : world_(world) {}

  // The truth at a time; times ascend, and findings of a time come after it.
  void Step(double time_s, double step_s, const std::vector<TrueThing>& truth,
            const std::vector<Observer>& observers);
  void Take(const Finding& finding);
  // A patrol put a gathering on record, or what it saw of a site's moves.
  void PatrolSaw(const Movement& gathering, double reported_s);
  void SiteSeenByBoth(int site, double move_s, double satisfiable_s);
  void Finish();

  const std::map<std::string, RuleGrade>& rules() const { return rules_; }
  const std::vector<Stated>& stated() const { return stated_; }

 private:
  struct Chance {  // of one rule to be told about one movement
    double held_since_s = -1, last_s = -1;
    double satisfiable_s = -1;
    double visible_s = 0;
    bool verified = false;
  };
  struct Cluster {
    std::vector<const TrueThing*> inside;
    const Movement* main = nullptr;
    bool covered = false;  // notified or permitted
  };

  void Watch(const std::string& rule, int movement, bool seen, double time_s, double step_s,
             double hold_s);
  std::optional<int> TrueMovement(
      const Finding& finding) const;  // whose the event is, if what it says is so
  std::optional<int> TrueSite(const Finding& finding) const;

  const World& world_;
  double now_s_ = 0;
  std::vector<TrueThing> truth_;
  std::vector<Cluster> clusters_;
  std::map<std::string, std::map<int, Chance>> chances_;
  std::map<std::string, std::set<int>> happened_;
  std::map<int, double> patrolled_;
  std::map<std::string, EventState> events_;
  std::map<std::string, std::string> rule_of_;
  std::map<std::string, RuleGrade> rules_;
  std::vector<Stated> stated_;
};

}  // namespace trucewatch::tools::month
