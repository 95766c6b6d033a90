// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/process/job_server.h"
#include "core/storage/storage.h"

namespace trucewatch {

// Files that a confined job may read through its channel, by index.
using ServedFiles = std::vector<std::shared_ptr<const File>>;

// In the job: file `index` of the other side, which must have fewer than 128. Its bytes are asked
// for as they are read. `channel` outlives it.
std::shared_ptr<const File> MakeChannelFile(JobChannel& channel, std::size_t index);

// On the other side: the answer to a channel file's question. Empty when the question is none, or
// asks for what is not there. Fails with what a file fails with.
Result<std::string> AnswerFileQuestion(const ServedFiles& files, const std::string& question);

}  // namespace trucewatch
