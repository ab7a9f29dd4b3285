// Options of the commands that run cells: `run` and `work`.
#pragma once

#include "gibbsite/cli/command.hpp"
#include "gibbsite/run/launcher.hpp"

namespace gibbsite {

/// --jobs, --threads, --timeout, --memory, --retries, --fail-fast, --crash-limit, --heartbeat.
void add_execution_options(boost::program_options::options_description& options);
/// --launcher and what goes with it.
void add_launch_options(boost::program_options::options_description& options);

/// What they say; `jobs` and `threads` are 0 where they are not given. Throws Error for values that
/// cannot be.
RunOptions execution_options(const boost::program_options::variables_map& values);
LaunchOptions launch_options(const boost::program_options::variables_map& values);

}  // namespace gibbsite
