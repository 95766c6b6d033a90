// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/time/instant.h"

namespace trucewatch::testing {

// A time-stamp authority (RFC 3161) with a certificate authority of its own, whose clock is set by
// the test. Policy 1.3.6.1.4.1.99999.1, accuracy 1.25 s. Keys are new each time.
class TimeAuthority {
 public:
  struct Options {
    Instant now;                      // what its clock says
    Instant valid_from, valid_until;  // of its certificate; its CA is good for a century
  };
  explicit TimeAuthority(const Options& options);
  ~TimeAuthority();

  const std::string& ca_pem() const;
  void SetNow(Instant now);
  // The answer to a TimeStampReq, both in DER.
  std::string Reply(const std::string& request) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trucewatch::testing
