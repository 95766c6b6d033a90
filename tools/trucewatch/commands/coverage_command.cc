// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/commands/coverage_command.h"

#include <algorithm>
#include <cstdio>

#include "core/json/json_writer.h"
#include "tools/trucewatch/coverage_answers.h"
#include "tools/trucewatch/coverage_check.h"
#include "tools/trucewatch/output_file.h"
#include "tools/trucewatch/words.h"

namespace trucewatch::tools {
namespace {

using Piece = CoverageReader::Piece;

constexpr std::size_t kMostReasons = 6;
const char* const kOneOfClass[] = {"moving vehicle", "standing vehicle", "group of people"};

// What is asked, checked.
struct Question {
  std::optional<Instant> at;
  Instant from, until;
  std::optional<Geodetic> place;
  std::vector<std::size_t> classes;
  std::vector<std::size_t> grids;
  bool json = false;
};

Result<std::optional<Instant>> TimeOf(const std::string& text, const char* option) {
  if (text.empty()) return std::optional<Instant>();
  auto time = ParseUtc(text);
  if (!time) return Prefix(option, time.error());
  return std::optional(*time);
}

Result<Geodetic> CoveragePlaceOf(const std::string& text) {
  double lat = 0, lon = 0;
  int used = 0;
  if (std::sscanf(text.c_str(), "%lf,%lf%n", &lat, &lon, &used) != 2 ||
      used != static_cast<int>(text.size()) || !(std::abs(lat) <= 90) || !(std::abs(lon) <= 360))
    return Fail(ErrorCode::kUsage, "--place {}: expected LAT,LON in degrees, e.g. 30.012,-40.0035",
                text);
  return Geodetic::FromDegrees(lat, lon, 0);
}

Result<Question> QuestionOf(const CoverageCommand& command, const CoverageReader& reader) {
  Question q;
  q.json = command.json;
  for (std::size_t c = 0; c < kCellClasses; ++c) {
    if (command.coverage_class.empty() ||
        CoverageClassName(kCoverageClasses[c]) == command.coverage_class)
      q.classes.push_back(c);
  }
  if (q.classes.empty())
    return Fail(ErrorCode::kUsage, "--class {}: expected moving_vehicle, standing_vehicle or group",
                command.coverage_class);
  std::string known;
  for (std::size_t g = 0; g < reader.grids().size(); ++g) {
    const std::string& zone = reader.grids()[g].grid().zone();
    if (command.zone.empty() || zone == command.zone) q.grids.push_back(g);
    if (known.find("'" + zone + "'") == std::string::npos)
      known += (known.empty() ? "'" : ", '") + zone + "'";
  }
  if (q.grids.empty())
    return Fail(ErrorCode::kBadInput, "there is no zone '{}' in the archive; its zones are {}",
                command.zone, known.empty() ? "none" : known);
  TW_ASSIGN_OR_RETURN(q.at, TimeOf(command.at, "--at"));
  TW_ASSIGN_OR_RETURN(const auto from, TimeOf(command.from, "--from"));
  TW_ASSIGN_OR_RETURN(const auto until, TimeOf(command.to, "--to"));
  if (q.at && (from || until))
    return Fail(ErrorCode::kUsage, "--at asks about one time; give it, or --from and --to");
  std::optional<CoverageReader::Extent> all;
  for (std::size_t g = 0; g < reader.grids().size(); ++g) {
    const auto extent = reader.ExtentOf(g);
    if (!extent) continue;
    if (!all) all = extent;
    all->start = std::min(all->start, extent->start);
    all->end = std::max(all->end, extent->end);
  }
  if (!all) return Fail(ErrorCode::kNotFound, "the archive holds no period yet");
  q.from = from.value_or(all->start);
  q.until = until.value_or(all->end);
  if (q.until <= q.from)
    return Fail(ErrorCode::kUsage, "--to {} is not after --from {}", FormatUtc(q.until),
                FormatUtc(q.from));
  if (!command.place.empty()) {
    TW_ASSIGN_OR_RETURN(q.place, CoveragePlaceOf(command.place));
    std::erase_if(q.grids, [&](std::size_t g) { return reader.grids()[g].CellAt(*q.place) < 0; });
    if (q.grids.empty())
      return Fail(ErrorCode::kBadInput, "--place {} is in no cell of {}", command.place,
                  command.zone.empty() ? "any zone" : "zone '" + command.zone + "'");
  }
  return q;
}

std::string CellWords(const GridView& grid, std::uint32_t cell) {
  const Geodetic middle = grid.Centre(cell);
  return fmt::format("cell {} of zone '{}' ({}), {}, {:.0f} m wide, middle {:.5f},{:.5f}", cell,
                     grid.grid().zone_name(), grid.grid().zone(), SideOfGrid(grid.grid()),
                     grid.grid().cell_m(), middle.latitude.deg(), middle.longitude.deg());
}

std::string Capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

std::string ClassWords(std::size_t c) { return Capital(CoverageClassWords(kCoverageClasses[c])); }

// "radar1 gave no look for 42 s [source_silent]"
std::string Because(CoverageReason reason, const std::string& detail) {
  return fmt::format("{} [{}]", detail.empty() ? CoverageReasonWords(reason) : detail,
                     CoverageReasonName(reason));
}

JsonWriter& Head(JsonWriter& json, const Question& q, const GridView* grid, std::size_t c) {
  json.BeginObject();
  if (grid != nullptr) json.Field("zone", grid->grid().zone()).Field("side", grid->grid().side());
  if (q.at) {
    json.Field("at_utc", FormatUtc(*q.at));
  } else {
    json.Field("from_utc", FormatUtc(q.from)).Field("to_utc", FormatUtc(q.until));
  }
  return json.Field("class", CoverageClassName(kCoverageClasses[c]));
}

// The four states' minutes, and those on record.
void Minutes(JsonWriter& json, const std::map<CoverageState, double>& min, const char* suffix) {
  double total = 0;
  for (const CoverageState state : kCoverageStates) {
    const auto found = min.find(state);
    const double value = found == min.end() ? 0.0 : found->second;
    json.Field(CoverageStateName(state) + suffix, value);
    total += value;
  }
  json.Field(std::string("accounted") + suffix, total);
}

// --- A cell at one time.
Result<void> CellAtTime(const CoverageReader& reader, const Question& q, std::size_t g) {
  const GridView& grid = reader.grids()[g];
  const auto cell = static_cast<std::uint32_t>(grid.CellAt(*q.place));
  for (const std::size_t c : q.classes) {
    TW_ASSIGN_OR_RETURN(const auto pieces,
                        reader.Cell(g, c, cell, *q.at, *q.at + Duration::Micros(1)));
    if (pieces.empty()) continue;
    const Piece& piece = pieces.front();
    if (q.json) {
      JsonWriter json;
      Head(json, q, &grid, c).Field("cell", cell);
      json.Field("state", CoverageStateName(piece.entry.state));
      json.Field("probability", piece.entry.probability());
      json.Field("reason", CoverageReasonName(piece.entry.reason)).Field("detail", piece.text);
      std::printf("%s\n", json.EndObject().text().c_str());
      continue;
    }
    if (c == q.classes.front())
      std::printf("%s, at %s:\n", Capital(CellWords(grid, cell)).c_str(), FormatUtc(*q.at).c_str());
    std::string line = fmt::format(
        "{}: {}; one that was here all of the period would have been "
        "detected with probability {}",
        ClassWords(c), CoverageStateWords(piece.entry.state),
        FlooredProbability(piece.entry.probability()));
    if (piece.entry.reason != CoverageReason::kNone)
      line += "; why: " + Because(piece.entry.reason, piece.text);
    std::printf("  %s.\n", line.c_str());
  }
  return {};
}

// --- A cell between two times.
std::string MinutesOfPieces(const std::vector<Piece>& pieces) {
  std::map<CoverageState, double> min;
  std::map<std::pair<CoverageReason, std::string>, double> why;
  double total = 0;
  for (const Piece& piece : pieces) {
    const double minutes = (piece.end - piece.start).seconds() / 60;
    min[piece.entry.state] += minutes;
    total += minutes;
    if (piece.entry.reason != CoverageReason::kNone)
      why[{piece.entry.reason, piece.text}] += minutes;
  }
  std::string out = fmt::format(
      "observed {:.1f} of {:.1f} minutes on record ({:.1f} with activity), degraded {:.1f}, not "
      "observed {:.1f}.",
      min[CoverageState::kObservedNothing] + min[CoverageState::kObservedActivity], total,
      min[CoverageState::kObservedActivity], min[CoverageState::kDegraded],
      min[CoverageState::kNotObserved]);
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [key, minutes] : why)
    order.push_back({-minutes, Because(key.first, key.second)});
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < std::min(order.size(), kMostReasons); ++i)
    out += fmt::format("\n      {:.1f} min: {}", -order[i].first, order[i].second);
  if (order.size() > kMostReasons)
    out += fmt::format("\n      and {} other reasons", order.size() - kMostReasons);
  return out;
}

Result<void> CellInSpan(const CoverageReader& reader, const Question& q, std::size_t g) {
  const GridView& grid = reader.grids()[g];
  const auto cell = static_cast<std::uint32_t>(grid.CellAt(*q.place));
  if (!q.json)
    std::printf("%s, from %s to %s:\n", Capital(CellWords(grid, cell)).c_str(),
                FormatUtc(q.from).c_str(), FormatUtc(q.until).c_str());
  for (const std::size_t c : q.classes) {
    TW_ASSIGN_OR_RETURN(const auto pieces, reader.Cell(g, c, cell, q.from, q.until));
    std::optional<double> floor;
    if (grid.grid().has_coverage_floor()) floor = grid.grid().coverage_floor();
    const AbsenceClaim claim = ClaimOf(pieces, floor);
    if (!q.json) {
      std::printf("  %s: %s\n    %s\n", ClassWords(c).c_str(), MinutesOfPieces(pieces).c_str(),
                  AbsenceSentence(claim, kOneOfClass[c]).c_str());
      continue;
    }
    JsonWriter json;
    Head(json, q, &grid, c).Field("cell", cell);
    std::map<CoverageState, double> min;
    for (const Piece& piece : pieces)
      min[piece.entry.state] += (piece.end - piece.start).seconds() / 60;
    Minutes(json, min, "_min");
    json.Key("absence").BeginObject().Field("verdict", VerdictName(claim.verdict()));
    json.Field("probability", claim.probability).Field("periods", claim.periods);
    json.Field("void_periods", claim.void_periods).Field("period_least", claim.least);
    json.Field("period_mean", claim.mean).Field("period_most", claim.most);
    json.Key("floor");
    floor ? json.Number(*floor) : json.Null();
    json.EndObject().Key("pieces").BeginArray();
    for (const Piece& piece : pieces) {
      json.BeginObject().Field("start_utc", FormatUtc(piece.start));
      json.Field("end_utc", FormatUtc(piece.end));
      json.Field("state", CoverageStateName(piece.entry.state));
      json.Field("probability", piece.entry.probability());
      json.Field("reason", CoverageReasonName(piece.entry.reason));
      json.Field("detail", piece.text).EndObject();
    }
    std::printf("%s\n", json.EndArray().EndObject().text().c_str());
  }
  return {};
}

// --- Zones and sides between two times.
void PrintSum(const Question& q, const std::string& name, const ObservedSum& sum) {
  if (!q.json) std::printf("%s, %.1f km2:\n", name.c_str(), sum.area_km2);
  for (const std::size_t c : q.classes) {
    if (q.json) {
      JsonWriter json;
      Head(json, q, nullptr, c).Field("of", name).Field("area_km2", sum.area_km2);
      std::map<CoverageState, double> per_km2;
      for (const CoverageState state : kCoverageStates)
        per_km2[state] = sum.PerKm2(sum.Of(c, state));
      Minutes(json, per_km2, "_min_per_km2");
      json.Field("observed_min_per_km2", sum.PerKm2(sum.Observed(c)));
      json.Key("reasons").BeginArray();
      for (const auto& [key, km2_min] : sum.km2_min[c]) {
        if (key.second == CoverageReason::kNone) continue;
        json.BeginObject().Field("state", CoverageStateName(key.first));
        json.Field("reason", CoverageReasonName(key.second));
        json.Field("min_per_km2", sum.PerKm2(km2_min)).EndObject();
      }
      std::printf("%s\n", json.EndArray().EndObject().text().c_str());
      continue;
    }
    const double total = sum.Total(c);
    const auto percent = [&](double value) { return total > 0 ? 100 * value / total : 0.0; };
    std::string line = fmt::format(
        "observed {:.1f} of {:.1f} min per km2 ({:.1f} %; {:.1f} with activity), degraded {:.1f}, "
        "not observed {:.1f}",
        sum.PerKm2(sum.Observed(c)), sum.PerKm2(total), percent(sum.Observed(c)),
        sum.PerKm2(sum.Of(c, CoverageState::kObservedActivity)),
        sum.PerKm2(sum.Of(c, CoverageState::kDegraded)),
        sum.PerKm2(sum.Of(c, CoverageState::kNotObserved)));
    std::vector<std::pair<double, std::string>> why;
    for (const auto& [key, km2_min] : sum.km2_min[c]) {
      if (key.second != CoverageReason::kNone) why.push_back({-km2_min, Because(key.second, "")});
    }
    std::sort(why.begin(), why.end());
    for (std::size_t i = 0; i < std::min(why.size(), kMostReasons); ++i)
      line += fmt::format("\n      {:.1f}: {}", sum.PerKm2(-why[i].first), why[i].second);
    std::printf("  %s: %s\n", ClassWords(c).c_str(), line.c_str());
  }
}

Result<void> ZonesInSpan(const CoverageReader& reader, const Question& q, bool sides_only) {
  TW_ASSIGN_OR_RETURN(const auto zones, SumByZone(reader, q.from, q.until));
  if (!q.json)
    std::printf("%sFrom %s to %s, minutes per km2 on average:\n", sides_only ? "\n" : "",
                FormatUtc(q.from).c_str(), FormatUtc(q.until).c_str());
  std::map<std::string, std::string> side_words;
  std::map<std::string, const GridView*> grid_of;
  for (const GridView& grid : reader.grids()) {
    side_words[grid.grid().side()] = SideOfGrid(grid.grid());
    grid_of[grid.grid().zone()] = &grid;
  }
  for (const auto& [zone, sum] : zones) {
    const bool asked = std::any_of(q.grids.begin(), q.grids.end(), [&](std::size_t g) {
      return reader.grids()[g].grid().zone() == zone;
    });
    if (sides_only || !asked) continue;
    const v1::CoverageGrid& grid = grid_of[zone]->grid();
    PrintSum(q,
             q.json ? "zone " + zone
                    : fmt::format("Zone '{}' ({}), {}", grid.zone_name(), zone, SideOfGrid(grid)),
             sum);
  }
  for (const auto& [side, sum] : SumBySide(reader, zones))
    PrintSum(q, q.json ? "side " + side : Capital(side_words[side]) + ", all its zones", sum);
  return {};
}

// --- A whole zone at one time.
void ZoneAtTime(const Question& q, const GridView& grid, const PeriodCells& cells) {
  if (!q.json)
    std::printf("Zone '%s' (%s), %s, %u cells, period %s to %s:\n", grid.grid().zone_name().c_str(),
                cells.zone.c_str(), SideOfGrid(grid.grid()).c_str(), cells.cells,
                FormatUtc(cells.start).c_str(), FormatUtc(cells.end).c_str());
  for (const std::size_t c : q.classes) {
    std::map<std::pair<CoverageState, CoverageReason>, std::uint64_t> shares;
    for (const CellRun& run : cells.classes[c]) {
      const CellEntry& entry = cells.entries[run.entry];
      shares[{entry.state, entry.reason}] += run.length;
    }
    JsonWriter json;
    if (q.json) Head(json, q, &grid, c).Field("cells", cells.cells).Key("shares").BeginArray();
    std::string line;
    for (const auto& [key, count] : shares) {
      if (q.json) {
        json.BeginObject().Field("state", CoverageStateName(key.first));
        json.Field("reason", CoverageReasonName(key.second)).Field("cells", count).EndObject();
      }
      line += fmt::format(
          "\n      {} cells ({:.1f} %) {}{}", count,
          100.0 * static_cast<double>(count) / cells.cells, CoverageStateWords(key.first),
          key.second == CoverageReason::kNone ? "" : ": " + Because(key.second, ""));
    }
    if (q.json) {
      std::printf("%s\n", json.EndArray().EndObject().text().c_str());
    } else {
      std::printf("  %s:%s\n", ClassWords(c).c_str(), line.c_str());
    }
  }
}

Result<int> AtTime(Storage& storage, const CoverageCommand& command, const CoverageReader& reader,
                   const Question& q) {
  std::vector<MapOfCells> maps;
  bool any = false;
  for (const std::size_t g : q.grids) {
    if (q.place) {
      const auto extent = reader.ExtentOf(g);
      any |= extent && *q.at >= extent->start && *q.at < extent->end;
      TW_RETURN_IF_ERROR(CellAtTime(reader, q, g));
      if (command.map.empty()) continue;
    }
    TW_ASSIGN_OR_RETURN(auto cells, reader.PeriodAt(g, *q.at));
    if (!cells) continue;
    any = true;
    if (!q.place) ZoneAtTime(q, reader.grids()[g], *cells);
    maps.push_back({&reader.grids()[g], std::move(*cells)});
  }
  if (!any)
    return Fail(ErrorCode::kBadInput, "no period of the archive has {} in it", FormatUtc(*q.at));
  if (command.map.empty()) return 0;
  const std::size_t c = q.classes.front();
  const std::string text =
      command.map.ends_with(".svg") ? CellsSvg(maps, c, *q.at) : CellsGeoJson(maps, c);
  TW_RETURN_IF_ERROR(WriteOutputFile(storage, command.map, AsBytes(text)));
  std::fprintf(stderr, "%s: %s at %s\n", command.map.c_str(),
               CoverageClassWords(kCoverageClasses[c]).c_str(), FormatUtc(*q.at).c_str());
  return 0;
}

}  // namespace

Result<int> RunCoverage(const CoverageCommand& command) {
  const auto storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(const std::string folder, CoverageFolderOf(*storage, command.run));
  TW_ASSIGN_OR_RETURN(const auto reader, CoverageReader::Open(*storage, folder));
  if (command.check) return CheckCoverage(*storage, command.run, *reader);
  if (!command.map.empty() &&
      (command.at.empty() || !(command.map.ends_with(".svg") || command.map.ends_with(".geojson"))))
    return Fail(ErrorCode::kUsage,
                "--map {}: expected a file .svg or .geojson, and the time with --at", command.map);
  TW_ASSIGN_OR_RETURN(const Question q, QuestionOf(command, *reader));
  if (q.at) return AtTime(*storage, command, *reader, q);
  if (q.place) {
    for (const std::size_t g : q.grids) {
      const auto extent = reader->ExtentOf(g);
      if (extent && (extent->end <= q.from || extent->start >= q.until)) continue;
      TW_RETURN_IF_ERROR(CellInSpan(*reader, q, g));
    }
  }
  TW_RETURN_IF_ERROR(ZonesInSpan(*reader, q, q.place.has_value()));
  return 0;
}

}  // namespace trucewatch::tools
