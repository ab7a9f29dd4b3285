#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

constexpr Index visible = 4, gates = 2, subspace = 2, units = gates * (1 + subspace);

// The recipe of the ground-truth tables, and E(x, h, s) from it term by term. A joint hidden state
// is one column of h_0 … h_{M-1}, s_00, s_01 … s_{M-1, K-1}.
struct Truth {
  static double W(Index i, Index j, Index k) {
    return .8 *
           std::sin(1 + .7 * double(i) + 1.3 * double(j) + .9 * double(k) + .11 * double(i * j));
  }
  static double b(Index i) { return .3 * std::cos(1 + double(i)); }
  static double c(Index j) { return .3 * std::sin(2 + double(j)); }
  static double D(Index j, Index k) { return .4 * std::cos(1 + double(j * subspace + k)); }
  static Index s(Index j, Index k) { return gates + j * subspace + k; }

  static Parameters theta() {
    std::vector<double> all;
    for (Index i = 0; i < visible; ++i)
      for (Index j = 0; j < gates; ++j)
        for (Index k = 0; k < subspace; ++k) all.push_back(W(i, j, k));
    for (Index i = 0; i < visible; ++i) all.push_back(b(i));
    for (Index j = 0; j < gates; ++j) all.push_back(c(j));
    for (Index j = 0; j < gates; ++j)
      for (Index k = 0; k < subspace; ++k) all.push_back(D(j, k));
    return Eigen::Map<const Parameters>(all.data(), Index(all.size()));
  }
  static double energy(const BatchView& x, const BatchView& hidden) {
    double sum = 0;
    for (Index i = 0; i < visible; ++i) sum -= b(i) * x(i, 0);
    for (Index j = 0; j < gates; ++j) {
      sum -= c(j) * hidden(j, 0);
      for (Index k = 0; k < subspace; ++k) {
        sum -= hidden(j, 0) * D(j, k) * hidden(s(j, k), 0);
        for (Index i = 0; i < visible; ++i)
          sum -= W(i, j, k) * x(i, 0) * hidden(j, 0) * hidden(s(j, k), 0);
      }
    }
    return sum;
  }
};

std::unique_ptr<EnergyModel> recipe() {
  auto model = make_model("{name: subspace_rbm, visible: 4, gates: 2, subspace: 2}");
  model->capability<Parametric>()->set_parameters(Truth::theta());
  return model;
}

// e^{-E} of every (x, hidden) state.
Eigen::ArrayXXd joint_weights(const Batch& x, const Batch& hidden) {
  Eigen::ArrayXXd out(x.cols(), hidden.cols());
  for (Index n = 0; n < x.cols(); ++n)
    for (Index m = 0; m < hidden.cols(); ++m)
      out(n, m) = std::exp(-Truth::energy(x.col(n), hidden.col(m)));
  return out;
}

}  // namespace

TEST_CASE("subspace_rbm has the tabulated log partition function, by three sums") {
  const auto model = recipe();
  CHECK(exact_method(*model) == "enumeration");  // 2^6 hidden states are more than 2^4 visible
  CHECK(std::abs(exact_sum(*model, workers(), false).log_partition - 7.401418260379) < 1e-11);
  const Batch x = all_states(model->domain()), hidden = all_states(Domain::binary(units));
  CHECK(std::abs(std::log(joint_weights(x, hidden).sum()) - 7.401418260379) < 1e-11);
  // Through the groups: ln Z = ln Σ_g Z(ξ(g)) e^{-B(g)}, with B(g) = A(0) - η(0)·T(g).
  const auto& latent = *model->capability<Latent>();
  CHECK(latent.hidden().text() == "2 categorical(8)");
  const Batch group = all_states(latent.hidden());
  Batch xi, eta;
  latent.visible_natural(group, xi);
  latent.hidden_natural(Batch::Zero(visible, 1), eta);
  const Row terms = log_partition(model->domain(), xi) +
                    natural_energy(latent.hidden(), eta.replicate(1, group.cols()), group);
  CHECK(std::abs(log_sum_exp(terms.transpose()) - 7.401418260379) < 1e-11);
}

TEST_CASE(
    "subspace_rbm free energy is the joint energy summed over gates and subspaces, to 1e-12") {
  const auto model = recipe();
  const Batch x = all_states(model->domain()), hidden = all_states(Domain::binary(units));
  const Eigen::ArrayXXd joint = joint_weights(x, hidden);
  const Row free_energy = energies(*model, x);
  double from_sum = 0, from_formula = 0;
  for (Index n = 0; n < x.cols(); ++n) {
    from_sum = std::max(from_sum, std::abs(free_energy(n) + std::log(joint.row(n).sum())));
    double formula = 0;
    for (Index i = 0; i < visible; ++i) formula -= Truth::b(i) * x(i, n);
    for (Index j = 0; j < gates; ++j) {
      double product = std::exp(Truth::c(j));
      for (Index k = 0; k < subspace; ++k) {
        double input = Truth::D(j, k);
        for (Index i = 0; i < visible; ++i) input += Truth::W(i, j, k) * x(i, n);
        product *= 1 + std::exp(input);
      }
      formula -= std::log(4 + product);
    }
    from_formula = std::max(from_formula, std::abs(free_energy(n) - formula));
  }
  CHECK(from_sum < 1e-12);
  CHECK(from_formula < 1e-12);
}

TEST_CASE("subspace_rbm opens a gate with the stated probability, which K ln 2 lowers") {
  const auto model = recipe();
  const auto& latent = *model->capability<Latent>();
  const Batch x = all_states(model->domain()), hidden = all_states(Domain::binary(units));
  const Eigen::ArrayXXd joint = joint_weights(x, hidden);
  Batch eta;
  latent.hidden_natural(x, eta);
  const Batch group = category_probabilities(eta, 8);
  double gate_error = 0, unit_error = 0, formula_error = 0;
  for (Index n = 0; n < x.cols(); ++n)
    for (Index j = 0; j < gates; ++j) {
      double open = 0, total = 0, score = Truth::c(j) - subspace * std::log(2.0);
      double on[2][subspace] = {}, with[2] = {};  // Σ over hidden states with h_j = 0, 1
      for (Index m = 0; m < hidden.cols(); ++m) {
        const int h = int(hidden(j, m));
        total += joint(n, m);
        with[h] += joint(n, m);
        for (Index k = 0; k < subspace; ++k) on[h][k] += joint(n, m) * hidden(Truth::s(j, k), m);
      }
      for (Index state = 4; state < 8; ++state) open += group(8 * j + state, n);
      gate_error = std::max(gate_error, std::abs(open - with[1] / total));
      for (Index k = 0; k < subspace; ++k) {
        double input = Truth::D(j, k);
        for (Index i = 0; i < visible; ++i) input += Truth::W(i, j, k) * x(i, n);
        score += std::log1p(std::exp(input));
        double lit[2] = {};
        for (Index state = 0; state < 8; ++state)
          if ((state >> k & 1) != 0) lit[state / 4] += group(8 * j + state, n);
        unit_error = std::max(unit_error, std::abs(on[0][k] / with[0] - .5));
        unit_error = std::max(unit_error, std::abs(lit[0] / (1 - open) - .5));
        unit_error = std::max(unit_error, std::abs(on[1][k] / with[1] - sigmoid(input)));
        unit_error = std::max(unit_error, std::abs(lit[1] / open - sigmoid(input)));
      }
      formula_error = std::max(formula_error, std::abs(open - sigmoid(score)));
    }
  CHECK(gate_error < 1e-12);
  CHECK(unit_error < 1e-12);
  CHECK(formula_error < 1e-12);
}

TEST_CASE("subspace_rbm visible units are independent given the groups, with the stated logits") {
  const auto model = recipe();
  const auto& latent = *model->capability<Latent>();
  const Batch x = all_states(model->domain()), hidden = all_states(Domain::binary(units));
  const Eigen::ArrayXXd joint = joint_weights(x, hidden);
  Batch group(gates, hidden.cols());
  for (Index j = 0; j < gates; ++j)
    group.row(j) = 4 * hidden.row(j) + hidden.row(Truth::s(j, 0)) + 2 * hidden.row(Truth::s(j, 1));
  Batch xi;
  latent.visible_natural(group, xi);
  double worst = 0, from_formula = 0;
  for (Index m = 0; m < hidden.cols(); ++m) {
    const Row law = (natural_energy(model->domain(), xi.col(m).replicate(1, x.cols()), x) -
                     log_partition(model->domain(), xi.col(m))(0))
                        .exp();
    const Row truth = (joint.col(m) / joint.col(m).sum()).transpose();
    worst = std::max(worst, (law - truth).abs().maxCoeff());
    for (Index i = 0; i < visible; ++i) {
      double logit = Truth::b(i);
      for (Index j = 0; j < gates; ++j)
        for (Index k = 0; k < subspace; ++k)
          logit += Truth::W(i, j, k) * hidden(j, m) * hidden(Truth::s(j, k), m);
      from_formula = std::max(from_formula, std::abs(xi(i, m) - logit));
    }
  }
  CHECK(worst < 1e-12);
  CHECK(from_formula < 1e-12);
}

TEST_CASE("subspace_rbm is annealed in its joint energy, gradients included") {
  const auto model = recipe();
  Independent base = Independent::uniform(model->domain());
  WeightedSum path = WeightedSum::path(base, *model, .6);
  const Batch x = all_states(model->domain()), hidden = all_states(Domain::binary(units));
  const double truth = std::log(joint_weights(x, hidden).pow(.6).sum());
  CHECK(std::abs(exact_sum(path, workers(), false).log_partition - truth) < 1e-12);
  // Against a central difference, whose error is of the order of step² with derivatives near 1.
  auto& parametric = *path.capability<Parametric>();
  const Parameters theta = parametric.parameters();
  const Row weights = Row::LinSpaced(x.cols(), -1, 2);
  Parameters gradient = Parameters::Zero(theta.size()), direction(theta.size());
  parametric.parameter_gradient(x, weights, gradient);
  for (Index k = 0; k < theta.size(); ++k) direction(k) = std::sin(1 + 1.7 * double(k));
  const auto energy_at = [&](double step) {
    parametric.set_parameters(theta + step * direction);
    return (weights * energies(path, x)).sum();
  };
  const double slope = (energy_at(1e-5) - energy_at(-1e-5)) / 2e-5;
  CHECK(near(gradient.dot(direction), slope, 1e-7));
}

TEST_CASE("subspace_rbm refuses parameters that are not finite and too wide a subspace") {
  const auto model = recipe();
  Parameters theta = Truth::theta();
  theta(theta.size() - 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK(error_of([&] { model->capability<Parametric>()->set_parameters(theta); }) ==
        "subspace_rbm: D must be finite");
  CHECK(error_of([] { make_model("{name: subspace_rbm, visible: 4, gates: 2, subspace: 11}"); }) ==
        "test:1:54: model.subspace: must be in [1, 10], got 11");
}
