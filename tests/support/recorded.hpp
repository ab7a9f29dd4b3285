// Draws that a test writes down, in the place of recorded ones.
#pragma once

#include <utility>
#include <vector>

#include "support/make.hpp"

namespace gibbsite::test {

/// Recorded draws from arrays of draws x chains, one per coordinate.
class FixedDraws final : public Draws {
 public:
  FixedDraws(std::vector<Eigen::ArrayXXd> x, Eigen::ArrayXXd energy)
      : x_(std::move(x)), energy_(std::move(energy)) {}
  Index chains() const override { return energy_.cols(); }
  Index draws() const override { return energy_.rows(); }
  Index dim() const override { return Index(x_.size()); }
  std::vector<Eigen::ArrayXXd> coordinates(Index first, Index count) const override {
    return {x_.begin() + first, x_.begin() + first + count};
  }
  Eigen::ArrayXXd energy() const override { return energy_; }

 private:
  std::vector<Eigen::ArrayXXd> x_;
  Eigen::ArrayXXd energy_;
};

/// A model that is only asked for its domain.
class Flat final : public EnergyModel {
 public:
  explicit Flat(Domain domain) : domain_(std::move(domain)) {}
  const Domain& domain() const override { return domain_; }

 private:
  void do_energy(const BatchView&, Row& energy) const override { energy.setZero(); }
  Domain domain_;
};

}  // namespace gibbsite::test
