// SPDX-License-Identifier: Apache-2.0
// The signer program of the tests: KEY STATE ORIGIN [silent].
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "evidence/signer/run_signer.h"

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  if (argc > 4 && std::string_view(argv[4]) == "silent") {
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
  }
  const auto storage = trucewatch::MakePosixStorage();
  const auto ended = trucewatch::evidence::RunSigner(*storage, {argv[1], argv[2], argv[3]},
                                                     STDIN_FILENO, STDOUT_FILENO);
  if (ended) return 0;
  std::fprintf(stderr, "signer: %s\n", ended.error().message.c_str());
  return trucewatch::ExitCode(ended.error());
}
