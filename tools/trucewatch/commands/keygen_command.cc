// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "core/storage/storage.h"
#include "evidence/signer/log_key.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/key_files.h"

namespace trucewatch::tools {
namespace {

// What to keep, and what to paste where.
int Tell(const std::string& file, const char* reader, const char* where, const std::string& lines) {
  std::printf("private key  %s (keep it; only %s needs it)\npublic key   %s.pub, for %s:\n%s",
              file.c_str(), reader, file.c_str(), where, lines.c_str());
  return 0;
}

}  // namespace

Result<int> RunKeygen(const KeygenCommand& command) {
  if (command.station) {
    const StationKeys keys = MakeStationKeys(command.name);
    TW_RETURN_IF_ERROR(WriteStationKeys(command.out, keys));
    const std::string vkey = StationVkey(keys);
    const auto storage = MakePosixStorage();
    TW_RETURN_IF_ERROR(WriteFileAtomically(*storage, command.out + ".vkey", AsBytes(vkey + "\n")));
    const int told =
        Tell(command.out, "the station", "hub { } of the mission's config", StationPeerLines(keys));
    std::printf("for a key set, role station, instead of sign_public: %s.vkey\n%s\n",
                command.out.c_str(), vkey.c_str());
    return told;
  }
  if (command.hub) {
    const CurveKeyPair keys = MakeCurveKeyPair();
    TW_RETURN_IF_ERROR(WriteHubKeys(command.out, keys));
    return Tell(command.out, "the hub", "the config of every station; watch takes the file",
                HubPublicLines(keys));
  }
  if (command.subscriber) {
    const SubscriberKeys keys{.id = command.name, .curve = MakeCurveKeyPair()};
    TW_RETURN_IF_ERROR(WriteSubscriberKeys(command.out, keys));
    return Tell(command.out, "the subscriber",
                "hub { } of the mission's config, with an audience (OFFICERS, PARTY_A, ...)",
                SubscriberPeerLines(keys));
  }
  TW_ASSIGN_OR_RETURN(const std::string vkey,
                      evidence::GenerateKey(command.out, command.name, std::nullopt,
                                            command.witness ? kNoteCosignature : kNoteEd25519));
  std::printf("private key  %s (keep it; only the %s needs it)\npublic key   %s.vkey\n%s\n",
              command.out.c_str(), command.witness ? "witness" : "signer", command.out.c_str(),
              vkey.c_str());
  return 0;
}

}  // namespace trucewatch::tools
