// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/time/instant.h"
#include "evidence/witness/witness.h"
#include "evidence/witness/witness_link.h"

namespace trucewatch::tools {

// A witness's two doors over HTTP: POST /add-checkpoint and GET /<sha256 of the origin>/checkpoint.
// What is in the requests is the witness's affair; here their size, their number on one connection
// and the time they may take are bounded. TLS is left to a proxy in front.
class WitnessServer {
 public:
  // Serves until the object goes. Port 0: any that is free. kUnavailable when it cannot listen
  // there. `witness` outlives it.
  static Result<std::unique_ptr<WitnessServer>> Start(evidence::Witness& witness,
                                                      const std::string& host, int port);
  ~WitnessServer();
  int port() const;

 private:
  class Impl;
  explicit WitnessServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Asks witnesses over http:// or https://, each on a thread of its own: however slowly one answers,
// Ask returns after `timeout`. One that is still busy with the last question is not asked anew.
class HttpWitnessLink final : public evidence::WitnessLink {
 public:
  explicit HttpWitnessLink(Duration timeout);
  ~HttpWitnessLink() override;
  std::vector<Result<evidence::WitnessReply>> Ask(
      const std::vector<evidence::WitnessCall>& calls) override;

 private:
  class Asker;
  const Duration timeout_;
  std::map<std::string, std::unique_ptr<Asker>> askers_;  // by url
};

}  // namespace trucewatch::tools
