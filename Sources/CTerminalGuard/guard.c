#define _GNU_SOURCE
#include "CTerminalGuard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define BIT(number) (UINT64_C(1) << (number))
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int control[] = {SIGTSTP, SIGCONT};
static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
static const uint64_t ending_bits = BIT(SIGINT) | BIT(SIGTERM) | BIT(SIGHUP) | BIT(SIGQUIT);
// A loop that has not looked at an ending signal for this long is stuck; a second one then ends the process.
static const int64_t patience_nanoseconds = 1000000000;

// What was there before us, by signal number, and which of them we replaced.
static struct sigaction earlier[64];
static uint64_t replaced;

static int pipe_ends[2] = {-1, -1};
static _Atomic uint64_t pending;
static _Atomic int64_t waiting_since;

// What is to be given back. Written before `armed` is set, read after it was seen set.
static struct termios saved_modes;
static int saved_descriptor = -1;
static char restoring[512];
static size_t restoring_length;
static int output_descriptor = -1;
static atomic_bool armed;
static atomic_bool crashing;

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void announce(int number) {
  atomic_fetch_or(&pending, BIT(number));
  uint8_t byte = (uint8_t)number;
  // A full pipe is readable already, and `pending` holds the signal.
  (void)!write(pipe_ends[1], &byte, 1);
}

static void on_signal(int number) {
  int error = errno;
  bool again = (ending_bits & BIT(number)) != 0 && (atomic_load(&pending) & ending_bits) != 0;
  if (again && nanoseconds() - atomic_load(&waiting_since) > patience_nanoseconds) {
    terminal_guard_restore();
    _exit(128 + number);
  }
  if (!again && (ending_bits & BIT(number)) != 0) atomic_store(&waiting_since, nanoseconds());
  announce(number);
  errno = error;
}

static void on_size(int number, siginfo_t *information, void *context) {
  int error = errno;
  const struct sigaction *before = &earlier[SIGWINCH];
  if (before->sa_flags & SA_SIGINFO) {
    if (before->sa_sigaction != NULL) before->sa_sigaction(number, information, context);
  } else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) {
    before->sa_handler(number);
  }
  announce(number);
  errno = error;
}

static void on_crash(int number, siginfo_t *information, void *context) {
  (void)context;
  atomic_store(&crashing, true);
  terminal_guard_restore();
  sigaction(number, &earlier[number], NULL);
  // A fault of the processor comes again when the instruction is run again, with its true context for the earlier
  // handler.
  if (information->si_code > 0 && number != SIGTRAP) return;
  // A signal that was sent, or a trap, which is past its instruction, does not: it is sent again, here and now; and
  // once more, to end the process, since Swift's handler reports and then relies on the fault's coming again.
  sigset_t this_signal;
  sigemptyset(&this_signal);
  sigaddset(&this_signal, number);
  pthread_sigmask(SIG_UNBLOCK, &this_signal, NULL);
  raise(number);
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigemptyset(&standard.sa_mask);
  sigaction(number, &standard, NULL);
  raise(number);
}

static int replace(int number, const struct sigaction *action) {
  if (replaced & BIT(number)) return 0;
  if (sigaction(number, action, &earlier[number]) != 0) return -1;
  replaced |= BIT(number);
  return 0;
}

// A crash by stack overflow has no stack to handle it on; the thread that starts the guard gets one.
static void provide_stack(void) {
  static char stack[64 * 1024];
  stack_t present;
  if (sigaltstack(NULL, &present) == 0 && (present.ss_flags & SS_DISABLE)) {
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack, .ss_flags = 0};
    sigaltstack(&alternate, NULL);
  }
}

int terminal_guard_install(void) {
  static bool registered;
  if (pipe_ends[0] >= 0) return pipe_ends[0];
  if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
  if (!registered) registered = atexit(terminal_guard_restore) == 0;
  atomic_store(&pending, 0);
  provide_stack();

  // No SA_RESTART: a write to a terminal that does not read must be interrupted by the signal that ends us.
  struct sigaction action = {.sa_handler = on_signal};
  sigfillset(&action.sa_mask);
  for (size_t i = 0; i < COUNT(crashes); i++) sigdelset(&action.sa_mask, crashes[i]);
  for (size_t i = 0; i < COUNT(ending) + COUNT(control); i++) {
    int number = i < COUNT(ending) ? ending[i] : control[i - COUNT(ending)];
    struct sigaction present;
    // A signal that our parent had us ignore (nohup, a background job of a script) stays ignored.
    if (sigaction(number, NULL, &present) == 0 && present.sa_handler == SIG_IGN) continue;
    replace(number, &action);
  }
  // Whoever started us from a thread with blocked signals must not make us deaf.
  sigset_t wanted;
  sigemptyset(&wanted);
  for (size_t i = 0; i < COUNT(ending); i++) sigaddset(&wanted, ending[i]);
  for (size_t i = 0; i < COUNT(control); i++) sigaddset(&wanted, control[i]);
  sigaddset(&wanted, SIGWINCH);
  pthread_sigmask(SIG_UNBLOCK, &wanted, NULL);
  struct sigaction crash = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&crash.sa_mask);
  for (size_t i = 0; i < COUNT(crashes); i++) replace(crashes[i], &crash);
  return pipe_ends[0];
}

void terminal_guard_watch_size(void) {
  struct sigaction action = {.sa_sigaction = on_size, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  replace(SIGWINCH, &action);
}

void terminal_guard_uninstall(void) {
  if (pipe_ends[0] < 0) return;
  for (int number = 1; number < 64; number++) {
    if (replaced & BIT(number)) sigaction(number, &earlier[number], NULL);
  }
  replaced = 0;
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  pipe_ends[0] = pipe_ends[1] = -1;
}

uint64_t terminal_guard_take(void) {
  uint8_t bytes[256];
  while (pipe_ends[0] >= 0 && read(pipe_ends[0], bytes, sizeof bytes) > 0) {
  }
  return atomic_exchange(&pending, 0);
}

int terminal_guard_save(int descriptor) {
  if (tcgetattr(descriptor, &saved_modes) != 0) return -1;
  saved_descriptor = descriptor;
  return 0;
}

int terminal_guard_arm(int output, const char *sequence, size_t length) {
  if (length > sizeof restoring) {
    errno = E2BIG;
    return -1;
  }
  memcpy(restoring, sequence, length);
  restoring_length = length;
  output_descriptor = output;
  atomic_store(&armed, true);
  return 0;
}

void terminal_guard_disarm(void) { atomic_store(&armed, false); }

void terminal_guard_restore(void) {
  if (!atomic_exchange(&armed, false)) return;
  int error = errno;
  // A background process that sets modes would be stopped.
  sigset_t stop, before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &stop, &before);
  // A terminal that does not read must not keep us: what it has not read yet is dropped.
  struct pollfd writable = {.fd = output_descriptor, .events = POLLOUT};
  if (poll(&writable, 1, 200) == 0) tcflush(output_descriptor, TCOFLUSH);
  for (size_t done = 0; done < restoring_length;) {
    ssize_t count = write(output_descriptor, restoring + done, restoring_length - done);
    if (count > 0) done += (size_t)count;
    else if (count == 0 || errno != EINTR) break;
  }
  if (saved_descriptor >= 0) tcsetattr(saved_descriptor, TCSANOW, &saved_modes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = error;
}

int terminal_guard_write(int descriptor, const uint8_t *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    if (atomic_load(&crashing)) {
      errno = ECANCELED;
      return -1;
    }
    ssize_t count = write(descriptor, bytes + done, length - done);
    if (count >= 0) {
      done += (size_t)count;
    } else if (errno == EAGAIN) {
      // Somebody who shares the terminal made it non-blocking.
      struct pollfd writable = {.fd = descriptor, .events = POLLOUT};
      poll(&writable, 1, 100);
    } else if (errno != EINTR) {
      return -1;
    }
    if (done < length && (atomic_load(&pending) & ending_bits)) {
      errno = EINTR;
      return -1;
    }
  }
  return 0;
}

void terminal_guard_suspend(bool group) {
  struct sigaction standard = {.sa_handler = SIG_DFL}, ignored = {.sa_handler = SIG_IGN}, present;
  sigemptyset(&standard.sa_mask);
  sigemptyset(&ignored.sa_mask);
  // Without job control (it was ignored when we started) nobody could continue us.
  if ((replaced & BIT(SIGTSTP)) == 0) return;
  sigaction(SIGTSTP, &ignored, &present);
  if (group) kill(0, SIGTSTP);
  sigaction(SIGTSTP, &standard, NULL);
  // `raise`, not `kill`: sent to this thread, it stops the process before it returns. Threads of a pool may block it.
  sigset_t stop, before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  pthread_sigmask(SIG_UNBLOCK, &stop, &before);
  raise(SIGTSTP);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  sigaction(SIGTSTP, &present, NULL);
}

int terminal_guard_event(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
