// SPDX-License-Identifier: Apache-2.0
#include "core/crypto/timestamp.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

#include "core/base/check.h"

namespace trucewatch {
namespace {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <typename T, auto Free>
using Owned = std::unique_ptr<T, FreeWith<Free>>;

using Request = Owned<TS_REQ, TS_REQ_free>;
using Imprint = Owned<TS_MSG_IMPRINT, TS_MSG_IMPRINT_free>;
using Algorithm = Owned<X509_ALGOR, X509_ALGOR_free>;
using Integer = Owned<ASN1_INTEGER, ASN1_INTEGER_free>;
using Number = Owned<BIGNUM, BN_free>;
using Response = Owned<TS_RESP, TS_RESP_free>;
using VerifyContext = Owned<TS_VERIFY_CTX, TS_VERIFY_CTX_free>;
using Certificates = Owned<X509_STORE, X509_STORE_free>;
using Certificate = Owned<X509, X509_free>;
using Memory = Owned<BIO, BIO_free_all>;

std::string TextOf(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return size <= 0 ? "" : std::string(data, static_cast<std::size_t>(size));
}

std::string BytesOf(const ASN1_INTEGER* integer) {
  const Number number(ASN1_INTEGER_to_BN(integer, nullptr));
  if (number == nullptr || BN_is_negative(number.get())) return "";
  std::string out(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

std::string ObjectText(const ASN1_OBJECT* object) {
  std::array<char, 256> text{};
  OBJ_obj2txt(text.data(), text.size(), object, 1);
  return text.data();
}

// GeneralizedTime of RFC 3161: always Z, seconds given, a fraction without trailing zeros.
Result<Instant> TimeOf(const ASN1_GENERALIZEDTIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1)
    return Fail(ErrorCode::kBadInput, "time-stamp: states no time that reads");
  std::int64_t micros = static_cast<std::int64_t>(timegm(&parts)) * 1'000'000;
  const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(time)),
                              static_cast<std::size_t>(ASN1_STRING_length(time)));
  const std::size_t dot = text.find('.');
  std::int64_t unit = 100'000;
  for (std::size_t i = dot; dot != std::string_view::npos && ++i < text.size() && unit > 0;
       unit /= 10) {
    if (text[i] < '0' || text[i] > '9') break;
    micros += (text[i] - '0') * unit;
  }
  return Instant::FromMicros(micros);
}

std::optional<Duration> AccuracyOf(TS_ACCURACY* accuracy) {
  if (accuracy == nullptr) return std::nullopt;
  const auto value = [](const ASN1_INTEGER* part) {
    return part == nullptr ? 0 : static_cast<std::int64_t>(ASN1_INTEGER_get(part));
  };
  return Duration::Micros(value(TS_ACCURACY_get_seconds(accuracy)) * 1'000'000 +
                          value(TS_ACCURACY_get_millis(accuracy)) * 1000 +
                          value(TS_ACCURACY_get_micros(accuracy)));
}

std::string SubjectOf(PKCS7* token) {
  STACK_OF(X509)* signers = PKCS7_get0_signers(token, nullptr, 0);
  std::string out;
  if (signers != nullptr && sk_X509_num(signers) > 0) {
    const Memory memory(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(memory.get(), X509_get_subject_name(sk_X509_value(signers, 0)), 0,
                       XN_FLAG_RFC2253);
    out = TextOf(memory.get());
  }
  sk_X509_free(signers);
  ERR_clear_error();
  return out;
}

Result<Certificates> ReadTrusted(const std::string& pem, Instant at) {
  Certificates store(X509_STORE_new());
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  int count = 0;
  while (
      const Certificate certificate{PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(store.get(), certificate.get());
    ++count;
  }
  ERR_clear_error();
  if (count == 0)
    return Fail(ErrorCode::kBadInput,
                "the certificates of whom to trust: none that reads (PEM expected)");
  // As of the time that is stated: a certificate that expired since was good then.
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()),
                             static_cast<std::time_t>(at.micros() / 1'000'000));
  return store;
}

// What OpenSSL says about a refusal, in its words.
tl::unexpected<Error> FailSignature() {
  std::string words = "its signature is not good";
  const char* data = nullptr;
  int flags = 0;
  while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    if (ERR_GET_LIB(code) != ERR_LIB_TS) continue;
    const bool has_text = (flags & ERR_TXT_STRING) != 0 && data != nullptr;
    if (ERR_GET_REASON(code) == TS_R_CERTIFICATE_VERIFY_ERROR) {
      std::string_view why = has_text ? data : "";
      constexpr std::string_view kVerifyError = "Verify error:";
      if (why.starts_with(kVerifyError)) why.remove_prefix(kVerifyError.size());
      words = fmt::format("the certificates do not lead to one that is trusted: {}", why);
      break;
    }
    const char* reason = ERR_reason_error_string(code);
    if (reason != nullptr) words = fmt::format("its signature is not good ({})", reason);
  }
  ERR_clear_error();
  return Fail(ErrorCode::kCheckFailed, "time-stamp: {}", words);
}

// Whether the authority granted it (0 and 1 of section 2.4.2).
Result<void> CheckGranted(TS_RESP* response) {
  TS_STATUS_INFO* info = TS_RESP_get_status_info(response);
  const long status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(info));
  if (status == 0 || status == 1) return {};
  std::string words;
  const STACK_OF(ASN1_UTF8STRING)* texts = TS_STATUS_INFO_get0_text(info);
  for (int i = 0; i < sk_ASN1_UTF8STRING_num(texts); ++i) {
    const ASN1_UTF8STRING* text = sk_ASN1_UTF8STRING_value(texts, i);
    for (int k = 0; k < ASN1_STRING_length(text); ++k) {
      const auto c = static_cast<char>(ASN1_STRING_get0_data(text)[k]);
      words.push_back(c >= 0x20 && c < 0x7F ? c : '.');
    }
  }
  return Fail(ErrorCode::kNotFound, "time-stamp: the authority refused it (status {}): {}", status,
              words);
}

}  // namespace

TimestampRequest MakeTimestampRequest(const Digest& sha256) {
  std::array<unsigned char, 8> random{};
  TW_CHECK(RAND_bytes(random.data(), static_cast<int>(random.size())) == 1);
  random[0] = static_cast<unsigned char>((random[0] & 0x7FU) | 0x40U);  // positive, no leading zero
  const Request request(TS_REQ_new());
  const Imprint imprint(TS_MSG_IMPRINT_new());
  const Algorithm algorithm(X509_ALGOR_new());
  const Number number(BN_bin2bn(random.data(), static_cast<int>(random.size()), nullptr));
  const Integer nonce(BN_to_ASN1_INTEGER(number.get(), nullptr));
  Digest bytes = sha256;
  TW_CHECK(TS_REQ_set_version(request.get(), 1) == 1 &&
           X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1 &&
           TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1 &&
           TS_MSG_IMPRINT_set_msg(imprint.get(), bytes.data(), static_cast<int>(bytes.size())) ==
               1 &&
           TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1 &&
           TS_REQ_set_nonce(request.get(), nonce.get()) == 1 &&
           TS_REQ_set_cert_req(request.get(), 1) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_TS_REQ(request.get(), &der);
  TW_CHECK(size > 0);
  TimestampRequest out{{reinterpret_cast<char*>(der), static_cast<std::size_t>(size)},
                       {random.begin(), random.end()}};
  OPENSSL_free(der);
  return out;
}

Result<Timestamp> CheckTimestamp(Bytes response, const TimestampCheck& check) {
  ERR_clear_error();
  const unsigned char* at = response.data();
  const Response parsed(d2i_TS_RESP(nullptr, &at, static_cast<long>(response.size())));
  ERR_clear_error();
  if (parsed == nullptr || at != response.data() + response.size())
    return Fail(ErrorCode::kBadInput, "time-stamp: {} bytes that are no TimeStampResp",
                response.size());
  TW_RETURN_IF_ERROR(CheckGranted(parsed.get()));
  PKCS7* token = TS_RESP_get_token(parsed.get());
  TS_TST_INFO* info = TS_RESP_get_tst_info(parsed.get());
  if (token == nullptr || info == nullptr)
    return Fail(ErrorCode::kBadInput, "time-stamp: granted, but without a token");
  TS_MSG_IMPRINT* imprint = TS_TST_INFO_get_msg_imprint(info);
  const ASN1_OCTET_STRING* message = TS_MSG_IMPRINT_get_msg(imprint);
  if (OBJ_obj2nid(TS_MSG_IMPRINT_get_algo(imprint)->algorithm) != NID_sha256 ||
      ASN1_STRING_length(message) != static_cast<int>(check.sha256.size()) ||
      !std::equal(check.sha256.begin(), check.sha256.end(), ASN1_STRING_get0_data(message)))
    return Fail(ErrorCode::kCheckFailed, "time-stamp: is one of other bytes");
  if (check.nonce && BytesOf(TS_TST_INFO_get_nonce(info)) != *check.nonce)
    return Fail(ErrorCode::kCheckFailed, "time-stamp: answers another request (its nonce differs)");
  Timestamp out;
  TW_ASSIGN_OR_RETURN(out.time, TimeOf(TS_TST_INFO_get_time(info)));
  out.accuracy = AccuracyOf(TS_TST_INFO_get_accuracy(info));
  out.policy = ObjectText(TS_TST_INFO_get_policy_id(info));
  out.serial = HexEncode(AsBytes(BytesOf(TS_TST_INFO_get_serial(info))));
  TW_ASSIGN_OR_RETURN(Certificates trusted, ReadTrusted(check.ca_pem, out.time));
  const VerifyContext context(TS_VERIFY_CTX_new());
  TS_VERIFY_CTX_set_flags(context.get(), TS_VFY_VERSION | TS_VFY_SIGNATURE);
  TS_VERIFY_CTX_set_store(context.get(), trusted.release());  // and frees it
  if (TS_RESP_verify_response(context.get(), parsed.get()) != 1) return FailSignature();
  out.authority = SubjectOf(token);
  return out;
}

}  // namespace trucewatch
