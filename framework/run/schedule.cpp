#include "gibbsite/run/schedule.hpp"

#include <poll.h>
#include <unistd.h>

#include "gibbsite/io/files.hpp"
#include "gibbsite/run/interrupts.hpp"
#include "gibbsite/run/progress.hpp"
#include "gibbsite/run/queue.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What an engine says with its exit code, beside 0, 1 and 2 (see cli/engine).
constexpr int storage_fault_code = 3, busy_code = 75, stopped_code = 130;
constexpr double restart_delay = 0.2;

// A cell in this program's hands. Without a worker it is about to get one.
struct Running {
  Waiting job;
  std::unique_ptr<Lease> lease;
  std::unique_ptr<CellWorker> worker;
  Clock::time_point not_before, started = Clock::now();
  int tries = 0;
};

class Scheduler {
 public:
  Scheduler(const Plan& plan, const RunOptions& options)
      : plan_(plan),
        options_(options),
        interrupts_(options.folder),
        view_(plan.cells.size()),
        queue_(
            plan, options, [this](const std::string& line) { view_.finished(line); },
            [this](const PlannedCell& cell, const Outcome& outcome, bool before) {
              found(cell, outcome, before);
            }) {}

  int run() {
    if (queue_.empty()) view_.finished("nothing to do: every cell is done");
    while (!running_.empty() || (!queue_.empty() && !stopping() && !left_to_others())) {
      claim_what_fits();
      start_what_is_due();
      watch();
      heed_interrupts();
      view_.draw(shown(), done_, failed_);
    }
    view_.clear();
    write_grid_file(options_.folder, plan_);
    if (storage_fault_) return 3;
    if (interrupted_ > 0) return 130;
    return failed_ > 0 ? 1 : 0;
  }

 private:
  bool stopping() const {
    return interrupted_ > 0 || storage_fault_ || (options_.fail_fast && failed_ > 0);
  }

  bool left_to_others() const { return options_.pilot && queue_.left_to_others(); }

  void claim_what_fits() {
    while (int(running_.size()) < options_.jobs && !stopping()) {
      Running running;
      running.lease = queue_.next(running.job);
      if (!running.lease) return;
      const int vanished = running.lease->vanished();
      if (options_.crash_limit == 0 || vanished < options_.crash_limit) {
        running_.push_back(std::move(running));
        continue;
      }
      fail(running, {.status = "failed",
                     .error = std::to_string(vanished) +
                              " programs in a row vanished at this cell without a checkpoint "
                              "(--crash-limit); run again to try it anew"});
    }
  }

  void start_what_is_due() {
    for (Running& running : running_) {
      if (running.worker || running.not_before > Clock::now() || stopping()) continue;
      running.worker =
          std::make_unique<CellWorker>(folder_of(running), running.job.cell->precision(),
                                       options_.threads, running.lease->attempt(), options_.limits);
    }
  }

  void watch() {
    std::vector<pollfd> files;
    bool soon = false;
    for (const Running& running : running_)
      if (running.worker) {
        running.worker->wait_for(files);
        soon = soon || running.worker->is_ending();
      }
    ::poll(files.data(), files.size(), soon ? 1 : files.empty() ? 50 : 100);
    const double passed = since(looked_);
    looked_ = Clock::now();
    for (std::size_t k = running_.size(); k-- > 0;)
      if (is_over(running_[k], passed)) running_.erase(running_.begin() + std::ptrdiff_t(k));
  }

  // Whether the cell is no longer in this program's hands.
  bool is_over(Running& running, double passed) {
    if (!running.lease->beat()) {
      view_.finished("cell " + running.job.cell->id +
                     ": another program has taken it over, this one gave no sign of life");
      queue_.put_back(running.job);
      return true;
    }
    if (!running.worker) {
      if (stopping()) running.lease->release();
      return stopping();
    }
    const auto end = running.worker->look(passed);
    return end && has_ended(running, *end);
  }

  // A new process for the same cell.
  static bool restart(Running& running, double delay) {
    running.worker.reset();
    running.not_before = Clock::now() + std::chrono::milliseconds(int(1000 * delay));
    return false;
  }

  bool has_ended(Running& running, const CellEnd& end) {
    const fs::path folder = folder_of(running);
    if (end.code == busy_code) {
      if (lease_is_current(folder, running.lease->attempt()))
        return restart(running, restart_delay);  // one whose host has just been killed is dying
      queue_.put_back(running.job);
      return true;
    }
    if (fs::exists(folder / "result.h5")) {
      const Outcome outcome = read_status(folder);
      remove_leases(folder);
      count(*running.job.cell, outcome.status == "diverged" ? "diverged" : "complete",
            since(running.started), outcome.error);
      return true;
    }
    if (end.stopped && (end.code == stopped_code || end.signal != 0)) {
      running.lease->release();
      return true;
    }
    // Someone stopped this process alone: it goes on from its checkpoint.
    if (end.code == stopped_code && !end.timed_out) return restart(running, restart_delay);
    return has_failed(running, end);
  }

  bool has_failed(Running& running, const CellEnd& end) {
    Outcome outcome{.status = "failed",
                    .error = failure_text(*running.worker, end, options_.limits),
                    .stage = running.worker->progress().stage,
                    .seconds = since(running.started),
                    .headline = {},
                    .step = running.worker->step(),
                    .signal = end.signal == 0 ? "" : signal_name(end.signal),
                    .log = end.log};
    storage_fault_ = storage_fault_ || end.code == storage_fault_code;
    if (running.tries < options_.retries && !stopping()) {
      ++running.tries;
      view_.finished("cell " + running.job.cell->id + ": " + outcome.error + "; trying again");
      return restart(running, 0);
    }
    fail(running, std::move(outcome));
    return true;
  }

  void fail(Running& running, Outcome outcome) {
    outcome.attempt = running.lease->attempt();
    try {
      write_status(folder_of(running), outcome);
    } catch (const StorageError& fault) {
      outcome.error += "; " + std::string(fault.what());
    }
    running.lease->release();
    count(*running.job.cell, "failed", outcome.seconds, outcome.error);
    if (outcome.log.size() > 1)
      for (const std::string& line : outcome.log) view_.finished("  | " + line);
  }

  void found(const PlannedCell& cell, const Outcome& outcome, bool before) {
    if (!before) return count(cell, outcome.status, outcome.seconds, outcome.error, " elsewhere");
    ++done_;
    failed_ += outcome.status == "diverged" ? 1 : 0;
  }

  void count(const PlannedCell& cell, const std::string& state, double seconds,
             const std::string& error, const char* where = "") {
    ++done_;
    if (state != "complete") ++failed_;
    std::string line = "[" + std::to_string(done_) + "/" + std::to_string(plan_.cells.size()) +
                       "] cell " + cell.id;
    if (!cell.varying.empty()) line += " " + varying_text(cell);
    line += ": " + state + where + " in " + duration_text(seconds);
    if (!error.empty()) line += ": " + error;
    view_.finished(line);
    // The longer the table, the more seldom it is written: at most a twentieth of the time.
    if (since(grid_written_) < std::max(2.0, 20 * grid_seconds_)) return;
    const auto began = Clock::now();
    write_grid_file(options_.folder, plan_);
    grid_written_ = Clock::now();
    grid_seconds_ = since(began);
  }

  void heed_interrupts() {
    const int level = interrupts_.level();
    if (level > interrupted_)
      view_.finished(level == 1 ? "stopping at the next checkpoint; interrupt again to stop at once"
                                : "stopping at once");
    interrupted_ = std::max(interrupted_, level);
    if (interrupted_ == 0) return;
    for (Running& running : running_)
      if (running.worker) running.worker->stop(interrupted_);
  }

  std::vector<CellProgress> shown() const {
    std::vector<CellProgress> cells;
    for (const Running& running : running_) {
      const PlannedCell& cell = *running.job.cell;
      if (running.worker) cells.push_back(running.worker->progress());
      if (running.worker) cells.back().title = cell.varying.empty() ? cell.id : varying_text(cell);
    }
    return cells;
  }

  fs::path folder_of(const Running& running) const {
    return cell_folder(options_.folder, running.job.cell->id);
  }

  const Plan& plan_;
  const RunOptions& options_;
  Interrupts interrupts_;
  ProgressView view_;
  std::size_t done_ = 0, failed_ = 0;
  int interrupted_ = 0;
  bool storage_fault_ = false;
  CellQueue queue_;
  std::vector<Running> running_;
  Clock::time_point grid_written_ = Clock::now(), looked_ = Clock::now();
  double grid_seconds_ = 0;  // that writing it took
};

}  // namespace

int run_plan(const Plan& plan, const RunOptions& options) { return Scheduler(plan, options).run(); }

}  // namespace gibbsite
