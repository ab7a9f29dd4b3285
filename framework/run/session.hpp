// What the stages of a running cell share: its state, checkpoints, progress and the wish to stop.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stdexcept>

#include "gibbsite/io/checkpoint.hpp"
#include "gibbsite/io/process_state.hpp"
#include "gibbsite/run/backlog.hpp"
#include "gibbsite/run/experiment.hpp"

namespace gibbsite {

/// Asks the running cell to stop at its next report. Safe in a signal handler.
void request_stop();

/// Thrown where the cell has been taken over by another attempt: this one must not write any more.
class LeaseLost : public std::runtime_error {
 public:
  LeaseLost() : std::runtime_error("the cell has been taken over") {}
};

/// Writes where the running cell is, as `last STAGE STEP`, to its progress descriptor. Safe in a
/// signal handler.
void tell_last_step();

/// One attempt at a cell. `state` is what a checkpoint saves; it must be consistent whenever a
/// stage calls `report`.
class Session final : public Desk {
 public:
  /// `progress` is a file descriptor for progress lines, or -1. `attempt` is the number of the
  /// lease that this process works under, 0 without one.
  Session(const Experiment& experiment, const Workers& workers, std::filesystem::path folder,
          int progress, int attempt = 0);

  const Experiment& experiment;
  const Workers& workers;
  const std::filesystem::path folder;
  const int attempt;
  Checkpoint state;

  /// Segments that will be complete before the next checkpoint but perhaps not on the disk: none
  /// names them yet.
  std::vector<std::filesystem::path> fresh_segments;
  /// Called before each checkpoint, to close what is buffered.
  std::function<void()> before_save;
  /// Called before the first checkpoint of this attempt.
  std::function<void()> before_first_save;

  /// What is written while the stage goes on: segments, checkpoints. Only its thread uses HDF5
  /// while chains run; who reads what it writes waits for it with `finish`.
  Backlog disk;

  void enter(Checkpoint::Stage stage);
  /// Begins a checkpoint when it is due; when stopping waits until it is written and throws
  /// Interrupted. Throws LeaseLost as `save` does.
  void report(double done, double total, const std::string& note) override;
  /// Hands a checkpoint of the present state to `disk`. Throws LeaseLost, and writes nothing, where
  /// the cell is another's now; where that is found by `disk`, at the next call that uses it.
  void save();
  void require_lease() const;
  /// Evaluations of the stage that pays, earlier attempts included.
  Evaluations evaluations() const;
  /// Seconds since the cell first started, earlier attempts included.
  double seconds() const;
  /// Adds what was spent since the last call to the stage's cost.
  void account();

  /// Books what is spent during its life as the cost of another stage than the one under way.
  class Charge {
   public:
    Charge(Session& session, Checkpoint::Stage stage) : session_(session) {
      session_.account();
      session_.charged_ = stage;
    }
    ~Charge() {
      session_.account();
      session_.charged_.reset();
    }
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;

   private:
    Session& session_;
  };

 private:
  using Clock = std::chrono::steady_clock;
  double since(Clock::time_point start) const {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  std::size_t charged() const { return std::size_t(charged_.value_or(state.stage)); }
  /// Puts back what plugins have changed of the process, with a warning the first time.
  void repair();

  int progress_;
  std::optional<Checkpoint::Stage> charged_;
  ProcessState before_;
  bool repaired_ = false;
  Clock::time_point repaired_at_ = Clock::now();
  Clock::time_point started_ = Clock::now(), accounted_ = started_, saved_ = started_, shown_;
  double earlier_seconds_ = 0;
  Evaluations counted_;
};

}  // namespace gibbsite
