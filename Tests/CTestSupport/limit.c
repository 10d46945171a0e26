#define _GNU_SOURCE
#include "CTestSupport.h"

#include <errno.h>
#include <sys/resource.h>

int ctest_limit_descriptors(pid_t process, uint64_t number, uint64_t *before) {
  struct rlimit limit;
  if (prlimit(process, RLIMIT_NOFILE, 0, &limit) != 0) return errno;
  *before = limit.rlim_cur;
  limit.rlim_cur = number;
  return prlimit(process, RLIMIT_NOFILE, &limit, 0) == 0 ? 0 : errno;
}
