#include "support/make.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

constexpr Index I = 4, J = 3, K = 4, F = 5;

// The parameters by name, and E(x, y, h) from them term by term.
struct Truth {
  static double A(Index i, Index f) { return .9 * std::sin(1 + .7 * double(i) + 1.3 * double(f)); }
  static double B(Index j, Index f) { return 1.1 * std::cos(2 + 1.9 * double(j) + .6 * double(f)); }
  static double C(Index k, Index f) { return .8 * std::sin(3 + 1.1 * double(k) + 2.3 * double(f)); }
  static double a(Index i) { return .3 * std::cos(1 + double(i)); }
  static double b(Index j) { return .4 * std::sin(1 + 2 * double(j)); }
  static double c(Index k) { return .3 * std::sin(2 + double(k)); }

  static Parameters theta() {
    std::vector<double> all;
    for (Index i = 0; i < I; ++i)
      for (Index f = 0; f < F; ++f) all.push_back(A(i, f));
    for (Index j = 0; j < J; ++j)
      for (Index f = 0; f < F; ++f) all.push_back(B(j, f));
    for (Index k = 0; k < K; ++k)
      for (Index f = 0; f < F; ++f) all.push_back(C(k, f));
    for (Index i = 0; i < I; ++i) all.push_back(a(i));
    for (Index j = 0; j < J; ++j) all.push_back(b(j));
    for (Index k = 0; k < K; ++k) all.push_back(c(k));
    return Eigen::Map<const Parameters>(all.data(), Index(all.size()));
  }
  // By the full three-way tensor Σ_f A_if B_jf C_kf.
  static double energy(const BatchView& x, const BatchView& y, const BatchView& h) {
    double sum = 0;
    for (Index i = 0; i < I; ++i) sum -= a(i) * x(i, 0);
    for (Index j = 0; j < J; ++j) sum -= b(j) * y(j, 0);
    for (Index k = 0; k < K; ++k) sum -= c(k) * h(k, 0);
    for (Index i = 0; i < I; ++i)
      for (Index j = 0; j < J; ++j)
        for (Index k = 0; k < K; ++k)
          for (Index f = 0; f < F; ++f)
            sum -= x(i, 0) * y(j, 0) * h(k, 0) * A(i, f) * B(j, f) * C(k, f);
    return sum;
  }
};

std::unique_ptr<EnergyModel> recipe() {
  auto model = make_model("{name: factored_rbm, inputs: 4, outputs: 3, hidden: 4, factors: 5}");
  model->capability<Parametric>()->set_parameters(Truth::theta());
  return model;
}

}  // namespace

TEST_CASE("factored_rbm free energy is the three-way energy with h summed out, to 1e-12") {
  const auto model = recipe();
  const Batch v = all_states(model->domain()), h = all_states(Domain::binary(K));
  const Row free_energy = energies(*model, v);
  double worst = 0;
  for (Index n = 0; n < v.cols(); ++n) {
    Eigen::ArrayXd joint(h.cols());
    for (Index m = 0; m < h.cols(); ++m)
      joint(m) = -Truth::energy(v.col(n).head(I), v.col(n).tail(J), h.col(m));
    worst = std::max(worst, std::abs(free_energy(n) + log_sum_exp(joint)));
  }
  CHECK(worst < 1e-12);
}

TEST_CASE("factored_rbm with x clamped has the law of y given x, in which a plays no part") {
  const auto model = recipe();
  Parameters theta = Truth::theta();
  theta.segment(F * (I + J + K), I).setConstant(-7);
  const auto other = recipe();
  other->capability<Parametric>()->set_parameters(theta);
  const Batch y = all_states(Domain::binary(J)), h = all_states(Domain::binary(K));
  const Batch inputs = all_states(Domain::binary(I));
  for (Index n = 0; n < inputs.cols(); ++n) {
    const Clamped clamped(*model, {0, 1, 2, 3}, inputs.col(n));
    Row truth = Row::Zero(y.cols());
    for (Index l = 0; l < y.cols(); ++l)
      for (Index m = 0; m < h.cols(); ++m)
        truth(l) += std::exp(-Truth::energy(inputs.col(n), y.col(l), h.col(m)));
    CHECK(distance(law(clamped), Row(truth / truth.sum())) < 1e-13);
    CHECK(distance(law(Clamped(*other, {0, 1, 2, 3}, inputs.col(n))), law(clamped)) < 1e-13);
  }
}

TEST_CASE("factored_rbm given x is the rbm with weights Σ_f (Aᵀx)_f B_jf C_kf") {
  const auto model = recipe();
  Vector x(I);
  x << 1, 0, 1, 1;
  Parameters theta(J * K + J + K);
  Index at = 0;
  for (Index j = 0; j < J; ++j)
    for (Index k = 0; k < K; ++k, ++at) {
      theta(at) = 0;
      for (Index f = 0; f < F; ++f)
        for (Index i = 0; i < I; ++i)
          theta(at) += x(i) * Truth::A(i, f) * Truth::B(j, f) * Truth::C(k, f);
    }
  for (Index j = 0; j < J; ++j) theta(at++) = Truth::b(j);
  for (Index k = 0; k < K; ++k) theta(at++) = Truth::c(k);
  const auto rbm = recipe_rbm(J, K, 1);
  rbm->capability<Parametric>()->set_parameters(theta);
  CHECK(distance(law(Clamped(*model, {0, 1, 2, 3}, x)), law(*rbm)) < 1e-13);
}

TEST_CASE("factored_rbm conditionals are those of its law") {
  const auto model = recipe();
  const Batch v = all_states(model->domain());
  const Row p = law(*model);
  double worst = 0;
  for (Index i = 0; i < I + J; ++i) {
    const Index site[] = {i}, bit = Index{1} << i;
    Batch logit;
    model->capability<Conditional>()->natural(site, v, logit);
    for (Index n = 0; n < v.cols(); ++n)
      worst = std::max(worst, std::abs(logit(0, n) - std::log(p(n | bit) / p(n & ~bit))));
  }
  CHECK(worst < 1e-12);
}

TEST_CASE("factored_rbm halves the data between x and y unless told, and takes their rates") {
  const Rows data(Batch::Identity(6, 6));
  Context with_data = context();
  with_data.train = &data;
  const auto shapes = [&](const std::string& spec) {
    const auto blocks = make_model(spec, with_data)->capability<Parametric>()->blocks();
    return std::vector<Index>{blocks[0].shape[0], blocks[1].shape[0]};
  };
  CHECK(shapes("{name: factored_rbm, hidden: 2, factors: 3}") == std::vector<Index>{3, 3});
  CHECK(shapes("{name: factored_rbm, hidden: 2, factors: 3, inputs: 4}") ==
        std::vector<Index>{4, 2});
  const auto model = make_model("{name: factored_rbm, hidden: 2, factors: 3}", with_data);
  const Parameters biases = model->capability<Parametric>()->parameters().tail(8);
  const Parameters truth = Parameters::Constant(6, std::log(2. / 6));  // one of each state added
  CHECK(distance(biases.head(6), truth) < 1e-15);
  CHECK(biases.tail(2).norm() == 0);
}

TEST_CASE("factored_rbm refuses parameters that are not finite and data too narrow for y") {
  const auto model = recipe();
  Parameters theta = Truth::theta();
  theta(0) = std::numeric_limits<double>::quiet_NaN();
  CHECK(error_of([&] { model->capability<Parametric>()->set_parameters(theta); }) ==
        "factored_rbm: A must be finite");
  const Rows data(Batch::Zero(4, 2));
  Context with_data = context();
  with_data.train = &data;
  CHECK(error_of([&] {
          make_model("{name: factored_rbm, hidden: 2, factors: 3, inputs: 5}", with_data);
        }) ==
        "model factored_rbm: inputs: must leave at least one unit each to x and y, got 5 and 0");
}
