#include "support/program.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace gibbsite::test {
namespace {

double now() {
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(time).count();
}

std::string content(int file) {
  std::string text;
  char buffer[1 << 16];
  ::lseek(file, 0, SEEK_SET);
  for (ssize_t got = 0; (got = ::read(file, buffer, sizeof buffer)) > 0;)
    text.append(buffer, std::size_t(got));
  return text;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "gibbsite-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = fs::canonical(name);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TemporaryFolder::write(const std::string& name, const std::string& text) const {
  const fs::path file = path_ / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

Process::Process(const std::vector<std::string>& words, const Environment& environment) {
  // Files without a name: a pipe could fill up while the program is only waited for.
  out_ = ::memfd_create("out", MFD_CLOEXEC);
  err_ = ::memfd_create("err", MFD_CLOEXEC);
  std::vector<char*> raw;
  for (const std::string& word : words) raw.push_back(const_cast<char*>(word.c_str()));
  raw.push_back(nullptr);
  started_ = now();
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    ::dup2(out_, STDOUT_FILENO);
    ::dup2(err_, STDERR_FILENO);
    ::execvp(raw[0], raw.data());
    ::_exit(127);
  }
}

Process::~Process() {
  if (!ended_) {
    signal(SIGKILL);
    wait();
  }
  ::close(out_);
  ::close(err_);
}

void Process::signal(int number) const {
  if (!ended_) ::kill(pid_, number);
}

void Process::reap(int status) {
  ended_ = true;
  ending_.seconds = now() - started_;
  if (WIFEXITED(status)) ending_.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ending_.signal = WTERMSIG(status);
  ending_.out = content(out_);
  ending_.err = content(err_);
}

bool Process::ends_within(double seconds) {
  const double until = now() + seconds;
  while (!ended_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      reap(status);
    } else if (now() >= until) {
      return false;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  return true;
}

Ending Process::wait() {
  if (!ends_within(300)) {
    signal(SIGKILL);
    ends_within(10);
  }
  return ending_;
}

Ending run_program(const std::vector<std::string>& words, const Environment& environment) {
  return Process(words, environment).wait();
}

std::vector<std::string> invoke_words(std::vector<std::string> arguments) {
  std::vector<std::string> words = {GIBBSITE_BUILD "/bin/gibbsite"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

Ending invoke(std::vector<std::string> arguments, const Environment& environment) {
  return run_program(invoke_words(std::move(arguments)), environment);
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code fault;
  const std::string task = "/proc/" + std::to_string(parent) + "/task";
  for (const auto& item : fs::directory_iterator(task, fault)) {
    std::ifstream list(item.path() / "children");
    for (pid_t child = 0; list >> child;) children.push_back(child);
  }
  return children;
}

fs::path fixture(const std::string& name) {
  return fs::path(GIBBSITE_BUILD "/tests/fixtures") / (name + ".so");
}

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::size_t occurrences(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++count;
  return count;
}

void skip(const std::string& reason) {
  static std::set<std::string> said;
  if (said.insert(reason).second) std::printf("skipped: %s\n", reason.c_str());
}

std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code fault;
  for (const auto& item : fs::recursive_directory_iterator(folder, fault))
    if (item.is_regular_file()) names.push_back(item.path().lexically_relative(folder).string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace gibbsite::test
