// Every module there is, what it registers, and why one is refused.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "gibbsite/cli/engine/describe.hpp"
#include "gibbsite/io/json.hpp"
#include "gibbsite/io/loader.hpp"
#include "gibbsite/run/process.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

struct Found {
  fs::path file;
  std::string registers, refused;
};

// Loads a module in a process of its own, which its code may end or hang.
Found look_at(const fs::path& file) {
  Found found{file, "", ""};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw StorageError("cannot make a pipe");
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) throw StorageError("cannot start a process");
  if (pid == 0) {
    ::alarm(10);
    std::string text;
    try {
      Registry registry;
      load_module(file, registry);
      for (const Entry& entry : registry.entries())
        text += (text.empty() ? "+" : ", ") + std::string(kind_name(entry.kind)) + " " + entry.name;
    } catch (const std::exception& fault) {
      text = std::string("-") + fault.what();
    }
    if (::write(ends[1], text.data(), text.size()) < 0) ::_exit(1);
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer, std::size_t(got));
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status))
    found.refused = WTERMSIG(status) == SIGALRM ? "it hangs while it is loaded"
                                                : "it ends by " + signal_text(WTERMSIG(status));
  else if (text.empty())
    found.refused = "it ends the program while it is loaded";
  else
    (text[0] == '+' ? found.registers : found.refused) = text.substr(1);
  return found;
}

std::vector<Found> all_modules() {
  std::vector<Found> all;
  for (const fs::path& folder : module_folders()) {
    std::vector<fs::path> files;
    std::error_code none;
    for (const auto& item : fs::recursive_directory_iterator(folder, none))
      if (item.path().extension() == ".so" || item.path().extension() == ".missing")
        files.push_back(item.path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      if (file.extension() == ".so") {
        all.push_back(look_at(file));
        continue;
      }
      std::string reason;
      std::ifstream stream(file);
      std::getline(stream, reason);
      all.push_back({file, "", "not in this build: " + reason});
    }
  }
  return all;
}

}  // namespace

int list_modules(bool json) {
  std::vector<Node> rows;
  for (const Found& one : all_modules()) {
    if (!json) {
      std::printf("%s\n    %s\n", one.file.c_str(),
                  one.refused.empty() ? one.registers.c_str() : one.refused.c_str());
      continue;
    }
    Node row = Node::map();
    row["file"] = Node::scalar(one.file.string(), true);
    row["registers"] = Node::scalar(one.registers, true);
    row["refused"] = Node::scalar(one.refused, true);
    rows.push_back(std::move(row));
  }
  if (json) std::printf("%s\n", to_json(Node::list(std::move(rows))).c_str());
  return 0;
}

}  // namespace gibbsite
