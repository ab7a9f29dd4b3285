#include "gibbsite/run/process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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

// What a new process gets; -1: nothing.
struct Outfit {
  int output = -1, errors = -1;  // its standard output and error, else inherited
  int keep = -1;                 // a further descriptor that it keeps
  bool own_group = false;
  std::uint64_t memory = 0;  // bytes that it may write of its own memory
};

// Starts the engine.
pid_t spawn(const std::string& precision, const std::vector<std::string>& arguments,
            const Outfit& outfit) {
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
  if (outfit.own_group) ::setpgid(0, 0);
  if (outfit.memory > 0) {
    // Not the address space: threads and allocators reserve far more of it than they use.
    const rlimit limit{outfit.memory, outfit.memory};
    ::setrlimit(RLIMIT_DATA, &limit);
  }
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  if (outfit.output >= 0) ::dup2(outfit.output, STDOUT_FILENO);
  if (outfit.errors >= 0) ::dup2(outfit.errors, STDERR_FILENO);
  if (outfit.keep >= 0) ::fcntl(outfit.keep, F_SETFD, 0);
  ::execv(program.c_str(), words.data());
  ::_exit(127);
}

}  // namespace

std::filesystem::path engine_path(const std::string& precision) {
  return module_folder().parent_path() / ("gibbsite-engine-" + precision);
}

EngineOutput read_to_end(int output, pid_t pid) {
  EngineOutput result;
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = ::read(output, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    result.text.append(buffer, std::size_t(got));
  }
  ::close(output);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return result;
}

EngineOutput run_engine(const std::string& precision, const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("cannot make a pipe");
  const pid_t pid = spawn(precision, arguments, {.output = ends[1]});
  ::close(ends[1]);
  const EngineOutput result = read_to_end(ends[0], pid);
  if (result.exit_code == 127)
    throw Error(engine_path(precision).string() +
                ": cannot be started; is the installation complete?");
  return result;
}

EngineProcess start_engine(const std::string& precision, std::vector<std::string> arguments,
                           std::uint64_t memory) {
  int progress[2], output[2];
  if (::pipe2(progress, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0)
    fail("cannot make a pipe");
  for (std::string& argument : arguments)
    if (argument == "{progress}") argument = std::to_string(progress[1]);
  EngineProcess process;
  process.pid = spawn(precision, arguments,
                      {.output = output[1],
                       .errors = output[1],
                       .keep = progress[1],
                       .own_group = true,
                       .memory = memory});
  process.progress = progress[0];
  process.output = output[0];
  for (const int end : {progress[0], output[0]}) ::fcntl(end, F_SETFL, O_NONBLOCK);
  ::close(progress[1]);
  ::close(output[1]);
  return process;
}

pid_t start_shell(const std::string& command, const std::filesystem::path& log) {
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) fail(log.string() + ": cannot be opened");
  const pid_t pid = ::fork();
  if (pid < 0) fail("cannot start a shell");
  if (pid == 0) {
    ::setsid();
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(file);
  return pid;
}

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return "SIG" + std::string(name == nullptr ? "?" : name);
}

std::string signal_text(int signal) {
  const char* description = ::sigdescr_np(signal);
  return signal_name(signal) + " (" + (description == nullptr ? "unknown" : description) + ")";
}

}  // namespace gibbsite
