// Hybrid training: the gradient of ln p(y|x) + λ ln p(x), by differences where all of it is exact.
#include <gibbsite/api/class_marginal.hpp>

#include "support/gradients.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::unique_ptr<GradientEstimator> hybrid(const std::string& fields, EnergyModel& model,
                                          const Dataset* data = nullptr) {
  return make_gradient("{name: joint_energy, " + fields + "}", context_with(model, data));
}

// mean ln p(y|x) over the columns of `data`, by the energies of all classes.
double mean_log_class(const EnergyModel& model, const Batch& data) {
  const Index last = data.rows() - 1, classes = model.domain().site(last).levels;
  Table logs(classes, data.cols());
  for (Index y = 0; y < classes; ++y) {
    Batch other = data;
    other.row(last).setConstant(Real(y));
    logs.row(y) = -energies(model, other);
  }
  double sum = 0;
  for (Index n = 0; n < data.cols(); ++n)
    sum += logs(Index(data(last, n)), n) - log_sum_exp(logs.col(n));
  return sum / double(data.cols());
}

// Central differences of f at the model's parameters.
Parameters differences(EnergyModel& model, const std::function<double()>& f) {
  auto& parametric = *model.capability<Parametric>();
  const Parameters theta = parametric.parameters();
  Parameters out(theta.size());
  for (Index i = 0; i < theta.size(); ++i) {
    Parameters moved = theta;
    moved(i) += 1e-5;
    parametric.set_parameters(moved);
    out(i) = f();
    moved(i) -= 2e-5;
    parametric.set_parameters(moved);
    out(i) = (out(i) - f()) / 2e-5;
  }
  parametric.set_parameters(theta);
  return out;
}

Batch labelled_points(Index count) {
  Batch x(3, count);
  Stream(1).normal(x);
  for (Index n = 0; n < count; ++n) x(2, n) = Real(n % 3);
  return x;
}

}  // namespace

TEST_CASE("with an exact estimator the ascent is the derivative of ln p(y|x) + λ times the rest") {
  const auto rbm =
      make_model("{name: classification_rbm, visible: 4, hidden: 3, classes: 3, weight_scale: 1}");
  const Batch data = all_states(rbm->domain()).middleCols(5, 30);
  for (const std::string part : {"x", "xy"}) {
    CAPTURE(part);
    const auto estimator =
        hybrid("generative_weight: 0.7, generative: " + part + ", gradient: exact", *rbm);
    CHECK(estimator->statistics() == std::vector<std::string>{"accuracy"});
    Saved saved;
    const GradientEstimate estimate = estimator->estimate(data, saved, Stream(1));
    const Parameters expected = differences(*rbm, [&] {
      const double whole = -energies(*rbm, data).mean() - log_sum_over_states(*rbm);
      const double of_class = mean_log_class(*rbm, data);
      return of_class + .7 * (part == "x" ? whole - of_class : whole);
    });
    CHECK(distance(estimate.ascent, expected) < 1e-8);
    CHECK(near(estimate.objective, mean_log_class(*rbm, data), 1e-12));
  }
}

TEST_CASE("the accuracy is the share of rows whose class is the likeliest") {
  const auto model = make_model(
      "{name: joint_energy, classes: 3, shape: [2], layers: [dense 5, swish], joint: true, "
      "weight_scale: 3}");
  const Batch data = labelled_points(40);
  const auto estimator = hybrid(
      "generative_weight: 0, gradient: {name: contrastive_divergence, sampler: ula}", *model);
  Saved saved;
  const GradientEstimate estimate = estimator->estimate(data, saved, Stream(1));
  double right = 0;
  for (Index n = 0; n < 40; ++n) {
    Index best = -1;
    double lowest = 0;
    for (Index y = 0; y < 3; ++y) {
      Batch other = data.col(n);
      other(2, 0) = Real(y);
      const double energy = energies(*model, other)(0);
      if (best < 0 || energy < lowest) {
        best = y;
        lowest = energy;
      }
    }
    right += best == Index(data(2, n)) ? 1 : 0;
  }
  CHECK(right > 0);
  CHECK(right < 40);
  CHECK(near(estimate.statistics.at(0), right / 40, 1e-12));
  const Parameters expected = differences(*model, [&] { return mean_log_class(*model, data); });
  CHECK(distance(estimate.ascent, expected) < 1e-8);
}

// Of 9 means over 400 calls one exceeds 5 standard errors at a rate of 5e-6.
TEST_CASE("the generative term is the nested estimator's on x alone, λ times") {
  const auto model = make_model("{name: joint_energy, classes: 3, shape: [2], joint: true}");
  Parameters theta(9);
  theta << 1, 0, 0, 2, -1, -1, .1, -.3, .2;
  model->capability<Parametric>()->set_parameters(theta);
  const Rows rows(labelled_points(12));
  const auto estimator = hybrid(
      "generative_weight: 0.5, gradient: {name: stochastic_maximum_likelihood, sampler: exact, "
      "chains: 30}",
      *model, &rows);
  CHECK(estimator->statistics() == std::vector<std::string>{"accuracy", "energy_variance"});
  const ClassMarginal marginal(*model);
  Parameters expected = Parameters::Zero(9);
  marginal.expected_parameter_gradient(1, expected);
  marginal.parameter_gradient(rows.x().topRows(2), Row::Constant(12, -1 / 12.), expected);
  expected = .5 * expected + differences(*model, [&] { return mean_log_class(*model, rows.x()); });
  CHECK(largest_t(ascents(*estimator, rows.x(), 400, Stream(2)), expected) < 5);
}

TEST_CASE("training by Langevin chains on x raises accuracy and keeps its particles") {
  const auto model = make_model(
      "{name: joint_energy, classes: 3, shape: [2], layers: [dense 16, swish], joint: true}");
  Batch data = labelled_points(150);
  for (Index n = 0; n < 150; ++n)  // three clusters
    data.col(n).head(2) = Real(.3) * data.col(n).head(2) +
                          Vector::Unit(2, Index(data(2, n)) % 2) * Real(data(2, n) == 2 ? -2 : 2);
  const Rows rows(data);
  const auto estimator = hybrid(
      "gradient: {name: contrastive_divergence, persistent: true, chains: 50, start: data, "
      "sampler: "
      "{name: ula, step_size: 0.1}}",
      *model, &rows);
  auto& parametric = *model->capability<Parametric>();
  Parameters theta = parametric.parameters();
  const auto adam = make_optimizer("{name: adam, step_size: 0.02}");
  Slots slots;
  Saved saved = estimator->init(Stream(3));
  CHECK(saved.chains[0].x.rows() == 2);
  double first = 0, last = 0;
  for (std::uint64_t n = 0; n < 100; ++n) {
    const GradientEstimate estimate = estimator->estimate(data, saved, Stream(4).at(n));
    (n == 0 ? first : last) = estimate.objective;
    adam->update(theta, estimate.ascent, slots, n);
    parametric.set_parameters(theta);
  }
  CHECK(first < -.5);
  CHECK(last > -.2);
}

TEST_CASE("models without a class are refused, and so is a missing generative estimator") {
  const auto rbm = recipe_rbm(4, 3, 1);
  CHECK(error_of([&] { hybrid("gradient: exact", *rbm); }) ==
        "gradient joint_energy: needs a model of x and its class, a category in the last "
        "coordinate, got 4 binary");
  CHECK(error_of([&] { hybrid("generative_weight: 1", *rbm); }).find("gradient: is required") !=
        std::string::npos);
}
