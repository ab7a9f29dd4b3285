#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Batch numbers(Index rows, Index columns, std::uint64_t seed) {
  Batch out(rows, columns);
  Stream(seed).normal(out);
  return out;
}

}  // namespace

TEST_CASE("a coupling gives both layers the input of its weights") {
  Stream random(3);
  Coupling coupling = Coupling::normal(5, 70, 2, random);
  const Parameters theta = coupling.weights();
  CHECK(theta.size() == 350);
  const Eigen::MatrixXd W = theta.reshaped<Eigen::RowMajor>(5, 70);
  CHECK(std::abs(W.norm() / std::sqrt(350.0) - 2) < 5 * 2 / std::sqrt(700.0));
  const Batch x = numbers(5, 4, 1), y = numbers(70, 4, 2);
  Batch right = y, left = x;
  coupling.add_to_right(x, right);
  coupling.add_to_left(y, left);
  const Eigen::MatrixXd X = x.cast<double>(), Y = y.cast<double>();
  CHECK(distance(right, Y + W.transpose() * X) < tolerance(1e-13, 1e-5));
  CHECK(distance(left, X + W * Y) < tolerance(1e-13, 1e-4));
  CHECK(distance(coupling.to_right(y.col(2), x).col(2), right.col(2)) < tolerance(1e-13, 1e-5));
  CHECK(distance(coupling.to_left(x.col(2), y).col(2), left.col(2)) < tolerance(1e-13, 1e-4));
  CHECK(distance(coupling.row(3), W.row(3).transpose()) == 0);
  CHECK(distance(coupling.column(9), W.col(9)) == 0);
  coupling.set_weights(Parameters::LinSpaced(350, 0, 349));
  CHECK(coupling.row(1)(2) == 72);
  CHECK(coupling.column(2)(1) == 72);
}

TEST_CASE("a coupling's odds of a left unit are those of the right units summed out") {
  Stream random(4);
  const Coupling coupling = Coupling::normal(3, 4, 1.5, random);
  const Batch x = all_states(Domain::binary(3));
  Batch input = numbers(4, 1, 5).replicate(1, 8);
  coupling.add_to_right(x, input);
  const Row summed = log_partition(Domain::binary(4), input);
  for (Index i = 0; i < 3; ++i) {
    const Row odds = coupling.softplus_odds(i, x, input);
    for (Index n = 0; n < 8; ++n) {
      const Index bit = Index{1} << i;
      CHECK(near(odds(n), summed(n | bit) - summed(n & ~bit), tolerance(1e-13, 1e-5)));
    }
  }
}

TEST_CASE("a gradient sum adds weighted blocks in turn, row by row, with the energy's sign") {
  const Batch x = numbers(3, 5, 6), y = numbers(2, 5, 7);
  const Row weights = Row::LinSpaced(5, -1, 2);
  Parameters out = Parameters::Ones(11);
  GradientSum(weights, out).sums(y).products(x, y).sums(x);
  Parameters truth = Parameters::Ones(11);
  for (Index n = 0; n < 5; ++n) {
    for (Index j = 0; j < 2; ++j) truth(j) -= weights(n) * double(y(j, n));
    for (Index i = 0; i < 3; ++i) {
      truth(8 + i) -= weights(n) * double(x(i, n));
      for (Index j = 0; j < 2; ++j)
        truth(2 + 2 * i + j) -= weights(n) * double(x(i, n)) * double(y(j, n));
    }
  }
  CHECK(distance(out, truth) < tolerance(1e-14, 1e-6));
  CHECK(near(inner_products(x.col(0), x)(0), x.col(0).cast<double>().squaredNorm(), 1e-14));
}

TEST_CASE("a parameter list reads and writes its members in order, or not at all") {
  Coupling W(2, 3);
  Vector b = Vector::Zero(2), D = Vector::Zero(4);
  ParameterList list("model");
  list.add("W", {"left", "right"}, W);
  list.add("b", {"left"}, b);
  list.add("D", {"gate", "subspace"}, D, {2, 2});
  CHECK(list.blocks()[0].shape == std::vector<Index>{2, 3});
  CHECK(list.blocks()[1].shape == std::vector<Index>{2});
  CHECK(list.blocks()[2].shape == std::vector<Index>{2, 2});
  Parameters theta = Parameters::LinSpaced(12, 0, 11);
  list.set(theta);
  CHECK(list.parameters() == theta);
  CHECK(W.row(1)(0) == 3);
  CHECK(b(1) == 7);
  CHECK(D(3) == 11);
  Parameters broken = Parameters::Zero(12);
  broken(7) = std::numeric_limits<double>::infinity();
  CHECK(error_of([&] { list.set(broken); }) == "model: b must be finite");
  CHECK(list.parameters() == theta);
}

TEST_CASE("a list of coordinates is refused where only one can be asked for") {
  const Index sites[] = {3, 4};
  CHECK(single_site(std::span(sites).first(1), "model") == 3);
  CHECK(error_of([&] { single_site(sites, "model"); }) ==
        "model: coordinates depend on each other, ask for one at a time");
}

TEST_CASE("category probabilities are each unit's own, at any size of log weight") {
  Batch natural(6, 1);
  natural << 0, Real(std::log(3)), Real(-1e30), 1000, 1000, 1000;
  const Batch p = category_probabilities(natural, 3);
  const double third = 1.0 / 3;
  const Eigen::VectorXd truth{{.25, .75, 0, third, third, third}};
  CHECK(distance(p, truth) < tolerance(1e-15, 1e-6));
}

TEST_CASE("category indicators are the probabilities of units in known states") {
  Batch x(2, 2);
  x << 2, 0, 1, 1;
  Batch truth(6, 2);
  truth << 0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0;
  CHECK(category_indicators(x, 3) == truth);
}

TEST_CASE("a matrix that is not symmetric or has a diagonal is refused by name") {
  Parameters W{{0, 1, 2, 1, 0, 3, 2, 3, 0}};
  CHECK(error_of([&] { require_symmetric("model: W", W); }).empty());
  W(4) = .5;
  CHECK(error_of([&] { require_symmetric("model: W", W); }) == "model: W[1, 1] must be 0, got 0.5");
  W(4) = 0;
  W(7) = 4;
  CHECK(error_of([&] { require_symmetric("model: W", W); }) ==
        "model: W[2, 1] must equal its mirror image (the matrix is symmetric), got 4 and 3");
}
