#ifndef C_TEST_SUPPORT_H
#define C_TEST_SUPPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Starts a program that the kernel kills when the calling thread ends.
///
/// The child gets a process group of its own, default signal handlers, an empty signal mask and no descriptors but 0, 1 and 2.
///
/// - file: the program, looked up in PATH if it has no slash.
/// - argv, envp: ended by a null pointer; argv[0] included.
/// - directory: its working directory, or null for the caller's.
/// - input: becomes descriptor 0; -1 for /dev/null.
/// - output: becomes descriptors 1 and 2.
///
/// Returns the process id, or the negative errno of the step that failed.
pid_t ctest_spawn(const char *file, char *const argv[], char *const envp[], const char *directory, int input,
                  int output);

/// pipe2(2) with O_CLOEXEC; returns 0 or an errno value.
int ctest_pipe(int ends[2]);

/// Sets the soft limit of open descriptors of a process (RLIMIT_NOFILE) and tells what it was; returns 0 or an errno value.
int ctest_limit_descriptors(pid_t process, uint64_t number, uint64_t *before);

/// memmem(3): where `text`, ended by a zero byte, begins first in so many bytes; -1 if nowhere.
ptrdiff_t ctest_find(const void *bytes, size_t count, const char *text);

#endif
