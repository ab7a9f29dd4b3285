// Work for the disk that goes on while chains run.
#pragma once

#include <functional>
#include <memory>

namespace gibbsite {

/// Jobs done one after the other by a thread of their own. Few may wait at a time, so memory is
/// bounded: who brings more waits for one to be done. After a job has thrown, those behind it are
/// not done, and `add` and `finish` rethrow what it threw.
class Backlog {
 public:
  Backlog();
  /// Does what is left first.
  ~Backlog();
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;

  void add(std::function<void()> job);
  /// Waits until every job is done.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gibbsite
