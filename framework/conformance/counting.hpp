// A model that counts by itself what it is asked to evaluate.
#pragma once

#include <atomic>

#include "gibbsite/api/abilities.hpp"

namespace gibbsite {

/// Forwards to a model, with the abilities that it has, and counts apart from the counters that
/// everyone sees: the two must agree, whatever a kernel does.
class CountingModel final : public EnergyModel,
                            public Differentiable,
                            public Conditional,
                            public DiscreteGradient,
                            public Pairwise,
                            public Latent,
                            public Minibatch,
                            public Exact {
 public:
  explicit CountingModel(EnergyModel& target) : target_(target) {}
  const Domain& domain() const override { return target_.domain(); }
  bool offers(std::string_view name) const override;
  std::vector<std::vector<Index>> independent_sets() const override {
    return of<Conditional>().independent_sets();
  }
  PairwiseGraph graph() const override { return of<Pairwise>().graph(); }
  void count_site_updates(Index count) const override;
  const Domain& hidden() const override { return of<Latent>().hidden(); }
  void visible_energy(const BatchView& v, Row& energy) const override {
    of<Latent>().visible_energy(v, energy);
  }
  void gradient_over_hidden(const BatchView&, const BatchView&, const Row&,
                            Parameters&) const override {}
  void gradient_over_visible(const BatchView&, const BatchView&, const Row&,
                             Parameters&) const override {}
  Index observations() const override { return of<Minibatch>().observations(); }
  void draw(Stream random, Eigen::Ref<Batch> x) const override { of<Exact>().draw(random, x); }

  /// What it was asked for. Gradients of parts of the data add up to whole ones.
  Evaluations counted() const;

 private:
  template <class C>
  const C& of() const {
    return *target_.capability<C>();
  }
  void do_energy(const BatchView& x, Row& energy) const override;
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override;
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override;
  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override;
  void do_hidden_natural(const BatchView& v, Batch& natural) const override;
  void do_visible_natural(const BatchView& h, Batch& natural) const override;
  void do_minibatch_gradient(const BatchView& x, Index count, const Stream& random,
                             Batch& gradient) const override;

  EnergyModel& target_;
  mutable std::atomic<std::uint64_t> energies_{0}, gradients_{0}, sites_{0};
  mutable std::atomic<double> terms_{0};
};

}  // namespace gibbsite
