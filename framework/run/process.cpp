#include "gibbsite/run/process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "gibbsite/core/error.hpp"
#include "gibbsite/io/loader.hpp"

namespace gibbsite {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw StorageError(what + ": " + std::strerror(errno));
}

// Starts the engine with standard output and error at the given descriptors (-1: inherited).
pid_t spawn(const std::string& precision, const std::vector<std::string>& arguments, int output,
            int errors, int keep, bool own_group) {
  const std::string program = engine_path(precision).string();
  std::vector<char*> words = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  const pid_t host = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) fail("cannot start " + program);
  if (pid > 0) return pid;
  // Between fork and exec: only calls that are safe there.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != host) ::_exit(127);
  if (own_group) ::setpgid(0, 0);
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  if (output >= 0) ::dup2(output, STDOUT_FILENO);
  if (errors >= 0) ::dup2(errors, STDERR_FILENO);
  if (keep >= 0) ::fcntl(keep, F_SETFD, 0);
  ::execv(program.c_str(), words.data());
  ::_exit(127);
}

}  // namespace

std::filesystem::path engine_path(const std::string& precision) {
  return module_folder().parent_path() / ("gibbsite-engine-" + precision);
}

EngineOutput run_engine(const std::string& precision, const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("cannot make a pipe");
  const pid_t pid = spawn(precision, arguments, ends[1], -1, -1, false);
  ::close(ends[1]);
  EngineOutput result;
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    result.text.append(buffer, std::size_t(got));
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (result.exit_code == 127)
    throw Error(engine_path(precision).string() +
                ": cannot be started; is the installation complete?");
  return result;
}

EngineProcess start_engine(const std::string& precision, std::vector<std::string> arguments,
                           const std::filesystem::path& log) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("cannot make a pipe");
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) fail(log.string() + ": cannot be opened");
  for (std::string& argument : arguments)
    if (argument == "{progress}") argument = std::to_string(ends[1]);
  EngineProcess process;
  process.pid = spawn(precision, arguments, file, file, ends[1], true);
  process.progress = ends[0];
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  ::close(ends[1]);
  ::close(file);
  return process;
}

std::string signal_text(int signal) {
  const char* name = ::sigabbrev_np(signal);
  const char* description = ::sigdescr_np(signal);
  return "SIG" + std::string(name == nullptr ? "?" : name) + " (" +
         (description == nullptr ? "unknown" : description) + ")";
}

}  // namespace gibbsite
