// The cells that a run has still to do, shared with other programs through their leases.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "gibbsite/run/lease.hpp"
#include "gibbsite/run/schedule.hpp"

namespace gibbsite {

/// The number of the newest attempt at a cell that is over; 0 where there was none.
int attempts_over(const std::filesystem::path& cell);

/// A cell that this program has not got yet.
struct Waiting {
  const PlannedCell* cell = nullptr;
  int attempt = 0;  ///< the newest that was over when the run began
  std::chrono::steady_clock::time_point not_before;
  Sighting sighting;
  bool elsewhere = false;  ///< another program has it
  bool silent = false;     ///< and gives no sign of life
};

/// The cells of a plan that are not done, in its order. A cell that another program has is looked
/// at again and again until it is done, has failed there, or its holder is gone.
class CellQueue {
 public:
  /// `say` prints a line. `found` is told of each cell that was done before, and of each that came
  /// to its end elsewhere since the run began.
  using Say = std::function<void(const std::string& line)>;
  using Found = std::function<void(const PlannedCell& cell, const Outcome& outcome, bool before)>;
  CellQueue(const Plan& plan, const RunOptions& options, Say say, Found found);

  bool empty() const { return waiting_.empty(); }
  /// Whether all that is left is with programs that show that they live.
  bool left_to_others() const;
  /// A cell for this program, with its folder ready; nothing where none can be had now.
  std::unique_ptr<Lease> next(Waiting& job);
  /// Takes back a cell whose lease was lost.
  void put_back(Waiting job);

 private:
  bool is_settled(const PlannedCell& cell, const std::string& state) const;
  std::unique_ptr<Lease> look_at(Waiting& job, bool& waits);
  bool has_failed_elsewhere(const Waiting& job) const;
  void prepare(const PlannedCell& cell) const;
  void tell_of_holder(Waiting& job, const Claim& claimed);
  std::filesystem::path folder_of(const PlannedCell& cell) const;

  const RunOptions& options_;
  const Holder self_;
  Say say_;
  Found found_;
  std::deque<Waiting> waiting_;
  bool told_of_others_ = false;
  const std::filesystem::file_time_type began_ = std::filesystem::file_time_type::clock::now();
};

}  // namespace gibbsite
