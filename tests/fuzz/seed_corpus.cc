// SPDX-License-Identifier: Apache-2.0
// Writes the seeds that only a program can make: binary formats and signatures. The text seeds in
// corpus/config are written by hand. Usage: seed_corpus tests/fuzz/corpus
#include <fmt/format.h>

#include <fstream>
#include <string>

#include "core/base/check.h"
#include "core/media/ts_writer.h"
#include "core/note/signed_note.h"
#include "core/types/codec.h"
#include "evidence/ledger/checkpoint.h"
#include "ingest/asterix/asterix_encoder.h"
#include "ingest/asterix/item_encoder.h"
#include "ingest/asterix/pcap.h"
#include "ingest/human/human_record.h"
#include "ingest/klv/ber.h"
#include "ingest/klv/keys.h"
#include "ingest/klv/klv_writer.h"
#include "ingest/klv/st0601_encoder.h"
#include "ingest/klv/st0601_items.h"
#include "ingest/klv/st0903_encoder.h"
#include "ingest/radar/stanag4607_encoder.h"
#include "tests/core/media/ts_builder.h"
#include "tests/fuzz/stac_seeds.h"

namespace trucewatch {
namespace {

std::string folder;

void Write(const std::string& name, std::string_view bytes) {
  std::ofstream out(folder + "/" + name, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

Geodetic Place(double east) { return Geodetic::FromDegrees(30.0, -40.0 + east, 100.0); }

void WriteKlv() {
  St0601Fields fields;
  fields.time = Instant::FromMicros(1'772'323'200'000'000);
  const std::string small = EncodeSt0601(fields);
  fields.mission_id = "SEED";
  fields.platform_heading = fields.platform_pitch = fields.sensor_azimuth = Angle::Degrees(10);
  fields.sensor_elevation = Angle::Degrees(-60);
  fields.horizontal_fov = fields.vertical_fov = Angle::Degrees(5);
  fields.sensor = fields.frame_center = Place(0);
  fields.slant_range_m = 2000;
  fields.corners = {Place(-0.01), Place(0.01), Place(0.02), Place(0.03)};
  fields.operational_mode = OperationalMode::kExercise;
  Write("klv/st0601_small", small);
  Write("klv/st0601_full", EncodeSt0601(fields));
  Write("klv/two_packets_and_damage", small + "damage" + small + small.substr(0, 20));
  // A VMTI set, alone and as a value; every item the tables know; packs; a universal set.
  Vmti vmti;
  vmti.version = 5;
  vmti.frame_width_px = 1920;
  VmtiTarget target;
  target.id = 1;
  target.centroid = VmtiPixel{214, 641};
  target.latitude_offset = target.longitude_offset = Angle::Degrees(10);
  target.location = Place(0);
  target.sigma_east_m = target.sigma_north_m = target.sigma_up_m = 4.0;
  target.velocity_east_mps = target.velocity_north_mps = target.velocity_up_mps = 1.0;
  target.object_classes = {"car"};
  vmti.targets = {target};
  const std::string value = EncodeVmti(vmti);
  Write("klv/vmti_value", value);
  std::string packet(AsText(kSt0903Key));
  AppendBerLength(packet, static_cast<std::uint32_t>(value.size()));
  Write("klv/st0903_alone", packet + value);
  KlvSetWriter every;
  for (const KlvItemSpec& spec : St0601Schema()) {
    if (const auto bytes = EncodeKlvSpecial(spec, KlvStatus::kAboveMaximum, 3)) {
      every.Put(spec.tag, *bytes);
    } else if (const auto number = EncodeKlvValue(spec, std::uint64_t{3})) {
      every.Put(spec.tag, *number);
    }
  }
  KlvSetWriter packs;
  packs.Put(48, KlvSetWriter().Put(1, "\x01").Put(13, Utf16FromUtf8("US")).value());
  packs.Put(74, value);
  for (const auto& [tag, hex] : std::initializer_list<std::pair<std::uint32_t, const char*>>{
           {81, "00243800"},
           {94, "0170f592f02373364af8aa9162c00f2eb2da16b74341000841a0be365b5ab96a3645"},
           {102, "02423f800000400000004000"},
           {122, "010e0343414e0003465241"},
           {127, "83d4608769"},
           {128, "0d15000007d000000fa04e4e4952"},
           {130, "0b406bc20919bda554070e00"},
           {138, "011200000f564953204e6f73652043616d657261"},
           {140, "0e01010103820307486172706f6f6e"},
           {141, "0f000001034071d89419bdbfe7089800"},
           {142, "063480004b0000061a40000c8000"}}) {
    packs.Put(tag, *HexDecode(hex));
  }
  const std::string registration = KlvSetWriter()
                                       .Put(5, *HexDecode("0202020401"
                                                          "4203efc84203efca4055e5424055e5e7"))
                                       .value();
  packs.Put(101, KlvSetWriter().Put(98, registration).value());
  Write("klv/every_item", every.Packet(kSt0601Key));
  Write("klv/packs", packs.Packet(kSt0601Key));
  Write("klv/packs_value", packs.value());
  const std::string item = *HexDecode(
      "060e2b34010101070701100106000000"
      "0443200000");
  std::string universal(AsText(kEg0104Key));
  AppendBerLength(universal, static_cast<std::uint32_t>(item.size()));
  Write("klv/eg0104", universal + item);
}

// Transport streams: one of our own writer, and forms of carriage that it does not write.
void WriteTs() {
  St0601Fields fields;
  fields.time = Instant::FromMicros(1'772'323'200'000'000);
  const std::string klv = EncodeSt0601(fields);
  TsWriterOptions options;
  options.width_px = options.height_px = 16;
  options.key_frame_interval = 2;
  const std::string luma(256, '\x60');
  const std::string chroma(64, '\x80');
  const auto writer = TsWriter::Create(folder + "/ts/writer", options);
  TW_CHECK(writer);
  for (int n = 0; n < 4; ++n)
    TW_CHECK((*writer)->Write(AsBytes(luma), AsBytes(chroma), AsBytes(chroma), AsBytes(klv)));
  TW_CHECK((*writer)->Finish());

  const auto cell = [](int sequence, const std::string& data, char flags) {
    return std::string{'\0', static_cast<char>(sequence), flags, '\0',
                       static_cast<char>(data.size())} +
           data;
  };
  testing::TsBuilder ts({{0x101, 0x06, true}, {0x102, 0x15, true}, {0x103, 0x06, false}});
  ts.Tables();
  ts.Pes(0x101, 0xBD, std::nullopt, klv.substr(0, 20));
  ts.Pes(0x101, 0xBD, std::nullopt, klv.substr(20) + klv.substr(5));
  ts.Pes(0x102, 0xFC, 90'000, cell(0, klv, '\xDF') + cell(1, klv.substr(0, 9), '\x9F'));
  ts.Pes(0x102, 0xFC, 99'000, cell(2, klv.substr(9), '\x5F') + cell(7, klv, '\xDF'));
  ts.Pes(0x103, 0xBD, std::nullopt, klv);
  ts.Tables();
  ts.Pes(0x102, 0xFC, 108'000, klv);
  Write("ts/carriages", ts.bytes());
  std::string m2ts;
  for (std::size_t at = 0; at < ts.bytes().size(); at += 188)
    m2ts += std::string(4, '\x01') + ts.bytes().substr(at, 188);
  Write("ts/m2ts", m2ts);
  // As payloads: a length byte each.
  Write("ts/payloads", std::string{static_cast<char>(klv.size())} + klv + '\x10' +
                           klv.substr(0, 16) + static_cast<char>(klv.size() - 16) + klv.substr(16));
  // As RTP carries them, and as the boxes of an MP4 file down to its data references.
  Write("ts/rtp", *HexDecode("80210007000003e800000001") + ts.bytes().substr(0, 7U * 188U));
  const auto box = [](const char* type, const std::string& content) {
    std::string out;
    AppendBe32(out, static_cast<std::uint32_t>(8 + content.size()));
    return out + type + content;
  };
  const std::string here = box("url ", std::string("\0\0\0\1", 4));
  const std::string references = box("dref", std::string("\0\0\0\0\0\0\0\1", 8) + here);
  const std::string media = box("minf", box("dinf", references));
  Write("ts/mp4", box("ftyp", "isom") + box("moov", box("trak", box("mdia", media))));
}

void WriteRadar() {
  using namespace stanag4607;
  MissionSegment mission;
  mission.year = 2026;
  mission.month = mission.day = 3;
  DwellSegment dwell;
  dwell.time_ms = 43'200'000;
  TargetReport target;
  target.report_index = 1;
  target.latitude = Sa32::From(Angle::Degrees(30));
  target.longitude = Ba32::From(Angle::Degrees(320));
  target.snr_db = 12;
  dwell.targets = {target, target};
  const std::string first = EncodePacket({}, std::vector<Segment>{mission}).value();
  const std::string second =
      EncodePacket({}, std::vector<Segment>{JobDefinitionSegment{}, dwell}).value();
  Write("stanag4607/mission", first);
  Write("stanag4607/job_and_dwell", second);
  Write("stanag4607/stream_with_damage", first + "damage" + second + first.substr(0, 40));
}

void WriteOtherAsterix() {
  using asterix::Content;
  const auto value = [](std::string_view name, std::int64_t raw) {
    return Content{name, raw, {}, {}};
  };
  const auto write = [&](std::uint8_t category, const std::vector<Content>& items) {
    const std::string record = asterix::EncodeRecord(category, items);
    Write(fmt::format("asterix/cat{:03}", category),
          asterix::EncodeBlock(category, record + record));
  };
  const std::vector<Content> source = {value("sac", 25), value("sic", 100)};
  write(1, {{"I001/010", 0, {}, source},
            {"I001/020", 0, {}, {value("typ", 1), value("ds1ds2", 1)}},
            {"I001/161", 0, {}, {value("track_number", 7)}},
            {"I001/030", 0, {}, {value("", 7), value("", 3)}}});
  write(2, {{"I002/010", 0, {}, source},
            {"I002/030", 0, {}, {value("time_of_day_s", 1000)}},
            {"I002/070", 0, {}, {{"", 0, {}, {value("ident", 1), value("count", 5)}}}}});
  write(21, {{"I021/010", 0, {}, source},
             {"I021/040", 0, {}, {value("gbs", 1), value("mbc", 3)}},
             {"I021/131", 0, {}, {value("lat_deg", 1), value("lon_deg", 2)}},
             {"I021/110", 0, {}, {{"tis", 0, {}, {value("nav", 1)}}}},
             {"I021/250", 0, {}, {{"", 0, {}, {value("mb", 5), value("bds", 0x50)}}}},
             {"I021/295", 0, {}, {{"scc", 0, {}, {value("age_s", 1)}}}},
             {"I021/RE", 0, {}, {{"raw", 0, "abc", {}}}}});
  write(62, {{"I062/010", 0, {}, source},
             {"I062/070", 0, {}, {value("time_of_day_s", 1000)}},
             {"I062/380", 0, {}, {{"id", 0, {}, {value("identification", 1)}}}},
             {"I062/080", 0, {}, {value("sfc", 1)}},
             {"I062/390", 0, {}, {{"tod", 0, {}, {{"", 0, {}, {value("hours", 5)}}}}}},
             {"I062/510", 0, {}, {{"", 0, {}, {value("unit", 1), value("track_number", 2)}}}},
             {"I062/500", 0, {}, {{"arc", 0, {}, {value("climb_mps", 2)}}}}});
  write(65, {{"I065/010", 0, {}, source}, {"I065/040", 0, {}, {value("nogo", 2)}}});
}

void WriteAsterix() {
  using namespace asterix;
  const Instant time = Instant::FromMicros(1'772'323'200'000'000);
  Cat010Record surface;
  surface.time = time;
  surface.range_m = 1000;
  surface.velocity = PolarVelocity{10, 90};
  surface.velocity_en_mps = Eigen::Vector2d(10, 0);
  surface.track_number = 7;
  Cat048Record plot;
  plot.time = time;
  plot.range_m = 5000;
  plot.warnings = {6, 13};
  plot.doppler_mps = 12;
  Cat034Record north;
  north.time = time;
  north.rotation_period_s = 2.5;
  north.nogo = true;
  const std::string services = EncodeCat034(std::vector<Cat034Record>{north, north});
  const std::string plots = EncodeCat048(std::vector<Cat048Record>{plot, plot});
  Write("asterix/cat010", EncodeCat010(std::vector<Cat010Record>{surface, surface}));
  Write("asterix/cat034_cat048", services + plots);
  // Mode S with registers (a public sample of CroatiaControlLtd/asterix).
  Write("asterix/cat048_mode_s",
        *HexDecode("300030fdf70219c9356d4da0c5aff1e0020005283c660c10c236d4182001c0780031bc0000400d"
                   "eb07b9582e410020f5"));
  Write("asterix/capture",
        PcapHeader() + PcapUdpPacket(time, 0x0A000001, 4000, 0xEF010101, 8600, plots));
  WriteOtherAsterix();
}

void WriteHuman() {
  HumanRecord record;
  record.record_id = "seed-1";
  record.kind = HumanRecordKind::kAllegation;
  record.time_first = record.time_last = record.reported =
      Instant::FromMicros(1'772'323'200'000'000);
  record.position = Place(0);
  record.radius_m = 100;
  record.means = "statement";
  record.informant = "public";
  record.object_class = ObjectClass::kTruck;
  record.count_min = record.count_max = 3;
  record.text = "line\nbreak \xC3\xA9";
  const auto pair = Ed25519KeyPair::FromSeed(Ed25519Seed{});
  const std::string note = WriteHumanRecord(record, "fuzz", pair).value();
  Write("human/note", note);
  const std::size_t from = note.find('{');
  Write("human/object", note.substr(from, note.find("}\n") + 1 - from));
}

void WriteEnvelopes() {
  const auto write = [](const char* name, const v1::Envelope& envelope) {
    Write(std::string("envelope/") + name, SerializeEnvelope(envelope));
  };
  v1::Envelope e;
  *e.mutable_raw_record() = ToProto(RawRecord{.source = {"radar"}, .bytes = "bytes"});
  write("raw_record", e);
  VideoSegment video;
  video.codec = "h264";
  video.raw_digests.resize(1);
  VideoFrame frame;
  frame.pose = CameraPose{};
  frame.pose->width_px = frame.pose->height_px = 100;
  frame.pose->horizontal_fov = frame.pose->vertical_fov = Angle::Degrees(5);
  video.frames = {frame, VideoFrame{}};
  *e.mutable_video_segment() = ToProto(video);
  write("video_segment", e);
  RadarDwell dwell;
  dwell.footprint = {Place(0), Place(0.1), Place(0.2)};
  dwell.detection_probability = 0.9;
  Plot plot;
  plot.position = Place(0.05);
  plot.cov_en_m2 = Eigen::Matrix2d::Identity();
  plot.range_rate_mps = 3.0;
  plot.snr_db = 12.0;
  dwell.plots = {plot};
  *e.mutable_radar_dwell() = ToProto(dwell);
  write("radar_dwell", e);
  ObservationSet set;
  set.detection_probability = 0.9;
  Detection detection;
  detection.position = Place(0);
  detection.cov_en_m2 = detection.velocity_cov_en = Eigen::Matrix2d::Identity();
  detection.velocity_en_mps = Eigen::Vector2d(1, 2);
  set.detections = {detection};
  *e.mutable_observation_set() = ToProto(set);
  write("observation_set", e);
  *e.mutable_source_status() = ToProto(SourceStatus{});
  write("source_status", e);
  *e.mutable_data_fault() = ToProto(DataFault{});
  write("data_fault", e);
  Picture picture;
  picture.tracks.resize(1);
  picture.groups.resize(1);
  *e.mutable_picture() = ToProto(picture);
  write("picture", e);
  Finding finding;
  finding.supports.resize(1);
  *e.mutable_finding() = ToProto(finding);
  write("finding", e);
  *e.mutable_published()->mutable_finding() = ToProto(finding);
  write("published", e);
}

void WriteNotes() {
  using namespace evidence;
  const auto pair = Ed25519KeyPair::FromSeed(Ed25519Seed{});
  const NoteKey log{"exercise.seed", kNoteEd25519, pair.public_key()};
  const NoteKey witness{"witness", kNoteCosignature, pair.public_key()};
  const std::string text = FormatCheckpoint({log.name, 7, Digest{}});
  SignedNote note{text, {SignNote(text, log.name, pair), CosignNote(text, "witness", pair, 9)}};
  Write("note/checkpoint_text", text);
  Write("note/cosigned", FormatNote(note));
  Write("note/vkey", FormatVkey(log));
  Write("note/policy", fmt::format("# seed\nlog {}\nwitness w {}\ngroup g any w\nquorum g\n",
                                   FormatVkey(log), FormatVkey(witness)));
}

}  // namespace
}  // namespace trucewatch

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: seed_corpus FOLDER\n");
    return 2;
  }
  trucewatch::folder = argv[1];
  trucewatch::WriteKlv();
  trucewatch::WriteTs();
  trucewatch::WriteRadar();
  trucewatch::WriteAsterix();
  trucewatch::WriteHuman();
  trucewatch::WriteEnvelopes();
  trucewatch::WriteNotes();
  trucewatch::WriteStacSeeds(trucewatch::Write);
  return 0;
}
