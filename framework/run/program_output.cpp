#include "gibbsite/run/program_output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "gibbsite/core/error.hpp"

namespace gibbsite {

EngineOutput run_program(const std::vector<std::string>& words) {
  std::vector<char*> raw;
  for (const std::string& word : words) raw.push_back(const_cast<char*>(word.c_str()));
  raw.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw StorageError("cannot make a pipe");
  const pid_t pid = ::fork();
  if (pid < 0) throw StorageError("cannot start a process");
  if (pid == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::execvp(raw[0], raw.data());
    ::dprintf(STDERR_FILENO, "%s: cannot be started: %s", raw[0], std::strerror(errno));
    ::_exit(127);
  }
  ::close(ends[1]);
  return read_to_end(ends[0], pid);
}

}  // namespace gibbsite
