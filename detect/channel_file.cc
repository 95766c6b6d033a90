// SPDX-License-Identifier: Apache-2.0
#include "detect/channel_file.h"

#include <algorithm>

#include "core/base/bytes.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxFilePiece = 64 << 20;

// Questions: 'S', index; or 'R', index, offset, size,
// big-endian.
class ChannelFile final : public File {
 public:
  ChannelFile(JobChannel& channel, char index) : channel_(channel), index_(index) {}
  Result<std::string> ReadAt(std::uint64_t offset, std::size_t size) const override {
    std::string question = {'R', index_};
    AppendBe64(question, offset);
    AppendBe64(question, size);
    TW_ASSIGN_OR_RETURN(std::string bytes, channel_.Ask(question));
    if (bytes.size() == size) return bytes;
    return Fail(ErrorCode::kIo, "byte {}: {} bytes wanted, there are fewer", offset, size);
  }
  Result<void> ReadInto(std::uint64_t offset, std::span<std::uint8_t> out) const override {
    TW_ASSIGN_OR_RETURN(const std::string bytes, ReadAt(offset, out.size()));
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return {};
  }
  Result<std::uint64_t> Size() const override {
    TW_ASSIGN_OR_RETURN(const std::string bytes, channel_.Ask(std::string{'S', index_}));
    if (bytes.size() != 8) return Fail(ErrorCode::kIo, "a file without a size");
    return ReadBe64(AsBytes(bytes));
  }
  Result<void> Append(Bytes) override { return ReadOnly(); }
  Result<void> Truncate(std::uint64_t) override { return ReadOnly(); }
  Result<void> Sync() override { return ReadOnly(); }

 private:
  static Result<void> ReadOnly() { return Fail(ErrorCode::kIo, "the file is read-only"); }
  JobChannel& channel_;
  const char index_;
};

}  // namespace

std::shared_ptr<const File> MakeChannelFile(JobChannel& channel, std::size_t index) {
  return std::make_shared<const ChannelFile>(channel, static_cast<char>(index));
}

Result<std::string> AnswerFileQuestion(const ServedFiles& files, const std::string& question) {
  if (question.size() < 2 || static_cast<std::size_t>(question[1]) >= files.size()) return "";
  const File& file = *files[static_cast<std::size_t>(question[1])];
  TW_ASSIGN_OR_RETURN(const std::uint64_t there, file.Size());
  if (question[0] == 'S') {
    std::string size;
    AppendBe64(size, there);
    return size;
  }
  if (question[0] != 'R' || question.size() != 18) return "";
  const std::uint64_t offset = ReadBe64(AsBytes(question).subspan(2));
  const std::uint64_t size = ReadBe64(AsBytes(question).subspan(10));
  if (size > kMaxFilePiece || offset > there || size > there - offset) return "";
  return file.ReadAt(offset, size);
}

}  // namespace trucewatch
