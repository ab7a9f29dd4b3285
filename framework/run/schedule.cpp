#include "gibbsite/run/schedule.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <deque>
#include <sstream>

#include "gibbsite/io/files.hpp"
#include "gibbsite/run/process.hpp"
#include "gibbsite/run/progress.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

volatile std::sig_atomic_t interrupts = 0;
void on_interrupt(int) { interrupts = interrupts + 1; }

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The last lines of a cell's log, for the message when it fails.
std::string log_tail(const fs::path& log) {
  std::string text;
  try {
    text = read_file(log);
  } catch (const StorageError&) {
    return "";
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const auto cut = text.rfind('\n');
  return text.substr(cut == std::string::npos ? 0 : cut + 1).substr(0, 500);
}

struct Waiting {
  const PlannedCell* cell = nullptr;
  int tries = 0;
  Clock::time_point not_before;
};

struct Running {
  Waiting job;
  EngineProcess process;
  CellProgress progress;
  Clock::time_point started = Clock::now();
  std::string partial;  // an unfinished progress line
  int stop_level = 0;   // 1: asked to stop, 2: killed
  bool timed_out = false;
};

// Starts, watches and reaps the engines of one run.
class Scheduler {
 public:
  Scheduler(const Plan& plan, const RunOptions& options)
      : plan_(plan), options_(options), view_(plan.cells.size()) {}

  int run() {
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    for (const PlannedCell& cell : plan_.cells) enqueue(cell);
    if (waiting_.empty()) view_.finished("nothing to do: every cell is done");
    while (!running_.empty() || (!waiting_.empty() && !stopping())) {
      start_what_fits();
      watch();
      pass_on_interrupts();
      view_.draw(shown(), done_, failed_);
    }
    view_.clear();
    write_grid_file(options_.folder, plan_);
    if (storage_fault_) return 3;
    if (interrupts > 0) return 130;
    return failed_ > 0 ? 1 : 0;
  }

 private:
  bool stopping() const {
    return interrupts > 0 || storage_fault_ || (options_.fail_fast && failed_ > 0);
  }

  void enqueue(const PlannedCell& cell) {
    const fs::path folder = cell_folder(options_.folder, cell.id);
    if (options_.fresh && cell_state(options_.folder, cell) != "running") {
      std::error_code ignored;
      fs::remove_all(folder, ignored);
    }
    const std::string state = cell_state(options_.folder, cell);
    if (state == "complete" || state == "diverged") {
      ++done_;
      failed_ += state == "diverged" ? 1 : 0;
      return;
    }
    waiting_.push_back({&cell});
  }

  void start_what_fits() {
    for (auto at = waiting_.begin();
         at != waiting_.end() && int(running_.size()) < options_.jobs && !stopping();) {
      if (at->not_before > Clock::now()) {
        ++at;
        continue;
      }
      start(*at);
      at = waiting_.erase(at);
    }
  }

  void start(const Waiting& job) {
    const fs::path folder = cell_folder(options_.folder, job.cell->id);
    make_folder(folder);
    if (!fs::exists(folder / "cell.yaml"))
      write_file(folder / "cell.yaml", to_yaml(job.cell->spec));
    Running running{.job = job};
    running.progress.title = job.cell->varying.empty() ? job.cell->id : varying_text(*job.cell);
    running.process =
        start_engine(job.cell->precision(),
                     {"run", folder.string(), std::to_string(options_.threads), "{progress}"},
                     folder / "log.txt");
    running_.push_back(std::move(running));
  }

  void watch() {
    std::vector<pollfd> files;
    for (const Running& running : running_) files.push_back({running.process.progress, POLLIN, 0});
    if (files.empty()) {
      if (!waiting_.empty()) ::poll(nullptr, 0, 50);
      return;
    }
    if (::poll(files.data(), files.size(), 100) < 0) return;  // a signal: looked at next
    for (std::size_t k = files.size(); k-- > 0;)
      if (files[k].revents != 0 && !read_progress(running_[k])) reap(k);
  }

  // False at end-of-file, when the engine has ended.
  static bool read_progress(Running& running) {
    char buffer[4096];
    while (true) {
      const ssize_t got = ::read(running.process.progress, buffer, sizeof buffer);
      if (got == 0) return false;
      if (got < 0) return true;
      running.partial.append(buffer, std::size_t(got));
      for (auto end = running.partial.find('\n'); end != std::string::npos;
           end = running.partial.find('\n')) {
        std::istringstream line(running.partial.substr(0, end));
        line >> running.progress.stage >> running.progress.share >> running.progress.seconds;
        std::getline(line >> std::ws, running.progress.note);
        running.partial.erase(0, end + 1);
      }
    }
  }

  void reap(std::size_t k) {
    const Running running = std::move(running_[k]);
    running_.erase(running_.begin() + std::ptrdiff_t(k));
    int status = 0;
    while (::waitpid(running.process.pid, &status, 0) < 0 && errno == EINTR) {
    }
    ::close(running.process.progress);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 75)
      return again(running, 0.2, running.job.tries);  // another program has it
    if (WIFEXITED(status) && WEXITSTATUS(status) == 130) {
      // Someone stopped this engine alone: it goes on from its checkpoint.
      if (interrupts == 0) again(running, 0.2, running.job.tries);
      return;
    }
    if (WIFSIGNALED(status) && running.stop_level == 2 && !running.timed_out) return;
    conclude(running, status);
  }

  void again(const Running& running, double delay, int tries) {
    Waiting job = running.job;
    job.tries = tries;
    job.not_before = Clock::now() + std::chrono::milliseconds(int(1000 * delay));
    const std::string state = cell_state(options_.folder, *job.cell);
    if (state == "complete" || state == "diverged")
      return count(*job.cell, state, since(running.started), "");
    waiting_.push_back(job);
  }

  void conclude(const Running& running, int status) {
    const PlannedCell& cell = *running.job.cell;
    const fs::path folder = cell_folder(options_.folder, cell.id);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    const bool finished = fs::exists(folder / "result.h5");
    if (code == 0 && finished) return count(cell, "complete", since(running.started), "");
    std::string error = log_tail(folder / "log.txt");
    if (code == 0)
      error = "ended without a result in stage " + running.progress.stage +
              " (did a plugin call exit?)";
    if (WIFSIGNALED(status))
      error = "ended by " + signal_text(WTERMSIG(status)) + " in stage " + running.progress.stage;
    if (running.timed_out)
      error = "took longer than " + number_text(options_.timeout) + " s (stage " +
              running.progress.stage + ")";
    if (code == 3) storage_fault_ = true;
    if (code != 3 && running.job.tries < options_.retries &&
        cell_state(options_.folder, cell) != "diverged") {
      view_.finished("cell " + cell.id + ": " + error + "; trying again");
      return again(running, 0, running.job.tries + 1);
    }
    const bool diverged = cell_state(options_.folder, cell) == "diverged";
    if (!diverged) {
      try {
        write_status(folder, {.status = "failed",
                              .error = error,
                              .stage = running.progress.stage,
                              .seconds = since(running.started)});
      } catch (const StorageError& fault) {
        error += "; " + std::string(fault.what());
      }
    }
    count(cell, diverged ? "diverged" : "failed", since(running.started), error);
  }

  void count(const PlannedCell& cell, const std::string& state, double seconds,
             const std::string& error) {
    ++done_;
    if (state != "complete") ++failed_;
    std::string line = "[" + std::to_string(done_) + "/" + std::to_string(plan_.cells.size()) +
                       "] cell " + cell.id;
    if (!cell.varying.empty()) line += " " + varying_text(cell);
    line += ": " + state + " in " + duration_text(seconds);
    if (!error.empty()) line += ": " + error;
    view_.finished(line);
    if (since(grid_written_) < 2) return;
    write_grid_file(options_.folder, plan_);
    grid_written_ = Clock::now();
  }

  void pass_on_interrupts() {
    const int level = std::min(int{interrupts}, 2);
    if (level > announced_)
      view_.finished(level == 1 ? "stopping at the next checkpoint; interrupt again to stop at once"
                                : "stopping at once");
    announced_ = std::max(announced_, level);
    for (Running& running : running_) {
      if (options_.timeout > 0 && since(running.started) > options_.timeout &&
          running.stop_level < 2) {
        running.timed_out = true;
        stop(running, 2);
      }
      if (level > running.stop_level) stop(running, level);
    }
  }

  static void stop(Running& running, int level) {
    ::kill(running.process.pid, level == 1 ? SIGTERM : SIGKILL);
    running.stop_level = level;
  }

  std::vector<CellProgress> shown() const {
    std::vector<CellProgress> cells;
    for (const Running& running : running_) cells.push_back(running.progress);
    return cells;
  }

  const Plan& plan_;
  const RunOptions& options_;
  ProgressView view_;
  std::deque<Waiting> waiting_;
  std::vector<Running> running_;
  std::size_t done_ = 0, failed_ = 0;
  bool storage_fault_ = false;
  int announced_ = 0;
  Clock::time_point grid_written_;
};

}  // namespace

fs::path cell_folder(const fs::path& folder, const std::string& id) {
  return folder / "cells" / id;
}

std::string cell_state(const fs::path& folder, const PlannedCell& cell) {
  const fs::path own = cell_folder(folder, cell.id);
  if (!fs::exists(own)) return "new";
  if (fs::exists(own / "result.h5"))
    return read_status(own).status == "diverged" ? "diverged" : "complete";
  if (fs::exists(own / "lock") && !FileLock(own / "lock").held()) return "running";
  if (read_status(own).status == "failed") return "failed";
  return fs::exists(own / "checkpoint.bin") || fs::exists(own / "checkpoint.previous.bin")
             ? "interrupted"
             : "new";
}

int run_plan(const Plan& plan, const RunOptions& options) { return Scheduler(plan, options).run(); }

}  // namespace gibbsite
