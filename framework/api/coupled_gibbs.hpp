// Two Gibbs chains that move together by maximal couplings and so come to meet.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gibbsite/api/energy_model.hpp"

namespace gibbsite {

/// Steps of X and of a Y beside it, each by the same Gibbs kernel, their draws coupled maximally:
/// X' ~ p; Y' = X' with probability min(1, q(X')/p(X')), else Y' ~ q until one passes with
/// probability 1 - min(1, p(Y')/q(Y')). The number of tries has mean 1 and no bound: a bound would
/// change the law of Y. On models with a discrete hidden layer the kernel is block Gibbs, each
/// layer coupled as a whole (Qiu, Zhang & Wang 2020, ICLR); on others Gibbs in turn, coupled at
/// every coordinate (Jacob, O'Leary & Atchadé 2020, J. R. Stat. Soc. B 82:543). The model outlives
/// this object.
class GIBBSITE_API CoupledGibbs {
 public:
  /// Throws Error beginning with `subject` where `model` has no discrete conditional laws.
  CoupledGibbs(const EnergyModel& model, const std::string& subject);

  /// One step of every column of `x` (dim x chains), bit by bit that of block_gibbs or gibbs, and
  /// of those columns of `y` (likewise) that `together` names, coupled to it. Columns do not depend
  /// on each other. Equal columns stay equal.
  void step(Batch& x, Batch& y, std::span<const Index> together, Stream random) const;
  /// Whether X is reversible.
  bool is_reversible() const { return latent_ != nullptr; }

 private:
  void move_layers(Batch& x, Batch& y, std::span<const Index> together, Stream& random,
                   const Stream& second) const;
  void move_sites(const std::vector<Index>& sites, Batch& x, Batch& y,
                  std::span<const Index> together, Stream& random, const Stream& second) const;

  Domain domain_;
  const Latent* latent_;
  const Conditional* conditional_;
  std::vector<std::vector<Index>> sets_;  ///< coordinates that are drawn together
};

}  // namespace gibbsite
