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

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  TW_CHECK(context_ != nullptr);
  TW_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

void Sha256Stream::Add(Bytes bytes) {
  TW_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Digest Sha256Stream::Finish() {
  Digest digest{};
  unsigned int size = 0;
  TW_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
  TW_CHECK(size == digest.size());
  return digest;
}

}  // namespace trucewatch
