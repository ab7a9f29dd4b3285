// Pairwise spins whose bonds allow whole Gibbs sweeps at once.
#pragma once

#include <optional>

#include "gibbsite/api/dense_sweeps.hpp"
#include "gibbsite/api/gibbs_sweeps.hpp"
#include "gibbsite/api/pairwise_spins.hpp"
#include "gibbsite/core/checkerboard.hpp"

namespace gibbsite {

/// PairwiseSpins with Gibbs sweeps, and energies, of their own in two cases: one coupling and one
/// field on a square torus of even side (core/checkerboard.hpp), and bonds between all pairs
/// (dense_sweeps.hpp).
class GIBBSITE_API SweptSpins : public PairwiseSpins, public GibbsSweeps {
 public:
  /// As PairwiseSpins.
  SweptSpins(const Context& c, Lattice lattice, double coupling, const std::vector<double>& field);
  void set_parameters(const Parameters& theta) override;

 private:
  void prepare();
  std::optional<CheckerboardLaw> uniform_law() const;
  DenseSweeps dense() const;
  bool do_gibbs_sweeps(Index sweeps, Eigen::Ref<Batch> x, Stream& random) const override;
  void do_energy(const BatchView& x, Row& energy) const override;
  double uniform_energy(const Eigen::Ref<const Vector>& x) const;
  double dense_energy(const Eigen::Ref<const Vector>& x,
                      const Eigen::Ref<const Vector>& logits) const;

  std::optional<CheckerboardLaw> law_;
  std::optional<DenseSweeps> dense_;
};

}  // namespace gibbsite
