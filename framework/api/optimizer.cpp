#include "gibbsite/api/optimizer.hpp"

namespace gibbsite {

void ElementwiseOptimizer::update(Parameters& theta, const Parameters& ascent, Slots& slots,
                                  std::uint64_t update) const {
  make_slots(slots, theta.size());
  update_entries(0, theta.size(), theta, ascent, slots, update);
}

void ElementwiseOptimizer::make_slots(Slots& slots, Index size) const {
  if (slots.empty()) slots.assign(slot_count(), Parameters::Zero(size));
}

void ElementwiseOptimizer::update_entries(Index first, Index count, Parameters& theta,
                                          const Parameters& ascent, Slots& slots,
                                          std::uint64_t update) const {
  std::vector<Entries> parts;
  for (Parameters& slot : slots) parts.emplace_back(slot.data() + first, count);
  step(Entries(theta.data() + first, count), ConstEntries(ascent.data() + first, count), parts,
       update);
}

}  // namespace gibbsite
