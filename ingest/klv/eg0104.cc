// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/eg0104.h"

#include <algorithm>
#include <iterator>

#include "ingest/klv/ber.h"
#include "ingest/klv/keys.h"
#include "ingest/klv/nested_items.h"

namespace trucewatch {
namespace {

using enum KlvWire;

// Bytes 4 to 7 and 8 to 15 of the key; the first four are those of every SMPTE key.
struct UniversalSpec {
  std::uint32_t middle = 0;
  std::uint64_t end = 0;
  KlvItemSpec spec;
};

// From the last edition of ST 0601 that lists the universal keys beside its own tags (0601.12).
// clang-format off
const UniversalSpec kItems[] = {
    {0x01010101, 0x0702010101050000, {0, "user_defined_time_stamp", "us", kTime, 8, {0, 0}}},
    {0x01010101, 0x0105050000000000, {0, "episode_number", "", kText, 0, {0, 0}}},
    {0x01010107, 0x0701100106000000, {0, "platform_heading", "deg", kReal, 0, {0, 0}}},
    {0x01010107, 0x0701100105000000, {0, "platform_pitch", "deg", kReal, 0, {0, 0}}},
    {0x01010107, 0x0701100104000000, {0, "platform_roll", "deg", kReal, 0, {0, 0}}},
    {0x01010101, 0x0101200100000000, {0, "device_designation", "", kText, 0, {0, 0}}},
    {0x01010101, 0x0420010201010000, {0, "image_source_device", "", kText, 0, {0, 0}}},
    {0x01010101, 0x0701010100000000, {0, "image_coordinate_system", "", kText, 0, {0, 0}}},
    {0x01010103, 0x0701020102040200, {0, "device_latitude", "deg", kReal, 0, {0, 0}}},
    {0x01010103, 0x0701020102060200, {0, "device_longitude", "deg", kReal, 0, {0, 0}}},
    {0x01010101, 0x0701020102020000, {0, "device_altitude", "m", kReal, 0, {0, 0}}},
    {0x01010102, 0x0420020101080000, {0, "horizontal_fov", "deg", kReal, 0, {0, 0}}},
    {0x01010107, 0x04200201010A0100, {0, "vertical_fov", "deg", kReal, 0, {0, 0}}},
    {0x01010101, 0x0701080101000000, {0, "slant_range", "m", kReal, 0, {0, 0}}},
    {0x01010101, 0x0701090201000000, {0, "target_width", "m", kReal, 0, {0, 0}}},
    {0x01010101, 0x0701020103020000, {0, "frame_center_latitude", "deg", kReal, 0, {0, 0}}},
    {0x01010101, 0x0701020103040000, {0, "frame_center_longitude", "deg", kReal, 0, {0, 0}}},
    {0x0101010A, 0x0701020103160000, {0, "frame_center_elevation", "m", kReal, 0, {0, 0}}},
    {0x01010103, 0x0701020103070100, {0, "corner_latitude_point_1", "deg", kReal, 0, {0, 0}}},
    {0x01010103, 0x0701020103080100, {0, "corner_latitude_point_2", "deg", kReal, 0, {0, 0}}},
    {0x01010103, 0x0701020103090100, {0, "corner_latitude_point_3", "deg", kReal, 0, {0, 0}}},
    {0x01010103, 0x07010201030A0100, {0, "corner_latitude_point_4", "deg", kReal, 0, {0, 0}}},
    {0x01010103, 0x07010201030B0100, {0, "corner_longitude_point_1", "deg", kReal, 0, {0, 0}}},
    {0x01010103, 0x07010201030C0100, {0, "corner_longitude_point_2", "deg", kReal, 0, {0, 0}}},
    {0x01010103, 0x07010201030D0100, {0, "corner_longitude_point_3", "deg", kReal, 0, {0, 0}}},
    {0x01010103, 0x07010201030E0100, {0, "corner_longitude_point_4", "deg", kReal, 0, {0, 0}}},
    {0x02030101, 0x0E01030302000000, {0, "security_local_set", "", kSet, 0, {0, 0}, {}, SecuritySchema(), nullptr}},
    {0x01010101, 0x0702010201010000, {0, "start_date_time", "", kText, 0, {0, 0}}},
    {0x01010101, 0x0702010207010000, {0, "event_start_date_time", "", kText, 0, {0, 0}}},
    {0x01010101, 0x0701100101000000, {0, "sensor_roll_angle", "deg", kReal, 0, {0, 0}}},
    {0x01010101, 0x0701100102000000, {0, "angle_to_north", "deg", kReal, 0, {0, 0}}},
    {0x01010101, 0x0701100103000000, {0, "obliquity_angle", "deg", kReal, 0, {0, 0}}},
};
// clang-format on

const KlvItemSpec* FindByKey(Bytes key) {
  if (!std::equal(kKlvKeyStart.begin(), kKlvKeyStart.end(), key.begin())) return nullptr;
  const std::uint32_t middle = ReadBe32(key.subspan(4));
  const std::uint64_t end = ReadBe64(key.subspan(8));
  const auto* found = std::find_if(
      std::begin(kItems), std::end(kItems),
      [&](const UniversalSpec& item) { return item.middle == middle && item.end == end; });
  return found == std::end(kItems) ? nullptr : &found->spec;
}

}  // namespace

Result<std::vector<UniversalItem>> DecodeEg0104(const KlvPacket& packet) {
  std::vector<UniversalItem> items;
  for (Bytes rest = packet.value(); !rest.empty();) {
    const auto length =
        rest.size() > kKlvKeySize ? ReadBerLength(rest.subspan(kKlvKeySize)) : std::nullopt;
    if (!length || length->value > rest.size() - kKlvKeySize - length->size) {
      return Fail(ErrorCode::kBadInput, "byte {}: the set breaks off inside an item",
                  packet.offset + packet.bytes.size() - rest.size());
    }
    if (items.size() == KlvItemCursor::kMaxItems) {
      return Fail(ErrorCode::kBadInput, "byte {}: more than {} items in one set", packet.offset,
                  KlvItemCursor::kMaxItems);
    }
    const Bytes key = rest.first(kKlvKeySize);
    rest = rest.subspan(kKlvKeySize + length->size);
    items.push_back({key, DecodeKlvItem(0, FindByKey(key), rest.first(length->value))});
    rest = rest.subspan(length->value);
  }
  return items;
}

}  // namespace trucewatch
