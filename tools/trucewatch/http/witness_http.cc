// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/http/witness_http.h"

#include <httplib.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace trucewatch::tools {
namespace {

using evidence::WitnessCall;
using evidence::WitnessReply;

constexpr std::size_t kMaxAnswer = 64 * 1024;
constexpr int kServerThreads = 16;
constexpr int kReadTimeout_s = 5;

void Answer(const WitnessReply& reply, httplib::Response& response) {
  response.status = reply.status;
  response.set_content(reply.body, reply.content_type.c_str());
}

// "http://host:port/some/prefix" -> {"http://host:port", "/some/prefix"}, without a slash at the
// end.
std::optional<std::pair<std::string, std::string>> SplitUrl(std::string url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) return std::nullopt;
  while (url.ends_with('/')) url.pop_back();
  const std::size_t path = url.find('/', url.find("://") + 3);
  if (path == url.npos) return std::pair{url, std::string()};
  return std::pair{url.substr(0, path), url.substr(path)};
}

}  // namespace

class WitnessServer::Impl {
 public:
  explicit Impl(evidence::Witness& witness) : witness_(witness) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kServerThreads); };
    // The library's own would let a second witness listen at the same port unnoticed.
    server_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    server_.set_payload_max_length(evidence::kMaxAddCheckpointBody);
    server_.set_read_timeout(kReadTimeout_s, 0);
    server_.set_write_timeout(kReadTimeout_s, 0);
    server_.set_keep_alive_timeout(kReadTimeout_s);
    server_.set_keep_alive_max_count(1000);
    // A compressed body would be unpacked before anybody asks how long it gets.
    server_.set_pre_routing_handler([](const httplib::Request& request,
                                       httplib::Response& response) {
      if (!request.has_header("Content-Encoding")) {
        return httplib::Server::HandlerResponse::Unhandled;
      }
      Answer({415, std::string(evidence::kPlainText), "a body is taken as it is, not encoded\n"},
             response);
      return httplib::Server::HandlerResponse::Handled;
    });
    server_.Post("/add-checkpoint",
                 [this](const httplib::Request& request, httplib::Response& response) {
                   Answer(witness_.AddCheckpoint(request.body), response);
                 });
    server_.Get(R"(/([0-9a-f]{64}/checkpoint))",
                [this](const httplib::Request& request, httplib::Response& response) {
                  Answer(witness_.Get(request.matches[1].str()), response);
                });
    server_.set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
          Answer({500, std::string(evidence::kPlainText), "this request could not be handled\n"},
                 response);
        });
  }

  ~Impl() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<void> Listen(const std::string& host, int port) {
    port_ = port;
    const bool bound =
        port == 0 ? (port_ = server_.bind_to_any_port(host)) > 0 : server_.bind_to_port(host, port);
    if (!bound) {
      return Fail(ErrorCode::kUnavailable,
                  "{}:{}: cannot listen there; is the address this machine's, and the port free?",
                  host, port);
    }
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    return {};
  }

  int port() const { return port_; }

 private:
  evidence::Witness& witness_;
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

WitnessServer::WitnessServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WitnessServer::~WitnessServer() = default;
int WitnessServer::port() const { return impl_->port(); }

Result<std::unique_ptr<WitnessServer>> WitnessServer::Start(evidence::Witness& witness,
                                                            const std::string& host, int port) {
  auto impl = std::make_unique<Impl>(witness);
  TW_RETURN_IF_ERROR(impl->Listen(host, port));
  return std::unique_ptr<WitnessServer>(new WitnessServer(std::move(impl)));
}

// One witness and the thread that talks to it.
class HttpWitnessLink::Asker {
 public:
  Asker(const std::string& url, Duration timeout) : timeout_us_(timeout.micros()) {
    if (const auto parts = SplitUrl(url)) {
      client_ = std::make_unique<httplib::Client>(parts->first);
      prefix_ = parts->second;
    }
    thread_ = std::thread([this] { Work(); });
  }

  ~Asker() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    if (client_) client_->stop();
    thread_.join();
  }

  // False: it is still busy with the last one.
  bool Give(const WitnessCall& call) {
    {
      const std::lock_guard lock(mutex_);
      if (question_) return false;
      question_ = call;
      answer_.reset();
    }
    changed_.notify_all();
    return true;
  }

  Result<WitnessReply> Take(std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, until, [this] { return answer_.has_value(); });
    if (!answer_) return Fail(ErrorCode::kTimeout, "no answer within the time");
    auto answer = std::move(*answer_);
    answer_.reset();
    return answer;
  }

 private:
  void Work() {
    while (true) {
      WitnessCall call;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ends_ || question_; });
        if (ends_) return;
        call = *question_;
      }
      auto answer = Talk(call);
      {
        const std::lock_guard lock(mutex_);
        question_.reset();
        answer_ = std::move(answer);
      }
      changed_.notify_all();
    }
  }

  Result<WitnessReply> Talk(const WitnessCall& call) try {
    if (!client_ || !client_->is_valid()) {
      return Fail(ErrorCode::kUnavailable, "'{}' is no http:// or https:// address", call.url);
    }
    client_->set_connection_timeout(0, timeout_us_);
    client_->set_read_timeout(0, timeout_us_);
    client_->set_write_timeout(0, timeout_us_);
    const std::string path = prefix_ + "/" + call.path;
    WitnessReply reply;
    const auto keep = [&reply](const char* data, std::size_t size) {
      reply.body.append(data, std::min(size, kMaxAnswer - reply.body.size()));
      return reply.body.size() < kMaxAnswer;
    };
    httplib::Request request;
    request.method = call.body.empty() ? "GET" : "POST";
    request.path = path;
    request.body = call.body;
    if (!call.body.empty()) request.set_header("Content-Type", "text/plain; charset=utf-8");
    request.content_receiver = [&keep](const char* data, std::size_t size, std::uint64_t,
                                       std::uint64_t) { return keep(data, size); };
    const httplib::Result result = client_->send(request);
    if (!result) {
      return Fail(ErrorCode::kUnavailable, "no answer ({})", httplib::to_string(result.error()));
    }
    reply.status = result->status;
    reply.content_type = result->get_header_value("Content-Type");
    return reply;
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kUnavailable, "no answer ({})", e.what());
  }

  const std::int64_t timeout_us_;
  std::unique_ptr<httplib::Client> client_;
  std::string prefix_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ends_ = false;
  std::optional<WitnessCall> question_;  // there until it is answered
  std::optional<Result<WitnessReply>> answer_;
  std::thread thread_;
};

HttpWitnessLink::HttpWitnessLink(Duration timeout) : timeout_(timeout) {}
HttpWitnessLink::~HttpWitnessLink() = default;

std::vector<Result<WitnessReply>> HttpWitnessLink::Ask(const std::vector<WitnessCall>& calls) {
  std::vector<Asker*> asked;
  for (const WitnessCall& call : calls) {
    auto& asker = askers_[call.url];
    if (!asker) asker = std::make_unique<Asker>(call.url, timeout_);
    asked.push_back(asker->Give(call) ? asker.get() : nullptr);
  }
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::microseconds(timeout_.micros());
  std::vector<Result<WitnessReply>> replies;
  for (Asker* asker : asked) {
    if (asker == nullptr) {
      replies.push_back(
          Fail(ErrorCode::kTimeout, "still has not answered what it was asked before"));
    } else {
      replies.push_back(asker->Take(until));
    }
  }
  return replies;
}

}  // namespace trucewatch::tools
