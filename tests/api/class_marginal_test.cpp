// Models of x and its class with the class summed out.
#include <gibbsite/api/class_marginal.hpp>

#include "support/make.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const std::string network = "{name: joint_energy, classes: 4, shape: [3], layers: [dense 6, swish]";

Batch normal(Index dim, Index count) {
  Batch x(dim, count);
  Stream(3).normal(x);
  return x;
}

Batch with_class(const Batch& x, Index y) {
  Batch whole(x.rows() + 1, x.cols());
  whole << x, Batch::Constant(1, x.cols(), Real(y));
  return whole;
}

Parameters gradient_of(const EnergyModel& model, const Batch& x, const Row& weights) {
  const auto& parametric = *model.capability<Parametric>();
  Parameters out = Parameters::Zero(parametric.parameters().size());
  parametric.parameter_gradient(x, weights, out);
  return out;
}

}  // namespace

TEST_CASE("the marginal of joint_energy is joint_energy without its class") {
  const auto joint = make_model(network + ", joint: true}"), alone = make_model(network + "}");
  const ClassMarginal marginal(*joint);
  CHECK(marginal.domain() == alone->domain());
  CHECK(capabilities_of(marginal) == std::vector<std::string>{"gradient", "parameters"});
  const Batch x = normal(3, 20);
  CHECK(distance(energies(marginal, x), energies(*alone, x)) < tolerance(1e-13, 1e-5));
  Row energy, expected;
  Batch gradient, slope;
  marginal.capability<Differentiable>()->energy_and_gradient(x, energy, gradient);
  alone->capability<Differentiable>()->energy_and_gradient(x, expected, slope);
  CHECK(distance(energy, expected) < tolerance(1e-13, 1e-5));
  CHECK(distance(gradient, slope) < tolerance(1e-13, 1e-5));
  const Row weights = Row::LinSpaced(20, -1, 2);
  CHECK(distance(gradient_of(marginal, x, weights), gradient_of(*alone, x, weights)) <
        tolerance(1e-12, 1e-4));
}

TEST_CASE("the marginal of classification_rbm sums over its classes, one after the other") {
  const auto joint =
      make_model("{name: classification_rbm, visible: 5, hidden: 3, classes: 3, weight_scale: 1}");
  const ClassMarginal marginal(*joint);
  CHECK(capabilities_of(marginal) == std::vector<std::string>{"conditional", "parameters"});
  const Batch x = all_states(marginal.domain());
  Table logs(3, x.cols());
  for (Index y = 0; y < 3; ++y) logs.row(y) = -energies(*joint, with_class(x, y));
  const Row energy = energies(marginal, x);
  const Table log_p = marginal.log_class_probabilities(x);
  const Row weights = Row::LinSpaced(x.cols(), -1, 2);
  Parameters expected = Parameters::Zero(joint->capability<Parametric>()->parameters().size());
  for (Index n = 0; n < x.cols(); ++n) {
    CHECK(std::abs(energy(n) + log_sum_exp(logs.col(n))) < tolerance(1e-13, 1e-5));
    CHECK(distance(Eigen::ArrayXd(log_p.col(n)), Eigen::ArrayXd(logs.col(n) + energy(n))) <
          tolerance(1e-13, 1e-5));
    for (Index y = 0; y < 3; ++y)
      expected += gradient_of(*joint, with_class(x.col(n), y),
                              Row::Constant(1, weights(n) * std::exp(log_p(y, n))));
  }
  CHECK(distance(gradient_of(marginal, x, weights), expected) < tolerance(1e-12, 1e-4));
  CHECK(std::abs(log_sum_over_states(marginal) - log_sum_over_states(*joint)) <
        tolerance(1e-12, 1e-5));
}

TEST_CASE("log Z and draws are those of the model with its class, at temperature 1") {
  const auto joint = make_model("{name: joint_energy, classes: 3, shape: [2], joint: true}");
  const ClassMarginal marginal(*joint);
  const auto* normalized = marginal.capability<Normalized>();
  REQUIRE(normalized != nullptr);
  CHECK(normalized->log_partition(1) == joint->capability<Normalized>()->log_partition(1));
  CHECK(!normalized->log_partition(.5));
  Batch x(2, 9), whole(3, 9);
  marginal.capability<Exact>()->draw(Stream(5), x);
  joint->capability<Exact>()->draw(Stream(5), whole);
  CHECK(x == whole.topRows(2));
}

TEST_CASE("models without a class are refused, and data lose theirs") {
  const auto rbm = make_model("{name: rbm, visible: 3, hidden: 2}");
  CHECK(error_of([&] { ClassMarginal{*rbm}; }) ==
        "needs a model of x and its class, a category in the last coordinate, got 3 binary");
  const Rows rows(with_class(normal(2, 5), 1));
  const WithoutClass data(rows);
  CHECK(data.dim() == 2);
  CHECK(data.all(Stream(1)) == rows.x().topRows(2));
}

TEST_CASE("all classes of a configuration count as one evaluation of the model") {
  const auto joint = make_model(network + ", joint: true}");
  const ClassMarginal marginal(*joint);
  const Evaluations before = joint->evaluations();
  Row energy;
  Batch gradient;
  marginal.energy(normal(3, 7), energy);
  CHECK(joint->evaluations() - before == Evaluations{.energy = 7});
  gradient_of(marginal, normal(3, 7), Row::Ones(7));
  CHECK(joint->evaluations() - before == Evaluations{.energy = 14, .parameter_gradient = 7});
}
