// SPDX-License-Identifier: Apache-2.0
#include "core/media/internal/mp4_boxes.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/base/bytes.h"

namespace trucewatch::internal {
namespace {

constexpr int kMaxDepth = 8;
constexpr int kMaxBoxes = 1'000'000;  // a fragmented recording has two or three each second
constexpr std::uint32_t kSelfContained = 1;
constexpr std::array<std::string_view, 5> kHolders = {"moov", "trak", "mdia", "minf", "dinf"};

class BoxWalker {
 public:
  explicit BoxWalker(const ContainerBytes& bytes) : bytes_(bytes) {}

  Result<void> Walk(std::uint64_t at, std::uint64_t end, int depth) {
    while (at + 8 <= end && ++boxes_ <= kMaxBoxes) {
      TW_ASSIGN_OR_RETURN(const std::string head, Read(at, std::min<std::uint64_t>(16, end - at)));
      std::uint64_t size = ReadBe32(AsBytes(head));
      const std::string type = head.substr(4, 4);
      std::uint64_t header = 8;
      if (size == 1 && head.size() == 16) {
        size = ReadBe64(AsBytes(head).subspan(8));
        header = 16;
      } else if (size == 0) {
        size = end - at;  // to the end
      }
      if (size < header || size > end - at) return {};  // damage: the parser's affair
      TW_RETURN_IF_ERROR(Look(type, at, at + header, at + size, depth));
      at += size;
    }
    return {};
  }

 private:
  Result<std::string> Read(std::uint64_t at, std::uint64_t size) const {
    return bytes_.read_at(at, static_cast<std::size_t>(size));
  }

  Result<void> Look(const std::string& type, std::uint64_t at, std::uint64_t begin,
                    std::uint64_t end, int depth) {
    if (type == "cmov") {
      return Fail(ErrorCode::kBadInput,
                  "its index at byte {} is compressed ('cmov'), which is not read", at);
    }
    if (type == "dref") return LookAtReferences(begin, end);
    if (depth < kMaxDepth && std::find(kHolders.begin(), kHolders.end(), type) != kHolders.end()) {
      return Walk(begin, end, depth + 1);
    }
    return {};
  }

  // Version and flags, a count, then boxes of the form: type, version and flags, where.
  Result<void> LookAtReferences(std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t at = begin + 8; at + 12 <= end && ++boxes_ <= kMaxBoxes;) {
      TW_ASSIGN_OR_RETURN(const std::string entry, Read(at, 12));
      const std::uint64_t size = ReadBe32(AsBytes(entry));
      const std::uint32_t flags = ReadBe32(AsBytes(entry).subspan(8)) & 0xFFFFFFU;
      if (size < 12 || size > end - at) return {};
      if ((flags & kSelfContained) == 0) {
        return Fail(ErrorCode::kBadInput,
                    "a track of it lies in another file (data reference at byte {}); expected "
                    "everything in one file",
                    at);
      }
      at += size;
    }
    return {};
  }

  const ContainerBytes& bytes_;
  int boxes_ = 0;
};

}  // namespace

Result<void> CheckMp4Boxes(const ContainerBytes& bytes) {
  return BoxWalker(bytes).Walk(0, bytes.size, 0);
}

}  // namespace trucewatch::internal
