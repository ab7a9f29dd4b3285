#include "gibbsite/api/family_abilities.hpp"

namespace gibbsite {
namespace {

void count(std::atomic<std::uint64_t>& counter, Index by) {
  counter.fetch_add(std::uint64_t(by), std::memory_order_relaxed);
}

}  // namespace

void AllClasses::class_energies(const BatchView& x, Table& energy) const {
  count(counters_.energy, x.cols());
  do_class_energies(x, energy);
}

void AllClasses::class_gradient(const BatchView& x, const Table& weights, Batch& gradient) const {
  count(counters_.gradient, x.cols());
  gradient.resize(x.rows(), x.cols());
  do_class_gradient(x, weights, gradient);
}

void AllClasses::class_parameter_gradient(const BatchView& x, const Table& weights,
                                          Parameters& out) const {
  count(counters_.parameter_gradient, x.cols());
  do_class_parameter_gradient(x, weights, out);
}

void NoiseLevels::energy_at(Index level, const BatchView& y, Row& energy) const {
  count(counters_.energy, y.cols());
  energy.resize(y.cols());
  do_energy_at(level, y, energy);
}

void NoiseLevels::energy_and_gradient_at(Index level, const BatchView& y, Row& energy,
                                         Batch& gradient) const {
  count(counters_.gradient, y.cols());
  energy.resize(y.cols());
  gradient.resize(y.rows(), y.cols());
  do_energy_and_gradient_at(level, y, energy, gradient);
}

void NoiseLevels::parameter_gradient_at(Index level, const BatchView& y, const Row& weights,
                                        Parameters& out) const {
  count(counters_.parameter_gradient, y.cols());
  do_parameter_gradient_at(level, y, weights, out);
}

}  // namespace gibbsite
