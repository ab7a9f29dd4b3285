// What a launch leaves in its folder. For launcher.cpp and follower.cpp.
#pragma once

#include <functional>

#include "gibbsite/run/launcher.hpp"

namespace gibbsite {

/// How many workers of a launch have begun, and how many are at work now.
struct WorkerCount {
  int begun = 0, alive = 0;
};
WorkerCount count_workers(const Launch& launch);

/// What the queue says of a Slurm job: tasks that run and that wait, and why they wait. `known` is
/// false where it does not answer.
struct QueueCount {
  bool known = false;
  int running = 0, waiting = 0;
  std::string reason;
};
QueueCount ask_queue(const std::string& job);

/// The launches of a run folder that have not ended, in order.
std::vector<Launch> open_launches(const std::filesystem::path& folder);
/// Notes that no worker of a launch is to come any more.
void close_launch(const Launch& launch);

}  // namespace gibbsite
