// Engines as child processes that never outlive the host.
#pragma once

#include <sys/types.h>

#include <cstdint>
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

/// Reads the output of a child to its end, closes it and waits for the child.
EngineOutput read_to_end(int output, pid_t pid);

/// Runs an engine to its end; its standard error is this program's.
EngineOutput run_engine(const std::string& precision, const std::vector<std::string>& arguments);

/// An engine at work on one cell, in a process group of its own.
struct EngineProcess {
  pid_t pid = -1;
  int progress = -1;  ///< read end of its progress lines; end-of-file when it has ended
  int output = -1;    ///< read end of what it prints
};

/// Starts an engine that may write `memory` bytes of its own memory (0: any number). The words
/// `{progress}` among the arguments become the number of its progress descriptor. Both descriptors
/// are read without waiting.
EngineProcess start_engine(const std::string& precision, std::vector<std::string> arguments,
                           std::uint64_t memory);

/// Starts a command of the shell that outlives this program, its output appended to `log`.
pid_t start_shell(const std::string& command, const std::filesystem::path& log);

/// "SIGSEGV".
std::string signal_name(int signal);
/// "SIGSEGV (Segmentation fault)".
std::string signal_text(int signal);

}  // namespace gibbsite
