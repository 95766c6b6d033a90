// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/bus/log.h"
#include "core/storage/faulty_storage.h"
#include "evidence/ledger/ledger.h"
#include "evidence/signer/in_process_signer.h"
#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch::evidence::testing {

inline constexpr char kOrigin[] = "exercise.trucewatch.example/test";
inline constexpr char kLedger[] = "/m/ledger";

// Seed whose bytes count up from `first`, as in RELIABILITY.md's vectors.
Ed25519Seed CountingSeed(std::uint8_t first);
LogKey TestKey(const std::string& origin = kOrigin);

// Key and signer options on a disk, durable.
SignerOptions PrepareSigner(Storage& storage, const std::string& origin = kOrigin,
                            const std::string& folder = "/m");

// Every file of a ledger but checkpoint.tmp, on a FaultyStorage, which knows no folders: up to
// `bundles` bundles.
std::map<std::string, std::string> FilesOf(Storage& storage, std::uint64_t bundles = 3);

// A log in memory. Append can be told to fail after some records, as a process that dies inside it.
class TestLog final : public LogReader, public LogWriter {
 public:
  Result<LogBatch> ReadAfter(std::uint64_t after, std::uint64_t max_bytes, Duration wait) override;
  Result<void> Append(const std::vector<NewRecord>& records) override;
  std::uint64_t last() const override { return records_.size(); }
  Result<void> Close() override;

  void FailAfter(std::size_t records) { fail_after_ = records; }
  const std::vector<LogRecord>& records() const { return records_; }
  bool closed() const { return closed_; }
  void LimitBatch(std::size_t records) { batch_ = records; }

 private:
  std::vector<LogRecord> records_;
  bool closed_ = false;
  std::size_t batch_ = SIZE_MAX;
  std::size_t fail_after_ = SIZE_MAX;
};

// Envelopes as verify would send them. Times count up from 2026-03-01T21:00:00Z.
v1::Envelope HeaderEnvelope(bool exercise = true);
v1::Envelope FindingEnvelope(v1::FindingKind kind, int number, bool exercise = true);
std::string LeafOf(const v1::Envelope& envelope);

// A mission's worth of leaves: a header, then mixed kinds; every 5th is one that a checkpoint
// follows.
std::vector<std::string> MissionLeaves(int count);

}  // namespace trucewatch::evidence::testing
