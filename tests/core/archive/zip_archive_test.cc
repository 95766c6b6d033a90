// SPDX-License-Identifier: Apache-2.0
#include "core/archive/zip_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/storage/storage.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

// Bytes as a file; nothing is written.
class BytesFile final : public File {
 public:
  explicit BytesFile(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<void> Append(Bytes) override { return {}; }
  Result<std::string> ReadAt(std::uint64_t offset, std::size_t size) const override {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      ADD_FAILURE() << "reads " << size << " bytes at " << offset << " of " << bytes_.size();
      return Fail(ErrorCode::kIo, "beyond the end");
    }
    return bytes_.substr(offset, size);
  }
  Result<void> ReadInto(std::uint64_t offset, std::span<std::uint8_t> out) const override {
    TW_ASSIGN_OR_RETURN(const std::string bytes, ReadAt(offset, out.size()));
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return {};
  }
  Result<std::uint64_t> Size() const override { return bytes_.size(); }
  Result<void> Truncate(std::uint64_t) override { return {}; }
  Result<void> Sync() override { return {}; }

 private:
  std::string bytes_;
};

class Zip : public ::testing::Test {
 protected:
  // An archive that Python's zipfile module wrote.
  std::string Python(const std::string& code) {
    const std::string path = directory_.File("a.zip");
    const auto ran = testing::RunProcess(
        {"python3", "-c", "import zipfile,sys\nz=zipfile.ZipFile(sys.argv[1],'w')\n" + code, path});
    EXPECT_EQ(ran.code, 0) << ran.output;
    return testing::ReadFile(path);
  }
  // Every entry in full, or the first reason why not.
  static std::string ReadAll(const std::string& bytes) {
    const BytesFile file(bytes);
    const auto archive = ZipArchive::Open(file, "a.zip");
    if (!archive) return "refused: " + archive.error().message;
    std::string all;
    for (const ZipEntry& entry : archive->entries()) {
      auto reader = ZipEntryReader::Open(*archive, entry);
      if (!reader) return "refused: " + reader.error().message;
      all += entry.name + "=";
      while (true) {
        const auto part = reader->Read(1000);
        if (!part) return "refused: " + part.error().message;
        if (part->empty()) break;
        EXPECT_LE(part->size(), 1000U);
        all += *part;
      }
      all += ";";
    }
    return all;
  }
  testing::TempDirectory directory_;
};

TEST_F(Zip, StoredAndPackedEntriesComeByNameFoldersLeftOut) {
  const std::string zip = Python(
      "z.writestr('S/','')\nz.writestr('S/b','second',zipfile.ZIP_STORED)\n"
      "z.writestr('S/a','x'*300000,zipfile.ZIP_DEFLATED)\nz.writestr('e','')\nz.close()");
  EXPECT_EQ(ReadAll(zip), "S/a=" + std::string(300000, 'x') + ";S/b=second;e=;");
}

TEST_F(Zip, Zip64FieldsAreRead) {
  const std::string zip = Python(
      "f=z.open(zipfile.ZipInfo('a'),'w',force_zip64=True)\nf.write(b'data')\nf.close()\n"
      "zipfile.ZIP64_LIMIT=0\nzipfile.ZIP_FILECOUNT_LIMIT=0\nz.close()");
  EXPECT_THAT(zip, HasSubstr("PK\x06\x06"));  // or this shows nothing
  EXPECT_EQ(ReadAll(zip), "a=data;");
}

TEST_F(Zip, WhatCouldLeadAstrayIsRefused) {
  EXPECT_THAT(ReadAll(Python("z.writestr('../a','x')\nz.close()")), HasSubstr("no relative path"));
  EXPECT_THAT(ReadAll(Python("z.writestr('/etc/a','x')\nz.close()")),
              HasSubstr("no relative path"));
  EXPECT_THAT(ReadAll(Python("import warnings\nwarnings.simplefilter('ignore')\n"
                             "z.writestr('a','x')\nz.writestr('a','y')\nz.close()")),
              HasSubstr("twice"));
  EXPECT_THAT(ReadAll(Python("z.writestr('a','x'*99,zipfile.ZIP_BZIP2)\nz.close()")),
              HasSubstr("by method 12"));
  EXPECT_THAT(ReadAll(Python("[z.writestr(str(i),'') for i in range(10001)]\nz.close()")),
              HasSubstr("10001 entries"));
  EXPECT_THAT(ReadAll(("PK\x03\x04 and no more")), HasSubstr("no end record"));
}

// The directory says how much comes out: more than that ends the entry, however well it packs.
TEST_F(Zip, AnEntryThatUnpacksToMoreThanItSaysIsDamaged) {
  std::string bytes = (Python("z.writestr('a','x'*100000,zipfile.ZIP_DEFLATED)\nz.close()"));
  const std::size_t directory = bytes.find("PK\x01\x02");
  bytes[directory + 24] = 10;  // the low bytes of 100000 = 0x186A0
  bytes[directory + 25] = bytes[directory + 26] = 0;
  EXPECT_THAT(ReadAll((bytes)), HasSubstr("unpacks to 11 bytes"));
}

TEST_F(Zip, CutAnywhereOrWithOneBitWrongItIsNeverRead) {
  const std::string good =
      (Python("z.writestr('S/a','some text, some text, some text',zipfile.ZIP_DEFLATED)\n"
              "z.writestr('b','stored')\nz.close()"));
  const std::string all = ReadAll((good));
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_NE(ReadAll((good.substr(0, cut))), all) << cut;
  }
  // Names, dates, versions and attributes carry no check: what must hold is that contents do.
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string flipped = good;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const std::string read = ReadAll((flipped));
    if (read.starts_with("refused: ")) continue;
    for (const char* part : {"=some text, some text, some text;", "=stored;"}) {
      EXPECT_THAT(read, HasSubstr(part)) << "bit " << bit;
    }
  }
}

TEST_F(Zip, RealProductIsReadInFull) {
  TW_SHARED_DATA_OR_SKIP(path,
                         "satellite/S1A_IW_GRDH_1SDV_20210119T031653_20210119T031718_036201_043ED0_"
                         "8255.zip");
  const auto file = MakePosixStorage()->Open(path, false);
  ASSERT_TRUE(file);
  const auto archive = ZipArchive::Open(**file, path);
  ASSERT_TRUE(archive) << archive.error().message;
  EXPECT_EQ(archive->entries().size(), 20U);  // as `unzip -l` counts them, folders left out
  EXPECT_THAT(ReadAll(testing::ReadFile(path)), HasSubstr("manifest.safe=<?xml"));
}

}  // namespace
}  // namespace trucewatch
