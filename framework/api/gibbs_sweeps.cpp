#include "gibbsite/api/gibbs_sweeps.hpp"

#include "gibbsite/core/choice.hpp"

namespace gibbsite {

bool GibbsSweeps::gibbs_sweeps(Index sweeps, Eigen::Ref<Batch> x, Stream& random) const {
  if (Outcomes::current() != nullptr || !do_gibbs_sweeps(sweeps, x, random)) return false;
  counters_.site_updates.fetch_add(std::uint64_t(sweeps * x.size()), std::memory_order_relaxed);
  return true;
}

}  // namespace gibbsite
