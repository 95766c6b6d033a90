// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/base/bytes.h"

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace trucewatch {

// SHA-256 (FIPS 180-4) through OpenSSL, which uses the processor's SHA instructions.
Digest Sha256(Bytes bytes);
inline Digest Sha256(std::string_view text) { return Sha256(AsBytes(text)); }

// The same of bytes that come piece by piece.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  void Add(Bytes bytes);
  // Once, after the last Add.
  Digest Finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace trucewatch
