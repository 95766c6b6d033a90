// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace trucewatch::tools {

ProgressBar::ProgressBar(bool enabled) : enabled_(enabled), terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() { Clear(); }

void ProgressBar::Show(double fraction, const std::string& what) {
  if (!enabled_) return;
  constexpr int kWidth = 30;
  const double shown = std::clamp(fraction, 0.0, 1.0);
  const int filled = static_cast<int>(shown * kWidth);
  const std::string line =
      fmt::format("  [{}{}] {:3.0f} %  {}", std::string(static_cast<std::size_t>(filled), '='),
                  std::string(static_cast<std::size_t>(kWidth - filled), ' '), 100 * shown, what);
  if (terminal_) {
    if (line == last_ && drawn_) return;
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
    drawn_ = true;
  } else if (const int tenth = static_cast<int>(shown * 10); tenth > last_tenth_) {
    std::fprintf(stderr, "%s\n", line.c_str());
    last_tenth_ = tenth;
  }
  last_ = line;
}

void ProgressBar::Clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

}  // namespace trucewatch::tools
