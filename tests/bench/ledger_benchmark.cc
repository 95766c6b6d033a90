// SPDX-License-Identifier: Apache-2.0
// Appending to the ledger and publishing checkpoints, on a disk in memory: hashing, tiles, the
// re-read before signing, Ed25519; no disk and no signer process.
#include <benchmark/benchmark.h>

#include <string>

#include "core/base/check.h"
#include "core/storage/faulty_storage.h"
#include "evidence/ledger/ledger.h"
#include "evidence/signer/in_process_signer.h"

namespace trucewatch::evidence {
namespace {

constexpr int kLeaves = 1000;
constexpr int kLeafBytes = 512;
constexpr char kOrigin[] = "exercise.trucewatch.example/bench";

// Argument: leaves a checkpoint.
void AppendAndPublish(benchmark::State& state) {
  const int group = static_cast<int>(state.range(0));
  const LogKey key = *LogKey::Make(kOrigin, Ed25519Seed{});
  for (auto _ : state) {
    state.PauseTiming();
    FaultyStorage storage;
    TW_CHECK(WriteFileAtomically(storage, "/m/log.key", AsBytes(key.Format())));
    const auto signer = *InProcessSigner::Open(storage, {"/m/log.key", "/m/signer.state", kOrigin});
    auto ledger = *Ledger::Open(storage, {"/m/ledger", key.public_key()});
    std::string leaf(kLeafBytes, 'x');
    state.ResumeTiming();
    for (int i = 0; i < kLeaves; ++i) {
      leaf.replace(0, 6, std::to_string(100'000 + i));
      TW_CHECK(ledger->Append(leaf));
      if ((i + 1) % group == 0) TW_CHECK(ledger->Publish(*signer));
    }
    if (ledger->published_size() != kLeaves) return state.SkipWithError("not all was published");
  }
  state.SetItemsProcessed(state.iterations() * kLeaves);
}
BENCHMARK(AppendAndPublish)->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace trucewatch::evidence
