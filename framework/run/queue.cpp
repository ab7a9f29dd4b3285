#include "gibbsite/run/queue.hpp"

#include <algorithm>

#include "gibbsite/io/files.hpp"
#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/pack.hpp"
#include "gibbsite/run/progress.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto look_again = std::chrono::milliseconds(200);

bool is_done(const std::string& state) { return state == "complete" || state == "diverged"; }

}  // namespace

int attempts_over(const fs::path& cell) {
  const auto lease = newest_lease(cell);
  const int by_lease = lease ? lease->attempt - (is_held(cell) ? 1 : 0) : 0;
  // A lease that could not be written as released is gone, but its attempt left a status.
  return std::max(by_lease, read_status(cell).attempt);
}

CellQueue::CellQueue(const Plan& plan, const RunOptions& options, Say say, Found found)
    : options_(options),
      self_(this_process(options.heartbeat)),
      say_(std::move(say)),
      found_(std::move(found)) {
  for (const PlannedCell& cell : plan.cells) {
    if (is_settled(cell, cell_state(options_.folder, cell))) {
      found_(cell, read_status(folder_of(cell)), true);
      continue;
    }
    waiting_.push_back({.cell = &cell,
                        .attempt = attempts_over(folder_of(cell)),
                        .not_before = {},
                        .sighting = {}});
  }
}

fs::path CellQueue::folder_of(const PlannedCell& cell) const {
  return cell_folder(options_.folder, cell.id);
}

bool CellQueue::left_to_others() const {
  for (const Waiting& job : waiting_)
    if (!job.elsewhere || job.silent) return false;
  return true;
}

std::unique_ptr<Lease> CellQueue::next(Waiting& job) {
  for (std::size_t looked = waiting_.size(); looked > 0; --looked) {
    job = waiting_.front();
    waiting_.pop_front();
    bool waits = true;
    std::unique_ptr<Lease> lease;
    if (job.not_before <= Clock::now()) lease = look_at(job, waits);
    if (lease) return lease;
    if (waits) waiting_.push_back(job);
  }
  return nullptr;
}

void CellQueue::put_back(Waiting job) {
  job.not_before = Clock::now() + look_again;
  waiting_.push_back(job);
}

// Whether the cell has what this run is to give it.
bool CellQueue::is_settled(const PlannedCell& cell, const std::string& state) const {
  if (!is_done(state) || !options_.fresh) return is_done(state);
  std::error_code gone;
  const auto made = fs::last_write_time(folder_of(cell) / "result.h5", gone);
  return !gone && made >= began_;
}

std::unique_ptr<Lease> CellQueue::look_at(Waiting& job, bool& waits) {
  const PlannedCell& cell = *job.cell;
  const fs::path folder = folder_of(cell);
  waits = false;
  if (!result_path(folder).empty() && is_settled(cell, cell_state(options_.folder, cell))) {
    found_(cell, read_status(folder), false);
    return nullptr;
  }
  make_folder(folder);
  Claim claimed = claim(folder, self_, job.sighting);
  if (!claimed.lease) {
    tell_of_holder(job, claimed);
    waits = true;
    return nullptr;
  }
  // Now that nobody else can have it: what became of it since it was looked at?
  const Outcome outcome = read_status(folder);
  const bool settled = !result_path(folder).empty() && is_settled(cell, outcome.status);
  if (settled || has_failed_elsewhere(job)) {
    if (settled)
      remove_leases(folder);
    else
      claimed.lease->release();
    found_(cell, outcome, false);
    return nullptr;
  }
  if (claimed.other)
    say_("cell " + cell.id + ": taken over, " + holder_text(claimed.other->holder) +
         " has vanished");
  prepare(cell);
  return std::move(claimed.lease);
}

// Another program tried it in vain while this run waited: that try counts for both.
bool CellQueue::has_failed_elsewhere(const Waiting& job) const {
  const Outcome outcome = read_status(folder_of(*job.cell));
  return outcome.status == "failed" && outcome.attempt > job.attempt;
}

void CellQueue::prepare(const PlannedCell& cell) const {
  const fs::path folder = folder_of(cell);
  std::error_code none;
  if (options_.fresh) {
    for (const auto& item : fs::directory_iterator(folder, none))
      if (const std::string name = item.path().filename().string();
          !name.starts_with("lease.") && name != "lock")
        fs::remove_all(item.path(), none);
  }
  fs::remove(folder / "status.yaml", none);  // it tells of an earlier attempt
  // Durable with the result: after a fall of the system it is compared with the plan, not trusted.
  const fs::path file = folder / "cell.yaml";
  const std::string text = to_yaml(cell.spec);
  if (!fs::exists(file) || read_file(file) != text) rename_file(write_beside(file, text), file);
}

void CellQueue::tell_of_holder(Waiting& job, const Claim& claimed) {
  job.elsewhere = true;
  job.not_before = Clock::now() + look_again;
  const Holder& holder = claimed.other->holder;
  const bool silent = holder.boot != self_.boot && claimed.silent > 2 * holder.heartbeat;
  if (silent && !job.silent)
    say_("cell " + job.cell->id + ": held by " + holder_text(holder) +
         ", which has been silent for " + duration_text(claimed.silent) +
         "; it is taken over after " + duration_text(10 * holder.heartbeat));
  else if (!told_of_others_ && !options_.pilot)
    say_("cells that other programs have are waited for; the first is " + job.cell->id + ", with " +
         holder_text(holder));
  told_of_others_ = true;
  job.silent = silent;
}

}  // namespace gibbsite
