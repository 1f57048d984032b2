// ncursesw for Swift. Macros, globals and variadic functions of ncurses that Swift cannot import (or, for the
// globals, refuses under strict concurrency) are reached through the static inline functions below.
#pragma once
#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <stdio.h>
#include <term.h>
#include <unistd.h>

/// A stream of its own on a file descriptor, for `newterm`, which only looks at the stream's descriptor.
/// Null when the descriptor cannot be duplicated; closed with `fclose`.
static inline FILE *_Nullable curses_stream(int descriptor, const char *_Nonnull mode) {
  int copy = dup(descriptor);
  if (copy < 0) return NULL;
  FILE *stream = fdopen(copy, mode);
  if (stream == NULL) close(copy);
  return stream;
}

/// What terminfo knows of a terminal type: -1 for nothing, 0 for a terminal that cannot move its cursor, 1 for one that
/// can. Leaves no terminal behind.
static inline int curses_ability(const char *_Nonnull type, int descriptor) {
  int found = 0;
  if (setupterm(type, descriptor, &found) != OK) return found == 1 ? 0 : -1;
  const char *move = tigetstr("cup");
  int ability = move != NULL && move != (const char *)-1;
  del_curterm(cur_term);
  return ability;
}

/// `stdscr`.
static inline WINDOW *_Nullable curses_standard_window(void) { return stdscr; }
/// `LINES`: the terminal's rows as ncurses knows them.
static inline int curses_rows(void) { return LINES; }
/// `COLS`: the terminal's columns as ncurses knows them.
static inline int curses_columns(void) { return COLS; }

/// A string capability of terminfo by its name; null when absent.
static inline const char *_Nullable curses_string(const char *_Nonnull name) {
  const char *value = tigetstr(name);
  return value == (const char *)-1 ? NULL : value;
}

/// A string capability with one parameter, such as `setaf`; null when absent.
static inline const char *_Nullable curses_string_with(const char *_Nonnull name, int parameter) {
  const char *value = curses_string(name);
  return value == NULL ? NULL : tiparm(value, parameter);
}

/// The string that moves the cursor (`cup`); null when absent. Row and column from 0.
static inline const char *_Nullable curses_move(int row, int column) {
  const char *value = curses_string("cup");
  return value == NULL ? NULL : tiparm(value, row, column);
}

/// Whether the terminal has a capability that is a flag, a number or a string: "RGB" comes as any of the three.
static inline bool curses_has(const char *_Nonnull name) {
  return tigetflag(name) > 0 || tigetnum(name) > 0 || curses_string(name) != NULL;
}

/// `KEY_F(n)`.
static inline int curses_function_key(int number) { return KEY_F(number); }
