// SPDX-License-Identifier: Apache-2.0
// ASTERIX from bytes to what the pipeline uses, beside tshark over the same capture.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "ingest/asterix/asterix.h"
#include "ingest/asterix/asterix_encoder.h"
#include "ingest/asterix/pcap.h"
#include "ingest/asterix/target_fate.h"
#include "tests/bench/peer.h"

namespace trucewatch::asterix {
namespace {

// The real capture of CAT034/048 (TRUCEWATCH_SHARED or ../shared); without it, our own plots.
struct Input {
  std::vector<std::string> payloads;
  std::string capture;  // the file's bytes
  std::int64_t records = 0, bytes = 0;
};

Input ReadInput() {
  Input input;
  const char* shared = std::getenv("TRUCEWATCH_SHARED");
  const std::string path =
      std::string(shared == nullptr ? "../shared" : shared) + "/data/asterix/cat_034_048.pcap";
  std::ifstream in(path, std::ios::binary);
  input.capture.assign(std::istreambuf_iterator<char>(in), {});
  if (input.capture.empty()) {
    Cat048Record plot;
    plot.doppler_mps = 12;
    input.capture = PcapHeader();
    for (int i = 0; i < 20; ++i) {
      input.capture += PcapUdpPacket(Instant(), 0x0A000001, 20'000, 0xE8010101, 21'111,
                                     EncodeCat048(std::vector<Cat048Record>(8, plot)));
    }
  }
  const Bytes file = AsBytes(input.capture);
  const auto format = ParsePcapHeader(file);
  TW_CHECK(format);
  for (std::size_t at = kPcapHeaderSize; at + kPcapRecordHeaderSize <= file.size();) {
    const auto header = ParsePcapRecordHeader(*format, file.subspan(at));
    TW_CHECK(header);
    at += kPcapRecordHeaderSize;
    const Frame frame = ParseFrame(file.subspan(at, header->captured));
    if (frame.fate == FrameFate::kUdp) {
      input.payloads.push_back(input.capture.substr(at + frame.payload.offset, frame.payload.size));
    }
    at += header->captured;
  }
  for (const std::string& payload : input.payloads) {
    input.bytes += static_cast<std::int64_t>(payload.size());
    const Decoded decoded = DecodeBlocks(AsBytes(payload), 0);
    for (const Block& block : decoded) {
      input.records += static_cast<std::int64_t>(block.records.size());
    }
  }
  return input;
}

const Input& TheInput() {
  static const Input input = ReadInput();
  return input;
}

void Count(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * TheInput().records);
  state.SetBytesProcessed(state.iterations() * TheInput().bytes);
}

// Every value of every item.
void DecodeRecords(benchmark::State& state) {
  Decoded decoded;
  for (auto _ : state) {
    for (const std::string& payload : TheInput().payloads) {
      DecodeBlocks(AsBytes(payload), 0, decoded);
      benchmark::DoNotOptimize(decoded.size());
    }
  }
  Count(state);
}
BENCHMARK(DecodeRecords);

// And what the pipeline asks of each: whose it is, when, what becomes of it, where.
void DecodeAndRead(benchmark::State& state) {
  Decoded decoded;
  const Instant received = *ParseUtc("2016-05-05T07:35:56Z");
  for (auto _ : state) {
    std::int64_t sum = 0;
    for (const std::string& payload : TheInput().payloads) {
      DecodeBlocks(AsBytes(payload), 0, decoded);
      for (const Block& block : decoded) {
        for (const Record& record : block.records) {
          sum += record.sac().value_or(0) + record.sic().value_or(0);
          sum += record.TimeNear(received).value_or(received).micros();
          if (record.category != 48) continue;
          sum += static_cast<std::int64_t>(FateOfReport(record)) + (IsSimulated(record) ? 1 : 0);
          sum += static_cast<std::int64_t>(record.Number("I048/040", "rho_m").value_or(0) +
                                           record.Number("I048/040", "theta_deg").value_or(0));
        }
      }
    }
    benchmark::DoNotOptimize(sum);
  }
  Count(state);
}
BENCHMARK(DecodeAndRead);

// The capture so often that starting tshark does not count: 512 times, 82,944 records.
void PeerTsharkFields(benchmark::State& state) {
  constexpr int kTimes = 512;
  const std::string path =
      std::filesystem::temp_directory_path() / ("asterix_benchmark_" + std::to_string(getpid()));
  {
    std::ofstream out(path, std::ios::binary);
    out << TheInput().capture.substr(0, kPcapHeaderSize);
    for (int i = 0; i < kTimes; ++i) out << TheInput().capture.substr(kPcapHeaderSize);
  }
  std::vector<std::string> argv = {"tshark",
                                   "-r",
                                   path,
                                   "-T",
                                   "fields",
                                   "-e",
                                   "asterix.048_040_RHO",
                                   "-e",
                                   "asterix.048_040_THETA"};
  for (const char* port : {"21111", "21112", "21113", "21114", "21131", "21134", "21135", "22111",
                           "22112", "22113", "22114", "22131", "22134", "22135"}) {
    argv.insert(argv.end(), {"-d", std::string("udp.port==") + port + ",asterix"});
  }
  bench::RunPeer(state, argv, TheInput().records * kTimes, TheInput().bytes * kTimes);
  std::filesystem::remove(path);
}
BENCHMARK(PeerTsharkFields)->UseManualTime()->Iterations(1);

}  // namespace
}  // namespace trucewatch::asterix
