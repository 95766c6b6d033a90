// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/record_cutter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/check.h"
#include "ingest/radar/stanag4607_stream.h"

namespace trucewatch::station {
namespace {

constexpr std::size_t kDamagePiece = 64 << 10;
constexpr std::size_t kTsPacket = 188;
constexpr std::size_t kTsRecord = 348 * kTsPacket;

class Stanag4607Cutter final : public RecordCutter {
 public:
  std::vector<std::string> Push(std::string_view bytes, Instant) override {
    held_ += bytes;
    auto records = Cut(stream_.Push(AsBytes(bytes)));
    // The stream holds back one packet; what lies before it is damage already, though its end has
    // not been seen.
    std::size_t at = 0;
    while (held_.size() - at > stanag4607::kMaxPacketSize + kDamagePiece + bytes.size()) {
      records.push_back(held_.substr(at, kDamagePiece));
      at += kDamagePiece;
    }
    held_.erase(0, at);
    early_ += at;
    return records;
  }
  std::vector<std::string> Finish() override {
    auto records = Cut(stream_.Finish());
    TW_CHECK(held_.empty());  // every byte is in exactly one item
    return records;
  }

 private:
  std::vector<std::string> Cut(const std::vector<stanag4607::StreamItem>& items) {
    std::vector<std::string> records;
    std::size_t at = 0;
    for (const auto& item : items) {
      const auto* packet = std::get_if<stanag4607::Packet>(&item);
      std::size_t left =
          packet != nullptr
              ? packet->header.size
              : static_cast<std::size_t>(std::get<stanag4607::StreamFault>(item).length);
      const std::size_t most = packet != nullptr ? kMaxCutRecord : kDamagePiece;
      left -= std::exchange(early_, 0);
      TW_CHECK(left <= held_.size() - at);
      while (left > 0) {
        const std::size_t size = std::min(left, most);
        records.push_back(held_.substr(at, size));
        at += size;
        left -= size;
      }
    }
    held_.erase(0, at);
    return records;
  }

  stanag4607::Stanag4607Stream stream_;
  std::string held_;       // not yet in a record
  std::size_t early_ = 0;  // bytes of the damage under way that are in one
};

class TsCutter final : public RecordCutter {
 public:
  explicit TsCutter(Duration max_age) : max_age_(max_age) {}

  std::vector<std::string> Push(std::string_view bytes, Instant now) override {
    std::vector<std::string> records;
    if (held_.empty()) since_ = now;
    held_ += bytes;
    std::size_t at = 0;
    while (held_.size() - at >= kTsRecord) {
      records.push_back(held_.substr(at, kTsRecord));
      at += kTsRecord;
      since_ = now;
    }
    held_.erase(0, at);
    return records;
  }
  std::vector<std::string> Due(Instant now) override {
    const std::size_t whole = held_.size() / kTsPacket * kTsPacket;
    if (whole == 0 || now - since_ < max_age_) return {};
    std::vector<std::string> records = {held_.substr(0, whole)};
    held_.erase(0, whole);
    since_ = now;
    return records;
  }
  std::vector<std::string> Finish() override {
    if (held_.empty()) return {};
    return {std::exchange(held_, {})};
  }

 private:
  const Duration max_age_;
  std::string held_;
  Instant since_;  // the first byte of held_ came
};

}  // namespace

std::unique_ptr<RecordCutter> MakeStanag4607Cutter() {
  return std::make_unique<Stanag4607Cutter>();
}

std::unique_ptr<RecordCutter> MakeTsCutter(Duration max_age) {
  return std::make_unique<TsCutter>(max_age);
}

}  // namespace trucewatch::station
