// Folders that vanish after a test, and programs run as their users run them.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gibbsite::test {

namespace fs = std::filesystem;

/// A fresh folder, removed with all it holds at the end of its scope.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }
  fs::path operator/(const std::string& name) const { return path_ / name; }
  /// Writes a file of the folder and returns its path.
  fs::path write(const std::string& name, const std::string& text) const;

 private:
  fs::path path_;
};

/// How a program ended and what it said.
struct Ending {
  int code = -1;   ///< exit code, where it ended by itself
  int signal = 0;  ///< where a signal ended it
  double seconds = 0;
  std::string out, err;
};

/// Variables set in the environment of a started program.
using Environment = std::map<std::string, std::string>;

/// A program at work, killed at the end of its scope if it still runs.
class Process {
 public:
  explicit Process(const std::vector<std::string>& words, const Environment& environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Whether it has ended within `seconds`.
  bool ends_within(double seconds);
  /// Waits for its end; kills it after five minutes.
  Ending wait();

 private:
  void reap(int status);
  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  bool ended_ = false;
  double started_ = 0;
  Ending ending_;
};

/// Runs a program to its end.
Ending run_program(const std::vector<std::string>& words, const Environment& environment = {});

/// The program under test with these arguments.
std::vector<std::string> invoke_words(std::vector<std::string> arguments);
/// Runs the program under test to its end.
Ending invoke(std::vector<std::string> arguments, const Environment& environment = {});

/// The processes whose parent is `parent`.
std::vector<pid_t> children_of(pid_t parent);

/// A compiled fixture plugin: build/tests/fixtures/<name>.so.
fs::path fixture(const std::string& name);

/// The whole file as text; empty where there is none.
std::string text_of(const fs::path& file);

/// How often `word` occurs in `text`.
std::size_t occurrences(const std::string& text, const std::string& word);

/// Says on standard output, once, that something could not be tested here and why.
void skip(const std::string& reason);

/// Names of all files below `folder`, sorted; none where the folder is missing.
std::vector<std::string> files_below(const fs::path& folder);

}  // namespace gibbsite::test
