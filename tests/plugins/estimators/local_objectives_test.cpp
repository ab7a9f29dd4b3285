// Pseudo-likelihood, ratio matching and minimum probability flow.
#include <cmath>
#include <limits>

#include "support/population.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const std::vector<std::string> names = {"pseudo_likelihood", "{name: pseudo_likelihood, block: 2}",
                                        "ratio_matching", "minimum_probability_flow"};

std::unique_ptr<GradientEstimator> made(const std::string& yaml, EnergyModel& model,
                                        const Dataset* train = nullptr) {
  return make_gradient(yaml, context_with(model, train));
}

GradientEstimate estimate(const std::string& yaml, EnergyModel& model, const Batch& data,
                          const Dataset* train = nullptr) {
  Saved saved;
  return made(yaml, model, train)->estimate(data, saved, Stream(1));
}

// E = θ x_0 on three bits, but +∞ where all are 1; there the gradient is NaN.
class WithHole final : public EnergyModel, public Parametric {
 public:
  const Domain& domain() const override { return domain_; }
  std::vector<ParameterBlock> blocks() const override { return {{"theta", {}, {}}}; }
  Parameters parameters() const override { return Parameters::Constant(1, theta_); }
  void set_parameters(const Parameters& theta) override { theta_ = theta(0); }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    for (Index n = 0; n < x.cols(); ++n)
      energy(n) =
          x.col(n).sum() == 3 ? std::numeric_limits<double>::infinity() : theta_ * double(x(0, n));
  }
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    for (Index n = 0; n < x.cols(); ++n)
      out(0) += weights(n) *
                (x.col(n).sum() == 3 ? std::numeric_limits<double>::quiet_NaN() : double(x(0, n)));
  }
  Domain domain_ = Domain::binary(3);
  double theta_ = .5;
};

}  // namespace

TEST_CASE("under the model's own law local objectives have their known values and no gradient") {
  const auto model = recipe_boltzmann(5, 1, true);
  const auto check = [&](const std::string& yaml, double value) {
    CAPTURE(yaml);
    const GradientEstimate found = under_own_law(*made(yaml, *model), *model);
    CHECK(std::abs(found.objective - value) < 1e-9);
    CHECK(found.ascent.cwiseAbs().maxCoeff() < 1e-10);
  };
  check("pseudo_likelihood", -2.5198768033);
  check("ratio_matching", -.8361595942);
  check("minimum_probability_flow", -3.9679486035);
  check("{name: pseudo_likelihood, block: 5}", -2.8232156626);
}

TEST_CASE("local objectives have no gradient under the law of any model, whatever its units") {
  for (const std::string spec :
       {"{name: potts, lattice: chain, sides: [4], levels: 3, coupling: 0.8, field: [0, 0.3, 1]}",
        "{name: discrete_boltzmann, units: 3, levels: 4, weight_scale: 1}",
        "{name: ising, sides: [2, 3], coupling: 0.4, field: [0.2]}",
        "{name: rbm, visible: 4, hidden: 3, weight_scale: 2}",
        "{name: table, levels: [2, 3, 4], energy_scale: 2}"}) {
    const auto model = make_model(spec);
    for (const std::string& yaml : names) {
      INFO(yaml << " on " << spec);
      const auto estimator = made(yaml, *model);
      CHECK(under_own_law(*estimator, *model).ascent.cwiseAbs().maxCoeff() < 1e-10);
      // Elsewhere they have one, which is that of the objective.
      check_ascent(*estimator, *model, all_states(model->domain()).leftCols(5), 1e-8);
    }
  }
}

TEST_CASE("one block of all coordinates is the likelihood itself") {
  const auto model = make_model(
      "{name: potts, lattice: chain, sides: [4], levels: 3, "
      "coupling: 0.8}");
  const Batch data = all_states(model->domain()).leftCols(7);
  const GradientEstimate block = estimate("{name: pseudo_likelihood, block: 9}", *model, data);
  const Parameters exact = estimate("exact", *model, data).ascent;
  CHECK(distance(block.ascent, exact) < 1e-12);
  const double log_likelihood = -energies(*model, data).mean() - log_sum_over_states(*model);
  CHECK(std::abs(block.objective - log_likelihood) < 1e-12);
}

TEST_CASE("the last block of a composite likelihood holds what is left of the coordinates") {
  const auto model = recipe_boltzmann(5, 1, true);
  const Batch x = all_states(model->domain());
  const Row p = law(*model);
  double mean = 0;
  for (Index n = 0; n < x.cols(); ++n)
    for (const auto& [first, width] : std::vector<std::pair<Index, Index>>{{0, 3}, {3, 2}}) {
      double rest = 0;  // p of all coordinates outside the block
      for (Index m = 0; m < x.cols(); ++m) {
        Batch other = x.col(m);
        other.middleRows(first, width) = x.col(n).segment(first, width);
        if (other == x.col(n)) rest += p(m);
      }
      mean += std::log(p(n) / rest) / double(x.cols());
    }
  CHECK(std::abs(estimate("{name: pseudo_likelihood, block: 3}", *model, x).objective - mean) <
        1e-12);
}

// Among independent units every block is a product of its units.
TEST_CASE("more changes than are asked for at once are summed all the same") {
  const auto model =
      make_model("{name: categorical, units: 130, levels: 5, weights: [1, 2, 3, 4, 5]}");
  Batch x(130, 3);
  for (Index n = 0; n < 3; ++n)
    for (Index i = 0; i < 130; ++i) x(i, n) = Real((i * i + n) % 5);
  double log_likelihood = 0;
  Parameters ascent(130 * 5);
  for (Index i = 0; i < 130; ++i)
    for (Index k = 0; k < 5; ++k) {
      const double p = double(k + 1) / 15,
                   share = double((x.row(i).array() == Real(k)).count()) / 3;
      log_likelihood += share * std::log(p);
      ascent(5 * i + k) = share - p;
    }
  for (const std::string yaml : {"pseudo_likelihood", "{name: pseudo_likelihood, block: 4}"}) {
    CAPTURE(yaml);
    const GradientEstimate found = estimate(yaml, *model, x);
    CHECK(near(found.objective, log_likelihood, 1e-12));
    CHECK(distance(found.ascent, ascent) < 1e-12);
  }
}

TEST_CASE("minimum probability flow counts flow to the data unless told otherwise") {
  const auto model = recipe_boltzmann(5, 1, true);
  const Batch x = all_states(model->domain());
  const Row energy = energies(*model, x);
  const Rows train(x.leftCols(9));
  double all = 0, outwards = 0;
  for (Index n = 0; n < 9; ++n)
    for (Index m = 0; m < 32; ++m) {
      if ((x.col(n) - x.col(m)).squaredNorm() != 1) continue;
      const double flow = std::exp((energy(n) - energy(m)) / 2) / 9;
      all += flow;
      if (m >= 9) outwards += flow;
    }
  const std::string excluding = "{name: minimum_probability_flow, exclude_data: true}";
  CHECK(std::abs(estimate("minimum_probability_flow", *model, train.x(), &train).objective + all) <
        1e-12);
  CHECK(std::abs(estimate(excluding, *model, train.x(), &train).objective + outwards) < 1e-12);
  CHECK(outwards < all - .1);
  check_ascent(*made(excluding, *model, &train), *model, train.x(), 1e-8);
  const Rows everything(x);
  CHECK(estimate(excluding, *model, x, &everything).objective == 0);
}

TEST_CASE("local objectives do not overflow where likelihoods would") {
  const auto model = recipe_boltzmann(5, 2000, true);
  const Batch x = all_states(model->domain());
  for (const std::string yaml :
       {"pseudo_likelihood", "{name: pseudo_likelihood, block: 3}", "ratio_matching"}) {
    CAPTURE(yaml);
    const GradientEstimate found = estimate(yaml, *model, x);
    CHECK(std::isfinite(found.objective));
    CHECK(found.ascent.allFinite());
    CHECK(found.objective < -.5);
  }
  // The flow from the states of least energy is next to nothing, and no power of it is too large.
  Index least = 0;
  energies(*model, x).minCoeff(&least);
  CHECK(estimate("minimum_probability_flow", *model, x.col(least)).ascent.allFinite());
}

TEST_CASE("states of probability 0 next to the data count for nothing, and as data are refused") {
  WithHole model;
  Batch x(3, 1);
  x << 1, 1, 0;  // one change from the hole, two from x_0 = 0
  const double e = .5;
  // Of the two other changes one leaves E alone and one takes it to 0.
  CHECK(near(estimate("pseudo_likelihood", model, x).objective,
             -std::log(2) - std::log1p(std::exp(e)), 1e-14));
  CHECK(near(estimate("ratio_matching", model, x).objective,
             -.25 - 1 / std::pow(1 + std::exp(-e), 2), 1e-14));
  CHECK(
      near(estimate("minimum_probability_flow", model, x).objective, -1 - std::exp(e / 2), 1e-14));
  for (const std::string& yaml : names) {
    CAPTURE(yaml);
    CHECK(estimate(yaml, model, x).ascent.allFinite());
    CHECK_THROWS_AS(estimate(yaml, model, Batch::Ones(3, 1)), Diverged);
    CHECK_THROWS_AS(estimate(yaml, model, Batch::Constant(3, 1, 2)), Error);
  }
}

TEST_CASE("local objectives spend an energy and a parameter gradient per configuration") {
  const auto model = make_model("{name: potts, sides: [2, 3], levels: 3, coupling: 0.7}");
  for (const std::string yaml :
       {"pseudo_likelihood", "ratio_matching", "minimum_probability_flow"}) {
    const Evaluations before = model->evaluations();
    estimate(yaml, *model, Batch::Ones(6, 4));
    const std::uint64_t each = 4 * (1 + 6 * 2);
    CHECK(model->evaluations() - before == Evaluations{.energy = each, .parameter_gradient = each});
  }
}

TEST_CASE("local objectives refuse real coordinates, and blocks of too many states") {
  const auto normal = make_model("{name: gaussian, units: 2}");
  CHECK(error_of([&] { made("ratio_matching", *normal); }) ==
        "gradient ratio_matching: needs a model on discrete coordinates, got 2 real");
  const auto rbm = make_model("{name: rbm, visible: 20, hidden: 2}");
  CHECK(error_of([&] { made("{name: pseudo_likelihood, block: 13}", *rbm); }) ==
        "gradient pseudo_likelihood: block: must give blocks of at most 4096 states, got 13 "
        "binary");
  CHECK(error_of([&] { made("{name: pseudo_likelihood, block: 12}", *rbm); }).empty());
  CHECK(error_of([&] {
          made("{name: minimum_probability_flow, exclude_data: true}", *rbm);
        }).find("data") != std::string::npos);
}
