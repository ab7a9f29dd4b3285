// The progress of workers that other programs have started, as the run folder shows it.
#include <sys/wait.h>

#include <thread>

#include "gibbsite/run/interrupts.hpp"
#include "gibbsite/run/launch_files.hpp"
#include "gibbsite/run/progress.hpp"
#include "gibbsite/run/queue.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr double ask_every = 5;  // seconds; a queue has others to serve

class Follower {
 public:
  Follower(const Plan& plan, const RunOptions& options, const Launch& launch)
      : plan_(plan),
        options_(options),
        launch_(launch),
        interrupts_(options.folder),
        view_(plan.cells.size()) {
    for (const PlannedCell& cell : plan.cells)
      left_.push_back({&cell, attempts_over(cell_folder(options.folder, cell.id))});
  }

  int run() {
    bool workers = true;
    while (true) {
      const auto begun = Clock::now();
      look();
      if (left_.empty() || !workers) break;
      if (interrupts_.level() > 0 && !is_cancelled(launch_.folder)) return leave();
      workers = any_worker_left();
      // Most of the time is not spent looking, however many cells there are.
      const double pause = std::min(5.0, std::max(0.2, 10 * since(begun)));
      std::this_thread::sleep_for(std::chrono::milliseconds(int(1000 * pause)));
    }
    write_grid_file(options_.folder, plan_);
    if (!left_.empty()) {
      view_.finished("no worker is left, but " + std::to_string(left_.size()) + " cells are (see " +
                     (launch_.folder / "*.log").string() + "); the same command goes on with them");
      return failed_ > 0 ? 1 : 130;
    }
    return failed_ > 0 ? 1 : 0;
  }

 private:
  struct Left {
    const PlannedCell* cell;
    int attempt;  // the newest that was over when this began
  };

  void look() {
    std::erase_if(left_, [&](const Left& left) { return has_ended(left); });
  }

  bool has_ended(const Left& left) {
    const fs::path folder = cell_folder(options_.folder, left.cell->id);
    const bool done = fs::exists(folder / "result.h5");
    if (!done && !fs::exists(folder / "status.yaml")) return false;
    const Outcome outcome = read_status(folder);
    if (!done && (outcome.status != "failed" || outcome.attempt <= left.attempt)) return false;
    ++done_;
    if (outcome.status != "complete") ++failed_;
    std::string line = "[" + std::to_string(done_) + "/" + std::to_string(plan_.cells.size()) +
                       "] cell " + left.cell->id;
    if (!left.cell->varying.empty()) line += " " + varying_text(*left.cell);
    line += ": " + outcome.status + " in " + duration_text(outcome.seconds);
    if (!outcome.error.empty()) line += ": " + outcome.error;
    view_.finished(line);
    return true;
  }

  // Whether a worker is at work or may still begin.
  bool any_worker_left() {
    const WorkerCount workers = count_workers(launch_);
    if (is_cancelled(launch_.folder)) {
      if (workers.alive == 0) close_launch(launch_);
      return workers.alive > 0;
    }
    if (launch_.launcher == "slurm") {
      if (since(asked_) < ask_every) return true;
      asked_ = Clock::now();
      const QueueCount queue = ask_queue(launch_.job);
      tell_of_queue(queue);
      if (!queue.known || queue.running + queue.waiting + workers.alive > 0) return true;
    } else {
      if (!shell_ended_ && ::waitpid(launch_.shell, &shell_status_, WNOHANG) == launch_.shell)
        shell_ended_ = true;
      const bool submitted = shell_ended_ && shell_status_ == 0;
      if (!shell_ended_ || workers.alive > 0) return true;
      // Submitted to a queue that cannot be asked: they may all be still to come.
      if (submitted && workers.begun < launch_.workers) return true;
      if (!submitted)
        view_.finished("--submit failed (see " + (launch_.folder / "submit.log").string() + ")");
    }
    close_launch(launch_);
    return false;
  }

  void tell_of_queue(const QueueCount& queue) {
    const std::string text = !queue.known ? "the queue does not answer; the workers do not need it"
                             : queue.waiting > 0 ? std::to_string(queue.waiting) +
                                                       " workers queued (" + queue.reason + ")"
                                                 : "";
    if (text != told_ && !text.empty()) view_.finished("Slurm job " + launch_.job + ": " + text);
    told_ = text;
  }

  int leave() {
    view_.finished("the workers go on without this program: gibbsite status " +
                   options_.folder.string() + ", gibbsite cancel " + options_.folder.string());
    return 130;
  }

  const Plan& plan_;
  const RunOptions& options_;
  const Launch& launch_;
  Interrupts interrupts_;
  ProgressView view_;
  std::vector<Left> left_;
  std::size_t done_ = 0, failed_ = 0;
  Clock::time_point asked_ = Clock::now();
  std::string told_;
  bool shell_ended_ = false;
  int shell_status_ = 0;
};

}  // namespace

int follow_workers(const Plan& plan, const RunOptions& options, const Launch& launch) {
  return Follower(plan, options, launch).run();
}

}  // namespace gibbsite
