#include "gibbsite/run/changes.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "gibbsite/run/pack.hpp"
#include "gibbsite/run/schedule.hpp"

namespace gibbsite {
namespace {

bool is_done(const Standing& standing) {
  return standing.state == "complete" || standing.state == "diverged";
}

// Whether a program that has changed since left something of the cell.
bool made_by_another(const Standing& standing) {
  return !standing.changed.empty() && (is_done(standing) || standing.state == "interrupted");
}

// What varies but the seed.
std::string kin_of(const PlannedCell& cell) {
  std::string text;
  for (const auto& [path, value] : cell.varying)
    if (path != "seed") text += path + "=" + value_text(value) + " ";
  return text;
}

void say_changes(const std::vector<Standing>& standing, IfChanged how) {
  std::size_t files = 0, done = 0, begun = 0;
  std::set<std::string> parts;
  for (const Standing& one : standing) {
    files += one.earlier.empty() ? 0 : 1;
    if (!made_by_another(one)) continue;
    ++(is_done(one) ? done : begun);
    parts.insert(one.changed.begin(), one.changed.end());
  }
  const auto say = [](std::size_t count, const std::string& what) {
    if (count > 0)
      std::fprintf(stderr, "%zu cell%s %s\n", count, count == 1 ? "" : "s", what.c_str());
  };
  const std::string changed = join({parts.begin(), parts.end()});
  const bool anew = how == IfChanged::run;
  say(files, std::string("of the plan: a plugin or data file of the spec has changed; ") +
                 (how == IfChanged::keep ? "the earlier results are kept" : "computed anew"));
  say(done, "done by a program that has changed since (" + changed + "); " +
                (anew ? "computed anew" : "kept (--if-changed run computes them anew)"));
  say(begun, "begun by a program that has changed since (" + changed + "); " +
                 (anew ? "computed anew" : "continued (--if-changed run starts them anew)"));
}

void discard(const std::filesystem::path& folder) {
  std::error_code fault;
  std::filesystem::remove_all(folder, fault);
  if (fault) throw StorageError(folder.string() + ": cannot be removed: " + fault.message());
}

}  // namespace

IfChanged if_changed(const std::string& word) {
  if (word.empty()) return IfChanged::otherwise;
  const std::vector<std::string> known = {"run", "keep", "refuse"};
  const auto found = std::find(known.begin(), known.end(), word);
  if (found == known.end())
    throw Error("--if-changed: must be one of run, keep, refuse, got '" + word + "'");
  return IfChanged(1 + (found - known.begin()));
}

std::vector<Standing> standing_of(const std::filesystem::path& folder, const Plan& plan,
                                  const Plan& earlier) {
  std::set<std::string> ids, known;
  for (const PlannedCell& cell : plan.cells) ids.insert(cell.id);
  std::map<std::string, std::string> left;  // the spec of an earlier cell that is not in the plan
  for (const PlannedCell& cell : earlier.cells) {
    known.insert(cell.id);
    if (!ids.contains(cell.id)) left[cell.spec.text()] = cell.id;
  }
  std::vector<Standing> all;
  for (const PlannedCell& cell : plan.cells) {
    Standing one{.state = cell_state(folder, cell), .outcome = {}, .changed = {}, .earlier = ""};
    if (one.state != "new") one.outcome = read_status(cell_folder(folder, cell.id));
    const auto now = plan.made_by.find(cell.precision() == "single" ? "single" : "double");
    if (now != plan.made_by.end()) one.changed = changed_makers(one.outcome.made_by, now->second);
    if (!left.empty() && !known.contains(cell.id))
      if (const auto same = left.find(cell.spec.text()); same != left.end())
        one.earlier = same->second;
    all.push_back(std::move(one));
  }
  return all;
}

bool would_run(const Standing& standing, IfChanged how, bool fresh) {
  if (standing.state == "running") return false;
  if (fresh) return true;
  if (!standing.earlier.empty() && how == IfChanged::keep) return false;
  return !is_done(standing) || (made_by_another(standing) && how == IfChanged::run);
}

std::string why(const Standing& standing, IfChanged how, bool fresh) {
  if (standing.state == "running") return "is running elsewhere";
  if (fresh) return "would run: --fresh";
  const std::string parts = " (" + join(standing.changed) + ")";
  if (made_by_another(standing) && how == IfChanged::run) return "would run: changed" + parts;
  if (!standing.earlier.empty())
    return (how == IfChanged::keep ? "kept, though changed" : "would run: changed") +
           std::string(" (a plugin or data file; was cell ") + standing.earlier + ")";
  const std::string since = made_by_another(standing) ? ", by a program changed since" + parts : "";
  if (standing.state == "complete") return "done" + since;
  if (standing.state == "diverged") return "done: diverged (see --fresh)" + since;
  if (standing.state == "failed")
    return "would run: failed before: " + standing.outcome.error.substr(0, 60);
  if (standing.state == "interrupted") return "would resume: interrupted" + since;
  return "would run: new";
}

void settle_changes(const std::filesystem::path& folder, Plan& plan,
                    const std::vector<Standing>& standing, IfChanged how) {
  const auto changed = [](const Standing& one) {
    return made_by_another(one) || !one.earlier.empty();
  };
  const auto first = std::find_if(standing.begin(), standing.end(), changed);
  if (first == standing.end()) return;
  if (how == IfChanged::refuse)
    throw Error(
        "--if-changed refuse: " +
        std::to_string(std::count_if(standing.begin(), standing.end(), changed)) +
        " cells were made by what has changed since: " +
        (first->changed.empty() ? "a plugin or data file of the spec" : join(first->changed)) +
        " (nothing was run; see --dry-run)");
  say_changes(standing, how);
  std::vector<PlannedCell> kept;
  std::set<std::string> anew;
  for (std::size_t k = 0; k < plan.cells.size(); ++k) {
    const Standing& one = standing[k];
    if (how == IfChanged::run && made_by_another(one)) {
      discard(cell_folder(folder, plan.cells[k].id));
      anew.insert(plan.cells[k].id);
    }
    if (how != IfChanged::keep || one.earlier.empty()) kept.push_back(std::move(plan.cells[k]));
  }
  plan.cells = std::move(kept);
  drop_packed(folder, anew);
}

double estimated_seconds(const Plan& plan, const std::vector<Standing>& standing, IfChanged how,
                         bool fresh) {
  struct Mean {
    double sum = 0, count = 0;
  } all;
  std::map<std::string, Mean> kin;
  for (std::size_t k = 0; k < plan.cells.size(); ++k) {
    if (standing[k].state != "complete") continue;
    for (Mean* mean : {&all, &kin[kin_of(plan.cells[k])]}) {
      mean->sum += standing[k].outcome.seconds;
      mean->count += 1;
    }
  }
  if (all.count == 0) return -1;
  double seconds = 0;
  for (std::size_t k = 0; k < plan.cells.size(); ++k) {
    if (!would_run(standing[k], how, fresh)) continue;
    const auto own = kin.find(kin_of(plan.cells[k]));
    const Mean& mean = own == kin.end() ? all : own->second;
    const bool begun = standing[k].state == "interrupted" && !fresh;
    seconds += std::max(0.0, mean.sum / mean.count - (begun ? standing[k].outcome.seconds : 0));
  }
  return seconds;
}

}  // namespace gibbsite
