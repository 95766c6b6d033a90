// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/sha256.h"

#include <openssl/evp.h>

#include "core/base/check.h"

namespace trucewatch {

Digest Sha256(Bytes bytes) {
  Digest digest{};
  unsigned int size = 0;
  TW_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) ==
           1);
  TW_CHECK(size == digest.size());
  return digest;
}

}  // namespace trucewatch
