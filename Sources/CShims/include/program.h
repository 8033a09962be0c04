// Starting a program: Swift's types of the attributes differ from system to system.
#ifndef PTRAIN_PROGRAM_H
#define PTRAIN_PROGRAM_H

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/types.h>

extern char **environ;

/// Starts `program`, which is looked for on PATH, with descriptors as its three standard streams; -1 stands
/// for /dev/null. `environment` NULL is this process's. Returns 0 or an error number.
///
/// This process ignores some signals, which end others: those have their effect again.
static inline int ptrain_spawn(
    pid_t *process, const char *program, char *const *arguments, char *const *environment,
    const int *streams) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t restored;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  for (int stream = 0; stream < 3; stream++) {
    if (streams[stream] >= 0) {
      posix_spawn_file_actions_adddup2(&actions, streams[stream], stream);
    } else {
      int mode = stream == 0 ? O_RDONLY : O_WRONLY;
      posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", mode, 0);
    }
  }
  sigemptyset(&restored);
  sigaddset(&restored, SIGPIPE);
  sigaddset(&restored, SIGXFSZ);
  posix_spawnattr_setsigdefault(&attributes, &restored);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  int status = posix_spawnp(
      process, program, &actions, &attributes, arguments, environment ? environment : environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return status;
}

#endif
