// Who works on a cell: a numbered lease file in its folder, kept alive by its modification time.
// Several programs on several machines share a run folder by these files alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace gibbsite {

/// A process as other programs recognise it, on this machine or another.
struct Holder {
  std::string host;
  std::string machine;    ///< what stays when the system is started anew
  std::string boot;       ///< which start of the system
  std::string processes;  ///< its space of process numbers; numbers of one space and boot compare
  std::int64_t process = 0;  ///< its number
  std::string started;       ///< when, in ticks since the start of the system
  std::string job;           ///< of a batch system, where it is one's
  double heartbeat = 15;     ///< seconds between its signs of life
};

/// This process. `heartbeat` is how often it will give a sign of life.
Holder this_process(double heartbeat);

/// "process 812 on node3 (Slurm job 12_3)".
std::string holder_text(const Holder& holder);

/// A lease as its file says.
struct LeaseFile {
  int attempt = 0;  ///< 1 for the first that worked on the cell
  Holder holder;
  bool released = false;        ///< its holder has put the cell down
  int vanished = 0;             ///< holders in a row before it that vanished without a checkpoint
  std::int64_t checkpoint = 0;  ///< the cell's when it was claimed, by its time; 0: none
  std::int64_t beat = 0;        ///< last sign of life, in nanoseconds of the file server's clock
};

/// The lease with the highest number in the folder of a cell.
std::optional<LeaseFile> newest_lease(const std::filesystem::path& cell);

enum class Life { alive, silent, gone };

/// What a program has seen of somebody else's lease so far, by its own clock.
struct Sighting {
  int attempt = 0;
  std::int64_t beat = 0;
  std::chrono::steady_clock::time_point since;
};

/// Whether the holder of a lease lives. On this machine the process table tells. A holder on
/// another one counts as gone after ten beats without a sign of life, by the file server's clock
/// (`silent`, seconds) and, for two beats at least, by the clock of this process (`sighting`); or
/// where that machine has been started anew since, which is this one then.
Life life_of(const LeaseFile& lease, double silent, Sighting& sighting);

/// Whether somebody works on the cell, at one look.
bool is_held(const std::filesystem::path& cell);

/// Whether attempt `attempt` still has the cell: its lease is there and none is newer.
bool lease_is_current(const std::filesystem::path& cell, int attempt);

/// Removes the leases of a cell that is complete.
void remove_leases(const std::filesystem::path& cell);

/// A cell in the hands of this process.
class Lease {
 public:
  Lease(std::filesystem::path cell, LeaseFile file) : cell_(std::move(cell)), file_(file) {}
  int attempt() const { return file_.attempt; }
  /// Holders in a row before this one that vanished without leaving a checkpoint.
  int vanished() const { return file_.vanished; }
  /// Gives a sign of life when it is due. False where the lease has been taken over.
  bool beat();
  /// Puts the cell down: anybody may claim it at once. Says nothing where that cannot be written;
  /// then it is free when this process has ended.
  void release();

 private:
  std::filesystem::path cell_;
  LeaseFile file_;
  std::chrono::steady_clock::time_point beaten_ = std::chrono::steady_clock::now();
};

/// The answer to a claim.
struct Claim {
  std::unique_ptr<Lease> lease;    ///< where the cell could be had
  std::optional<LeaseFile> other;  ///< who has it, or who vanished and lost it
  double silent = 0;               ///< seconds since the last sign of life of `other`
};

/// Claims the cell of an existing folder: of those who try at once one gets it, on network file
/// systems too. Throws StorageError where the folder cannot be written.
Claim claim(const std::filesystem::path& cell, const Holder& self, Sighting& sighting);

}  // namespace gibbsite
