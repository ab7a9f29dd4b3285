// Models that exist to examine plugins: a table of energies, one that is NaN in half of space, some
// that note what they are asked, and a collection of small ones of all kinds.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gibbsite/api/abilities.hpp"
#include "gibbsite/api/context.hpp"

namespace gibbsite {

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
  void forget() { asked_.clear(); }

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

/// A plugin from one line of YAML such as `{name: rbm, visible: 4, hidden: 3}`, read by the strict
/// rules of a spec. Throws Error where it does not fit.
std::unique_ptr<EnergyModel> model_of(const std::string& yaml, const Context& context);
std::unique_ptr<Sampler> sampler_of(const std::string& yaml, EnergyModel& model,
                                    const Context& context);
/// The resolved spec of such a line; `model` supplies a natural sampler.
PluginSpec resolved(Kind kind, const std::string& yaml, const Context& context);

/// Small models of all kinds, with the parts that they are composed of. Their laws can be drawn
/// from exactly.
class SmallModels {
 public:
  explicit SmallModels(const Context& context);
  /// Title and model, in order.
  const std::vector<std::pair<std::string, EnergyModel*>>& all() const { return models_; }
  EnergyModel& operator[](const std::string& title) const;

 private:
  EnergyModel& add(const std::string& title, std::unique_ptr<EnergyModel> model);
  void add_discrete(const Context& context);
  void add_real(const Context& context);

  std::vector<std::unique_ptr<EnergyModel>> owned_;
  std::vector<std::pair<std::string, EnergyModel*>> models_;
};

}  // namespace gibbsite
