// Gives the terminal back whatever happens to the process, and turns signals into something that `poll` sees.
// Everything here is one process-wide state, since signal dispositions are.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Takes over SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP and SIGCONT (one that was ignored stays ignored), and the
/// signals of a crash. To be called before ncurses starts, which then leaves those signals alone.
/// Returns the descriptor that becomes readable when a signal has come, or -1 with errno set. Idempotent.
int terminal_guard_install(void);

/// Makes SIGWINCH readable on the descriptor, too, after the handler that was there (ncurses') has run. To be called
/// after ncurses has started.
void terminal_guard_watch_size(void);

/// Puts every earlier handler back and closes the descriptor.
void terminal_guard_uninstall(void);

/// The signals that came since the last call, bit n for signal n, however often each came; empties the descriptor.
uint64_t terminal_guard_take(void);

/// Remembers the modes of the terminal `descriptor` as those to be given back. -1 with errno set on failure.
int terminal_guard_save(int descriptor);

/// From now on, a crash or an exit writes `sequence` to `output` and gives the saved modes back.
/// A sequence longer than 512 bytes is refused with -1.
int terminal_guard_arm(int output, const char *_Nonnull sequence, size_t length);

/// The terminal is as it was: nothing is to be restored any more.
void terminal_guard_disarm(void);

/// Gives the terminal back if it is armed. Safe in a signal handler; a second call does nothing.
void terminal_guard_restore(void);

/// Writes all of `bytes`. -1 with errno EINTR when a signal came that ends the process, ECANCELED when the process is
/// crashing (another thread must not draw over the report), else what `write` said.
int terminal_guard_write(int descriptor, const uint8_t *_Nonnull bytes, size_t length);

/// Stops this process as Ctrl-Z would, and with `group` its whole process group. Returns when it is continued.
void terminal_guard_suspend(bool group);

/// A non-blocking `eventfd`, or -1 with errno set.
int terminal_guard_event(void);
