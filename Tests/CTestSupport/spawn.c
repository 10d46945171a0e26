#define _GNU_SOURCE
#include "CTestSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int ctest_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno; }

/* Runs between fork and exec in a process that had other threads: only async-signal-safe calls are allowed here. */
static void become(const char *file, char *const argv[], char *const envp[], const char *directory, int input,
                   int output, pid_t parent) {
  struct sigaction standard = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) sigaction(number, &standard, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, 0);

  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return;
  if (getppid() != parent) _exit(127); /* the parent died before the line above took effect */
  if (setpgid(0, 0) != 0) return;
  if (directory && chdir(directory) != 0) return;
  if (input < 0) input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (input < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) return;
  /* All others close on exec, the report pipe too: a socket that leaked would stay open when the test closes it. */
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  execvpe(file, argv, envp);
}

pid_t ctest_spawn(const char *file, char *const argv[], char *const envp[], const char *directory, int input,
                  int output) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return -errno;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    become(file, argv, envp, directory, input, output, parent);
    int code = errno;
    ssize_t written = write(report[1], &code, sizeof code);
    _exit(written > 0 ? 127 : 126);
  }
  int code = child < 0 ? errno : 0;
  close(report[1]);
  /* Nothing to read means that exec has closed the other end: the program runs. */
  while (child > 0 && read(report[0], &code, sizeof code) < 0 && errno == EINTR) {
  }
  close(report[0]);
  if (child > 0 && code != 0) waitpid(child, 0, 0);
  return code == 0 ? child : -code;
}
