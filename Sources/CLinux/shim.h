#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// Flags that Swift cannot see: glibc declares them as enumerators that shadow macros of the same name.
static inline int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline int clinux_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }
static const uint32_t clinux_readable = EPOLLIN;
static const uint32_t clinux_writable = EPOLLOUT;
static const uint32_t clinux_failed = EPOLLERR | EPOLLHUP | EPOLLRDHUP;

#include <pthread.h>

// A GNU extension that the Glibc module hides.
extern int pthread_setname_np(pthread_t thread, const char *name);

// Pages of a program or library that nothing may write are as they are in the file, so they can be unmapped at any time. The
// segments that are written while relocations are applied, and read-only only then, do not count as such here.
static inline int clinux_unmap_clean(struct dl_phdr_info *object, size_t size, void *nothing) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int index = 0; index < object->dlpi_phnum; index++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
    uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
    uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_filesz;
    madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

static inline void clinux_give_back_memory(void) {
  malloc_trim(0);
  dl_iterate_phdr(clinux_unmap_clean, NULL);
}

// When a file was made, in nanoseconds since 1970; 0 if the file system does not say. The Glibc module hides the call.
static inline int64_t clinux_birth(const char *path) {
  struct statx status;
  if (statx(AT_FDCWD, path, 0, STATX_BTIME, &status) != 0 || !(status.stx_mask & STATX_BTIME)) return 0;
  return (int64_t)status.stx_btime.tv_sec * 1000000000 + status.stx_btime.tv_nsec;
}
