#include "gibbsite/run/backlog.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace gibbsite;

namespace {

void wait_a_little() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

}  // namespace

TEST_CASE("jobs are done in their order, and before the end") {
  std::vector<int> done;
  {
    Backlog backlog;
    for (int k = 0; k < 20; ++k)
      backlog.add([&done, k] {
        if (k % 5 == 0) wait_a_little();
        done.push_back(k);
      });
    backlog.finish();
    CHECK(done.size() == 20);
    backlog.add([&done] {
      wait_a_little();
      done.push_back(20);
    });
  }
  REQUIRE(done.size() == 21);
  for (int k = 0; k <= 20; ++k) CHECK(done[std::size_t(k)] == k);
}

TEST_CASE("who brings one job goes on meanwhile, who brings many waits") {
  Backlog backlog;
  std::atomic<bool> may_end = false;
  std::atomic<int> brought = 0;
  const auto job = [&may_end] {
    while (!may_end) wait_a_little();
  };
  std::thread other([&] {
    for (int k = 0; k < 5; ++k) {
      backlog.add(job);
      ++brought;
    }
  });
  while (brought < 2) wait_a_little();
  for (int k = 0; k < 20; ++k) wait_a_little();
  CHECK(brought == 2);
  may_end = true;
  other.join();
  CHECK(brought == 5);
  backlog.finish();
}

TEST_CASE("after a fault nothing more is done, and everyone is told") {
  int done = 0;
  {
    Backlog backlog;
    backlog.add([&done] { ++done; });
    backlog.add([] { throw std::runtime_error("full"); });
    CHECK_THROWS_WITH(backlog.finish(), "full");
    CHECK_THROWS_WITH(backlog.add([&done] { ++done; }), "full");
    CHECK_THROWS_WITH(backlog.finish(), "full");
  }
  CHECK(done == 1);
}
