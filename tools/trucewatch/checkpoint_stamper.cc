// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/checkpoint_stamper.h"

#include "core/crypto/sha256.h"
#include "core/crypto/timestamp.h"
#include "core/note/signed_note.h"
#include "evidence/ledger/checkpoint.h"

namespace trucewatch::tools {
namespace {

constexpr char kStampFormat[] = "timestamp";

std::string AccuracyText(const std::optional<Duration>& accuracy) {
  return accuracy ? fmt::format("{:g} s", accuracy->seconds()) : "not stated";
}

}  // namespace

Result<std::optional<evidence::OperationStatement>> CheckpointStamper::Step(Instant now,
                                                                            bool now_or_never) {
  if (!now_or_never && asked_ && now - *asked_ < options_.every) return std::nullopt;
  const std::string path = options_.ledger_directory + "/checkpoint";
  TW_ASSIGN_OR_RETURN(const bool there, storage_.Exists(path));
  if (!there) return std::nullopt;
  TW_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(storage_, path, kMaxNoteSize));
  TW_ASSIGN_OR_RETURN(const SignedNote note, ParseNote(bytes));
  TW_ASSIGN_OR_RETURN(const evidence::Checkpoint checkpoint, evidence::ParseCheckpoint(note.text));
  const std::string base = fmt::format("{}/{}", options_.out_directory, checkpoint.size);
  TW_ASSIGN_OR_RETURN(const bool stamped, storage_.Exists(base + ".tsr"));
  if (stamped) return std::nullopt;
  asked_ = now;
  const Digest digest = Sha256(bytes);
  const TimestampRequest request = MakeTimestampRequest(digest);
  const auto answer = ask_(request.der);
  const auto stamp =
      answer ? CheckTimestamp(AsBytes(*answer),
                              {.sha256 = digest, .ca_pem = options_.ca_pem, .nonce = request.nonce})
             : Result<Timestamp>(tl::unexpected<Error>(answer.error()));
  if (!stamp) {
    const bool said = std::exchange(failing_, true);
    if (said) return std::nullopt;
    return evidence::OperationStatement{
        kStampFormat, "",
        fmt::format("not stamped: size={} checkpoint={} why={}", checkpoint.size, HexEncode(digest),
                    stamp.error().message)};
  }
  failing_ = false;
  TW_RETURN_IF_ERROR(storage_.MakeDirectories(options_.out_directory));
  TW_RETURN_IF_ERROR(WriteFileAtomically(storage_, base + ".checkpoint", AsBytes(bytes)));
  TW_RETURN_IF_ERROR(WriteFileAtomically(storage_, base + ".tsr", AsBytes(*answer)));
  return evidence::OperationStatement{
      kStampFormat, "",
      fmt::format("stamped: size={} checkpoint={} time={} accuracy={} policy={} serial={} "
                  "response={} authority={}",
                  checkpoint.size, HexEncode(digest), FormatUtc(stamp->time),
                  AccuracyText(stamp->accuracy), stamp->policy, stamp->serial,
                  HexEncode(Sha256(*answer)), stamp->authority)};
}

}  // namespace trucewatch::tools
