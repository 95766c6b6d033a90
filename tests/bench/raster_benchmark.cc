// SPDX-License-Identifier: Apache-2.0
// Windowed reading of a 10980 x 10980 scene of 4 bands (UInt16) beside GDAL's own block reads of
// the same file: one thread, in turn. Peak memory is that of a child process that reads all of it.
#include <benchmark/benchmark.h>
#include <gdal_priv.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/raster/scene_reader.h"

namespace trucewatch {
namespace {

constexpr int kBands = 4;
constexpr double kMaxPeakMib = 300;  // what the whole scene may take

int SidePx() {
  // Smaller for a quick look; the figures in the documentation are of the whole.
  const char* side = std::getenv("TRUCEWATCH_BENCH_SIDE_PX");
  return side != nullptr ? std::atoi(side) : 10980;
}

// Ground with texture: fields, and noise of a few grey levels, as sensors have it.
void FillRows(int y0, int rows, int band, std::vector<std::uint16_t>& out) {
  std::minstd_rand random(static_cast<unsigned>(y0 * kBands + band + 1));
  const int side = SidePx();
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < side; ++x) {
      const double field = 900 + 250 * std::sin(x * 0.01 + band) * std::cos((y0 + y) * 0.013);
      out[static_cast<std::size_t>(y) * static_cast<std::size_t>(side) +
          static_cast<std::size_t>(x)] =
          static_cast<std::uint16_t>(field + static_cast<double>(random() >> 8 & 31U));
    }
  }
}

struct Scenes {
  std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                 ("trucewatch-raster-benchmark-" + std::to_string(getpid()));
  std::string tiled, cog;
  Scenes();
  ~Scenes() { std::filesystem::remove_all(folder); }
};

void MakeTiled(const std::string& path) {
  const int side = SidePx();
  char** options = nullptr;
  for (const char* option : {"TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "INTERLEAVE=PIXEL"}) {
    options = CSLAddString(options, option);
  }
  GDALDriver* driver = GetGDALDriverManager()->GetDriverByName("GTiff");
  const GDALDatasetUniquePtr scene(
      driver->Create(path.c_str(), side, side, kBands, GDT_UInt16, options));
  CSLDestroy(options);
  double transform[6] = {500000, 10, 0, 5500000, 0, -10};
  scene->SetGeoTransform(transform);
  OGRSpatialReference reference;
  reference.importFromEPSG(32636);
  scene->SetSpatialRef(&reference);
  std::vector<std::uint16_t> rows(static_cast<std::size_t>(side) * 512);
  for (int y = 0; y < side; y += 512) {
    const int count = std::min(512, side - y);
    for (int band = 1; band <= kBands; ++band) {
      scene->GetRasterBand(band)->SetNoDataValue(0);
      FillRows(y, count, band, rows);
      TW_CHECK(scene->GetRasterBand(band)->RasterIO(GF_Write, 0, y, side, count, rows.data(), side,
                                                    count, GDT_UInt16, 0, 0, nullptr) == CE_None);
    }
  }
}

void MakeCog(const std::string& from, const std::string& to) {
  char** options = nullptr;
  for (const char* option : {"COMPRESS=DEFLATE", "PREDICTOR=YES", "NUM_THREADS=2", "BIGTIFF=YES"}) {
    options = CSLAddString(options, option);
  }
  const GDALDatasetUniquePtr source(GDALDataset::Open(from.c_str(), GDAL_OF_RASTER));
  const GDALDatasetUniquePtr made(GetGDALDriverManager()->GetDriverByName("COG")->CreateCopy(
      to.c_str(), source.get(), FALSE, options, nullptr, nullptr));
  CSLDestroy(options);
}

Scenes::Scenes() {
  std::filesystem::create_directories(folder);
  tiled = folder / "tiled.tif";
  cog = folder / "cog.tif";
  GDALAllRegister();
  MakeTiled(tiled);
  MakeCog(tiled, cog);
}

const Scenes& Made() {
  static const Scenes scenes;
  return scenes;
}

std::int64_t DecodedBytes() {
  const auto side = static_cast<std::int64_t>(SidePx());
  return side * side * kBands * static_cast<std::int64_t>(sizeof(std::uint16_t));
}

// A row of blocks at a time, values and validity of all bands. Number of valid samples, -1: failed.
std::int64_t ReadOwn(const std::string& path) {
  const auto scene = SceneReader::OpenFile(path);
  if (!scene) {
    std::fprintf(stderr, "%s\n", scene.error().message.c_str());
    return -1;
  }
  const SceneInfo& info = (*scene)->info();
  std::vector<float> values;
  std::vector<std::uint8_t> valid;
  std::int64_t sum = 0;
  constexpr int kBlock = 512;
  for (int y = 0; y < info.height_px; y += kBlock) {
    for (int x = 0; x < info.width_px; x += kBlock) {
      ReadRequest request{.bands = {1, 2, 3, 4},
                          .window = {x, y, std::min(kBlock, info.width_px - x),
                                     std::min(kBlock, info.height_px - y)}};
      const std::size_t count = request.bands.size() *
                                static_cast<std::size_t>(request.window.width) *
                                static_cast<std::size_t>(request.window.height);
      values.resize(count);
      valid.resize(count);
      if (!(*scene)->Read(request, values, valid)) return -1;
      sum += valid[count / 2] + valid[count - 1];
    }
  }
  return sum;
}

// What GDAL needs for the same blocks and nothing else.
std::int64_t ReadPlain(const std::string& path) {
  const GDALDatasetUniquePtr scene(GDALDataset::Open(path.c_str(), GDAL_OF_RASTER));
  if (!scene) return -1;
  int width = 0;
  int height = 0;
  scene->GetRasterBand(1)->GetBlockSize(&width, &height);
  std::vector<std::uint16_t> block(static_cast<std::size_t>(width) *
                                   static_cast<std::size_t>(height));
  std::int64_t sum = 0;
  for (int y = 0; y * height < scene->GetRasterYSize(); ++y) {
    for (int x = 0; x * width < scene->GetRasterXSize(); ++x) {
      for (int band = 1; band <= kBands; ++band) {
        if (scene->GetRasterBand(band)->ReadBlock(x, y, block.data()) != CE_None) return -1;
        sum += block[0] != 0;
      }
    }
  }
  return sum;
}

void Measure(benchmark::State& state, std::int64_t (*read)(const std::string&),
             const std::string& path) {
  for (auto _ : state) {
    if (read(path) <= 0) return state.SkipWithError("the scene could not be read");
  }
  state.SetBytesProcessed(state.iterations() * DecodedBytes());
}

void WindowsOfCog(benchmark::State& state) { Measure(state, ReadOwn, Made().cog); }
void GdalBlocksOfCog(benchmark::State& state) { Measure(state, ReadPlain, Made().cog); }
void WindowsOfTiled(benchmark::State& state) { Measure(state, ReadOwn, Made().tiled); }
void GdalBlocksOfTiled(benchmark::State& state) { Measure(state, ReadPlain, Made().tiled); }
BENCHMARK(GdalBlocksOfCog)->Unit(benchmark::kMillisecond);
BENCHMARK(WindowsOfCog)->Unit(benchmark::kMillisecond);
BENCHMARK(GdalBlocksOfTiled)->Unit(benchmark::kMillisecond);
BENCHMARK(WindowsOfTiled)->Unit(benchmark::kMillisecond);

// Largest resident memory of this process (what wait4 tells also counts its parent's).
double PeakMib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::atof(line.c_str() + 6) / 1024;
  }
  return 0;
}

// Of a process that does nothing but read the scene.
void PeakMemory(benchmark::State& state, const std::string& path) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  for (auto _ : state) {
    FILE* child = popen(("'" + program + "' --read-whole '" + path + "'").c_str(), "r");
    double peak_mib = 0;
    const bool told = child != nullptr && std::fscanf(child, "%lf", &peak_mib) == 1;
    if (child == nullptr || pclose(child) != 0 || !told) {
      return state.SkipWithError("the child could not read the scene");
    }
    state.counters["peak_MiB"] = peak_mib;
    if (peak_mib >= kMaxPeakMib) return state.SkipWithError("the scene took too much memory");
  }
}
void PeakMemoryOfCog(benchmark::State& state) { PeakMemory(state, Made().cog); }
void PeakMemoryOfTiled(benchmark::State& state) { PeakMemory(state, Made().tiled); }
BENCHMARK(PeakMemoryOfCog)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(PeakMemoryOfTiled)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace trucewatch

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--read-whole") {
    const bool read = trucewatch::ReadOwn(argv[2]) > 0;
    std::printf("%.1f\n", trucewatch::PeakMib());
    return read ? 0 : 1;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
