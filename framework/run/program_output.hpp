// What another program answers.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/run/process.hpp"

namespace gibbsite {

/// Runs a program of the search path to its end; its standard output and error are the text. Exit
/// code 127 where it cannot be started. Throws StorageError where there are no more processes.
EngineOutput run_program(const std::vector<std::string>& words);

}  // namespace gibbsite
