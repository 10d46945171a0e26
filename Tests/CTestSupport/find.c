#define _GNU_SOURCE

#include "CTestSupport.h"

#include <string.h>

ptrdiff_t ctest_find(const void *bytes, size_t count, const char *text) {
  const char *found = memmem(bytes, count, text, strlen(text));
  return found ? found - (const char *)bytes : -1;
}
