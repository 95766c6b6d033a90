// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

// The ffmpeg and ffprobe programs, as an opinion other than ours of what a file holds.
namespace trucewatch::testing {

// `ffmpeg -v error ARGUMENTS`; throws with its output when it fails.
void RunFfmpeg(const std::vector<std::string>& arguments);

// A moving test picture, 320x180, 25 pictures a second with a key frame each second; `codec` and
// what follows are arguments of ffmpeg: {"-c:v", "libx264", "-bf", "3"}.
void MakeClip(const std::string& path, const std::vector<std::string>& codec, int seconds = 2);

// Presentation times of the packets of a stream ("v:0", "d:0") in file order, seconds.
std::vector<double> PacketTimes(const std::string& path, const std::string& stream);

// MD5 of each decoded picture, in order of showing.
std::vector<std::string> PictureDigests(const std::string& path);

}  // namespace trucewatch::testing
