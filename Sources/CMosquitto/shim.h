#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>

// The library keeps its TLS session behind `void *`. These three functions of OpenSSL are all that is asked of it;
// they are declared here rather than included, so that this module does not hold a second copy of OpenSSL's headers.
struct ssl_st;
extern long SSL_get_verify_result(const struct ssl_st *ssl);
extern int SSL_pending(const struct ssl_st *ssl);
extern const char *X509_verify_cert_error_string(long code);

// What OpenSSL has against the peer's certificate, or NULL if nothing: the library refuses one for another host with the
// code for "unspecified". Only while the session exists, that is in a log callback.
static inline const char *cmosquitto_verification_failure(struct mosquitto *mosq) {
  const struct ssl_st *ssl = (const struct ssl_st *)mosquitto_ssl_get(mosq);
  if (ssl == NULL) return NULL;
  long code = SSL_get_verify_result(ssl);
  return code == 0 || code == 1 ? NULL : X509_verify_cert_error_string(code);
}

// Whether decrypted bytes wait in the TLS session: no poll of the socket can tell.
static inline bool cmosquitto_has_buffered_input(struct mosquitto *mosq) {
  const struct ssl_st *ssl = (const struct ssl_st *)mosquitto_ssl_get(mosq);
  return ssl != NULL && SSL_pending(ssl) > 0;
}
