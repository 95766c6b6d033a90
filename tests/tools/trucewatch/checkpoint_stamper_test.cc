// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/checkpoint_stamper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "core/crypto/sha256.h"
#include "evidence/ledger/checkpoint.h"
#include "evidence/signer/log_key.h"
#include "tests/core/crypto/time_authority.h"
#include "tests/support/temp_directory.h"
#include "tools/audit/timestamps.h"
#include "tools/trucewatch/http/timestamp_http.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const Instant kStampTime = ParseUtc("2026-03-02T00:00:00Z").value();

testing::TimeAuthority MakeAuthority() {
  return testing::TimeAuthority({.now = kStampTime,
                                 .valid_from = ParseUtc("2026-01-01T00:00:00Z").value(),
                                 .valid_until = ParseUtc("2027-01-01T00:00:00Z").value()});
}

// A few requests over loopback, one after the other, each answered with what `handle` makes of
// path, content type and body: status line, content type and body.
class LoopbackHttp {
 public:
  struct Answer {
    std::string status, type, body;
  };
  using Handle = std::function<Answer(const std::string& path, const std::string& type,
                                      const std::string& body)>;
  LoopbackHttp(int requests, Handle handle) : handle_(std::move(handle)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, requests] {
      for (int i = 0; i < requests; ++i) Serve();
    });
  }
  void Join() {
    thread_.join();
    ::close(listener_);
  }
  int port() const { return port_; }

 private:
  static std::string Between(const std::string& text, const std::string& from,
                             const std::string& to) {
    const std::size_t at = text.find(from);
    if (at == std::string::npos) return "";
    const std::size_t begin = at + from.size();
    return text.substr(begin, text.find(to, begin) - begin);
  }
  void Serve() {
    const int peer = ::accept(listener_, nullptr, nullptr);
    std::string got;
    std::size_t head = std::string::npos, length = 0;
    while (head == std::string::npos || got.size() < head + 4 + length) {
      char piece[4096];
      const ssize_t size = ::recv(peer, piece, sizeof(piece), 0);
      if (size <= 0) break;
      got.append(piece, static_cast<std::size_t>(size));
      head = got.find("\r\n\r\n");
      if (head != std::string::npos)
        length =
            static_cast<std::size_t>(std::atoi(Between(got, "Content-Length: ", "\r").c_str()));
    }
    const Answer answer = handle_(Between(got, "POST ", " "), Between(got, "Content-Type: ", "\r"),
                                  head == std::string::npos ? "" : got.substr(head + 4));
    const std::string out = fmt::format(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        answer.status, answer.type, answer.body.size(), answer.body);
    for (std::size_t sent = 0; sent < out.size();) {
      const ssize_t size = ::send(peer, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) break;
      sent += static_cast<std::size_t>(size);
    }
    ::close(peer);
  }
  const Handle handle_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

class StamperTest : public ::testing::Test {
 protected:
  void Checkpoint(std::uint64_t size) {
    Ed25519Seed seed{};
    const auto key = evidence::LogKey::Make("exercise.x/log", seed).value();
    const std::string text = evidence::FormatCheckpoint({"exercise.x/log", size, Digest{}});
    ASSERT_TRUE(storage_->MakeDirectories(temp_.File("ledger")));
    ASSERT_TRUE(WriteFileAtomically(*storage_, temp_.File("ledger/checkpoint"),
                                    AsBytes(FormatNote({text, {key.Sign(text)}}))));
  }
  CheckpointStamper Stamper(CheckpointStamper::Ask ask) {
    return {*storage_,
            {.ledger_directory = temp_.File("ledger"),
             .out_directory = temp_.File("timestamps"),
             .ca_pem = authority_.ca_pem(),
             .every = Duration::Seconds(60)},
            std::move(ask)};
  }
  CheckpointStamper::Ask FromAuthority() {
    return [this](const std::string& request) -> Result<std::string> {
      ++asked_;
      return authority_.Reply(request);
    };
  }
  static std::string TextOf(const Result<std::optional<evidence::OperationStatement>>& said) {
    EXPECT_TRUE(said) << said.error().message;
    return said && *said ? (*said)->text : "";
  }
  std::string Audit(const std::string& ca) const {
    const auto stamps = audit::CheckTimestamps(temp_.File("timestamps"), ca);
    if (!stamps) return stamps.error().message;
    std::string out;
    for (const auto& one : *stamps) out += audit::FormatStamp(one.size, one.stamp);
    return out;
  }
  void Change(const std::string& name, std::size_t at) {
    const std::string path = temp_.File("timestamps/" + name);
    std::string bytes = ReadWholeFile(*storage_, path, 1U << 20U).value();
    bytes[at < bytes.size() ? at : bytes.size() - 1] ^= 1;
    ASSERT_TRUE(WriteFileAtomically(*storage_, path, AsBytes(bytes)));
  }

  const testing::TempDirectory temp_;
  const std::unique_ptr<Storage> storage_ = MakePosixStorage();
  testing::TimeAuthority authority_ = MakeAuthority();
  int asked_ = 0;
};

TEST_F(StamperTest, EachNewCheckpointIsStampedAtTheCadenceAndTheAuditorSaysWhen) {
  auto stamper = Stamper(FromAuthority());
  EXPECT_EQ(TextOf(stamper.Step(kStampTime)), "") << "there is no ledger yet";
  Checkpoint(5);
  EXPECT_THAT(
      TextOf(stamper.Step(kStampTime)),
      StartsWith(
          "stamped: size=5 checkpoint=" +
          HexEncode(Sha256(
              ReadWholeFile(*storage_, temp_.File("ledger/checkpoint"), 1U << 20U).value())) +
          " time=2026-03-02T00:00:00Z accuracy=1.25 s policy=1.3.6.1.4.1.99999.1 "
          "serial=29 response="));
  Checkpoint(9);
  EXPECT_EQ(TextOf(stamper.Step(kStampTime + Duration::Seconds(59))), "");
  authority_.SetNow(kStampTime + Duration::Seconds(60));
  EXPECT_THAT(TextOf(stamper.Step(kStampTime + Duration::Seconds(60))),
              StartsWith("stamped: size=9"));
  EXPECT_EQ(TextOf(stamper.Step(kStampTime + Duration::Seconds(999))), "") << "it has one";
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(Audit(authority_.ca_pem()),
            "stamped: size 5 was there at 2026-03-02T00:00:00Z (to 1.25 s), policy "
            "1.3.6.1.4.1.99999.1, by CN=Test Time\n"
            "stamped: size 9 was there at 2026-03-02T00:01:00Z (to 1.25 s), policy "
            "1.3.6.1.4.1.99999.1, by CN=Test Time\n");
}

TEST_F(StamperTest, ThatNoStampWasHadIsSaidOnceAndNothingIsKept) {
  Checkpoint(5);
  bool answers = false;
  auto stamper = Stamper([&](const std::string& request) -> Result<std::string> {
    if (answers) return authority_.Reply(request);
    return Fail(ErrorCode::kUnavailable, "no answer (Connection)");
  });
  EXPECT_THAT(TextOf(stamper.Step(kStampTime)), HasSubstr("why=no answer (Connection)"));
  EXPECT_EQ(TextOf(stamper.Step(kStampTime + Duration::Seconds(60))), "");
  EXPECT_FALSE(std::filesystem::exists(temp_.File("timestamps")));
  answers = true;
  EXPECT_THAT(TextOf(stamper.Step(kStampTime + Duration::Seconds(120))), StartsWith("stamped: "));
  answers = false;
  Checkpoint(6);
  EXPECT_THAT(TextOf(stamper.Step(kStampTime + Duration::Seconds(180))),
              StartsWith("not stamped: size=6"));
}

TEST_F(StamperTest, AnAnswerThatDoesNotHoldIsNotKept) {
  Checkpoint(5);
  const auto stranger = MakeAuthority();
  auto by_stranger = Stamper(
      [&](const std::string& request) -> Result<std::string> { return stranger.Reply(request); });
  EXPECT_THAT(TextOf(by_stranger.Step(kStampTime)), HasSubstr("one that is trusted"));
  // An old answer of the right authority on the same bytes.
  std::string old;
  auto replayed = Stamper([&](const std::string& request) -> Result<std::string> {
    if (old.empty()) old = authority_.Reply(request);
    return old;
  });
  EXPECT_THAT(TextOf(replayed.Step(kStampTime)), StartsWith("stamped"));
  std::filesystem::remove_all(temp_.File("timestamps"));
  EXPECT_THAT(TextOf(replayed.Step(kStampTime, true)), HasSubstr("nonce"));
  EXPECT_FALSE(std::filesystem::exists(temp_.File("timestamps")));
}

TEST_F(StamperTest, TheAuditorRefusesChangedFilesWithASentenceEach) {
  auto stamper = Stamper(FromAuthority());
  for (const std::uint64_t size : {5, 9}) {
    Checkpoint(size);
    ASSERT_THAT(TextOf(stamper.Step(kStampTime, true)), StartsWith("stamped"));
  }
  EXPECT_THAT(Audit(MakeAuthority().ca_pem()), HasSubstr("5.tsr: time-stamp: the certificates"));
  Change("5.checkpoint", 40);
  EXPECT_EQ(Audit(authority_.ca_pem()), "5.tsr: time-stamp: is one of other bytes");
  Change("5.checkpoint", 40);
  Change("9.tsr", 1U << 20U);  // the last byte: of the signature
  EXPECT_THAT(Audit(authority_.ca_pem()), HasSubstr("9.tsr: time-stamp: its signature is not"));
  Change("9.tsr", 1U << 20U);
  EXPECT_THAT(Audit(authority_.ca_pem()), HasSubstr("size 9"));
  std::filesystem::rename(temp_.File("timestamps/9.tsr"), temp_.File("timestamps/8.tsr"));
  std::filesystem::rename(temp_.File("timestamps/9.checkpoint"),
                          temp_.File("timestamps/8.checkpoint"));
  EXPECT_EQ(Audit(authority_.ca_pem()), "8.checkpoint: is the checkpoint of another size");
  std::filesystem::remove(temp_.File("timestamps/8.tsr"));
  EXPECT_THAT(Audit(authority_.ca_pem()), HasSubstr("size 5")) << "died before it had its stamp";
  std::filesystem::remove(temp_.File("timestamps/5.tsr"));
  EXPECT_EQ(Audit(authority_.ca_pem()), "5.tsr: is missing or cannot be read");
  EXPECT_THAT(audit::CheckTimestamps(temp_.File("nowhere"), authority_.ca_pem()).error().message,
              HasSubstr("nowhere"));
}

// What a real server is asked, and what it may answer.
TEST_F(StamperTest, TheAuthorityIsAskedOverHttpAsRfc3161Says) {
  LoopbackHttp server(4,
                      [this](const std::string& path, const std::string& type,
                             const std::string& body) -> LoopbackHttp::Answer {
                        const std::string reply = "application/timestamp-reply";
                        if (path == "/page") return {"200 OK", "text/html", "<html>"};
                        if (path == "/long") return {"200 OK", reply, std::string(1U << 20U, 'x')};
                        if (path != "/tsa" || type != "application/timestamp-query")
                          return {"404 Not Found", "text/plain", ""};
                        return {"200 OK", reply, authority_.Reply(body)};
                      });
  const std::string base = fmt::format("http://127.0.0.1:{}", server.port());
  const auto ask = [&](const std::string& path) {
    return [&, path](const std::string& request) {
      return AskForTimestamp(base + path, request, Duration::Seconds(5));
    };
  };
  Checkpoint(5);
  EXPECT_THAT(TextOf(Stamper(ask("/page")).Step(kStampTime)), HasSubstr("of type 'text/html'"));
  EXPECT_THAT(TextOf(Stamper(ask("/none")).Step(kStampTime)), HasSubstr("answered 404"));
  EXPECT_THAT(TextOf(Stamper(ask("/long")).Step(kStampTime)), HasSubstr("no answer"));
  EXPECT_THAT(TextOf(Stamper(ask("/tsa")).Step(kStampTime)), StartsWith("stamped: size=5"));
  server.Join();
  EXPECT_THAT(AskForTimestamp(base + "/tsa", "x", Duration::Seconds(5)).error().message,
              HasSubstr("no answer"));
  EXPECT_THAT(AskForTimestamp("ftp://x", "x", Duration::Seconds(5)).error().message,
              HasSubstr("is no http:// or https:// address"));
}

}  // namespace
}  // namespace trucewatch::tools
