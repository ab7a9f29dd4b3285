// Models that exist for tests alone: a table of energies, one that is NaN in half of space, and
// one that notes where it was asked.
#pragma once

#include <cstdint>
#include <gibbsite/plugin.hpp>
#include <vector>

namespace gibbsite::test {

/// The number of a discrete configuration in the order of `states`.
std::uint64_t state_number(const Domain& domain, const BatchView& x, Index column);

/// Any law on a small discrete domain: an energy per state. Conditionals are read off the table.
class TableModel final : public EnergyModel, public Conditional {
 public:
  TableModel(Domain domain, Row energies)
      : domain_(std::move(domain)), energies_(std::move(energies)) {}
  /// Energies 2 sin(1 + 1.7 n²) for state n: no structure for a kernel to get right by luck.
  static TableModel rugged(const Domain& domain);
  const Domain& domain() const override { return domain_; }

 private:
  void do_energy(const BatchView& x, Row& energy) const override;
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override;

  Domain domain_;
  Row energies_;
};

/// E = |x|²/2 + |x|⁴/10 on real x, NaN (with its gradient) where x_0 > 0: whoever gets there was
/// let in by a comparison that a NaN passes.
class HalfNan final : public EnergyModel, public Differentiable {
 public:
  explicit HalfNan(Index dim) : domain_(Domain::real(dim)) {}
  const Domain& domain() const override { return domain_; }

 private:
  void do_energy(const BatchView& x, Row& energy) const override;
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override;

  Domain domain_;
};

/// Forwards to a differentiable model and keeps every configuration it was asked about.
class WatchedModel final : public EnergyModel, public Differentiable {
 public:
  explicit WatchedModel(EnergyModel& target) : target_(target) {}
  const Domain& domain() const override { return target_.domain(); }
  const std::vector<Batch>& asked() const { return asked_; }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    asked_.emplace_back(x);
    target_.energy(x, energy);
  }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    asked_.emplace_back(x);
    target_.capability<Differentiable>()->energy_and_gradient(x, energy, gradient);
  }

  EnergyModel& target_;
  mutable std::vector<Batch> asked_;
};

}  // namespace gibbsite::test
