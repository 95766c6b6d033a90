// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/storage/storage.h"

namespace trucewatch::evidence {

// The second look before a signature: reads tiles and bundles back from the disk and recomputes
// what they commit to, by other code than wrote them (a stack of subtree roots instead of the
// recursion of MerkleTree). One bit flip in memory or on the disk ended a public log; it must be
// found before it is signed.
struct RereadTree {
  Digest root{};
  std::vector<Digest> leaf_hashes;  // of the leaves from old_size on
};

struct RereadRequest {
  std::string directory;
  std::uint64_t old_size =
      0;  // leaves below it are taken from the level above; 0: everything is read
  std::uint64_t size = 0;
};

// Fails with kCheckFailed, naming the entry or tile that does not fit.
Result<RereadTree> Reread(Storage& storage, const RereadRequest& request);

}  // namespace trucewatch::evidence
