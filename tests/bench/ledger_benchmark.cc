// SPDX-License-Identifier: Apache-2.0
// Appending to the ledger and publishing checkpoints: on a disk in memory (hashing, tiles, the
// re-read before signing, Ed25519), and durably beside SQLite with synchronous=FULL on the same
// disk. Run both in one go and compare items_per_second; no signer process.
#include <benchmark/benchmark.h>
#include <sqlite3.h>
#include <time.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/storage/faulty_storage.h"
#include "evidence/ledger/ledger.h"
#include "evidence/signer/in_process_signer.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::evidence {
namespace {

constexpr int kLeaves = 1000;
constexpr int kLeafBytes = 512;
constexpr char kOrigin[] = "exercise.trucewatch.example/bench";

std::string LeafNumber(int i) {
  std::string leaf(kLeafBytes, 'x');
  leaf.replace(0, 6, std::to_string(100'000 + i));
  return leaf;
}

// Argument: leaves a checkpoint.
void AppendAndPublish(benchmark::State& state) {
  const int group = static_cast<int>(state.range(0));
  const LogKey key = *LogKey::Make(kOrigin, Ed25519Seed{});
  for (auto _ : state) {
    state.PauseTiming();
    FaultyStorage storage;
    TW_CHECK(WriteFileAtomically(storage, "/m/log.key", AsBytes(key.Format())));
    const auto signer = *InProcessSigner::Open(storage, {"/m/log.key", "/m/signer.state", kOrigin});
    auto ledger = *Ledger::Open(storage, {"/m/ledger", key.public_key(), {}});
    state.ResumeTiming();
    for (int i = 0; i < kLeaves; ++i) {
      TW_CHECK(ledger->Append(LeafNumber(i)));
      if ((i + 1) % group == 0) TW_CHECK(ledger->Publish(*signer));
    }
    if (ledger->published_size() != kLeaves) return state.SkipWithError("not all was published");
  }
  state.SetItemsProcessed(state.iterations() * kLeaves);
}
BENCHMARK(AppendAndPublish)->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

double CpuSeconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// As many groups as a publisher that is behind has before it: its batches have 1 MiB.
constexpr int kGroups = 20;

// Every leaf durable, read back, signed for and under a durable checkpoint before it counts: each
// group before the next one, or, `ahead`, the last step together with the first of the next group.
// cpu_to_proof_p99_ms: from a leaf's append to its inclusion proof under that checkpoint.
void AppendDurably(benchmark::State& state, bool ahead) {
  const int group = static_cast<int>(state.range(0));
  const LogKey key = *LogKey::Make(kOrigin, Ed25519Seed{});
  const trucewatch::testing::TempDirectory folder;
  const auto storage = MakePosixStorage();
  TW_CHECK(WriteFileAtomically(*storage, folder.File("log.key"), AsBytes(key.Format())));
  const auto signer = *InProcessSigner::Open(
      *storage, {folder.File("log.key"), folder.File("signer.state"), kOrigin});
  auto ledger = *Ledger::Open(*storage, {folder.File("ledger"), key.public_key()});
  std::vector<double> begun;     // of each leaf: when its group began
  std::vector<double> to_proof;  // of each leaf that counts: when its group had its proofs
  std::size_t proof_bytes = 0;
  const auto prove_what_counts = [&] {
    const std::uint64_t size = ledger->settled_size();
    for (std::uint64_t i = to_proof.size(); i < size; ++i) {
      const auto proof = ledger->tree().InclusionProof(i, size);
      proof_bytes = std::max(proof_bytes, proof.size() * sizeof(Digest));
    }
    const double now = CpuSeconds();
    while (to_proof.size() < size) to_proof.push_back(now - begun[to_proof.size()]);
  };
  for (auto _ : state) {
    for (int groups = 0; groups < kGroups; ++groups) {
      begun.insert(begun.end(), static_cast<std::size_t>(group), CpuSeconds());
      for (int i = 0; i < group; ++i) TW_CHECK(ledger->Append(LeafNumber(i)));
      TW_CHECK(ahead ? ledger->PublishAhead(*signer) : ledger->Publish(*signer));
      prove_what_counts();
    }
    TW_CHECK(ledger->Settle());
    prove_what_counts();
  }
  if (to_proof.size() != begun.size()) return state.SkipWithError("not all was published");
  state.SetItemsProcessed(state.iterations() * group * kGroups);
  std::sort(to_proof.begin(), to_proof.end());
  state.counters["cpu_to_proof_p99_ms"] = 1e3 * to_proof[to_proof.size() * 99 / 100];
  state.counters["proof_bytes"] = static_cast<double>(proof_bytes);
}
void AppendAlone(benchmark::State& state) { AppendDurably(state, false); }
void AppendBackToBack(benchmark::State& state) { AppendDurably(state, true); }

void Execute(sqlite3* db, const char* sql) {
  TW_CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
}

// The same bytes as rows, one transaction a group.
void SqliteFull(benchmark::State& state, const char* journal) {
  const int group = static_cast<int>(state.range(0));
  const trucewatch::testing::TempDirectory folder;
  sqlite3* db = nullptr;
  TW_CHECK(sqlite3_open(folder.File("leaves.sqlite").c_str(), &db) == SQLITE_OK);
  Execute(db, (std::string("PRAGMA journal_mode=") + journal).c_str());
  Execute(db, "PRAGMA synchronous=FULL");
  Execute(db, "CREATE TABLE leaves (n INTEGER PRIMARY KEY, leaf BLOB NOT NULL)");
  sqlite3_stmt* insert = nullptr;
  TW_CHECK(sqlite3_prepare_v2(db, "INSERT INTO leaves (leaf) VALUES (?)", -1, &insert, nullptr) ==
           SQLITE_OK);
  for (auto _ : state) {
    for (int groups = 0; groups < kGroups; ++groups) {
      Execute(db, "BEGIN");
      for (int i = 0; i < group; ++i) {
        const std::string leaf = LeafNumber(i);
        sqlite3_bind_blob(insert, 1, leaf.data(), kLeafBytes, SQLITE_TRANSIENT);
        TW_CHECK(sqlite3_step(insert) == SQLITE_DONE);
        sqlite3_reset(insert);
      }
      Execute(db, "COMMIT");
    }
  }
  sqlite3_finalize(insert);
  sqlite3_close(db);
  state.SetItemsProcessed(state.iterations() * group * kGroups);
}

void SqliteFullDelete(benchmark::State& state) { SqliteFull(state, "DELETE"); }
void SqliteFullWal(benchmark::State& state) { SqliteFull(state, "WAL"); }

// Taking turns, so that what else the machine does meets all of them.
#define TW_DURABLE(function) \
  BENCHMARK(function)->Arg(100)->Iterations(10)->UseRealTime()->Unit(benchmark::kMillisecond)
TW_DURABLE(AppendAlone);
TW_DURABLE(AppendBackToBack);
TW_DURABLE(SqliteFullDelete);
TW_DURABLE(SqliteFullWal);

}  // namespace
}  // namespace trucewatch::evidence
