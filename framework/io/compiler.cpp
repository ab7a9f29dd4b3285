#include "gibbsite/io/compiler.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <regex>
#include <sstream>
#include <thread>

#include "gibbsite/build_info.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/io/loader.hpp"
#include "gibbsite/io/plugin_source.hpp"
#include "gibbsite/io/provenance.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

// <root>/include and <root>/lib, in a build tree and in an installation.
fs::path root() { return module_folder().parent_path().parent_path().parent_path(); }

std::vector<std::string> split(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::vector<std::string> flags(const std::string& precision) {
  std::vector<std::string> words = split(GIBBSITE_PLUGIN_FLAGS);
  if (precision == "single") words.emplace_back("-DGIBBSITE_SINGLE");
  words.push_back("-I" + (root() / "include").string());
  for (const std::string& folder : split(GIBBSITE_PLUGIN_INCLUDES)) {
    words.emplace_back("-isystem");
    words.push_back(folder);
  }
  return words;
}

// What a program wrote to standard output and error, and how it ended.
struct Ended {
  std::string text;
  int status = 0;
};

Ended run_to_end(const std::vector<std::string>& words) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw StorageError("cannot make a pipe");
  std::vector<char*> raw;
  for (const std::string& word : words) raw.push_back(const_cast<char*>(word.c_str()));
  raw.push_back(nullptr);
  // Messages in English, as trimmed_messages reads them.
  std::vector<char*> environment;
  for (char** at = environ; *at != nullptr; ++at)
    if (std::strncmp(*at, "LC_", 3) != 0 && std::strncmp(*at, "LANG", 4) != 0)
      environment.push_back(*at);
  std::string english = "LC_ALL=C.UTF-8";
  environment.push_back(english.data());
  environment.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  pid_t pid = -1;
  const int fault = ::posix_spawnp(&pid, raw[0], &actions, nullptr, raw.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  Ended ended;
  char buffer[1 << 14];
  while (fault == 0) {
    const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    ended.text.append(buffer, std::size_t(got));
  }
  ::close(ends[0]);
  if (fault != 0)
    throw Error(words[0] + ": the compiler that this program was built with cannot be started (" +
                std::strerror(fault) + ")");
  while (::waitpid(pid, &ended.status, 0) < 0 && errno == EINTR) {
  }
  return ended;
}

std::string without_last_newline(const std::string& text) {
  return text.substr(0, text.find_last_not_of('\n') + 1);
}

// A text that the loader can read in the module.
std::string constant(const std::string& name, const std::string& text) {
  return "extern \"C\" __attribute__((visibility(\"default\"), used)) const char " + name +
         "[] = R\"comment(" + text + ")comment\";\n";
}

std::string digest_of_sdk() {
  std::vector<fs::path> files;
  const fs::path headers = root() / "include" / "gibbsite";
  for (const char* layer : {"core", "api"})
    for (const auto& item : fs::directory_iterator(headers / layer))
      if (item.path().extension() == ".hpp") files.push_back(item.path());
  files.push_back(headers / "version.hpp");
  std::sort(files.begin(), files.end());
  std::string all;
  for (const fs::path& file : files) all += file.filename().string() + read_file(file);
  return sha256(all);
}

std::string text_of_compiler() {
  std::error_code unknown;
  const fs::path real = fs::canonical(GIBBSITE_CXX, unknown);
  struct stat status {};
  ::stat(real.c_str(), &status);
  return compiler() + " " + real.string() + " " + std::to_string(status.st_size) + " " +
         std::to_string(status.st_mtime);
}

// A full path from the environment, or an empty one.
fs::path full_path(const char* variable) {
  const char* value = ::getenv(variable);
  const fs::path path = value == nullptr ? "" : value;
  return path.is_absolute() ? path : fs::path();
}

// Waits for its turn; the kernel gives the lock back when a process dies.
std::unique_ptr<FileLock> lock_of(const fs::path& file) {
  while (true) {
    auto lock = std::make_unique<FileLock>(file);
    if (lock->held()) return lock;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

fs::path cache_folder() {
  if (const fs::path own = full_path("GIBBSITE_CACHE"); !own.empty()) return own;
  if (const fs::path caches = full_path("XDG_CACHE_HOME"); !caches.empty())
    return caches / "gibbsite";
  if (const fs::path home = full_path("HOME"); !home.empty()) return home / ".cache" / "gibbsite";
  throw Error("no place for compiled plugins: set GIBBSITE_CACHE to the full path of a folder");
}

std::string trimmed_messages(const std::string& messages, const fs::path& source) {
  static const std::regex placed(R"(^(.+?):(\d+:)* )");
  std::istringstream lines(messages);
  std::string out, pending;  // pending: places in `source` that lead to what comes next
  bool keeps = false;        // whether the lines that belong to the last message are kept
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (line.empty() || line[0] == ' ') {
      if (keeps) out += line + "\n";
      continue;
    }
    const bool error = line.find("error: ") != line.npos || line.starts_with("/usr/bin/ld");
    const bool own = std::regex_search(line, found, placed) && fs::path(found[1].str()) == source;
    const bool message =
        error || line.find("warning: ") != line.npos || line.find("note: ") != line.npos;
    keeps = message && (own || error);
    if (keeps) out += pending + line + "\n";
    if (message) pending.clear();
    if (!message && own) pending += line + "\n";
  }
  return out;
}

std::string compile_plugin(const fs::path& source, const std::string& precision,
                           const fs::path& module, bool all_messages) {
  if (!fs::is_regular_file(source))
    throw Error(source.string() + ": must be a regular file of C++ source");
  const fs::path file = fs::absolute(source).lexically_normal();
  const fs::path part = module.string() + ".tmp." + std::to_string(::getpid());
  const fs::path note = part.string() + ".hpp";
  write_file(note, constant("gibbsite_plugin_source", source_digest(file)) +
                       constant("gibbsite_plugin_comment", head_comment(file)));
  const fs::path lib = root() / "lib";
  std::vector<std::string> words = {GIBBSITE_CXX};
  for (const std::string& flag : flags(precision)) words.push_back(flag);
  for (const std::string& word :
       {std::string("-fdiagnostics-color=never"), std::string("-include"), note.string(),
        std::string("-shared"), file.string(), std::string("-o"), part.string(),
        (lib / ("libgibbsite-" + precision + ".so")).string(), "-Wl,-rpath," + lib.string(),
        std::string("-Wl,-z,defs"), std::string("-Wl,--disable-new-dtags")})
    words.push_back(word);
  std::error_code ignored;
  try {
    const Ended ended = run_to_end(words);
    fs::remove(note, ignored);
    const std::string text = all_messages ? ended.text : trimmed_messages(ended.text, file);
    if (ended.status != 0)
      throw Error(source.string() + ": does not compile (" + compiler() + ", " + precision +
                  "):\n" + without_last_newline(text.empty() ? ended.text : text));
    publish_file(part, module);
    return text;
  } catch (...) {
    fs::remove(note, ignored);
    fs::remove(part, ignored);
    throw;
  }
}

fs::path compiled_plugin(const fs::path& source, const std::string& precision) {
  if (!fs::is_regular_file(source))
    throw Error(source.string() + ": must be a regular file of C++ source");
  const std::string key = sha256(source_digest(source) + precision + join(flags(precision), " ") +
                                 text_of_compiler() + digest_of_sdk());
  const fs::path folder = cache_folder() / "plugins" / key.substr(0, 24);
  const fs::path module = folder / (source.stem().string() + ".so");
  if (fs::exists(module)) return module;
  make_folder(folder);
  const auto lock = lock_of(folder / "lock");
  if (fs::exists(module)) return module;  // another process was faster
  std::fprintf(stderr, "compiling %s (%s)\n", source.filename().c_str(), precision.c_str());
  const std::string warnings = compile_plugin(source, precision, module);
  if (!warnings.empty()) std::fputs(warnings.c_str(), stderr);
  return module;
}

}  // namespace gibbsite
