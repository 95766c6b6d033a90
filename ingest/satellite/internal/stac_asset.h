// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>

#include "core/base/result.h"
#include "ingest/satellite/stac.h"

// Parts of ParseStac.
namespace trucewatch::internal {

inline constexpr std::size_t kMaxHrefBytes = 1024;

// Null when it is not there.
const google::protobuf::Value* Find(const google::protobuf::Struct& object, const std::string& key);
// Empty when it is not there or no text.
std::string Text(const google::protobuf::Struct& object, const std::string& key);
// 1 to max_bytes without control characters.
bool IsText(const std::string& text, std::size_t max_bytes);

// The properties of the eo, proj, sar, sat and view extensions, of 1.0 and 1.1 alike.
Result<void> ParseExtensions(const google::protobuf::Struct& properties, const std::string& name,
                             StacItem& item);
// Images, mask and inputs among the assets.
Result<void> ParseAssets(const google::protobuf::Struct& assets, const std::string& name,
                         StacItem& item);

}  // namespace trucewatch::internal
