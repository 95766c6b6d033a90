// SPDX-License-Identifier: Apache-2.0
// KWIVER's test clips against KWIVER's own decode of them (independent of ours): every item, nested
// sets and packs included.
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>

#include "core/media/demuxer.h"
#include "ingest/klv/inspect_klv.h"
#include "tests/ingest/klv/klv_test_support.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

// As counted when the test was written; fewer would mean that something is no longer compared.
constexpr int kFieldsOfOneStream = 16'862;
constexpr int kFieldsOfSeveralStreams = 17'163;

// The KLV lines of `inspect` for a transport stream, one file line each.
void WriteLines(const std::string& clip, const std::string& path) {
  std::ofstream out(path);
  const auto demuxer = TsDemuxer::Create();
  const auto take = [&](const std::vector<MediaPacket>& packets) {
    for (const MediaPacket& packet : packets) {
      if (packet.kind != MediaKind::kKlv) continue;
      KlvLineContext context;
      context.file = "clip";
      context.stream = packet.stream_index;
      for (const KlvRecord& record : SplitKlv(AsBytes(packet.data))) {
        out << KlvRecordLine(context, record) << '\n';
      }
    }
  };
  const auto packets = demuxer->Push(AsBytes(testing::ReadAll(clip)));
  ASSERT_TRUE(packets) << packets.error().message;
  take(*packets);
  const auto rest = demuxer->Finish();
  ASSERT_TRUE(rest) << rest.error().message;
  take(*rest);
}

// Fields compared; fails the test when one differs.
int Compare(const std::string& clip, const std::string& expected) {
  const testing::TempDirectory folder;
  const std::string lines = folder.path() + "/lines.jsonl";
  WriteLines(clip, lines);
  const auto run =
      testing::RunProcess({"python3", "tests/ingest/klv/kwiver_conformance.py", expected, lines});
  std::cout << clip.substr(clip.rfind('/') + 1) << ": "
            << run.output.substr(run.output.rfind('\n', run.output.size() - 2) + 1);
  EXPECT_EQ(run.code, 0) << run.output;
  const auto at = run.output.rfind('\n', run.output.size() - 2) + 1;
  return std::atoi(run.output.c_str() + at);
}

TEST(KwiverConformance, EveryFieldOfTheClipsIsAsExpected) {
  TW_SHARED_DATA_OR_SKIP(expected, "klv/video_stream_klv.json.zz");
  for (const char* name : {"klv/h264_klv.ts", "klv/h265_klv.ts", "klv/mpeg2_klv.ts"}) {
    TW_SHARED_DATA_OR_SKIP(clip, name);
    EXPECT_GE(Compare(clip, expected), kFieldsOfOneStream) << name;
  }
}

TEST(KwiverConformance, EveryFieldOfTheClipWithSeveralStreamsIsAsExpected) {
  TW_SHARED_DATA_OR_SKIP(expected, "klv/video_stream_tricky_klv.json.zz");
  TW_SHARED_DATA_OR_SKIP(clip, "klv/h265_tricky_klv.ts");
  EXPECT_GE(Compare(clip, expected), kFieldsOfSeveralStreams);
}

}  // namespace
}  // namespace trucewatch
