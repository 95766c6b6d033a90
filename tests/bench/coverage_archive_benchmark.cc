// SPDX-License-Identifier: Apache-2.0
// Thirty days of 10,000 km2 in cells of 250 m through the coverage archive: what it costs to write,
// how large it is, and how long questions of every kind take (docs/benchmarks.md). A program of its
// own: coverage_archive_benchmark DIR [DAYS] [QUESTIONS] [TRUCEWATCH].
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "core/crypto/sha256.h"
#include "coverage_observers.h"
#include "verify/coverage/archive/coverage_archive.h"
#include "verify/coverage/archive/coverage_reader.h"

namespace trucewatch::coverage_bench {
namespace {

constexpr int kZones = 4;
constexpr int kMinutesOfDay = 1440;

double Seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Instant MissionStart() { return *ParseUtc("2026-03-01T00:00:00Z"); }

template <typename T>
T Must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

v1::CoverageEnvelope GridOf(int zone) {
  v1::CoverageEnvelope envelope;
  v1::CoverageGrid& grid = *envelope.mutable_coverage_grid();
  grid.set_grid(static_cast<std::uint64_t>(zone) + 1);
  grid.set_zone(fmt::format("zone{}", zone + 1));
  grid.set_zone_name(fmt::format("Zone {}", zone + 1));
  grid.set_side(zone < 2 ? "A" : "B");
  grid.set_area_km2(2500);
  grid.set_cell_m(250);
  grid.set_latitude_rad(0.52 + (zone % 2 == 0 ? 0.0 : 0.00785));
  grid.set_longitude_rad(-0.7 + (zone < 2 ? 0.0 : 0.00905));
  grid.set_corner_east_m(-25000);
  grid.set_corner_north_m(-25000);
  grid.set_columns(kSide);
  grid.set_rows(kSide);
  grid.add_runs(0);
  grid.add_runs(kZoneCells);
  grid.set_coverage_floor(0.9);
  return envelope;
}

struct WriteCost {
  double encode_s = 0, archive_s = 0;  // CPU
  std::uint64_t records = 0, record_bytes = 0;
};

WriteCost Write(Storage& storage, const std::string& folder, int days) {
  WriteCost cost;
  const auto archive = Must(CoverageArchive::Open(storage, folder));
  std::uint64_t sequence = 0;
  for (int z = 0; z < kZones; ++z) Must(archive->Add(++sequence, GridOf(z).SerializeAsString()));
  std::vector<ZoneObservers> zones;
  for (int z = 0; z < kZones; ++z) zones.emplace_back(17 + z, z);
  for (int minute = 0; minute < days * kMinutesOfDay; ++minute) {
    const Instant start = MissionStart() + Duration::Seconds(60 * minute);
    for (int z = 0; z < kZones; ++z) {
      const PeriodCells period =
          zones[static_cast<std::size_t>(z)].Next(fmt::format("zone{}", z + 1), start);
      const double begin = Seconds(CLOCK_PROCESS_CPUTIME_ID);
      v1::CoverageEnvelope envelope;
      envelope.mutable_coverage_cells()->set_grid(static_cast<std::uint64_t>(z) + 1);
      envelope.mutable_coverage_cells()->set_record(EncodePeriodCells(period));
      static_cast<void>(Sha256(envelope.coverage_cells().record()));
      const std::string record = envelope.SerializeAsString();
      const double encoded = Seconds(CLOCK_PROCESS_CPUTIME_ID);
      Must(archive->Add(++sequence, record));
      cost.encode_s += encoded - begin;
      cost.archive_s += Seconds(CLOCK_PROCESS_CPUTIME_ID) - encoded;
      ++cost.records;
      cost.record_bytes += record.size();
    }
    const double begin = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    if (minute % 10 == 9) Must(archive->Sync());
    cost.archive_s += Seconds(CLOCK_PROCESS_CPUTIME_ID) - begin;
    if ((minute + 1) % kMinutesOfDay == 0)
      std::fprintf(stderr, "day %d of %d\n", (minute + 1) / kMinutesOfDay, days);
  }
  Must(archive->Sync());
  return cost;
}

// The system forgets the files' pages, as far as it lets itself be told.
void Forget(const std::string& folder) {
  for (const char* name : {"/sealed", "/open"}) {
    const int file = open((folder + name).c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    fdatasync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
  }
}

struct Answer {
  double wall_s = 0, cpu_s = 0;
};

// Starts the program, its output unread, and waits for it.
Answer Ask(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  argv.push_back(const_cast<char*>(program.c_str()));
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  const double begin = Seconds(CLOCK_MONOTONIC);
  pid_t child = 0;
  if (posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ) != 0)
    std::exit(1);
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  posix_spawn_file_actions_destroy(&actions);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "a question failed:");
    for (const std::string& argument : arguments) std::fprintf(stderr, " %s", argument.c_str());
    std::fprintf(stderr, "\n");
    std::exit(1);
  }
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return {Seconds(CLOCK_MONOTONIC) - begin, seconds(usage.ru_utime) + seconds(usage.ru_stime)};
}

void Print(const char* kind, std::vector<Answer> answers) {
  if (answers.empty()) return;
  const auto at = [&](double Answer::*of, double share) {
    std::sort(answers.begin(), answers.end(),
              [&](const Answer& a, const Answer& b) { return a.*of < b.*of; });
    return answers[static_cast<std::size_t>(share * static_cast<double>(answers.size() - 1))].*of;
  };
  std::printf(
      "%-34s %5zu questions: wall median %6.1f ms, 99 %% %6.1f, worst %6.1f; CPU median "
      "%6.1f ms, worst %6.1f\n",
      kind, answers.size(), 1e3 * at(&Answer::wall_s, 0.5), 1e3 * at(&Answer::wall_s, 0.99),
      1e3 * at(&Answer::wall_s, 1.0), 1e3 * at(&Answer::cpu_s, 0.5), 1e3 * at(&Answer::cpu_s, 1.0));
}

void AskAll(const std::string& program, const std::string& run, const std::string& folder, int days,
            int questions) {
  std::mt19937_64 random(5);
  const auto reader_grid = Must(GridView::Make(GridOf(0).coverage_grid()));
  std::map<std::string, std::vector<Answer>> answers;
  for (int i = 0; i < questions; ++i) {
    const int zone = static_cast<int>(random() % kZones);
    const auto grid = Must(GridView::Make(GridOf(zone).coverage_grid()));
    const Geodetic place = grid.Centre(static_cast<std::uint32_t>(random() % kZoneCells));
    const std::string at_place =
        fmt::format("--place={:.6f},{:.6f}", place.latitude.deg(), place.longitude.deg());
    const auto minute = static_cast<std::int64_t>(random() % (days * kMinutesOfDay - 120ULL));
    const Instant from = MissionStart() + Duration::Seconds(60 * minute + 11);
    const Instant last = MissionStart() + Duration::Seconds(60LL * days * kMinutesOfDay);
    const auto span = static_cast<std::int64_t>(random() % (days * 86400ULL)) + 60;
    const Instant until = std::min(from + Duration::Seconds(span), last);
    const std::string start = "--from=" + FormatUtc(from), end = "--to=" + FormatUtc(until);
    const std::string at = "--at=" + FormatUtc(from);
    const std::string z = fmt::format("--zone=zone{}", zone + 1);
    const std::string map = run + (i % 2 == 0 ? "/map.svg" : "/map.geojson");
    const std::vector<std::pair<const char*, std::vector<std::string>>> kinds = {
        {"cell, one time", {at_place, at}},
        {"cell, two times", {at_place, start, end}},
        {"cell, two times, JSON", {at_place, start, end, "--json"}},
        {"cell, all the time", {at_place}},
        {"zone, one time", {z, at}},
        {"zone, two times", {z, start, end}},
        {"all zones and sides, all the time", {}},
        {"map of a zone", {z, at, "--map=" + map}},
        {"map of all zones", {at, "--map=" + map}},
    };
    const auto& [kind, arguments] = kinds[static_cast<std::size_t>(i) % kinds.size()];
    std::vector<std::string> all = {"coverage", run};
    all.insert(all.end(), arguments.begin(), arguments.end());
    Forget(folder);
    answers[kind].push_back(Ask(program, all));
  }
  for (auto& [kind, of_kind] : answers) Print(kind.c_str(), of_kind);
}

}  // namespace
}  // namespace trucewatch::coverage_bench

int main(int argc, char** argv) {
  using namespace trucewatch;
  using namespace trucewatch::coverage_bench;
  if (argc < 2) {
    std::fprintf(stderr, "usage: coverage_archive_benchmark DIR [DAYS] [QUESTIONS] [TRUCEWATCH]\n");
    return 2;
  }
  const std::string run = argv[1];
  const std::string folder = run + "/coverage";
  const int days = argc > 2 ? std::atoi(argv[2]) : 30;
  const int questions = argc > 3 ? std::atoi(argv[3]) : 0;
  const auto storage = MakePosixStorage();
  if (!std::filesystem::exists(folder + "/sealed")) {
    const WriteCost cost = Write(*storage, folder, days);
    std::printf("%d days, %d zones of %u cells: %llu records of %.1f kB on average\n", days, kZones,
                kZoneCells, static_cast<unsigned long long>(cost.records),
                static_cast<double>(cost.record_bytes) / 1e3 / static_cast<double>(cost.records));
    std::printf("CPU per mission day: %.2f s to encode and digest, %.2f s to archive\n",
                cost.encode_s / days, cost.archive_s / days);
  }
  for (const char* name : {"sealed", "open"})
    std::printf("%s: %.2f MB\n", name,
                static_cast<double>(std::filesystem::file_size(folder + "/" + name)) / 1e6);
  if (questions > 0 && argc > 4) AskAll(argv[4], run, folder, days, questions);
  return 0;
}
