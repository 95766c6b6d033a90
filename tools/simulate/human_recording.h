// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/crypto/ed25519.h"
#include "tools/simulate/scenario.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {

struct NoteFile {
  std::string name;  // "obs-1.note"
  std::string bytes;
};

// Key of an author of this exercise.
Ed25519KeyPair AuthorKey(const Scenario& scenario, const std::string& author);
// C2SP vkeys of all authors, each once, in the order they first appear.
std::vector<std::string> AuthorVkeys(const Scenario& scenario);
// The signed notes. Fails with kBadInput where the format does not take what the scenario says.
Result<std::vector<NoteFile>> WriteNotes(const Scenario& scenario, const World& world);

}  // namespace trucewatch::simulate
