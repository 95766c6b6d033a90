// SPDX-License-Identifier: Apache-2.0
// What GDAL 3.6 does with hostile files by default, and that none of it happens here.
#include <gdal_priv.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "core/raster/raster_writer.h"
#include "core/raster/scene_reader.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

std::string SmallScene() {
  RasterToWrite raster{.width_px = 64,
                       .height_px = 64,
                       .bands = 1,
                       .pixels = std::vector<std::uint8_t>(64 * 64, 50),
                       .epsg = 4326,
                       .geotransform = {30, 0.001, 0, 51, 0, -0.001},
                       .datetime = ""};
  return *EncodeCog(raster);
}

// A port on which nobody may knock.
class QuietPort {
 public:
  QuietPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_, 4), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~QuietPort() { ::close(socket_); }
  QuietPort(const QuietPort&) = delete;
  QuietPort& operator=(const QuietPort&) = delete;
  int port() const { return port_; }
  bool Knocked() const {
    pollfd one{socket_, POLLIN, 0};
    return ::poll(&one, 1, 0) > 0;
  }

 private:
  int socket_;
  int port_ = 0;
};

class Hostile : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& bytes) {
    std::ofstream(directory_.File(name), std::ios::binary) << bytes;
    return directory_.File(name);
  }
  static std::string Refusal(const std::string& path) {
    SceneOptions options;
    options.placed = false;  // not even for a look
    const auto scene = SceneReader::OpenFile(path, options);
    EXPECT_FALSE(scene) << path;
    return scene ? "" : scene.error().message;
  }
  static std::string Output(const std::string& command) {
    return testing::RunProcess({"sh", "-c", command + " 2>&1"}).output;
  }
  testing::TempDirectory directory_;
};

TEST_F(Hostile, AVirtualFileNamedTifIsNoImage) {
  const std::string secret = Write("secret.txt", std::string(64, 'S'));
  const std::string path =
      Write("x.tif",
            "<VRTDataset rasterXSize=\"8\" rasterYSize=\"8\"><VRTRasterBand dataType=\"Byte\" "
            "band=\"1\" subClass=\"VRTRawRasterBand\"><SourceFilename>" +
                secret + "</SourceFilename></VRTRasterBand></VRTDataset>");
  EXPECT_THAT(Output("gdalinfo " + path), HasSubstr("Driver: VRT"));  // what is to be prevented
  EXPECT_THAT(Refusal(path), HasSubstr("virtual file that names other files"));
}

TEST_F(Hostile, SidecarsDoNotMoveAScene) {
  const std::string path = Write("x.tif", SmallScene());
  Write("x.tif.aux.xml",
        "<PAMDataset><SRS>EPSG:4326</SRS><GeoTransform>40, 0.001, 0, 60, 0, "
        "-0.001</GeoTransform></PAMDataset>");
  EXPECT_THAT(Output("gdalinfo " + path), HasSubstr("Origin = (40.0"));
  const auto scene = SceneReader::OpenFile(path);
  ASSERT_TRUE(scene) << scene.error().message;
  const auto corner = (*scene)->GroundFromPixel({0, 0});
  EXPECT_NEAR(corner->longitude.deg(), 30, 1e-9);
  EXPECT_NEAR(corner->latitude.deg(), 51, 1e-9);
}

TEST_F(Hostile, AWorldFileDoesNotPlaceAnImage) {
  Write("in.tif", SmallScene());
  Output("gdal_translate -q -co PROFILE=BASELINE " + directory_.File("in.tif") + " " +
         directory_.File("x.tif"));
  std::filesystem::remove(directory_.File("x.tif.aux.xml"));
  Write("x.tfw", "0.001\n0\n0\n-0.001\n30\n51\n");
  EXPECT_THAT(Output("gdalinfo " + directory_.File("x.tif")), HasSubstr("Origin = (29.99"));
  SceneOptions options;
  options.placed = false;
  const auto scene = SceneReader::OpenFile(directory_.File("x.tif"), options);
  ASSERT_TRUE(scene) << scene.error().message;
  EXPECT_EQ((*scene)->info().not_placed, "no georeference inside the file");
}

TEST_F(Hostile, MaskOverviewAndRpcFilesBesideAnImageAreNotSeen) {
  Write("in.tif", SmallScene());
  const std::string path = directory_.File("x.tif");
  Output(
      "gdal_translate -q -co TILED=YES -co BLOCKXSIZE=16 -co BLOCKYSIZE=16 -co PROFILE=BASELINE " +
      directory_.File("in.tif") + " " + path);
  Output("gdaladdo -q -ro " + path +
         " 2 && gdal_create -q -ot Byte -outsize 32 32 -bands 1 -burn 9 " +
         directory_.File("o.tif") + " && cp " + directory_.File("o.tif") + " " + path + ".ovr");
  Output(
      "gdal_create -q -of GTiff -mo INTERNAL_MASK_FLAGS_1=2 -ot Byte -outsize 64 64 -bands 1 -burn "
      "0 " +
      path + ".msk");
  std::string rpc;
  for (const char* key : {"LINE_OFF", "SAMP_OFF", "LAT_OFF", "LONG_OFF", "HEIGHT_OFF", "LINE_SCALE",
                          "SAMP_SCALE", "LAT_SCALE", "LONG_SCALE", "HEIGHT_SCALE"}) {
    rpc += fmt::format("{}: 10\n", key);
  }
  for (const char* key : {"LINE_NUM", "LINE_DEN", "SAMP_NUM", "SAMP_DEN"}) {
    for (int i = 1; i <= 20; ++i) rpc += fmt::format("{}_COEFF_{}: {}\n", key, i, i < 4 ? i : 0);
  }
  Write("x_RPC.TXT", rpc);
  const std::string seen = Output("gdalinfo " + path);
  EXPECT_THAT(seen, HasSubstr("RPC Metadata"));
  EXPECT_THAT(seen, HasSubstr("Overviews: 32x32"));
  EXPECT_THAT(seen, HasSubstr("Mask Flags: PER_DATASET"));
  SceneOptions options;
  options.placed = false;
  const auto scene = SceneReader::OpenFile(path, options);
  ASSERT_TRUE(scene) << scene.error().message;
  EXPECT_FALSE((*scene)->info().rpc);
  EXPECT_FALSE((*scene)->info().masked);
  std::vector<float> values(32 * 32);
  std::vector<std::uint8_t> valid(32 * 32);
  ASSERT_TRUE((*scene)->Read({.window = {0, 0, 64, 64}, .width = 32, .height = 32}, values, valid));
  EXPECT_EQ(values[100], 50);
  EXPECT_EQ(valid[100], 1);
}

TEST_F(Hostile, NoNameAndNoContentReachesTheNetwork) {
  const QuietPort port;
  const std::string url = fmt::format("http://127.0.0.1:{}/x.tif", port.port());
  Output("timeout 1 gdalinfo /vsicurl/" + url);
  EXPECT_TRUE(port.Knocked());  // what is to be prevented
  const QuietPort quiet;
  const std::string other = fmt::format("http://127.0.0.1:{}/x", quiet.port());
  for (const std::string& name :
       std::vector<std::string>{"/vsicurl/" + other, "/vsizip//vsicurl/" + other, "/vsimem/x.tif",
                                "MEM:::DATAPOINTER=0", "GTIFF_DIR:1:" + directory_.File("x.tif"),
                                directory_.path(), std::string("/dev/zero")}) {
    EXPECT_THAT(Refusal(name), HasSubstr("no such file")) << name;
  }
  // A coordinate system that is named by a URL, in JPEG 2000's GML box.
  const std::string in = Write("in.tif", SmallScene());
  const std::string jp2 = directory_.File("x.jp2");
  Output("gdal_translate -q -of JP2OpenJPEG -co GMLJP2=YES -co GeoJP2=NO " + in + " " + jp2);
  std::string bytes = testing::ReadFile(jp2);
  const std::string srs = "urn:ogc:def:crs:EPSG::4326";
  std::string mine = other;
  ASSERT_NE(bytes.find(srs), std::string::npos);
  ASSERT_LE(mine.size(), srs.size());
  mine.append(srs.size() - mine.size(), 'x');
  for (std::size_t at = 0; (at = bytes.find(srs, at)) != std::string::npos;) {
    bytes.replace(at, srs.size(), mine);
  }
  SceneOptions options;
  options.placed = false;
  (void)SceneReader::OpenFile(Write("evil.jp2", bytes), options);
  EXPECT_FALSE(quiet.Knocked());
}

TEST_F(Hostile, AFilesOwnNameMeansNothing) {
  for (const std::string name : {"a:b.tif", "VRT:x.tif", "GTIFF_DIR:2:x.tif"}) {
    const auto scene = SceneReader::OpenFile(Write(name, SmallScene()));
    EXPECT_TRUE(scene) << name;
  }
}

TEST_F(Hostile, SixtyThousandSquareInASmallFileIsRefusedUndecoded) {
  const std::string path = directory_.File("bomb.tif");
  Output(
      "gdal_create -q -of GTiff -outsize 60000 60000 -bands 1 -ot Byte -co SPARSE_OK=TRUE -co "
      "TILED=YES -co COMPRESS=DEFLATE " +
      path);
  ASSERT_LT(std::filesystem::file_size(path), 1'000'000U);
  EXPECT_THAT(Refusal(path), HasSubstr("60000 x 60000 pixels of 1 bytes"));
}

TEST_F(Hostile, BlocksAndTilesThatWouldFillTheMemoryAreRefusedUndecoded) {
  const auto make = [&](const std::string& options) {
    const std::string path = directory_.File("block.tif");
    std::filesystem::remove(path);
    Output("gdal_create -q -of GTiff -co SPARSE_OK=TRUE -co TILED=YES " + options + " " + path);
    return Refusal(path);
  };
  EXPECT_THAT(make("-outsize 16 16 -bands 1 -co BLOCKXSIZE=32768 -co BLOCKYSIZE=32768"),
              HasSubstr("blocks of 32768 x 32768"));
  // Small bands, but 60 of them in each block.
  EXPECT_THAT(make("-outsize 16 16 -bands 60 -co BLOCKXSIZE=2048 -co BLOCKYSIZE=2048"),
              HasSubstr("60 bands of 1 bytes in each"));
  EXPECT_THAT(make("-outsize 16 16 -bands 65"), HasSubstr("65 bands"));

  Write("in.tif", SmallScene());
  Output("gdal_translate -q -of JP2OpenJPEG " + directory_.File("in.tif") + " " +
         directory_.File("x.jp2"));
  const std::string sound = testing::ReadFile(directory_.File("x.jp2"));
  const std::size_t siz = sound.find("\xFF\x4F\xFF\x51");
  ASSERT_NE(siz, std::string::npos);
  const auto with = [&](std::initializer_list<std::pair<std::size_t, std::uint32_t>> fields) {
    std::string bytes = sound;
    for (const auto& [at, value] : fields) {
      std::string big;
      AppendBe32(big, value);
      bytes.replace(siz + at, 4, big);
    }
    return Refusal(Write("y.jp2", bytes));
  };
  EXPECT_THAT(with({{8, 30000}, {12, 30000}, {24, 30000}, {28, 30000}}),
              HasSubstr("tiles of 30000 x 30000"));
  EXPECT_THAT(with({{8, 60000}, {12, 60000}, {24, 300}, {28, 300}}), HasSubstr("JPEG 2000 tiles"));
  EXPECT_THAT(with({{24, 0}}), HasSubstr("expected a positive size"));
}

TEST_F(Hostile, FormatsThatWriteAreNotOpened) {
  const std::string mrf = Write(
      "x.tif",
      "<MRF_META><CachedSource><Source>x</Source></CachedSource><Raster><Size x=\"8\" y=\"8\" "
      "c=\"1\"/><DataFile>../written.pzp</DataFile></Raster></MRF_META>");
  EXPECT_THAT(Refusal(mrf), HasSubstr("no GeoTIFF, JPEG 2000 or NITF image"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1);
}

TEST_F(Hostile, OnlyTheDriversWeUseAreLeft) {
  ASSERT_TRUE(SceneReader::OpenFile(Write("x.tif", SmallScene())));
  GDALAllRegister();  // as any later call may
  std::set<std::string> left;
  for (int i = 0; i < GetGDALDriverManager()->GetDriverCount(); ++i) {
    left.insert(GetGDALDriverManager()->GetDriver(i)->GetDescription());
  }
  EXPECT_EQ(left, (std::set<std::string>{"COG", "GPKG", "GTiff", "GeoJSON", "JP2OpenJPEG", "MEM",
                                         "NITF", "SRTMHGT"}));
}

TEST_F(Hostile, APipeDoesNotHoldTheReaderUp) {
  const std::string path = directory_.File("pipe.tif");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(Refusal(path), HasSubstr("no such file"));
}

}  // namespace
}  // namespace trucewatch
