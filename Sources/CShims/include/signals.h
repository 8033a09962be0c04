// What happens on a signal: the handler's field is a union whose name each C library chooses.
#ifndef PTRAIN_SIGNALS_H
#define PTRAIN_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/// Whether this process ignores a signal.
static inline bool ptrain_is_ignored(int number) {
  struct sigaction action;
  return sigaction(number, (void *)0, &action) == 0 && action.sa_handler == SIG_IGN;
}

#endif
