// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace trucewatch::testing {

// Path of a real sample ("klv/osh-vmti-h264.ts") in ../shared/data beside the checkout, or in the
// folder the environment variable TRUCEWATCH_SAMPLES names. Nothing when it is not there.
std::optional<std::string> SharedData(const std::string& name);

// True when a missing sample is a failure and not a reason to skip (CI=true).
bool SharedDataRequired();

}  // namespace trucewatch::testing

// Defines `path`; skips the test when the sample is missing, fails it when CI=true.
#define TW_SHARED_DATA_OR_SKIP(path, name)                                                    \
  const auto path##_found = ::trucewatch::testing::SharedData(name);                          \
  if (!path##_found && ::trucewatch::testing::SharedDataRequired())                           \
    FAIL() << "sample " << (name) << " is required when CI=true";                             \
  if (!path##_found)                                                                          \
    GTEST_SKIP() << "sample " << (name) << " not found: put the samples into ../shared/data " \
                 << "or name their folder in TRUCEWATCH_SAMPLES";                             \
  const std::string path = *path##_found
