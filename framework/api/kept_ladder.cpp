#include "gibbsite/api/kept_ladder.hpp"

namespace gibbsite {

KeptLadder::KeptLadder(const Annealing& annealing, const Evaluation::Input& input)
    : outer_(input), has_pilot_(annealing.has_pilot()) {
  std::vector<Chains>& chains = input.saved.chains;
  if (has_pilot_ && !chains.empty()) {
    const Table& kept = chains.back().tuning;
    betas_.assign(kept.data(), kept.data() + kept.size());
    chains.pop_back();
    return;
  }
  betas_ = annealing.ladder(input.random.split("pilot"), input.desk);
  if (has_pilot_) report(0, double(betas_.size()) - 1, "the pilot has ended");
}

void KeptLadder::report(double done, double total, const std::string& note) {
  std::vector<Chains>& chains = outer_.saved.chains;
  if (has_pilot_) {
    chains.emplace_back();
    chains.back().tuning = Eigen::Map<const Table>(betas_.data(), Index(betas_.size()), 1);
  }
  outer_.desk.report(done, total, note);  // where this throws, the ladder stays with the rest
  if (has_pilot_) chains.pop_back();
}

}  // namespace gibbsite
