// Engines as child processes that never outlive the host.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace gibbsite {

/// The engine program of a precision, beside the SDK library.
std::filesystem::path engine_path(const std::string& precision);

/// What a finished engine left.
struct EngineOutput {
  std::string text;   ///< its standard output
  int exit_code = 0;  ///< where it ended by itself
  int signal = 0;     ///< where a signal ended it
};

/// Runs an engine to its end; its standard error is this program's.
EngineOutput run_engine(const std::string& precision, const std::vector<std::string>& arguments);

/// An engine at work on one cell, in a process group of its own.
struct EngineProcess {
  pid_t pid = -1;
  int progress = -1;  ///< read end of its progress lines; end-of-file when it has ended
};

/// Starts an engine whose output is appended to `log`. The words `{progress}` among the arguments
/// become the number of its progress descriptor.
EngineProcess start_engine(const std::string& precision, std::vector<std::string> arguments,
                           const std::filesystem::path& log);

/// "SIGSEGV (segmentation fault)".
std::string signal_text(int signal);

}  // namespace gibbsite
