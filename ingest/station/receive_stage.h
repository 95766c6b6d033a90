// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/stage/stage.h"
#include "core/types/observation.h"
#include "trucewatch/v1/station.pb.h"

namespace trucewatch::station {

// The hub's `received` log in, the journal out: the mission header as it is; of a batch each raw
// record exactly as a receiver of this machine would have written it; what the
// station says of a live source, and what the hub decided, as a SourceStatus. Keeps account of
// every source's numbers, so that sent = delivered + declared lost: a declared loss, a hole that
// nobody declared and a record that came twice (a station that lost its outbox begins again) are
// DataFaults. Signatures were checked before the log was written; a record of it that is none is an
// Error.
class ReceiveStage final : public Stage {
 public:
  Result<std::vector<std::vector<std::string>>> Handle(std::span<const LogRecord> inputs) override;
  Result<std::string> Snapshot() const override;
  Result<void> Restore(std::string_view snapshot) override;

 private:
  struct Source {
    std::uint64_t sequence = 0;  // newest, delivered or lost
    std::uint64_t lost = 0;
    Instant time;
    bool ended = false;
  };
  using Notices = std::map<std::string, std::deque<const v1::SourceNotice*>>;  // in order
  using Losses = std::map<std::string, std::map<std::uint64_t, const v1::DeclaredLoss*>>;

  std::vector<std::string> HandleBatch(const v1::StationBatch& batch);
  // States the losses of the source that are due before its record `sequence`.
  void StateLosses(const std::string& station, const std::string& source, std::uint64_t sequence,
                   Losses& losses, std::vector<std::string>& out);
  // Passes on what the station said of the source before its record `sequence` came.
  static void StateNotices(const std::string& source, std::uint64_t sequence, Notices& notices,
                           std::vector<std::string>& out);
  std::string Fault(const std::string& source, std::uint64_t offset, std::string reason) const;

  std::map<std::string, std::string> streams_;  // newest of each station
  std::map<std::string, Source> sources_;
};

}  // namespace trucewatch::station
