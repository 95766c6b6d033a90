// SPDX-License-Identifier: Apache-2.0
#include "tests/core/crypto/time_authority.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "core/base/check.h"

namespace trucewatch::testing {
namespace {

void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  TW_CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void SetName(X509_NAME* name, const char* common_name) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
}

X509* MakeCertificate(const char* name, EVP_PKEY* key, long serial, Instant from, Instant until,
                      X509* issuer, EVP_PKEY* issuer_key) {
  X509* out = X509_new();
  X509_set_version(out, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(out), serial);
  ASN1_TIME_set(X509_getm_notBefore(out), static_cast<time_t>(from.micros() / 1'000'000));
  ASN1_TIME_set(X509_getm_notAfter(out), static_cast<time_t>(until.micros() / 1'000'000));
  X509_set_pubkey(out, key);
  SetName(X509_get_subject_name(out), name);
  X509_set_issuer_name(out, X509_get_subject_name(issuer == nullptr ? out : issuer));
  if (issuer == nullptr) {
    AddExtension(out, out, NID_basic_constraints, "critical,CA:TRUE");
    AddExtension(out, out, NID_key_usage, "critical,keyCertSign");
  } else {
    AddExtension(out, issuer, NID_key_usage, "critical,digitalSignature");
    AddExtension(out, issuer, NID_ext_key_usage, "critical,timeStamping");
  }
  TW_CHECK(X509_sign(out, issuer_key, EVP_sha256()) > 0);
  return out;
}

ASN1_INTEGER* NextSerial(TS_RESP_CTX*, void* data) {
  ASN1_INTEGER* serial = ASN1_INTEGER_new();
  ASN1_INTEGER_set(serial, ++*static_cast<long*>(data));
  return serial;
}

int ClockTime(TS_RESP_CTX*, void* data, long* seconds, long* micros) {
  const auto now = *static_cast<const Instant*>(data);
  *seconds = static_cast<long>(now.micros() / 1'000'000);
  *micros = static_cast<long>(now.micros() % 1'000'000);
  return 1;
}

}  // namespace

class TimeAuthority::Impl {
 public:
  explicit Impl(const Options& options) : now_(options.now) {
    ca_key_ = EVP_EC_gen("P-256");
    key_ = EVP_EC_gen("P-256");
    ca_ = MakeCertificate("Test CA", ca_key_, 1, Instant(),
                          Instant::FromMicros(4'000'000'000'000'000), nullptr, ca_key_);
    certificate_ = MakeCertificate("Test Time", key_, 2, options.valid_from, options.valid_until,
                                   ca_, ca_key_);
    BIO* memory = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(memory, ca_);
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    pem_.assign(data, static_cast<std::size_t>(size));
    BIO_free_all(memory);
  }
  ~Impl() {
    X509_free(certificate_);
    X509_free(ca_);
    EVP_PKEY_free(key_);
    EVP_PKEY_free(ca_key_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::string Reply(const std::string& request) {
    TS_RESP_CTX* context = TS_RESP_CTX_new();
    ASN1_OBJECT* policy = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
    TW_CHECK(TS_RESP_CTX_set_signer_cert(context, certificate_) == 1 &&
             TS_RESP_CTX_set_signer_key(context, key_) == 1 &&
             TS_RESP_CTX_set_signer_digest(context, EVP_sha256()) == 1 &&
             TS_RESP_CTX_set_ess_cert_id_digest(context, EVP_sha256()) == 1 &&
             TS_RESP_CTX_set_def_policy(context, policy) == 1 &&
             TS_RESP_CTX_add_md(context, EVP_sha256()) == 1 &&
             TS_RESP_CTX_set_accuracy(context, 1, 250, 0) == 1 &&
             TS_RESP_CTX_set_clock_precision_digits(context, 6) == 1);
    TS_RESP_CTX_set_serial_cb(context, NextSerial, &serial_);
    TS_RESP_CTX_set_time_cb(context, ClockTime, &now_);
    BIO* memory = BIO_new_mem_buf(request.data(), static_cast<int>(request.size()));
    TS_RESP* response = TS_RESP_create_response(context, memory);
    TW_CHECK(response != nullptr);
    unsigned char* der = nullptr;
    const int size = i2d_TS_RESP(response, &der);
    std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    TS_RESP_free(response);
    BIO_free_all(memory);
    ASN1_OBJECT_free(policy);
    TS_RESP_CTX_free(context);
    return out;
  }

  std::string pem_;
  Instant now_;

 private:
  EVP_PKEY* ca_key_ = nullptr;
  EVP_PKEY* key_ = nullptr;
  X509* ca_ = nullptr;
  X509* certificate_ = nullptr;
  long serial_ = 40;
};

TimeAuthority::TimeAuthority(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
TimeAuthority::~TimeAuthority() = default;
const std::string& TimeAuthority::ca_pem() const { return impl_->pem_; }
void TimeAuthority::SetNow(Instant now) { impl_->now_ = now; }
std::string TimeAuthority::Reply(const std::string& request) const { return impl_->Reply(request); }

}  // namespace trucewatch::testing
