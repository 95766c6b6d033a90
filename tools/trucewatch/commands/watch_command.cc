// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>
#include <utility>

#include "core/bus/curve.h"
#include "core/bus/log_client.h"
#include "core/storage/storage.h"
#include "core/time/clock.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/key_files.h"
#include "tools/trucewatch/stop_signal.h"
#include "tools/trucewatch/watch_output.h"
#include "tools/trucewatch/watcher.h"

namespace trucewatch::tools {
namespace {

// Remembers that the door refused this key: nothing will change that but the hub's config.
class RefusalNotingLink final : public Link {
 public:
  RefusalNotingLink(std::unique_ptr<Link> inside, bool* refused)
      : inside_(std::move(inside)), refused_(refused) {}

  Result<void> Send(std::string message) override {
    Result<void> sent = inside_->Send(std::move(message));
    if (!sent && sent.error().code == ErrorCode::kUnavailable) *refused_ = true;
    return sent;
  }
  Result<std::optional<std::string>> Receive(Duration wait) override {
    return inside_->Receive(wait);
  }
  Result<void> Reset() override { return inside_->Reset(); }

 private:
  const std::unique_ptr<Link> inside_;
  bool* const refused_;
};

Result<CurveClient> KeysOf(const WatchCommand& command) {
  CurveClient curve;
  if (command.hub_key.empty() == command.hub_pub.empty()) {
    return Fail(ErrorCode::kUsage,
                "expected the hub's public key, either as --hub-key=KEY or as --hub-pub FILE");
  }
  if (!command.hub_pub.empty()) {
    TW_ASSIGN_OR_RETURN(curve.server_public, ReadHubPublic(command.hub_pub));
  } else if (IsZ85Key(command.hub_key)) {
    curve.server_public = command.hub_key;
  } else {
    return Fail(ErrorCode::kUsage, "--hub-key '{}': expected 40 characters of Z85",
                command.hub_key);
  }
  TW_ASSIGN_OR_RETURN(const SubscriberKeys keys, ReadSubscriberKeys(command.key));
  curve.keys = keys.curve;
  return curve;
}

}  // namespace

Result<int> RunWatch(const WatchCommand& command) {
  if (!command.out.empty() && command.cursor_file.empty()) {
    return Fail(ErrorCode::kUsage,
                "--out needs --cursor-file: it says which lines are in the file");
  }
  TW_ASSIGN_OR_RETURN(const CurveClient curve, KeysOf(command));
  const ZmqContext context;
  bool refused = false;
  TW_ASSIGN_OR_RETURN(std::unique_ptr<Link> link, MakeCurveLink(context, command.hub, curve));
  const bool officers = command.audience == "officers";
  const std::string log = officers                       ? "published"
                          : command.audience == "public" ? "open"
                                                         : "released";
  LogClient reader(std::make_unique<RefusalNotingLink>(std::move(link), &refused), log,
                   {.reply_timeout = Duration::Seconds(3), .attempts = 2});
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<WatchOutput> output,
                      command.out.empty()
                          ? WatchToStdout(*storage, command.cursor_file)
                          : WatchToFile(*storage, command.out, command.cursor_file));
  SystemClock clock;
  WatcherOptions options;
  options.until_end = command.until_end;
  options.count = command.count;
  options.since = command.since;
  Watcher watcher(reader, officers ? PublishedLine(command.json) : EntryOfRecord(ReleasedLine),
                  *output, clock, options, [](const std::string& sentence) {
                    std::fprintf(stderr, "trucewatch: %s\n", sentence.c_str());
                  });
  StopOnSignal signals;
  const Result<void> result = watcher.Run(signals.token());
  if (result) return 0;
  if (refused) return Fail(ErrorCode::kUsage, "{}", result.error().message);
  return tl::unexpected<Error>(result.error());
}

}  // namespace trucewatch::tools
