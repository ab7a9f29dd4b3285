// Small discrete models of every kind, for kernels that work by discrete gradients or energies, and
// a gradient that is wrong on purpose.
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"

namespace gibbsite::test {

/// Any law on a small discrete domain, energies by state, with conditionals off the table and
/// first-order natural parameters that are half of these and a wave: what an exact kernel has to
/// correct.
class RoughTable final : public EnergyModel, public Conditional, public DiscreteGradient {
 public:
  RoughTable(Domain domain, Row energies)
      : domain_(std::move(domain)), energies_(std::move(energies)) {}
  const Domain& domain() const override { return domain_; }

  /// Two bits, a category of three and a spin with energies 2 sin(1 + 1.7 n²), but `value` for
  /// every fifth state.
  static RoughTable mixed(double value) {
    const Domain domain{{{Domain::Kind::binary, 2, 2},
                         {Domain::Kind::categorical, 1, 3},
                         {Domain::Kind::spin, 1, 2}}};
    Row energies(24);
    for (Index n = 0; n < 24; ++n)
      energies(n) = n % 5 == 3 ? value : 2 * std::sin(1 + 1.7 * double(n * n));
    return {domain, energies};
  }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    for (Index c = 0; c < x.cols(); ++c) energy(c) = energies_(Index(state_number(domain_, x, c)));
  }
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    natural_from_energies(sites, x, natural);
  }
  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override {
    do_energy(x, energy);
    natural.resize(natural_rows(domain_), x.cols());
    Batch one;
    Index row = 0;
    for (Index i = 0; i < dim(); ++i) {
      natural_from_energies(std::span(&i, 1), x, one);
      for (Index k = 0; k < one.rows(); ++k, ++row)
        natural.row(row) = (0.5 * one.row(k).array() + Real(std::sin(double(row)))).matrix();
    }
  }

  Domain domain_;
  Row energies_;
};

/// Models on bits, spins, categories and all of them, latent and wrapped ones among them.
class DiscreteModels {
 public:
  std::vector<std::pair<std::string, EnergyModel*>> all;

  DiscreteModels() {
    add("boltzmann_machine, scale .5", recipe_boltzmann(5, .5, true));
    EnergyModel& strong = add("boltzmann_machine, scale 1.5", recipe_boltzmann(5, 1.5, true));
    EnergyModel& rbm = add("rbm", recipe_rbm(4, 3, 1));
    add("ising",
        make_model("{name: ising, sides: [2, 2], boundary: open, coupling: .4, field: [.2]}"));
    add("potts", make_model("{name: potts, lattice: chain, sides: [3], levels: 3, coupling: .8}"));
    add("ordinal units", make_model("{name: discrete_boltzmann, units: 2, levels: 4, "
                                    "weight_scale: 2, diagonal: -1}"));
    add("mixed coordinates", std::unique_ptr<EnergyModel>(new RoughTable(RoughTable::mixed(0.4))));
    add("mixed coordinates with states of probability 0",
        std::unique_ptr<EnergyModel>(
            new RoughTable(RoughTable::mixed(std::numeric_limits<double>::infinity()))));
    EnergyModel& base =
        keep(std::make_unique<Independent>(Domain::binary(4), Vector::Constant(4, Real(0.4))));
    add("annealed rbm",
        std::unique_ptr<EnergyModel>(new WeightedSum(WeightedSum::path(base, rbm, 0.6))));
    add("tempered boltzmann_machine",
        std::unique_ptr<EnergyModel>(new WeightedSum(WeightedSum::tempered(0.6, strong))));
    add("clamped rbm", std::make_unique<Clamped>(rbm, std::vector<Index>{1}, Vector::Ones(1)));
  }

  /// Checks that the kernel of `yaml` keeps the law of every model, reversibly, both to 1e-12, by
  /// its transition matrix.
  void check_kept(const std::string& yaml) const {
    for (const auto& [title, model] : all) {
      INFO(yaml << " on " << title);
      const auto kernel = make_sampler(yaml, *model);
      CHECK(kernel->is_exact());
      CHECK(kernel->is_reversible());
      const Eigen::MatrixXd K = transition_matrix(*kernel, *model);
      CHECK(invariance_defect(K, *model) < 1e-12);
      CHECK(reversibility_defect(K, *model) < 1e-12);
    }
  }

 private:
  EnergyModel& keep(std::unique_ptr<EnergyModel> model) {
    owned_.push_back(std::move(model));
    return *owned_.back();
  }
  EnergyModel& add(const std::string& title, std::unique_ptr<EnergyModel> model) {
    all.emplace_back(title, &keep(std::move(model)));
    return *all.back().second;
  }
  std::vector<std::unique_ptr<EnergyModel>> owned_;
};

inline const DiscreteModels& discrete_models() {
  static const DiscreteModels models;
  return models;
}

/// The transition matrix of the kernel of `yaml` on `model`.
inline Eigen::MatrixXd matrix_of(const std::string& yaml, EnergyModel& model) {
  return transition_matrix(*make_sampler(yaml, model), model);
}

/// The spectral gap of the kernel of `yaml` on `model`.
inline double gap_of(const std::string& yaml, EnergyModel& model) {
  return spectral_gap(matrix_of(yaml, model), model);
}

/// max |A - B|.
inline double largest_difference(const Eigen::MatrixXd& A, const Eigen::MatrixXd& B) {
  return (A - B).cwiseAbs().maxCoeff();
}

/// The matrix of a Metropolis-Hastings kernel from its proposals and the law of `model`.
inline Eigen::MatrixXd metropolised(const Eigen::MatrixXd& proposal, const EnergyModel& model) {
  const Eigen::VectorXd law = probabilities(model);
  Eigen::MatrixXd K = Eigen::MatrixXd::Zero(law.size(), law.size());
  for (Index x = 0; x < law.size(); ++x) {
    for (Index y = 0; y < law.size(); ++y)
      if (y != x && proposal(x, y) > 0)
        K(x, y) =
            proposal(x, y) * std::min(1.0, law(y) * proposal(y, x) / (law(x) * proposal(x, y)));
    K(x, x) = 1 - K.row(x).sum();
  }
  return K;
}

/// The matrix of single changes drawn with weights g(π(y)/π(x)), from the table of probabilities
/// alone.
template <class G>
Eigen::MatrixXd single_change_proposals(const EnergyModel& model, G g) {
  const Eigen::VectorXd law = probabilities(model);
  const Batch all = states(model.domain(), 0, law.size());
  Eigen::MatrixXd Q = Eigen::MatrixXd::Zero(law.size(), law.size());
  for (Index x = 0; x < law.size(); ++x) {
    for (Index y = 0; y < law.size(); ++y)
      if ((all.col(x).array() != all.col(y).array()).count() == 1) Q(x, y) = g(law(y) / law(x));
    Q.row(x) /= Q.row(x).sum();
  }
  return Q;
}

}  // namespace gibbsite::test
