// SPDX-License-Identifier: Apache-2.0
#include "ingest/human/human_record.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "core/json/json_writer.h"
#include "core/types/names.h"
#include "ingest/human/flat_json.h"

namespace trucewatch {
namespace {

constexpr double kMaxRadiusM = 50'000;
constexpr int kMaxCount = 100'000;
constexpr std::size_t kMaxShortText = 500, kMaxText = 16'384;
// With it the record still fits into a leaf of the ledger.
constexpr std::size_t kMaxKeySetNote = 30'000, kMaxKeySetText = 2'000;

using Words = std::span<const std::string_view>;
constexpr std::array<std::string_view, 4> kMeans = {"saw", "heard", "camera", "statement"};
constexpr std::array<std::string_view, 3> kInformants = {"party", "public", "organisation"};
constexpr std::array<std::string_view, 7> kImpediments = {
    "denied", "delayed", "conditioned", "weapons_aimed", "jamming", "weather", "sensor_down"};
constexpr std::array<std::string_view, 7> kDecisions = {
    "confirmed", "not_confirmed", "inconclusive", "closed", "reopened", "release", "release_raw"};
constexpr std::array<std::string_view, 5> kRulings = {"answered", "upheld", "rejected",
                                                      "inconclusive", "escalated"};
constexpr std::array<std::string_view, 3> kItems = {"medium", "bundle", "raw_archive"};
constexpr std::array<std::string_view, 2> kAudiences = {"parties", "public"};
constexpr std::array kClasses = {ObjectClass::kUnspecified,    ObjectClass::kUnknownVehicle,
                                 ObjectClass::kLightVehicle,   ObjectClass::kTruck,
                                 ObjectClass::kTrackedVehicle, ObjectClass::kPersonGroup};

tl::unexpected<Error> Wrong(std::string_view field, std::string_view what) {
  return Fail(ErrorCode::kBadInput, "human record, {}: {}", field, what);
}

std::string Listed(Words words) {
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

// Takes members out of the object, so that what is left is what nobody knows.
class Fields {
 public:
  explicit Fields(human::FlatObject object) : object_(std::move(object)) {}

  template <typename T>
  Result<std::optional<T>> Optional(const char* name, const char* type) {
    const auto found = object_.find(name);
    if (found == object_.end()) return std::optional<T>();
    const T* value = std::get_if<T>(&found->second);
    if (value == nullptr) return Wrong(name, fmt::format("expected {}", type));
    std::optional<T> taken = std::move(*value);
    object_.erase(found);
    return taken;
  }
  Result<std::string> Text(const char* name) {
    TW_ASSIGN_OR_RETURN(auto value, Optional<std::string>(name, "a text"));
    if (!value) return Wrong(name, "is missing");
    return std::move(*value);
  }
  Result<std::string> TextOrEmpty(const char* name) {
    TW_ASSIGN_OR_RETURN(auto value, Optional<std::string>(name, "a text"));
    return std::move(value).value_or("");
  }
  Result<double> Number(const char* name, double low, double high) {
    TW_ASSIGN_OR_RETURN(const auto value, Optional<double>(name, "a number"));
    if (!value) return Wrong(name, "is missing");
    if (*value < low || *value > high) {
      return Wrong(name, fmt::format("{} is not within {} and {}", *value, low, high));
    }
    return *value;
  }
  Result<int> Count(const char* name) {
    TW_ASSIGN_OR_RETURN(const auto value, Optional<double>(name, "a number"));
    if (!value) return 0;
    if (*value < 0 || *value > kMaxCount || *value != std::floor(*value)) {
      return Wrong(name, fmt::format("{} is no count up to {}", *value, kMaxCount));
    }
    return static_cast<int>(*value);
  }
  Result<Instant> Time(const char* name) {
    TW_ASSIGN_OR_RETURN(const std::string text, Text(name));
    const auto time = ParseUtc(text);
    if (!time) return Wrong(name, time.error().message);
    return *time;
  }
  Result<bool> Truth(const char* name) {
    TW_ASSIGN_OR_RETURN(const auto value, Optional<bool>(name, "true or false"));
    return value.value_or(false);
  }
  Result<void> NothingLeft() const {
    if (object_.empty()) return {};
    return Wrong(object_.begin()->first, "is no field of a human record");
  }

 private:
  human::FlatObject object_;
};

bool IsRecordId(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
         });
}

Result<void> CheckWord(const char* field, const std::string& word, bool required, Words allowed) {
  if (word.empty() && !required) return {};
  if (std::find(allowed.begin(), allowed.end(), word) != allowed.end()) return {};
  if (word.empty()) return Wrong(field, fmt::format("is missing; expected {}", Listed(allowed)));
  return Wrong(field, fmt::format("'{}' is not one of {}", word, Listed(allowed)));
}

Result<void> CheckAbsent(const char* field, bool there, HumanRecordKind kind) {
  if (!there) return {};
  return Wrong(field, fmt::format("does not belong to an {}", HumanRecordKindName(kind)));
}

bool IsAboutEvent(HumanRecordKind kind) {
  return kind == HumanRecordKind::kDecision || kind == HumanRecordKind::kChallenge ||
         kind == HumanRecordKind::kRuling;
}

bool IsAboutMission(HumanRecordKind kind) {
  return kind == HumanRecordKind::kKeySet || kind == HumanRecordKind::kCustody;
}

// Some text of one line's length.
Result<void> CheckShort(const char* field, const std::string& text) {
  if (text.empty()) return Wrong(field, "is missing");
  if (text.size() > kMaxShortText)
    return Wrong(field, fmt::format("is longer than {} bytes", kMaxShortText));
  return {};
}

Result<void> CheckReason(const HumanRecord& r) {
  if (r.text.empty()) return Wrong("text", "is missing; a reason is part of every decision");
  if (r.text.size() > kMaxText)
    return Wrong("text", fmt::format("is longer than {} bytes", kMaxText));
  return {};
}

Result<void> CheckAboutMission(const HumanRecord& r) {
  TW_RETURN_IF_ERROR(CheckReason(r));
  if (r.kind == HumanRecordKind::kKeySet) {
    if (r.key_set.empty() || r.key_set.size() > kMaxKeySetNote)
      return Wrong("key_set", fmt::format("has {} bytes; expected a signed key set of at most {}",
                                          r.key_set.size(), kMaxKeySetNote));
    if (r.text.size() > kMaxKeySetText)
      return Wrong("text", fmt::format("is longer than {} bytes", kMaxKeySetText));
    return {};
  }
  TW_RETURN_IF_ERROR(CheckWord("item", r.item, true, kItems));
  TW_RETURN_IF_ERROR(CheckShort("item_name", r.item_name));
  const bool hex = r.item_sha256.size() == 64 &&
                   r.item_sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hex) {
    return Wrong("item_sha256",
                 fmt::format("'{}' is not 64 hexadecimal digits", r.item_sha256.substr(0, 80)));
  }
  TW_RETURN_IF_ERROR(CheckShort("handed_by", r.handed_by));
  TW_RETURN_IF_ERROR(CheckShort("handed_to", r.handed_to));
  if (r.handed_by == r.handed_to) return Wrong("handed_to", "is the one who had it");
  if (r.reported < r.time_first) return Wrong("reported_utc", "is before handed_utc");
  return {};
}

Result<void> CheckId(const char* field, const std::string& id) {
  const bool hex = id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (hex) return {};
  return Wrong(field, fmt::format("'{}' is not 32 hexadecimal digits", id));
}

// What is about an event: what is decided, and why.
Result<void> CheckAboutEvent(const HumanRecord& r) {
  const bool ruling = r.kind == HumanRecordKind::kRuling;
  if (!ruling) {
    TW_RETURN_IF_ERROR(CheckId("event_id", r.event_id));
  } else {
    TW_RETURN_IF_ERROR(CheckId("challenge_id", r.challenge_id));
  }
  if (r.kind == HumanRecordKind::kDecision) {
    TW_RETURN_IF_ERROR(CheckWord("decision", r.decision, true, kDecisions));
    const bool raw = r.decision == "release_raw", release = raw || r.decision == "release";
    TW_RETURN_IF_ERROR(CheckWord("audience", r.audience, release, kAudiences));
    if (!release && !r.audience.empty()) return Wrong("audience", "belongs to a release");
    // Recordings of people and places are never the public's.
    if (raw && r.audience != "parties")
      return Wrong("audience", "recordings are released to parties alone");
  } else if (ruling) {
    TW_RETURN_IF_ERROR(CheckWord("decision", r.decision, true, kRulings));
  }
  return CheckReason(r);
}

Result<void> Check(const HumanRecord& r) {
  if (!IsRecordId(r.record_id)) {
    return Wrong("record_id", "expected 1 to 64 letters, digits, '-', '_', '.'");
  }
  if (IsAboutEvent(r.kind)) return CheckAboutEvent(r);
  if (IsAboutMission(r.kind)) return CheckAboutMission(r);
  if (r.kind == HumanRecordKind::kUnspecified) return Wrong("kind", "is missing");
  if (r.time_last < r.time_first) return Wrong("time_last_utc", "is before time_first_utc");
  if (r.reported < r.time_last) return Wrong("reported_utc", "is before time_last_utc");
  const bool observation = r.kind == HumanRecordKind::kObservation;
  const bool allegation = r.kind == HumanRecordKind::kAllegation;
  const bool impediment = r.kind == HumanRecordKind::kImpediment;
  // What an officer has from others is an allegation, whatever he thinks of it.
  TW_RETURN_IF_ERROR(CheckWord("means", r.means, observation,
                               observation ? Words(kMeans).first(3) : Words(kMeans)));
  if (r.count_max < r.count_min) return Wrong("count_max", "is less than count_min");
  if (r.count_max > 0 && r.object_class == ObjectClass::kUnspecified) {
    return Wrong("object_class", "is missing; there is a count");
  }
  if (r.object_class == ObjectClass::kPersonGroup && r.count_max == 1) {
    return Wrong("count_max", "a single person is nobody's business here");
  }
  TW_RETURN_IF_ERROR(CheckAbsent("nothing_observed", r.nothing_observed && !observation, r.kind));
  if (r.nothing_observed && r.count_max > 0)
    return Wrong("nothing_observed", "but there is a count");
  TW_RETURN_IF_ERROR(CheckAbsent("informant", !r.informant.empty() && !allegation, r.kind));
  TW_RETURN_IF_ERROR(CheckWord("informant", r.informant, allegation, kInformants));
  TW_RETURN_IF_ERROR(CheckAbsent("impediment", !r.impediment.empty() && !impediment, r.kind));
  TW_RETURN_IF_ERROR(CheckWord("impediment", r.impediment, impediment, kImpediments));
  if (r.assessed_as.size() > kMaxShortText) {
    return Wrong("assessed_as", fmt::format("is longer than {} bytes", kMaxShortText));
  }
  if (r.text.size() > kMaxText) {
    return Wrong("text", fmt::format("is longer than {} bytes", kMaxText));
  }
  return {};
}

Result<void> ReadAboutEvent(Fields& fields, HumanRecord& r) {
  TW_ASSIGN_OR_RETURN(r.reported, fields.Time("reported_utc"));
  r.time_first = r.time_last = r.reported;
  if (r.kind == HumanRecordKind::kRuling) {
    TW_ASSIGN_OR_RETURN(r.challenge_id, fields.Text("challenge_id"));
  } else {
    TW_ASSIGN_OR_RETURN(r.event_id, fields.Text("event_id"));
  }
  if (r.kind != HumanRecordKind::kChallenge) {
    TW_ASSIGN_OR_RETURN(r.decision, fields.Text("decision"));
  }
  if (r.kind == HumanRecordKind::kDecision) {
    TW_ASSIGN_OR_RETURN(r.audience, fields.TextOrEmpty("audience"));
  }
  TW_ASSIGN_OR_RETURN(r.text, fields.Text("text"));
  return {};
}

Result<void> ReadAboutMission(Fields& fields, HumanRecord& r) {
  TW_ASSIGN_OR_RETURN(r.reported, fields.Time("reported_utc"));
  r.time_first = r.time_last = r.reported;
  TW_ASSIGN_OR_RETURN(r.text, fields.Text("text"));
  if (r.kind == HumanRecordKind::kKeySet) {
    TW_ASSIGN_OR_RETURN(r.key_set, fields.Text("key_set"));
    return {};
  }
  TW_ASSIGN_OR_RETURN(r.time_first, fields.Time("handed_utc"));
  r.time_last = r.time_first;
  TW_ASSIGN_OR_RETURN(r.item, fields.Text("item"));
  TW_ASSIGN_OR_RETURN(r.item_name, fields.Text("item_name"));
  TW_ASSIGN_OR_RETURN(r.item_sha256, fields.Text("item_sha256"));
  TW_ASSIGN_OR_RETURN(r.handed_by, fields.Text("handed_by"));
  TW_ASSIGN_OR_RETURN(r.handed_to, fields.Text("handed_to"));
  return {};
}

Result<HumanRecord> ParseObject(std::string_view json) {
  TW_ASSIGN_OR_RETURN(auto object, human::ParseFlatJson(json));
  Fields fields(std::move(object));
  HumanRecord r;
  TW_ASSIGN_OR_RETURN(r.record_id, fields.Text("record_id"));
  TW_ASSIGN_OR_RETURN(const std::string status, fields.Text("status"));
  if (status != "EXERCISE" && status != "OPERATIONAL") {
    return Wrong("status", fmt::format("'{}' is neither EXERCISE nor OPERATIONAL", status));
  }
  r.exercise = status == "EXERCISE";
  TW_ASSIGN_OR_RETURN(const std::string kind, fields.Text("kind"));
  TW_ASSIGN_OR_RETURN(r.kind, HumanRecordKindFromName(kind));
  if (IsAboutEvent(r.kind) || IsAboutMission(r.kind)) {
    TW_RETURN_IF_ERROR(IsAboutEvent(r.kind) ? ReadAboutEvent(fields, r)
                                            : ReadAboutMission(fields, r));
    TW_RETURN_IF_ERROR(fields.NothingLeft());
    TW_RETURN_IF_ERROR(Check(r));
    return r;
  }
  TW_ASSIGN_OR_RETURN(r.time_first, fields.Time("time_first_utc"));
  TW_ASSIGN_OR_RETURN(r.time_last, fields.Time("time_last_utc"));
  TW_ASSIGN_OR_RETURN(r.reported, fields.Time("reported_utc"));
  TW_ASSIGN_OR_RETURN(const double lat_deg, fields.Number("lat_deg", -90, 90));
  TW_ASSIGN_OR_RETURN(const double lon_deg, fields.Number("lon_deg", -180, 180));
  r.position = Geodetic::FromDegrees(lat_deg, lon_deg, 0);
  TW_ASSIGN_OR_RETURN(r.radius_m, fields.Number("radius_m", 1, kMaxRadiusM));
  TW_ASSIGN_OR_RETURN(r.means, fields.TextOrEmpty("means"));
  TW_ASSIGN_OR_RETURN(const auto object_class,
                      fields.Optional<std::string>("object_class", "a text"));
  if (object_class) {
    TW_ASSIGN_OR_RETURN(r.object_class, ObjectClassFromName(*object_class));
  }
  TW_ASSIGN_OR_RETURN(r.count_min, fields.Count("count_min"));
  TW_ASSIGN_OR_RETURN(r.count_max, fields.Count("count_max"));
  TW_ASSIGN_OR_RETURN(r.assessed_as, fields.TextOrEmpty("assessed_as"));
  TW_ASSIGN_OR_RETURN(r.text, fields.TextOrEmpty("text"));
  TW_ASSIGN_OR_RETURN(r.informant, fields.TextOrEmpty("informant"));
  TW_ASSIGN_OR_RETURN(r.impediment, fields.TextOrEmpty("impediment"));
  TW_ASSIGN_OR_RETURN(r.nothing_observed, fields.Truth("nothing_observed"));
  TW_RETURN_IF_ERROR(fields.NothingLeft());
  TW_RETURN_IF_ERROR(Check(r));
  return r;
}

std::string FormatObject(const HumanRecord& r) {
  JsonWriter json;
  json.BeginObject();
  json.Field("record_id", r.record_id);
  json.Field("status", std::string_view(r.exercise ? "EXERCISE" : "OPERATIONAL"));
  json.Field("kind", std::string_view(HumanRecordKindName(r.kind)));
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) json.Field(name, value);
  };
  if (IsAboutEvent(r.kind)) {
    json.Field("reported_utc", FormatUtc(r.reported));
    text("event_id", r.event_id);
    text("challenge_id", r.challenge_id);
    text("decision", r.decision);
    text("audience", r.audience);
    text("text", r.text);
    return json.EndObject().text();
  }
  if (IsAboutMission(r.kind)) {
    json.Field("reported_utc", FormatUtc(r.reported));
    if (r.kind == HumanRecordKind::kCustody) json.Field("handed_utc", FormatUtc(r.time_first));
    text("item", r.item);
    text("item_name", r.item_name);
    text("item_sha256", r.item_sha256);
    text("handed_by", r.handed_by);
    text("handed_to", r.handed_to);
    text("key_set", r.key_set);
    text("text", r.text);
    return json.EndObject().text();
  }
  json.Field("time_first_utc", FormatUtc(r.time_first));
  json.Field("time_last_utc", FormatUtc(r.time_last));
  json.Field("reported_utc", FormatUtc(r.reported));
  // A tenth of a millimetre; radians in between would make 30 degrees 29.999999999999996.
  const auto rounded = [](double deg) { return std::round(deg * 1e9) / 1e9; };
  json.Field("lat_deg", rounded(r.position.latitude.deg()));
  json.Field("lon_deg", rounded(r.position.longitude.deg()));
  json.Field("radius_m", r.radius_m);
  text("means", r.means);
  if (r.object_class != ObjectClass::kUnspecified) {
    json.Field("object_class", std::string_view(ObjectClassName(r.object_class)));
  }
  if (r.count_max > 0) {
    json.Field("count_min", r.count_min);
    json.Field("count_max", r.count_max);
  }
  text("informant", r.informant);
  text("impediment", r.impediment);
  if (r.nothing_observed) json.Field("nothing_observed", true);
  text("assessed_as", r.assessed_as);
  text("text", r.text);
  return json.EndObject().text();
}

}  // namespace

Result<HumanRecordKind> HumanRecordKindFromName(std::string_view name) {
  for (const auto kind :
       {HumanRecordKind::kObservation, HumanRecordKind::kAllegation, HumanRecordKind::kImpediment,
        HumanRecordKind::kDecision, HumanRecordKind::kChallenge, HumanRecordKind::kRuling,
        HumanRecordKind::kKeySet, HumanRecordKind::kCustody}) {
    if (name == HumanRecordKindName(kind)) return kind;
  }
  return Wrong("kind", fmt::format("'{}' is not observation, allegation, impediment, decision, "
                                   "challenge, ruling, key_set or custody",
                                   name));
}

Result<ObjectClass> ObjectClassFromName(std::string_view name) {
  for (const ObjectClass object_class : kClasses) {
    if (object_class != ObjectClass::kUnspecified && name == ObjectClassName(object_class)) {
      return object_class;
    }
  }
  return Wrong("object_class", fmt::format("'{}' is not vehicle, light_vehicle, truck, "
                                           "tracked_vehicle or person_group",
                                           name));
}

std::optional<Instant> ReportedTime(std::string_view note) {
  const auto parsed = ParseNote(note);
  if (!parsed || !parsed->text.starts_with(kHumanRecordHeader)) return std::nullopt;
  auto object =
      human::ParseFlatJson(std::string_view(parsed->text).substr(kHumanRecordHeader.size()));
  if (!object) return std::nullopt;
  const auto time = Fields(std::move(*object)).Time("reported_utc");
  return time ? std::optional<Instant>(*time) : std::nullopt;
}

Result<HumanRecord> ReadHumanRecordText(std::string_view text) {
  const std::string header = std::string(kHumanRecordHeader) + "\n";
  if (!text.starts_with(header)) {
    return Fail(ErrorCode::kBadInput, "human record: expected the first line '{}'",
                kHumanRecordHeader);
  }
  text.remove_prefix(header.size());
  return ParseObject(text);
}

Result<HumanRecord> ParseHumanRecord(std::string_view note, std::span<const NoteKey> signers) {
  TW_ASSIGN_OR_RETURN(const SignedNote parsed, ParseNote(note));
  TW_ASSIGN_OR_RETURN(const auto signed_by, VerifyNote(parsed, signers));
  if (signed_by.size() != 1) {
    const std::string name = parsed.signatures.empty() ? "nobody" : parsed.signatures.front().name;
    return Fail(ErrorCode::kCheckFailed,
                "human record: signed by '{}'; expected exactly one of the {} keys that may sign, "
                "found {}",
                name, signers.size(), signed_by.size());
  }
  const NoteKey& key = signers[signed_by.front()];
  if (key.type != kNoteEd25519) {
    return Fail(ErrorCode::kCheckFailed,
                "human record: the key '{}' is a witness's and signs no records", key.name);
  }
  TW_ASSIGN_OR_RETURN(HumanRecord record, ReadHumanRecordText(parsed.text));
  record.author = key.name;
  return record;
}

Result<std::string> WriteHumanRecord(const HumanRecord& record, const std::string& signer_name,
                                     const Ed25519KeyPair& pair) {
  if (!IsValidKeyName(signer_name)) {
    return Fail(ErrorCode::kBadInput, "'{}' is no name of a key", signer_name);
  }
  if (!record.author.empty() && record.author != signer_name) {
    return Wrong("author", fmt::format("is '{}', but '{}' signs", record.author, signer_name));
  }
  TW_ASSIGN_OR_RETURN(const std::string text, HumanRecordText(record));
  std::string note = FormatNote({text, {SignNote(text, signer_name, pair)}});
  const NoteKey key{signer_name, kNoteEd25519, pair.public_key()};
  TW_RETURN_IF_ERROR(ParseHumanRecord(note, std::span(&key, 1)));
  return note;
}

Result<std::string> HumanRecordText(const HumanRecord& record) {
  const std::string object = FormatObject(record);
  // What is written must read back: the reader's checks are the format's.
  TW_RETURN_IF_ERROR(ParseObject(object));
  return fmt::format("{}\n{}\n", kHumanRecordHeader, object);
}

}  // namespace trucewatch
