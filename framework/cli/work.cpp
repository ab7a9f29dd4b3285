#include <atomic>
#include <chrono>
#include <csignal>
#include <set>
#include <sstream>
#include <thread>

#include "gibbsite/cli/execution.hpp"
#include "gibbsite/cli/launches.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/run/lease.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

// The presence of a worker in the folder of its launch: signs of life, and an eye on whether the
// launch is cancelled, which stops this program as a signal does.
class Presence {
 public:
  Presence(fs::path launch, double heartbeat) : launch_(std::move(launch)) {
    const fs::path own = launch_ / "workers" / unique_name();
    make_folder(own);
    Sighting none;
    lease_ = claim(own, this_process(heartbeat), none).lease;
    watch_ = std::thread([this] { watch(); });
  }
  ~Presence() {
    ending_ = true;
    watch_.join();
    lease_->release();
  }
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

 private:
  void watch() {
    for (bool wanted = true; !ending_;) {
      lease_->beat();
      if (wanted && is_cancelled(launch_)) {
        wanted = false;
        std::raise(SIGTERM);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }

  fs::path launch_;
  std::unique_ptr<Lease> lease_;
  std::atomic<bool> ending_{false};
  std::thread watch_;
};

void keep_only_listed(Plan& plan, const fs::path& list) {
  std::istringstream lines(read_file(list));
  std::set<std::string> listed;
  for (std::string line; std::getline(lines, line);) listed.insert(line);
  std::erase_if(plan.cells, [&](const PlannedCell& cell) { return !listed.contains(cell.id); });
}

}  // namespace

int work_command(const Command& self, const Arguments& arguments) {
  namespace po = boost::program_options;
  po::options_description options("options");
  add_execution_options(options);
  options.add_options()("launch", po::value<std::string>(),
                        "folder of the launch that started this worker: runs its cells");
  const auto values = parse_arguments(self, arguments, options, 1, 1);
  if (!values) return 0;
  RunOptions run = execution_options(*values);
  run.folder = words(*values)[0];
  run.pilot = true;
  run.jobs = std::max(1, run.jobs);
  run.threads = std::max(1, run.threads);
  Plan plan = read_plan(run.folder);
  std::unique_ptr<Presence> presence;
  if (values->contains("launch")) {
    const fs::path launch = (*values)["launch"].as<std::string>();
    if (is_cancelled(launch)) return 0;
    keep_only_listed(plan, launch / "cells");
    presence = std::make_unique<Presence>(launch, run.heartbeat);
  }
  const int code = run_plan(plan, run);
  return code == 130 ? 0 : code;  // it was asked to stop, and has put everything down
}

}  // namespace gibbsite
