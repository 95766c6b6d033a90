// SPDX-License-Identifier: Apache-2.0
// A worker of `trucewatch detect` that does what a hole in a decoder would let it do, by the name
// of the file.
#include <sys/socket.h>

#include <cstdlib>

#include "core/process/job_server.h"
#include "trucewatch/v1/detect_worker.pb.h"

namespace trucewatch {
namespace {

std::string Line(const std::string& text) {
  v1::FileResult result;
  result.add_lines(text);
  return result.SerializeAsString();
}

std::string Do(const std::string& request, JobChannel& channel) {
  v1::FileJob job;
  if (!job.ParseFromString(request)) return {};
  const std::string& file = job.file();
  if (file == "crash") std::abort();
  if (file == "socket") static_cast<void>(::socket(AF_INET, SOCK_STREAM, 0));
  if (file == "spin") {
    volatile unsigned turns = 0;
    while (true) turns = turns + 1;
  }
  if (file == "garbage") return "\xff\xff";
  if (file == "other") return Line(R"({"file":"honest","frame":0})");
  if (file == "two")
    return Line("{\"file\":\"two\",\"frame\":0}\n{\"file\":\"honest\",\"frame\":0}");
  if (file == "escape") return Line("{\"file\":\"escape\",\"frame\":\"\x1b[2J\"}");
  if (file == "code") {
    v1::FileResult result;
    result.set_error_code(99);
    return result.SerializeAsString();
  }
  if (file == "words") {
    v1::FileResult result;
    result.set_error_code(2);
    result.set_error("bad\n\x1b[2Jwords");
    return result.SerializeAsString();
  }
  if (file == "reads") {
    // Beyond its file, and of files that are not there.
    for (const char index : {'\0', '\1', '\x7F', '\xFF'}) {
      std::string question = {'R', index};
      question += std::string(15, '\0') + "\x20";
      const auto answer = channel.Ask(question);
      if (!answer || !answer->empty()) return Line(R"({"file":"reads","got":true})");
    }
    return Line(R"({"file":"reads","got":false})");
  }
  if (file == "draws") {
    // Not from its beginning.
    static_cast<void>(channel.Ask(std::string("D\0\0\0\0\0\0\0\0\0\0\0\x05pixels", 19)));
    return Line(R"({"file":"draws","frame":0})");
  }
  return Line("{\"file\":\"" + file + "\",\"frame\":0}");
}

}  // namespace
}  // namespace trucewatch

int main() {
  return trucewatch::RunJobServer(
             [](const std::string&) -> trucewatch::Result<trucewatch::JobServerParts> {
               return trucewatch::JobServerParts{.handler = trucewatch::Do, .readable = {}};
             })
             ? 0
             : 1;
}
