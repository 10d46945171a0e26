#pragma once
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

// Flags that Swift cannot see: glibc declares them as enumerators that shadow macros of the same name.
static inline int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline int clinux_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }
static const uint32_t clinux_readable = EPOLLIN;
static const uint32_t clinux_writable = EPOLLOUT;
static const uint32_t clinux_failed = EPOLLERR | EPOLLHUP | EPOLLRDHUP;

#include <pthread.h>

// A GNU extension that the Glibc module hides.
extern int pthread_setname_np(pthread_t thread, const char *name);
