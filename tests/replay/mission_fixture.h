// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace trucewatch::testing {

// Folder of the 30 s demo mission (configs/demo/short.txtpb), simulated once a test program, with
// an exercise key.
const std::string& ShortMission();

// `trucewatch ARGS...`; fails the test when it cannot be started.
std::vector<std::string> Command(const std::vector<std::string>& arguments);

// Folder of an undisturbed replay of ShortMission. Made once.
const std::string& UndisturbedRun();

// Files of its ledger: relative path and content.
const std::vector<std::pair<std::string, std::string>>& UndisturbedLedger();

// Concatenated entries of a ledger, as leaves are: what "the same findings" means.
std::string Entries(const std::vector<std::pair<std::string, std::string>>& ledger);

}  // namespace trucewatch::testing
