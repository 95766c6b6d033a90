// SPDX-License-Identifier: Apache-2.0
#include "core/bus/curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "core/bus/internal/door.h"
#include "core/bus/log_client.h"
#include "core/bus/log_server.h"
#include "core/bus/memory_log.h"
#include "core/bus/zmq_link.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

constexpr Duration kLong = Duration::Seconds(10);  // for what must come
constexpr Duration kBrief = Duration::Millis(200);
const std::string kLoopback = "tcp://127.0.0.1:*";

// A door that knows "fs-north".
class CurveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    zap_ = ZapHandler::Start(context_).value();
    zap_->Register("stations", {{north_.public_key, "fs-north"}});
    server_ = PeerServer::Start(context_, kLoopback, {.keys = hub_, .domain = "stations"}).value();
  }
  std::unique_ptr<Link> LinkWith(const CurveKeyPair& keys) {
    return MakeCurveLink(context_, server_->endpoint(),
                         {.keys = keys, .server_public = hub_.public_key})
        .value();
  }
  // What the link says in the end: a machine that is busy may take more than one try.
  static Result<void> SendOver(Link& link) {
    Result<void> sent = link.Send("let me in");
    for (int i = 0; i < 10 && !sent && sent.error().code == ErrorCode::kTimeout; ++i) {
      sent = link.Send("let me in");
    }
    return sent;
  }
  // Nothing came in before `fence`: what a known peer sends last arrives first.
  void ExpectOnly(const std::string& fence) {
    const auto link = LinkWith(north_);
    ASSERT_TRUE(link->Send(fence));
    const auto message = server_->Receive(kLong).value();
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->user_id, "fs-north");
    EXPECT_EQ(message->bytes, fence);
    EXPECT_FALSE(server_->Receive(Duration()).value().has_value());
  }

  ZmqContext context_;
  const CurveKeyPair hub_ = MakeCurveKeyPair();
  const CurveKeyPair north_ = MakeCurveKeyPair();
  std::unique_ptr<ZapHandler> zap_;
  std::unique_ptr<PeerServer> server_;
};

TEST_F(CurveTest, AKnownKeyGetsInAndIsCalledByItsUserId) {
  const auto link = LinkWith(north_);
  ASSERT_TRUE(link->Send("hello"));
  const auto message = server_->Receive(kLong).value();
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->user_id, "fs-north");
  EXPECT_EQ(message->bytes, "hello");
  EXPECT_TRUE(server_->Send(message->peer, "welcome").value());
  EXPECT_EQ(link->Receive(kLong).value(), "welcome");
  EXPECT_EQ(zap_->refused(), 0u);
}

TEST_F(CurveTest, AnUnknownKeyIsRefusedWithASentenceAndNothingComesIn) {
  const CurveKeyPair stranger = MakeCurveKeyPair();
  const auto link = LinkWith(stranger);
  const auto sent = SendOver(*link);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(sent.error().message, HasSubstr("the hub refused this key"));
  EXPECT_THAT(sent.error().message, HasSubstr(stranger.public_key));
  EXPECT_FALSE(link->Send("again")) << "a refused link stays refused";
  EXPECT_EQ(zap_->refused(), 1u);
  ExpectOnly("fence");
}

TEST_F(CurveTest, AKeyOfAnotherDoorIsRefused) {
  const CurveKeyPair subscriber = MakeCurveKeyPair();
  zap_->Register("subscribers", {{subscriber.public_key, "side-a"}});
  EXPECT_EQ(SendOver(*LinkWith(subscriber)).error().code, ErrorCode::kUnavailable);
  ExpectOnly("fence");
}

TEST_F(CurveTest, ADomainThatNobodyRegisteredLetsNobodyIn) {
  const auto door = PeerServer::Start(context_, kLoopback, {.keys = hub_, .domain = "other"});
  const auto link = MakeCurveLink(context_, (*door)->endpoint(),
                                  {.keys = north_, .server_public = hub_.public_key})
                        .value();
  EXPECT_EQ(SendOver(*link).error().code, ErrorCode::kUnavailable);
}

TEST_F(CurveTest, AClientWithoutAUserIdIsNotRegistered) {
  zap_->Register("stations", {{north_.public_key, ""}});
  EXPECT_EQ(SendOver(*LinkWith(north_)).error().code, ErrorCode::kUnavailable);
}

TEST_F(CurveTest, AWrongServerKeyDeliversNothingAndTheTimeoutSaysWhatToLookAt) {
  const auto link = MakeCurveLink(context_, server_->endpoint(),
                                  {.keys = north_, .server_public = MakeCurveKeyPair().public_key})
                        .value();
  const auto sent = link->Send("x");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(sent.error().message, HasSubstr("is the hub's public key right?"));
  ExpectOnly("fence");
}

TEST_F(CurveTest, AClientWithoutCurveDeliversNothing) {
  const auto link = MakeZmqLink(context_, server_->endpoint()).value();
  EXPECT_FALSE(link->Send("x"));
  ExpectOnly("fence");
}

TEST_F(CurveTest, AServerWithoutCurveGetsNothing) {
  MemoryLog log;
  const auto open = LogServer::Start(context_, kLoopback, {{"log", &log}}).value();
  const auto link =
      MakeCurveLink(context_, open->endpoint(), {.keys = north_, .server_public = hub_.public_key})
          .value();
  const auto sent = SendOver(*link);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(sent.error().message, HasSubstr("speaks no CURVE"));
}

TEST_F(CurveTest, ARevokedKeyIsRefusedAtTheNextHandshake) {
  const auto link = LinkWith(north_);
  ASSERT_TRUE(link->Send("before"));
  ASSERT_EQ(server_->Receive(kLong).value()->bytes, "before");
  zap_->Register("stations", {});
  ASSERT_TRUE(link->Reset());
  const auto sent = SendOver(*link);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(zap_->refused(), 1u);
}

TEST_F(CurveTest, AfterARefusalARegisteredKeyGetsInWithAReset) {
  const CurveKeyPair late = MakeCurveKeyPair();
  const auto link = LinkWith(late);
  ASSERT_FALSE(SendOver(*link));
  zap_->Register("stations", {{north_.public_key, "fs-north"}, {late.public_key, "fs-late"}});
  EXPECT_FALSE(link->Send("x")) << "libzmq does not try again by itself";
  ASSERT_TRUE(link->Reset());
  ASSERT_TRUE(link->Send("in"));
  const auto message = server_->Receive(kLong).value();
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->user_id, "fs-late");
  EXPECT_EQ(message->bytes, "in");
}

TEST_F(CurveTest, AMessageOfTwoMebibytesDisconnectsItsSenderWhoMayComeBack) {
  const CurveClient curve{.keys = north_, .server_public = hub_.public_key};
  const auto peer = bus::Knock::At(context_, server_->endpoint(), &curve).value();
  const auto await_handshake = [&] {
    ASSERT_TRUE(peer->monitor->events().WaitReadable(kLong));
    const auto event = peer->monitor->TryNext().value();
    ASSERT_TRUE(event.has_value());
    ASSERT_EQ(event->outcome, bus::Handshake::kSucceeded);
  };
  await_handshake();
  ASSERT_TRUE(peer->socket.WaitWritable(kLong));
  ASSERT_TRUE(peer->socket.TrySend({std::string(512 << 10, 'b')}).value());
  EXPECT_EQ(server_->Receive(kLong).value()->bytes.size(), 512u << 10);
  ASSERT_TRUE(peer->socket.TrySend({std::string(2 << 20, 'x')}).value());
  await_handshake();  // another one: the connection was cut
  ASSERT_TRUE(peer->socket.WaitWritable(kLong));
  ASSERT_TRUE(peer->socket.TrySend({"small"}).value());
  EXPECT_EQ(server_->Receive(kLong).value()->bytes, "small") << "the large one never came in";
}

TEST_F(CurveTest, AHundredStrangersDoNotDisturbAKnownPeer) {
  constexpr std::uint64_t kStrangers = 100;
  const auto known = LinkWith(north_);
  for (std::uint64_t i = 1; i <= kStrangers; ++i) {
    ASSERT_FALSE(SendOver(*LinkWith(MakeCurveKeyPair())));
    ASSERT_TRUE(known->Send(std::to_string(i)));
    const auto message = server_->Receive(kLong).value();
    ASSERT_TRUE(message.has_value());
    ASSERT_EQ(message->bytes, std::to_string(i));
    ASSERT_EQ(message->user_id, "fs-north");
    ASSERT_EQ(zap_->refused(), i) << "each one is counted";
  }
  EXPECT_FALSE(server_->Receive(Duration()).value().has_value());
}

TEST_F(CurveTest, APeerThatIsGoneTakesNothing) {
  auto link = LinkWith(north_);
  ASSERT_TRUE(link->Send("hello"));
  const auto message = server_->Receive(kLong).value();
  link.reset();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  bool taken = true;
  while (taken && std::chrono::steady_clock::now() < until) {
    taken = server_->Send(message->peer, "x").value();
    ASSERT_TRUE(server_->Receive(Duration::Millis(1)));
  }
  EXPECT_FALSE(taken);
}

TEST_F(CurveTest, WithNobodyThereSendTimesOut) {
  const auto link = MakeCurveLink(context_, "tcp://127.0.0.1:1",  // tcpmux: nobody serves it
                                  {.keys = north_, .server_public = hub_.public_key})
                        .value();
  const auto sent = link->Send("x");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(sent.error().message, HasSubstr("nobody serves there yet"));
}

TEST_F(CurveTest, ThereIsOneHandlerAContext) {
  const auto second = ZapHandler::Start(context_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  ZmqContext other;
  EXPECT_TRUE(ZapHandler::Start(other));
}

TEST_F(CurveTest, ADoorWithoutADomainOrAKeyIsNotOpened) {
  EXPECT_EQ(PeerServer::Start(context_, kLoopback, {.keys = hub_, .domain = ""}).error().code,
            ErrorCode::kBadInput);
  EXPECT_EQ(PeerServer::Start(context_, kLoopback, {.keys = {}, .domain = "x"}).error().code,
            ErrorCode::kBadInput);
  EXPECT_FALSE(
      MakeCurveLink(context_, server_->endpoint(), {.keys = north_, .server_public = "x"}));
}

TEST_F(CurveTest, ALogIsServedBehindTheDoorAndOnlyToThoseItKnows) {
  MemoryLog log;
  ASSERT_TRUE(log.Append({{1, "a"}, {2, "b"}}));
  ASSERT_TRUE(log.Close());
  const auto logs = LogServer::Start(context_, kLoopback, {{"published", &log}},
                                     {.keys = hub_, .domain = "stations"})
                        .value();
  const auto reader = [&](const CurveKeyPair& keys) {
    return LogClient(
        MakeCurveLink(context_, logs->endpoint(), {.keys = keys, .server_public = hub_.public_key})
            .value(),
        "published");
  };
  const auto batch = reader(north_).ReadAfter(0, 1 << 20, Duration());
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->records, (std::vector<LogRecord>{{1, 1, "a"}, {2, 2, "b"}}));
  EXPECT_TRUE(batch->closed);
  const CurveKeyPair late = MakeCurveKeyPair();
  LogClient stranger = reader(late);
  const auto refused = stranger.ReadAfter(0, 1 << 20, Duration());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("refused this key"));
  LogClient plain(MakeZmqLink(context_, logs->endpoint()).value(), "published", {.attempts = 1});
  EXPECT_FALSE(plain.ReadAfter(0, 1 << 20, Duration()));
  zap_->Register("stations", {{late.public_key, "late"}});
  EXPECT_TRUE(stranger.ReadAfter(0, 1 << 20, Duration())) << "asking again knocks again";
}

TEST_F(CurveTest, ALogIsThereOnlyForThoseItIsFor) {
  const CurveKeyPair guest = MakeCurveKeyPair();
  zap_->Register("stations", {{north_.public_key, "north"}, {guest.public_key, "guest"}});
  MemoryLog secret, open;
  ASSERT_TRUE(secret.Append({{1, "secret"}}));
  ASSERT_TRUE(open.Append({{1, "open"}}));
  const auto logs =
      LogServer::Start(context_, kLoopback,
                       {{"secret", &secret, std::set<std::string>{"north"}}, {"open", &open}},
                       {.keys = hub_, .domain = "stations"})
          .value();
  const auto read = [&](const CurveKeyPair& keys, const std::string& log) {
    LogClient client(
        MakeCurveLink(context_, logs->endpoint(), {.keys = keys, .server_public = hub_.public_key})
            .value(),
        log);
    return client.ReadAfter(0, 1 << 20, Duration());
  };
  EXPECT_EQ(read(north_, "secret")->records.size(), 1U);
  EXPECT_EQ(read(guest, "open")->records.size(), 1U);
  const auto refused = read(guest, "secret");
  ASSERT_FALSE(refused);
  // The same words as for a log that there is not.
  const auto nothing = read(guest, "nothing");
  ASSERT_FALSE(nothing);
  std::string expected = nothing.error().message;
  for (auto at = expected.find("nothing"); at != expected.npos; at = expected.find("nothing"))
    expected.replace(at, 7, "secret");
  EXPECT_EQ(refused.error().message, expected);
}

// RELIABILITY.md 2.B: handler, domain, enforcement -> what an unknown key meets. The four open ways
// must be found, the closed but useless ones too.
struct DoorCase {
  const char* name;
  bool handler;
  bus::DoorFlaws flaws;
  bool stranger_gets_in;
  const char* told;  // what the self-test says
};

class CurveSelfTestTest : public ::testing::TestWithParam<DoorCase> {};

TEST_P(CurveSelfTestTest, FindsADoorThatIsNotClosed) {
  ZmqContext context;
  std::unique_ptr<ZapHandler> zap;
  if (GetParam().handler) zap = ZapHandler::Start(context).value();
  // What the flaw means, seen with a knock of our own.
  const CurveServer server{.keys = MakeCurveKeyPair(), .domain = "open?"};
  const auto door = bus::Door::Open(context, kLoopback, 1024, &server, GetParam().flaws).value();
  const CurveClient stranger{.keys = MakeCurveKeyPair(), .server_public = server.keys.public_key};
  const auto knock = bus::Knock::At(context, door->endpoint(), &stranger).value();
  // A door that nobody answers for stays silent until the handshake's own 3 s are over.
  ASSERT_TRUE(knock->monitor->events().WaitReadable(GetParam().stranger_gets_in ? kLong : kBrief));
  const auto event = knock->monitor->TryNext().value();
  EXPECT_EQ(event && event->outcome == bus::Handshake::kSucceeded, GetParam().stranger_gets_in);

  const auto result = bus::TestDoor(context, zap.get(), GetParam().flaws);
  if (std::string(GetParam().told).empty()) {
    EXPECT_TRUE(result) << result.error().message;
    return;
  }
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCheckFailed);
  EXPECT_THAT(result.error().message, HasSubstr(GetParam().told));
}

constexpr bus::DoorFlaws kNone{};
constexpr bus::DoorFlaws kNoDomain{.no_curve = false, .no_domain = true, .no_enforcement = false};
constexpr bus::DoorFlaws kNoEnforcement{
    .no_curve = false, .no_domain = false, .no_enforcement = true};
constexpr bus::DoorFlaws kNeither{.no_curve = false, .no_domain = true, .no_enforcement = true};
constexpr bus::DoorFlaws kNoCurve{.no_curve = true, .no_domain = false, .no_enforcement = false};

INSTANTIATE_TEST_SUITE_P(
    Doors, CurveSelfTestTest,
    ::testing::Values(
        DoorCase{"NoHandlerNoDomainNoEnforcement", false, kNeither, true, "a random key got in"},
        DoorCase{"NoHandlerNoEnforcement", false, kNoEnforcement, true, "a random key got in"},
        DoorCase{"NoHandlerNoDomain", false, kNoDomain, true, "a random key got in"},
        DoorCase{"NoDomain", true, kNoDomain, true, "a random key got in"},
        DoorCase{"NoHandler", false, kNone, false, "a random key got no answer"},
        DoorCase{"NoDomainNoEnforcement", true, kNeither, false, "a known key was turned away"},
        DoorCase{"NoCurve", true, kNoCurve, false, "a random key was turned away, but not"},
        DoorCase{"NoEnforcement", true, kNoEnforcement, false, ""},
        DoorCase{"Real", true, kNone, false, ""}),
    [](const auto& door) { return door.param.name; });

TEST(CurveSelfTest, PassesAgainAndAgainAndIsNotCountedAsARefusal) {
  ZmqContext context;
  const auto zap = ZapHandler::Start(context).value();
  for (int i = 0; i < 10; ++i) {
    const auto result = CurveSelfTest(context, *zap);
    ASSERT_TRUE(result) << result.error().message;
  }
  EXPECT_EQ(zap->refused(), 0u);
}

}  // namespace
}  // namespace trucewatch
