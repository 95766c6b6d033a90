// SPDX-License-Identifier: Apache-2.0
#include "tests/support/ffmpeg_tools.h"

#include <sstream>
#include <stdexcept>

#include "tests/support/process.h"

namespace trucewatch::testing {
namespace {

std::string OutputOf(const std::vector<std::string>& argv) {
  Finished finished = RunProcess(argv);
  if (finished.code != 0) throw std::runtime_error(argv.front() + ": " + finished.output);
  return std::move(finished.output);
}

}  // namespace

void RunFfmpeg(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {"ffmpeg", "-nostdin", "-v", "error", "-y"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  OutputOf(argv);
}

void MakeClip(const std::string& path, const std::vector<std::string>& codec, int seconds) {
  std::vector<std::string> arguments = {
      "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=" + std::to_string(seconds)};
  arguments.insert(arguments.end(), codec.begin(), codec.end());
  for (const char* argument : {"-g", "25", "-pix_fmt", "yuv420p", "-threads", "1"}) {
    arguments.emplace_back(argument);
  }
  arguments.push_back(path);
  RunFfmpeg(arguments);
}

std::vector<double> PacketTimes(const std::string& path, const std::string& stream) {
  std::istringstream lines(OutputOf({"ffprobe", "-v", "quiet", "-select_streams", stream,
                                     "-show_entries", "packet=pts_time", "-of", "csv=p=0", path}));
  std::vector<double> times;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) times.push_back(std::stod(line));
  }
  return times;
}

std::vector<std::string> PictureDigests(const std::string& path) {
  std::istringstream lines(OutputOf({"ffmpeg", "-nostdin", "-v", "quiet", "-i", path, "-map", "0:v",
                                     "-fps_mode", "passthrough", "-f", "framemd5", "-"}));
  std::vector<std::string> digests;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    digests.push_back(line.substr(line.rfind(' ') + 1));
  }
  return digests;
}

}  // namespace trucewatch::testing
