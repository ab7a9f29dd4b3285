// Leases: one holder at a time, on one machine and on several.
#include "gibbsite/run/lease.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "support/program.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// A process that claims a cell, says so by the file `held`, and stays until it is killed.
pid_t holder_of(const fs::path& cell) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    Sighting sighting;
    const Claim claimed = claim(cell, this_process(15), sighting);
    if (claimed.lease) std::ofstream(cell / "held") << "yes";
    while (true) ::pause();
  }
  for (int tries = 0; tries < 5000 && !fs::exists(cell / "held"); ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  fs::remove(cell / "held");
  return pid;
}

void end(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

// The lease of a program on another machine.
void leave_foreign_lease(const fs::path& cell, double heartbeat) {
  std::ofstream(cell / "lease.1") << "host: elsewhere\nmachine: m\nboot: another\nprocesses: p\n"
                                     "process: 1\nstarted: 1\njob: Slurm job 7_0\nheartbeat: "
                                  << heartbeat << "\nvanished: 0\ncheckpoint: 0\n";
}

void age(const fs::path& file, double seconds) {
  fs::last_write_time(file, fs::file_time_type::clock::now() -
                                std::chrono::milliseconds(std::int64_t(1000 * seconds)));
}

Claim try_claim(const fs::path& cell) {
  Sighting sighting;
  return claim(cell, this_process(15), sighting);
}

}  // namespace

TEST_CASE("of many that claim a cell at once one gets it") {
  const TemporaryFolder folder;
  constexpr int cells = 40, programs = 6;
  for (int k = 0; k < cells; ++k) fs::create_directory(folder / std::to_string(k));
  int ready[2], stay[2];
  REQUIRE(::pipe(ready) == 0);
  REQUIRE(::pipe(stay) == 0);
  std::vector<pid_t> pids;
  for (int p = 0; p < programs; ++p) {
    pids.push_back(::fork());
    if (pids.back() != 0) continue;
    ::close(stay[1]);
    std::string won;
    for (int k = 0; k < cells; ++k) won += try_claim(folder / std::to_string(k)).lease ? '1' : '0';
    if (::write(ready[1], won.data(), won.size()) != cells) ::_exit(1);
    char end = 0;
    ::_exit(::read(stay[0], &end, 1) == 0 ? 0 : 1);  // alive until all have tried
  }
  std::vector<int> holders(cells);
  for (int p = 0; p < programs; ++p) {
    char won[cells];
    std::size_t got = 0;
    while (got < cells) {
      const ssize_t n = ::read(ready[0], won + got, cells - got);
      REQUIRE(n > 0);
      got += std::size_t(n);
    }
    for (int k = 0; k < cells; ++k) holders[std::size_t(k)] += won[k] - '0';
  }
  ::close(stay[1]);
  for (const pid_t pid : pids) ::waitpid(pid, nullptr, 0);
  CHECK(holders == std::vector<int>(cells, 1));
  for (const int file : {ready[0], ready[1], stay[0]}) ::close(file);
}

TEST_CASE("a cell is free when its holder has been killed, and not before") {
  const TemporaryFolder folder;
  const pid_t pid = holder_of(folder.path());
  CHECK(is_held(folder.path()));
  const Claim refused = try_claim(folder.path());
  CHECK_FALSE(refused.lease);
  REQUIRE(refused.other);
  CHECK(refused.other->holder.process == pid);
  ::kill(pid, SIGKILL);
  siginfo_t about{};
  ::waitid(P_PID, id_t(pid), &about, WEXITED | WNOWAIT);
  CHECK_FALSE(is_held(folder.path()));  // a zombie works on nothing
  const Claim taken = try_claim(folder.path());
  end(pid);
  REQUIRE(taken.lease);
  CHECK(taken.lease->attempt() == 2);
  REQUIRE(taken.other);
  CHECK(taken.other->holder.process == pid);
  CHECK(files_below(folder.path()) == std::vector<std::string>{"lease.2"});
}

TEST_CASE("a process of the same number is not the holder") {
  const TemporaryFolder folder;
  Holder self = this_process(15);
  self.started += "0";
  Sighting sighting;
  REQUIRE(claim(folder.path(), self, sighting).lease);
  CHECK(try_claim(folder.path()).lease);
}

TEST_CASE("a lease from before this machine was started anew is free") {
  const TemporaryFolder folder;
  Holder self = this_process(15);
  if (self.machine.empty()) return skip("this machine has no /etc/machine-id");
  self.boot = "an earlier one";
  Sighting sighting;
  REQUIRE(claim(folder.path(), self, sighting).lease);
  CHECK(try_claim(folder.path()).lease);
}

TEST_CASE("a released cell is free at once, and attempts are counted on") {
  const TemporaryFolder folder;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const Claim claimed = try_claim(folder.path());
    REQUIRE(claimed.lease);
    CHECK(claimed.lease->attempt() == attempt);
    CHECK(claimed.lease->vanished() == 0);
    CHECK_FALSE(claimed.other);
    claimed.lease->release();
    CHECK_FALSE(is_held(folder.path()));
  }
  CHECK(files_below(folder.path()).size() == 1);
  remove_leases(folder.path());
  CHECK(files_below(folder.path()).empty());
}

TEST_CASE("holders that vanish are counted until one leaves a checkpoint") {
  const TemporaryFolder folder;
  for (int vanished = 0; vanished < 3; ++vanished) {
    end(holder_of(folder.path()));
    CHECK(newest_lease(folder.path())->vanished == vanished);
  }
  folder.write("checkpoint.bin", "x");
  end(holder_of(folder.path()));
  CHECK(newest_lease(folder.path())->vanished == 0);
  end(holder_of(folder.path()));
  CHECK(newest_lease(folder.path())->vanished == 1);
}

TEST_CASE("a holder on another machine keeps its cell as long as it gives signs of life") {
  const TemporaryFolder folder;
  leave_foreign_lease(folder.path(), 0.02);
  Sighting sighting;
  for (int k = 0; k < 60; ++k) {
    age(folder / "lease.1", 0);
    CHECK_FALSE(claim(folder.path(), this_process(15), sighting).lease);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

TEST_CASE("a holder on another machine loses its cell ten beats after its last sign of life") {
  const TemporaryFolder folder;
  leave_foreign_lease(folder.path(), 0.1);
  Sighting sighting;
  age(folder / "lease.1", 0.8);
  const Claim early = claim(folder.path(), this_process(15), sighting);
  CHECK_FALSE(early.lease);
  CHECK(early.silent > 0.79);
  CHECK(holder_text(early.other->holder) == "process 1 on elsewhere (Slurm job 7_0)");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(claim(folder.path(), this_process(15), sighting).lease);
}

TEST_CASE("an old time alone takes no cell from another machine: clocks are set") {
  const TemporaryFolder folder;
  leave_foreign_lease(folder.path(), 0.2);
  age(folder / "lease.1", 10000);
  Sighting sighting;
  CHECK_FALSE(claim(folder.path(), this_process(15), sighting).lease);
  age(folder / "lease.1", 9000);  // a sign of life
  std::this_thread::sleep_for(std::chrono::milliseconds(410));
  CHECK_FALSE(claim(folder.path(), this_process(15), sighting).lease);
  std::this_thread::sleep_for(std::chrono::milliseconds(410));
  CHECK(claim(folder.path(), this_process(15), sighting).lease);
}

TEST_CASE("who has lost a cell learns it at the next sign of life") {
  const TemporaryFolder folder;
  Sighting sighting;
  const Claim first = claim(folder.path(), this_process(0.001), sighting);
  REQUIRE(first.lease);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  CHECK(first.lease->beat());
  CHECK(lease_is_current(folder.path(), 1));
  fs::rename(folder / "lease.1", folder / "lease.2");  // as a take-over leaves it
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  CHECK_FALSE(first.lease->beat());
  CHECK_FALSE(lease_is_current(folder.path(), 1));
  first.lease->release();  // harms nobody
  CHECK(lease_is_current(folder.path(), 2));
  CHECK(is_held(folder.path()));
}

TEST_CASE("a folder that cannot be written is named") {
  const TemporaryFolder folder;
  try {
    try_claim(folder / "none");
    FAIL("a cell without a folder was claimed");
  } catch (const StorageError& fault) {
    CHECK(occurrences(fault.what(), (folder / "none").string()) == 1);
  }
}
