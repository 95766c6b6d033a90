// SPDX-License-Identifier: Apache-2.0
#include "fusion/track_csv.h"

#include <fmt/format.h>

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>
#include <numbers>
#include <set>
#include <tuple>

#include "fusion/live_tracker.h"
#include "fusion/smoother.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxLooks = 10'000'000;

// A CSV without quoting, read by column name.
class Table {
 public:
  static Result<Table> Parse(std::string_view text, std::string name,
                             std::initializer_list<std::string_view> wanted) {
    Table table;
    table.name_ = std::move(name);
    table.text_ = text;
    if (!table.Next())
      return Fail(ErrorCode::kBadInput, "{}: empty; expected a header", table.name_);
    for (const std::string_view column : wanted) {
      const auto place = std::find(table.cells_.begin(), table.cells_.end(), column);
      if (place == table.cells_.end()) {
        return Fail(ErrorCode::kBadInput, "{}:1: no column '{}'", table.name_, column);
      }
      table.columns_.push_back(static_cast<std::size_t>(place - table.cells_.begin()));
    }
    table.width_ = table.cells_.size();
    return table;
  }

  // Goes to the next row that is not empty; false at the end.
  bool Next() {
    while (!text_.empty()) {
      ++line_;
      const std::size_t end = text_.find('\n');
      std::string_view row = text_.substr(0, end);
      text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
      if (!row.empty() && row.back() == '\r') row.remove_suffix(1);
      if (row.empty()) continue;
      cells_.clear();
      while (true) {
        const std::size_t comma = row.find(',');
        cells_.push_back(row.substr(0, comma));
        if (comma == std::string_view::npos) break;
        row.remove_prefix(comma + 1);
      }
      return true;
    }
    return false;
  }

  Result<void> CheckWidth() const {
    if (cells_.size() == width_) return {};
    return Fail(ErrorCode::kBadInput, "{}:{}: {} columns; expected {}", name_, line_, cells_.size(),
                width_);
  }
  std::string_view Text(std::size_t column) const { return cells_[columns_[column]]; }
  // Nothing when the cell is empty.
  Result<std::optional<double>> Optional(std::size_t column) const {
    const std::string_view cell = Text(column);
    if (cell.empty()) return std::optional<double>();
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || !(std::abs(value) < 1e9)) {
      return Fail(ErrorCode::kBadInput, "{}:{}: '{}' is no number below 1e9", name_, line_, cell);
    }
    return std::optional<double>(value);
  }
  Result<double> Number(std::size_t column) const {
    TW_ASSIGN_OR_RETURN(const std::optional<double> value, Optional(column));
    if (!value) return Fail(ErrorCode::kBadInput, "{}:{}: an empty cell", name_, line_);
    return *value;
  }
  std::size_t line() const { return line_; }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::string_view text_;
  std::size_t line_ = 0, width_ = 0;
  std::vector<std::string_view> cells_;
  std::vector<std::size_t> columns_;
};

Instant FromSeconds(double s) { return Instant::FromMicros(Duration::FromSeconds(s).micros()); }

// How a footprint (convex) is seen from a place.
struct Sector {
  double reach_m = 0;
  double width_rad = 0;
};

Sector SectorOf(const std::vector<Eigen::Vector2d>& footprint, const Eigen::Vector2d& from) {
  Sector sector;
  double turned = 0;  // around the whole border: one turn when it is seen from inside
  for (std::size_t k = 0; k < footprint.size(); ++k) {
    const Eigen::Vector2d a = footprint[k] - from;
    sector.reach_m = std::max(sector.reach_m, a.norm());
    for (const Eigen::Vector2d& corner : footprint) {
      const Eigen::Vector2d b = corner - from;
      const double angle = std::atan2(a.x() * b.y() - a.y() * b.x(), a.dot(b));
      sector.width_rad = std::max(sector.width_rad, std::abs(angle));
    }
    const Eigen::Vector2d next = footprint[(k + 1) % footprint.size()] - from;
    turned += std::atan2(a.x() * next.y() - a.y() * next.x(), a.dot(next));
  }
  if (std::abs(turned) > std::numbers::pi) sector.width_rad = 2.0 * std::numbers::pi;
  sector.width_rad = std::max(sector.width_rad, 1e-3);
  return sector;
}

Result<ReceivedLook> ParseScan(const Table& scans) {
  std::array<double, 11> v{};
  for (std::size_t k = 0; k < v.size(); ++k) {
    TW_ASSIGN_OR_RETURN(v[k], scans.Number(k + 3));
  }
  const auto [receive, measure, sensor_x, sensor_y, x0, x1, y0, y1, pd, false_mean, mdv] = v;
  const double area = (x1 - x0) * (y1 - y0);
  if (!(x1 > x0 && y1 > y0 && pd >= 0 && pd <= 1 && false_mean >= 0 && mdv >= 0)) {
    return Fail(ErrorCode::kBadInput,
                "{}:{}: footprint, prob_detect, mean_false or mdv out of range", scans.name(),
                scans.line());
  }
  ReceivedLook result;
  result.receive_time = FromSeconds(receive);
  Look& look = result.look;
  look.source.value = std::string(scans.Text(1));
  look.lineage.sensor = look.source.value;  // no georeference: the format states independent errors
  look.lineage.modality = scans.Text(2) == "radar" ? Modality::kRadarGmti : Modality::kVideoRgb;
  look.time = FromSeconds(measure);
  const bool bearing = scans.Text(2) == "bearing";
  if (bearing) look.lineage.modality = Modality::kUnspecified;
  if (bearing || scans.Text(2) == "radar") look.sensor_en_m = Eigen::Vector2d(sensor_x, sensor_y);
  look.footprint_en_m = {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}};
  look.detection_probability = pd;
  look.min_detectable_speed_mps = mdv;
  look.false_alarms_per_m2 = false_mean / area;
  if (bearing) {
    const Sector sector = SectorOf(look.footprint_en_m, *look.sensor_en_m);
    look.bearing_reach_m = sector.reach_m;
    look.false_alarms_per_rad = false_mean / sector.width_rad;
  }
  return result;
}

Result<LookPlot> ParsePlot(const Table& meas, const Look& look) {
  LookPlot plot;
  if (look.bearing_reach_m > 0) {
    TW_ASSIGN_OR_RETURN(plot.bearing_rad, meas.Number(2));
    TW_ASSIGN_OR_RETURN(const double variance, meas.Number(5));
    if (!(variance > 0)) {
      return Fail(ErrorCode::kBadInput, "{}:{}: var_azimuth must be above 0", meas.name(),
                  meas.line());
    }
    plot.bearing_sigma_rad = std::sqrt(variance);
    return plot;
  }
  if (look.sensor_en_m) {
    std::array<double, 6> v{};
    for (std::size_t k = 0; k < v.size(); ++k) {
      TW_ASSIGN_OR_RETURN(v[k], meas.Number(k + 1));
    }
    const auto [range, azimuth, range_rate, var_range, var_azimuth, var_range_rate] = v;
    // Azimuth is clockwise from north.
    const Eigen::Vector2d along(std::sin(azimuth), std::cos(azimuth));
    const Eigen::Vector2d across(along.y(), -along.x());
    plot.p_en_m = *look.sensor_en_m + range * along;
    plot.cov_en_m2 = var_range * along * along.transpose() +
                     range * range * var_azimuth * across * across.transpose();
    plot.range_rate_mps = range_rate;
    plot.range_rate_sigma_mps = std::sqrt(var_range_rate);
  } else {
    std::array<double, 5> v{};
    for (std::size_t k = 0; k < v.size(); ++k) {
      TW_ASSIGN_OR_RETURN(v[k], meas.Number(k + 7));
    }
    plot.p_en_m = {v[0], v[1]};
    plot.cov_en_m2 << v[2], v[3], v[3], v[4];
  }
  const Eigen::Matrix2d& c = plot.cov_en_m2;
  if (!(c(0, 0) > 0 && c.determinant() > 0 && std::isfinite(c.determinant())) ||
      !(plot.range_rate_sigma_mps >= 0)) {
    return Fail(ErrorCode::kBadInput, "{}:{}: variances do not make a covariance", meas.name(),
                meas.line());
  }
  return plot;
}

// Rows as they come, with what all of them need.
class Rows {
 public:
  Rows(const TrackCsvOptions& options, Instant start, Instant end,
       const std::function<void(double)>& progress)
      : options_(options), start_(start), end_(end), progress_(progress) {
    csv_ = "time,track_id,x,y,vx,vy,existence_prob,p_xx,p_xy,p_yy,p_vxvx,p_vxvy,p_vyvy";
    if (options_.frame != nullptr) csv_ += ",latitude_deg,longitude_deg";
    csv_ += '\n';
    if (!options_.groups) return;
    groups_.emplace(*options_.groups);
    groups_csv_ = "time,group_id,x,y,vx,vy,extent_m,count_expected,count_min,count_max,members";
    if (options_.frame != nullptr) groups_csv_ += ",latitude_deg,longitude_deg";
    groups_csv_ += '\n';
  }

  void Write(const std::vector<TrackEstimate>& tracks, Instant time) {
    if (groups_) WriteGroups(groups_->Update(time, tracks), time);
    const double widest = options_.max_position_sigma_m * options_.max_position_sigma_m;
    for (const TrackEstimate& track : tracks) {
      const auto& m = track.state.mean;
      const auto& p = track.state.cov;
      if (p(0, 0) + p(1, 1) > widest) continue;
      ids_.insert(track.id);
      const auto out = std::back_inserter(csv_);
      fmt::format_to(out,
                     "{:.3f},{},{:.3f},{:.3f},{:.4f},{:.4f},{:.5f},{:.4f},{:.4f},{:.4f},{:.5f},"
                     "{:.5f},{:.5f}",
                     static_cast<double>(time.micros()) * 1e-6, track.id.value, m(0), m(1), m(2),
                     m(3), track.existence, p(0, 0), p(0, 1), p(1, 1), p(2, 2), p(2, 3), p(3, 3));
      if (options_.frame != nullptr) {
        const Geodetic place = options_.frame->GeodeticFromEnu({m(0), m(1), track.height_hae_m});
        fmt::format_to(out, ",{:.7f},{:.7f}", place.latitude.deg(), place.longitude.deg());
      }
      csv_ += '\n';
    }
    if (progress_ && end_ > start_)
      progress_((time - start_).seconds() / (end_ - start_).seconds());
  }

  Instant start() const { return start_; }
  Instant end() const { return end_; }
  std::string Take() { return std::move(csv_); }
  std::string TakeGroups() { return std::move(groups_csv_); }
  std::size_t tracks() const { return ids_.size(); }

 private:
  void WriteGroups(const std::vector<GroupEstimate>& groups, Instant time) {
    for (const GroupEstimate& group : groups) {
      const auto out = std::back_inserter(groups_csv_);
      fmt::format_to(out, "{:.3f},{},{:.3f},{:.3f},{:.4f},{:.4f},{:.1f},{:.3f},{},{},",
                     static_cast<double>(time.micros()) * 1e-6, group.id.value, group.p_en_m.x(),
                     group.p_en_m.y(), group.v_en_mps.x(), group.v_en_mps.y(), group.extent_m,
                     group.count_expected, group.count_min, group.count_max);
      for (std::size_t k = 0; k < group.members.size(); ++k) {
        fmt::format_to(out, "{}{}", k == 0 ? "" : " ", group.members[k].value);
      }
      if (options_.frame != nullptr) {
        const Geodetic place = options_.frame->GeodeticFromEnu(
            {group.p_en_m.x(), group.p_en_m.y(), group.height_hae_m});
        fmt::format_to(out, ",{:.7f},{:.7f}", place.latitude.deg(), place.longitude.deg());
      }
      groups_csv_ += '\n';
    }
  }

  const TrackCsvOptions& options_;
  Instant start_, end_;
  const std::function<void(double)>& progress_;
  std::string csv_;
  std::set<TrackId> ids_;
  std::optional<GroupTracker> groups_;
  std::string groups_csv_;
};

std::shared_ptr<const Look> Unowned(const Look& look) { return {std::shared_ptr<void>(), &look}; }

// Looks on their way to a tracker: without a reference as they are; with one, the corrected ones,
// in order of their corrected time.
class Aligner {
 public:
  explicit Aligner(const TrackCsvOptions& options) {
    if (options.reference.value.empty()) return;
    registration_.emplace(
        RegistrationOptions{.reference = options.reference, .tracker = options.tracker});
  }

  // `look` is the next in order of stated time.
  void Observe(const Look& look) {
    if (registration_) registration_->Observe(look);
  }
  std::shared_ptr<const Look> Correct(const Look& look) const {
    const auto bias = registration_ ? registration_->BiasOf(look.source) : std::nullopt;
    return bias ? std::make_shared<const Look>(Corrected(look, *bias)) : Unowned(look);
  }
  void Push(const Look& look) {
    std::shared_ptr<const Look> corrected = Correct(look);
    const Instant time = corrected->time;
    waiting_.emplace(time, std::move(corrected));
  }
  // Nothing before `time` will be pushed any more. Next look for the tracker, if there is one.
  std::shared_ptr<const Look> Pop(Instant time) {
    const Duration delay = registration_ ? registration_->Delay() : Duration();
    if (waiting_.empty() || waiting_.begin()->first > time - delay) return nullptr;
    return std::move(waiting_.extract(waiting_.begin()).mapped());
  }
  void Finish(TrackCsvResult& result) const {
    if (registration_) result.biases = registration_->sensors();
  }

 private:
  std::optional<Registration> registration_;
  std::multimap<Instant, std::shared_ptr<const Look>> waiting_;
};

void WriteLive(const std::vector<ReceivedLook>& looks, const TrackCsvOptions& options, Rows& rows,
               TrackCsvResult& result) {
  const Duration hold = Duration::FromSeconds(options.hold_s);
  LiveTracker live(options.tracker, hold);
  Aligner aligner(options);
  std::multimap<Instant, const Look*> unobserved;  // biases are learnt past the hold, in order
  std::size_t next = 0;
  for (Instant time = rows.start(); time <= rows.end(); time = time + Duration::Seconds(1)) {
    for (; next < looks.size() && looks[next].receive_time <= time; ++next) {
      result.plots += looks[next].look.plots.size();
      if (!live.Add(aligner.Correct(looks[next].look))) {
        ++result.late_looks;
        continue;
      }
      unobserved.emplace(looks[next].look.time, &looks[next].look);
    }
    while (!unobserved.empty() && unobserved.begin()->first <= time - hold) {
      aligner.Observe(*unobserved.begin()->second);
      unobserved.erase(unobserved.begin());
    }
    rows.Write(live.Estimates(time), time);
  }
  result.counts = live.tracker().counts();
  aligner.Finish(result);
}

void WriteSettled(const std::vector<ReceivedLook>& looks, const TrackCsvOptions& options,
                  Rows& rows, TrackCsvResult& result) {
  const Duration hold = Duration::FromSeconds(options.hold_s);
  const Duration lag = std::max(hold, Duration::FromSeconds(*options.settled_lag_s));
  Tracker tracker(options.tracker);
  Smoother smoother({.motion = options.tracker.motion,
                     .mean_life_s = options.tracker.mean_life_s,
                     .keep = lag - hold + Duration::Seconds(1)});
  std::vector<const Look*> held;  // measured but not past the hold yet, in order of measurement
  const auto before = [](const Look* a, const Look* b) {
    return std::tie(a->time, a->source) < std::tie(b->time, b->source);
  };
  Aligner aligner(options);
  const auto track_up_to = [&](Instant time) {
    while (const auto look = aligner.Pop(time)) {
      tracker.Process(*look);
      smoother.Note(tracker.time(), tracker.tracks());
    }
  };
  std::size_t next = 0;
  Instant settled_to = Instant::FromMicros(INT64_MIN);
  for (Instant time = rows.start(); time <= rows.end(); time = time + Duration::Seconds(1)) {
    const Instant now = time + lag;
    for (; next < looks.size() && looks[next].receive_time <= now; ++next) {
      const Look& look = looks[next].look;
      result.plots += look.plots.size();
      if (look.time < settled_to) {
        ++result.late_looks;
        continue;
      }
      held.insert(std::upper_bound(held.begin(), held.end(), &look, before), &look);
    }
    // What lies past the hold is there whatever the order of arrival.
    const Instant horizon = now - hold;
    auto done = held.begin();
    for (; done != held.end() && (*done)->time <= horizon; ++done) {
      aligner.Observe(**done);
      aligner.Push(**done);
      track_up_to((*done)->time);
    }
    held.erase(held.begin(), done);
    track_up_to(horizon);
    settled_to = horizon + Duration::Micros(1);
    rows.Write(smoother.Estimates(time), time);
  }
  result.counts = tracker.counts();
  aligner.Finish(result);
}

}  // namespace

Result<std::vector<ReceivedLook>> ParseMeasurementCsv(std::string_view meas_csv,
                                                      std::string_view scans_csv) {
  TW_ASSIGN_OR_RETURN(Table scans,
                      Table::Parse(scans_csv, "scans",
                                   {"scan_id", "sensor_id", "sensor_type", "receive_time",
                                    "measure_time", "sensor_x", "sensor_y", "fov_xmin", "fov_xmax",
                                    "fov_ymin", "fov_ymax", "prob_detect", "mean_false", "mdv"}));
  std::vector<ReceivedLook> looks;
  std::map<std::string, std::size_t, std::less<>> by_scan;
  while (scans.Next()) {
    TW_RETURN_IF_ERROR(scans.CheckWidth());
    if (looks.size() >= kMaxLooks) return Fail(ErrorCode::kBadInput, "scans: too many rows");
    TW_ASSIGN_OR_RETURN(ReceivedLook look, ParseScan(scans));
    if (!by_scan.emplace(std::string(scans.Text(0)), looks.size()).second) {
      return Fail(ErrorCode::kBadInput, "scans:{}: scan_id '{}' stands there twice", scans.line(),
                  scans.Text(0));
    }
    looks.push_back(std::move(look));
  }
  TW_ASSIGN_OR_RETURN(Table meas, Table::Parse(meas_csv, "meas",
                                               {"scan_id", "range", "azimuth", "range_rate",
                                                "var_range", "var_azimuth", "var_range_rate", "x",
                                                "y", "cov_xx", "cov_xy", "cov_yy"}));
  while (meas.Next()) {
    TW_RETURN_IF_ERROR(meas.CheckWidth());
    const auto scan = by_scan.find(meas.Text(0));
    if (scan == by_scan.end()) {
      return Fail(ErrorCode::kBadInput, "meas:{}: scan_id '{}' is not among the scans", meas.line(),
                  meas.Text(0));
    }
    Look& look = looks[scan->second].look;
    TW_ASSIGN_OR_RETURN(LookPlot plot, ParsePlot(meas, look));
    look.plots.push_back(std::move(plot));
  }
  std::stable_sort(looks.begin(), looks.end(), [](const ReceivedLook& a, const ReceivedLook& b) {
    return a.receive_time < b.receive_time;
  });
  return looks;
}

TrackCsvResult WriteTrackCsv(const std::vector<ReceivedLook>& looks, const TrackCsvOptions& options,
                             const std::function<void(double)>& progress) {
  TrackCsvResult result;
  Instant start, end;
  if (!looks.empty()) start = end = looks.front().look.time;
  for (const ReceivedLook& look : looks) {
    start = std::min(start, look.look.time);
    end = std::max(end, look.look.time);
  }
  constexpr std::int64_t kSecond = 1'000'000;
  const std::int64_t into = ((start.micros() % kSecond) + kSecond) % kSecond;
  Rows rows(options, start - Duration::Micros(into), end, progress);
  if (looks.empty()) {
    // A head and no rows.
  } else if (options.settled_lag_s) {
    WriteSettled(looks, options, rows, result);
  } else {
    WriteLive(looks, options, rows, result);
  }
  result.csv = rows.Take();
  result.groups_csv = rows.TakeGroups();
  result.tracks = rows.tracks();
  return result;
}

}  // namespace trucewatch
