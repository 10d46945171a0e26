#pragma once

// Calls and flags of Linux that Swift's Glibc module hides. What needs `_GNU_SOURCE` is compiled on its own: a header that
// defined it would give Swift other layouts of the system's types than the Glibc module does, and the two do not go together.

#include <stdint.h>
#include <sys/epoll.h>

/// An eventfd(2) that neither blocks nor survives exec; -1 with `errno`.
int clinux_eventfd(void);
/// An epoll(7) instance that does not survive exec; -1 with `errno`.
int clinux_epoll(void);

// glibc declares these as enumerators that shadow macros of the same name, which Swift does not see.
static const uint32_t clinux_readable = EPOLLIN;
static const uint32_t clinux_writable = EPOLLOUT;
static const uint32_t clinux_failed = EPOLLERR | EPOLLHUP | EPOLLRDHUP;

/// pthread_setname_np(3) for the calling thread.
void clinux_name_thread(const char *name);

/// Gives back what the heaps have free in whole pages, and unmaps what nothing may write of the program and its libraries.
void clinux_give_back_memory(void);

/// When a file was made, in nanoseconds since 1970; 0 if there is none or its file system does not say.
int64_t clinux_birth(const char *path);
