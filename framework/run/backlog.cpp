#include "gibbsite/run/backlog.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace gibbsite {
namespace {

constexpr std::size_t most_jobs = 2;  // the one at work among them

}  // namespace

struct Backlog::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> jobs;
  std::exception_ptr fault;
  bool stop = false;
  std::thread thread;  // since the first job

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return stop || !jobs.empty(); });
      if (jobs.empty()) return;
      if (!fault) {
        lock.unlock();
        std::exception_ptr thrown;
        try {
          jobs.front()();
        } catch (...) {
          thrown = std::current_exception();
        }
        lock.lock();
        fault = thrown;
      }
      jobs.pop_front();
      changed.notify_all();
    }
  }

  // Waits until no more than `left` jobs are; `lock` is held on entry and on return.
  void wait(std::unique_lock<std::mutex>& lock, std::size_t left) {
    changed.wait(lock, [&] { return jobs.size() <= left; });
    if (fault) std::rethrow_exception(fault);
  }
};

Backlog::Backlog() : state_(std::make_unique<State>()) {}

Backlog::~Backlog() {
  if (!state_->thread.joinable()) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
}

void Backlog::add(std::function<void()> job) {
  std::unique_lock lock(state_->mutex);
  state_->wait(lock, most_jobs - 1);
  state_->jobs.push_back(std::move(job));
  if (!state_->thread.joinable())
    state_->thread = std::thread([state = state_.get()] { state->work(); });
  state_->changed.notify_all();
}

void Backlog::finish() {
  std::unique_lock lock(state_->mutex);
  state_->wait(lock, 0);
}

}  // namespace gibbsite
