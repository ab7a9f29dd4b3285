#include "gibbsite/core/parallel.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace gibbsite {
namespace {

thread_local bool inside_task = false;

}  // namespace

struct Workers::Pool {
  int threads;
  std::vector<std::thread> helpers;
  std::mutex calls;  // one run at a time
  std::mutex mutex;
  std::condition_variable wake, done;
  const std::function<void(Index)>* task = nullptr;
  Index tasks = 0, next = 0, active = 0;
  Index failed = -1;
  std::exception_ptr failure;
  bool stop = false;

  // Takes tasks until none is left; `lock` is held on entry and on return.
  void work(std::unique_lock<std::mutex>& lock) {
    while (next < tasks) {
      const Index i = next++;
      ++active;
      lock.unlock();
      std::exception_ptr fault;
      inside_task = true;
      try {
        (*task)(i);
      } catch (...) {
        fault = std::current_exception();
      }
      inside_task = false;
      lock.lock();
      --active;
      if (fault && (failed < 0 || i < failed)) {
        failed = i;
        failure = fault;
      }
      if (active == 0 && next >= tasks) done.notify_all();
    }
  }

  void help() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [&] { return stop || next < tasks; });
      if (stop) return;
      work(lock);
    }
  }
};

Workers::Workers(int threads) : pool_(std::make_unique<Pool>()) {
  pool_->threads = threads < 1 ? 1 : threads;
  for (int t = 1; t < pool_->threads; ++t) pool_->helpers.emplace_back([this] { pool_->help(); });
}

Workers::~Workers() {
  {
    const std::lock_guard lock(pool_->mutex);
    pool_->stop = true;
  }
  pool_->wake.notify_all();
  for (std::thread& helper : pool_->helpers) helper.join();
}

int Workers::threads() const { return pool_->threads; }

void Workers::run(Index tasks, const std::function<void(Index)>& task) const {
  if (inside_task || pool_->threads == 1 || tasks <= 1) {
    for (Index i = 0; i < tasks; ++i) task(i);
    return;
  }
  const std::lock_guard one_run(pool_->calls);
  std::unique_lock lock(pool_->mutex);
  pool_->task = &task;
  pool_->tasks = tasks;
  pool_->next = 0;
  pool_->failed = -1;
  pool_->failure = nullptr;
  pool_->wake.notify_all();
  pool_->work(lock);
  pool_->done.wait(lock, [&] { return pool_->active == 0 && pool_->next >= pool_->tasks; });
  pool_->tasks = pool_->next = 0;
  if (pool_->failure) std::rethrow_exception(pool_->failure);
}

}  // namespace gibbsite
