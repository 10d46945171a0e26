#pragma once
#include <netdb.h>
#include <netinet/in.h>
#include <arpa/nameser.h>
#include <resolv.h>
#include <string.h>

// The state of the resolver and the cursor into an answer are structures with unions and bit fields, and most calls are
// macros: what Swift gets instead are two functions.

enum { cresolver_target_size = NS_MAXDNAME };

// One SRV record (RFC 2782).
typedef struct {
  uint16_t priority;
  uint16_t weight;
  uint16_t port;
  uint32_t seconds; // how long it may be kept
  char target[NS_MAXDNAME];
} cresolver_srv;

// Asks for the SRV records of `name`. Returns the length of the answer in `buffer`, or -1 with the reason in `error`:
// HOST_NOT_FOUND and NO_DATA say that there are none, TRY_AGAIN and NO_RECOVERY that nobody knows.
static inline int cresolver_query_srv(const char *name, uint8_t *buffer, int size, int *error) {
  struct __res_state state;
  memset(&state, 0, sizeof state);
  *error = NO_RECOVERY;
  if (res_ninit(&state) != 0) return -1;
  int length = res_nquery(&state, name, ns_c_in, ns_t_srv, buffer, size);
  *error = state.res_h_errno;
  res_nclose(&state);
  if (length > size) { // cut off
    *error = NO_RECOVERY;
    return -1;
  }
  return length;
}

// How many records the answer section of a message has; -1 if it is no message.
static inline int cresolver_answer_count(const uint8_t *message, int length) {
  ns_msg handle;
  if (ns_initparse(message, length, &handle) != 0) return -1;
  return ns_msg_count(handle, ns_s_an);
}

// Reads one record of the answer section. Returns 1 for an SRV record, 0 for one of another type (a CNAME on the way),
// -1 if the message is malformed.
static inline int cresolver_read_srv(const uint8_t *message, int length, int index, cresolver_srv *out) {
  ns_msg handle;
  ns_rr record;
  if (ns_initparse(message, length, &handle) != 0) return -1;
  if (ns_parserr(&handle, ns_s_an, index, &record) != 0) return -1;
  if (ns_rr_type(record) != ns_t_srv || ns_rr_class(record) != ns_c_in) return 0;
  if (ns_rr_rdlen(record) < 7) return -1;
  const uint8_t *data = ns_rr_rdata(record);
  out->priority = ns_get16(data);
  out->weight = ns_get16(data + 2);
  out->port = ns_get16(data + 4);
  out->seconds = ns_rr_ttl(record);
  if (ns_name_uncompress(ns_msg_base(handle), ns_msg_end(handle), data + 6, out->target, sizeof out->target) < 0) {
    return -1;
  }
  return 1;
}
