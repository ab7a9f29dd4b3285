#include "gibbsite/conformance/counting.hpp"

#include <algorithm>
#include <cmath>

namespace gibbsite {

bool CountingModel::offers(std::string_view name) const {
  const auto offered = capabilities_of(target_);
  return std::find(offered.begin(), offered.end(), name) != offered.end();
}

// What kernels do with a graph they alone know.
void CountingModel::count_site_updates(Index count) const {
  Pairwise::count_site_updates(count);
  sites_ += std::uint64_t(count);
}

Evaluations CountingModel::counted() const {
  const double gradients = double(gradients_) + terms_;
  return {energies_, std::uint64_t(std::floor(gradients + 1e-9)), 0, sites_};
}

void CountingModel::do_energy(const BatchView& x, Row& energy) const {
  energies_ += std::uint64_t(x.cols());
  target_.energy(x, energy);
}

void CountingModel::do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const {
  gradients_ += std::uint64_t(x.cols());
  of<Differentiable>().energy_and_gradient(x, energy, gradient);
}

void CountingModel::do_natural(std::span<const Index> sites, const BatchView& x,
                               Batch& natural) const {
  sites_ += std::uint64_t(x.cols()) * sites.size();
  of<Conditional>().natural(sites, x, natural);
}

void CountingModel::do_energy_and_local_natural(const BatchView& x, Row& energy,
                                                Batch& natural) const {
  gradients_ += std::uint64_t(x.cols());
  of<DiscreteGradient>().energy_and_local_natural(x, energy, natural);
}

void CountingModel::do_hidden_natural(const BatchView& v, Batch& natural) const {
  sites_ += std::uint64_t(v.cols() * hidden().dim());
  of<Latent>().hidden_natural(v, natural);
}

void CountingModel::do_visible_natural(const BatchView& h, Batch& natural) const {
  sites_ += std::uint64_t(h.cols() * dim());
  of<Latent>().visible_natural(h, natural);
}

void CountingModel::do_minibatch_gradient(const BatchView& x, Index count, const Stream& random,
                                          Batch& gradient) const {
  terms_ += double(count * x.cols()) / double(observations());
  of<Minibatch>().minibatch_gradient(x, count, random, gradient);
}

}  // namespace gibbsite
