// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace trucewatch::tools {

// A progress line on standard error: redrawn in place on a terminal, one line every tenth
// otherwise.
class ProgressBar {
 public:
  explicit ProgressBar(bool enabled);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void Show(double fraction, const std::string& what);
  // Takes the line away, so that something else can be printed; the next Show draws it again.
  void Clear();

 private:
  bool enabled_;
  bool terminal_;
  bool drawn_ = false;
  int last_tenth_ = -1;
  std::string last_;
};

}  // namespace trucewatch::tools
