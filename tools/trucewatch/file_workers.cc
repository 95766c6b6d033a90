// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/file_workers.h"

#include <algorithm>
#include <utility>

#include "core/json/json_writer.h"
#include "tools/trucewatch/model_files.h"
#include "tools/trucewatch/single_file.h"

namespace trucewatch::tools {
namespace {

using v1::config::ModelCard;

constexpr char kRefused[] = "refused: its worker ";
constexpr char kNoAnswer[] = "said what is no answer about it";
// Pieces of a file of 64 KiB: 600 GiB.
constexpr std::uint64_t kMostQuestions = 10'000'000;

// The other side's jobs, in this process.
class LocalChannel final : public JobChannel {
 public:
  explicit LocalChannel(const JobClient::Serve& serve) : serve_(serve) {}
  Result<std::string> Ask(std::string_view question) override {
    auto answer = serve_(std::string(question));
    if (!answer && !failure_) failure_ = answer.error();
    return answer;
  }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  const JobClient::Serve& serve_;
  std::optional<Error> failure_;
};

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// A worker may have been taken over by what it read: what it says must be one line, and about its
// own file.
bool IsLineAbout(const std::string& file, const std::string& line) {
  JsonWriter start;
  start.BeginObject().Field("file", file);
  return line.starts_with(start.text() + ",") && line.ends_with('}') &&
         std::none_of(line.begin(), line.end(), IsControl);
}

// False: it is no answer.
bool Check(const v1::FileJob& job, FileWorkers::Done& done) {
  const v1::FileResult& result = done.result;
  for (const std::string& line : result.lines()) {
    if (!IsLineAbout(job.file(), line)) return false;
  }
  if (result.error_code() == 0) return true;
  if (result.error_code() > static_cast<std::uint32_t>(ErrorCode::kIo) + 1) return false;
  done.error = Error{static_cast<ErrorCode>(result.error_code() - 1), PlainText(result.error())};
  return true;
}

std::string WithHint(const std::string& refusal) {
  if (refusal.starts_with("used more")) return refusal + " (--limit-cpu)";
  if (refusal.starts_with("needed more")) return refusal + " (--limit-memory)";
  return refusal;
}

}  // namespace

std::string PlainText(std::string text) {
  std::replace_if(text.begin(), text.end(), IsControl, '?');
  return text;
}

FileWorkers::FileWorkers(FileWorkerOptions options)
    : options_(std::move(options)), workers_(std::max<std::size_t>(1, options_.workers)) {}

Result<std::string> FileWorkers::Asked() const {
  if (!options_.model.empty()) return options_.model;
  if (options_.modality == "sar") {
    return Fail(ErrorCode::kUsage,
                "radar pictures are not searched without a network for them: name its card with "
                "--model");
  }
  return DefaultModelName(options_.modality == "ir" ? ModelCard::INFRARED : ModelCard::RGB);
}

Result<std::shared_ptr<const std::string>> FileWorkers::SetupWith(const std::string& model) {
  const std::lock_guard lock(mutex_);
  if (const auto found = setups_.find(model); found != setups_.end()) return found->second;
  const auto make = [&]() -> Result<std::shared_ptr<const std::string>> {
    v1::DetectWorkerSetup setup;
    setup.set_for_files(true);
    if (!model.empty()) {
      TW_ASSIGN_OR_RETURN(ModelFile file, FindModel(model));
      *setup.mutable_model_card() = file.card;
      setup.set_model_path(file.path);
      setup.set_model_onnx(std::move(file.onnx));
    }
    return std::make_shared<const std::string>(setup.SerializeAsString());
  };
  return setups_.emplace(model, make()).first->second;
}

Result<void> FileWorkers::FindNetwork() {
  // Radar scenes are searched without a network, too.
  if (options_.model.empty() && options_.modality != "rgb" && options_.modality != "ir") return {};
  TW_ASSIGN_OR_RETURN(const std::string model, Asked());
  const auto setup = SetupWith(model);
  if (!setup) return tl::unexpected<Error>(setup.error());
  return {};
}

Result<FileWorkers::RunJob> FileWorkers::Start(const std::string& model) {
  TW_ASSIGN_OR_RETURN(auto setup, SetupWith(model));
  if (!options_.program.empty()) {
    JobClientOptions client;
    client.argv = {options_.program, "worker"};
    client.setup = std::move(setup);
    client.limits = options_.limits;
    client.max_questions = kMostQuestions;
    const auto shared = std::make_shared<JobClient>(std::move(client));  // std::function is copied
    return RunJob(
        [shared](const std::string& request, const JobClient::Serve& serve) -> Result<JobEnd> {
          if (!request.empty()) return shared->Run(request, serve);
          TW_RETURN_IF_ERROR(shared->Start());
          return JobEnd();
        });
  }
  v1::DetectWorkerSetup message;
  if (!message.ParseFromString(*setup)) return Fail(ErrorCode::kUsage, "no set-up of a worker");
  TW_ASSIGN_OR_RETURN(const JobHandler handler, MakeFileJobHandler(std::move(message)));
  return RunJob(
      [handler](const std::string& request, const JobClient::Serve& serve) -> Result<JobEnd> {
        LocalChannel channel(serve);
        JobEnd end;
        end.answer = handler(request, channel);
        if (channel.failure()) return tl::unexpected<Error>(*channel.failure());
        return end;
      });
}

Result<const FileWorkers::RunJob*> FileWorkers::RunOf(Worker& worker, const std::string& model) {
  auto run = worker.with.find(model);
  if (run == worker.with.end()) {
    TW_ASSIGN_OR_RETURN(RunJob made, Start(model));
    run = worker.with.emplace(model, std::move(made)).first;
  }
  return &run->second;
}

void FileWorkers::GetReady(std::size_t index, Network network) {
  const auto model = network == Network::kNone ? Result<std::string>(std::string()) : Asked();
  if (!model) return;  // Run says why
  const auto run = RunOf(workers_.at(index), *model);
  if (run) static_cast<void>((**run)({}, {}));
}

Result<FileWorkers::Done> FileWorkers::RunWith(Worker& worker, const std::string& model,
                                               const v1::FileJob& job, const ServedFiles& files,
                                               const Pieces& pieces) {
  TW_ASSIGN_OR_RETURN(const RunJob* run, RunOf(worker, model));
  Done done;
  const auto serve = [&](const std::string& question) -> Result<std::string> {
    if (TakeDrawing(question, &done.drawings)) return "";
    if (pieces && question.starts_with(kSaysPiece)) {
      TW_RETURN_IF_ERROR(pieces(question.substr(1)));
      return "";
    }
    return AnswerFileQuestion(files, question);
  };
  TW_ASSIGN_OR_RETURN(const JobEnd end, (*run)(job.SerializeAsString(), serve));
  done.cpu = end.cpu;
  done.refused = !end.answer || !done.result.ParseFromString(*end.answer) || !Check(job, done);
  if (done.refused) {
    done.result.Clear();
    done.drawings = {};
    done.error =
        Error{ErrorCode::kBadInput, kRefused + (end.answer ? kNoAnswer : WithHint(end.refusal))};
  }
  return done;
}

Result<FileWorkers::Done> FileWorkers::Run(std::size_t index, Network network, v1::FileJob job,
                                           const ServedFiles& files, const Pieces& pieces) {
  Worker& worker = workers_.at(index);
  std::string model;
  const bool said = !options_.model.empty() || !options_.modality.empty();
  if (network == Network::kAsked || (network != Network::kNone && said)) {
    TW_ASSIGN_OR_RETURN(model, Asked());
  } else if (network == Network::kAsPictureBefore) {
    model = worker.last;
  } else if (network == Network::kAsPictureLooks) {
    // Which network a picture is for only a worker can say; most are as the one before.
    job.set_as_it_looks(true);
    for (const std::string& name :
         {worker.last, DefaultModelName(ModelCard::RGB), DefaultModelName(ModelCard::INFRARED)}) {
      if (!name.empty() && SetupWith(name)) {
        model = name;
        break;
      }
    }
  }
  TW_ASSIGN_OR_RETURN(Done done, RunWith(worker, model, job, files, pieces));
  if (done.result.wanted() == ModelCard::MODALITY_UNSPECIFIED) {
    if (job.as_it_looks()) worker.last = model;
    return done;
  }
  worker.last = DefaultModelName(done.result.wanted());
  job.set_as_it_looks(false);
  TW_ASSIGN_OR_RETURN(Done again, RunWith(worker, worker.last, job, files, pieces));
  again.cpu = again.cpu + done.cpu;
  return again;
}

Result<JobHandler> MakeFileJobHandler(v1::DetectWorkerSetup setup) {
  FileTools tools;
  if (setup.has_model_card()) {
    TW_ASSIGN_OR_RETURN(tools.looks, appearance::ImageDetector::Create(
                                         {.card = setup.model_card(),
                                          .path = setup.model_path(),
                                          .onnx = std::move(*setup.mutable_model_onnx())}));
  }
  TW_ASSIGN_OR_RETURN(const MissionFile defaults, DefaultMission());
  tools.detect = defaults.config.detect();
  tools.ground_sigma_m = defaults.config.terrain().sigma_m();
  tools.read_video = ReadVideoFile;
  return FileJobHandler(std::move(tools));
}

}  // namespace trucewatch::tools
