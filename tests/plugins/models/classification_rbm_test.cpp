#include "support/make.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

constexpr Index D = 5, M = 4, K = 3;
const std::string spec = "{name: classification_rbm, visible: 5, hidden: 4, classes: 3}";

// The parameters by name, and E(x, y, h) from them term by term.
struct Truth {
  double W[D][M], U[M][K], b[D], c[M], d[K];

  Truth() {
    for (Index i = 0; i < D; ++i) b[i] = .3 * std::cos(1 + double(i));
    for (Index j = 0; j < M; ++j) c[j] = .3 * std::sin(2 + double(j));
    for (Index y = 0; y < K; ++y) d[y] = .5 * std::sin(3 + 2 * double(y));
    for (Index j = 0; j < M; ++j) {
      for (Index i = 0; i < D; ++i)
        W[i][j] = 1.5 * std::sin(1 + .7 * double(i) + 1.3 * double(j) + .11 * double(i * j));
      for (Index y = 0; y < K; ++y)
        U[j][y] = 1.2 * std::cos(.4 + 1.1 * double(j) + 1.9 * double(y));
    }
  }
  Parameters theta() const {
    Parameters all(D * M + M * K + D + M + K);
    Index at = 0;
    for (const auto& row : W)
      for (const double w : row) all(at++) = w;
    for (const auto& row : U)
      for (const double u : row) all(at++) = u;
    for (const double value : b) all(at++) = value;
    for (const double value : c) all(at++) = value;
    for (const double value : d) all(at++) = value;
    return all;
  }
  double energy(const BatchView& x, const BatchView& h) const {
    const Index y = Index(x(D, 0));
    double sum = -d[y];
    for (Index i = 0; i < D; ++i) sum -= b[i] * x(i, 0);
    for (Index j = 0; j < M; ++j) {
      sum -= (c[j] + U[j][y]) * h(j, 0);
      for (Index i = 0; i < D; ++i) sum -= x(i, 0) * W[i][j] * h(j, 0);
    }
    return sum;
  }
};

std::unique_ptr<EnergyModel> recipe() {
  auto model = make_model(spec);
  model->capability<Parametric>()->set_parameters(Truth().theta());
  return model;
}

}  // namespace

TEST_CASE("classification_rbm free energy is the joint energy with h summed out, to 1e-12") {
  const auto model = recipe();
  const Truth truth;
  const Batch x = all_states(model->domain()), h = all_states(Domain::binary(M));
  CHECK(x.cols() == 96);
  const Row free_energy = energies(*model, x);
  double worst = 0;
  for (Index n = 0; n < x.cols(); ++n) {
    Eigen::ArrayXd joint(h.cols());
    for (Index m = 0; m < h.cols(); ++m) joint(m) = -truth.energy(x.col(n), h.col(m));
    worst = std::max(worst, std::abs(free_energy(n) + log_sum_exp(joint)));
  }
  CHECK(worst < 1e-12);
}

TEST_CASE("classification_rbm has the exact law of the class, by formula and by enumeration") {
  const auto model = recipe();
  const Truth truth;
  const Batch x = all_states(model->domain());
  const Row p = law(*model);
  const Index site[] = {D}, inputs = Index{1} << D;  // state n has x = n mod 2^D, y = n / 2^D
  Batch natural;
  model->capability<Conditional>()->natural(site, x.leftCols(inputs), natural);
  const Batch of_class = category_probabilities(natural, K);
  double from_formula = 0, from_law = 0;
  for (Index n = 0; n < inputs; ++n) {
    Eigen::ArrayXd score(K);
    double total = 0;
    for (Index y = 0; y < K; ++y) {
      score(y) = truth.d[y];
      for (Index j = 0; j < M; ++j) {
        double input = truth.c[j] + truth.U[j][y];
        for (Index i = 0; i < D; ++i) input += truth.W[i][j] * x(i, n);
        score(y) += std::log1p(std::exp(input));
      }
      total += p(n + y * inputs);
    }
    for (Index y = 0; y < K; ++y) {
      from_formula = std::max(from_formula, std::abs(natural(y, n) - score(y)));
      from_law = std::max(from_law, std::abs(of_class(y, n) - p(n + y * inputs) / total));
    }
  }
  CHECK(from_formula < 1e-12);
  CHECK(from_law < 1e-13);
}

TEST_CASE("classification_rbm with its inputs clamped leaves the class with that same law") {
  const auto model = recipe();
  Vector values(D);
  values << 1, 0, 0, 1, 1;
  const Clamped clamped(*model, {0, 1, 2, 3, 4}, values);
  const Row of_class = law(clamped);
  Batch whole(D + 1, 1), natural;
  whole << values, 2;
  const Index site[] = {D};
  model->capability<Conditional>()->natural(site, whole, natural);
  CHECK(distance(of_class.transpose().matrix(), category_probabilities(natural, K)) < 1e-14);
}

TEST_CASE("classification_rbm layers are independent given each other, with the laws it states") {
  const auto model = recipe();
  const Truth truth;
  const auto& latent = *model->capability<Latent>();
  const Batch x = all_states(model->domain()), h = all_states(latent.hidden());
  Eigen::ArrayXXd joint(x.cols(), h.cols());
  for (Index n = 0; n < x.cols(); ++n)
    for (Index m = 0; m < h.cols(); ++m) joint(n, m) = std::exp(-truth.energy(x.col(n), h.col(m)));
  const auto product = [](const Domain& domain, const Batch& natural, Index at, const Batch& all) {
    const Batch given = natural.col(at).replicate(1, all.cols());
    return Row((natural_energy(domain, given, all) - log_partition(domain, given)).exp());
  };
  Batch natural;
  latent.hidden_natural(x, natural);
  for (Index n = 0; n < x.cols(); ++n)
    CHECK(distance(product(latent.hidden(), natural, n, h),
                   Row(joint.row(n) / joint.row(n).sum())) < 1e-13);
  latent.visible_natural(h, natural);
  for (Index m = 0; m < h.cols(); ++m)
    CHECK(distance(product(model->domain(), natural, m, x),
                   Row((joint.col(m) / joint.col(m).sum()).transpose())) < 1e-13);
}

TEST_CASE("classification_rbm is annealed in its joint energy") {
  const auto model = recipe();
  const Truth truth;
  Independent base = Independent::uniform(model->domain());
  const WeightedSum path = WeightedSum::path(base, *model, .4);
  const Batch x = all_states(model->domain()), h = all_states(Domain::binary(M));
  double sum = 0;
  for (Index n = 0; n < x.cols(); ++n)
    for (Index m = 0; m < h.cols(); ++m) sum += std::exp(-.4 * truth.energy(x.col(n), h.col(m)));
  CHECK(exact_method(path) == "hidden_sum");
  CHECK(std::abs(exact_sum(path, workers(), false).log_partition - std::log(sum)) < 1e-12);
  CHECK(std::abs(log_sum_over_states(path) - std::log(sum)) < 1e-12);
}

TEST_CASE("classification_rbm takes its sizes and biases from data with labels") {
  class Labelled final : public Dataset {
   public:
    Index size() const override { return 4; }
    Index dim() const override { return 3; }
    void columns(std::span<const Index> indices, Stream, Eigen::Ref<Batch> out) const override {
      Batch all(3, 4);
      all << 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 2, 2;
      for (std::size_t k = 0; k < indices.size(); ++k) out.col(Index(k)) = all.col(indices[k]);
    }
    std::vector<int> labels() const override { return {0, 1, 2, 2}; }
  };
  const Labelled data;
  Context with_data = context();
  with_data.train = &data;
  const auto model = make_model("{name: classification_rbm, hidden: 2}", with_data);
  CHECK(model->domain().text() == "2 binary + 1 categorical(3)");
  const Parameters biases = model->capability<Parametric>()->parameters().tail(7);
  const Parameters truth{{0, std::log(5.), 0, 0, std::log(2. / 7), std::log(2. / 7),
                          std::log(3. / 7)}};  // one pseudo-observation of each state
  CHECK(distance(biases, truth) < 1e-15);
  const auto zero =
      make_model("{name: classification_rbm, hidden: 2, visible_bias: zero}", with_data);
  CHECK(zero->capability<Parametric>()->parameters().tail(7).norm() == 0);
}

TEST_CASE("classification_rbm refuses parameters that are not finite and data without labels") {
  const auto model = recipe();
  Parameters theta = Truth().theta();
  theta(D * M + 1) = std::numeric_limits<double>::infinity();
  CHECK(error_of([&] { model->capability<Parametric>()->set_parameters(theta); }) ==
        "classification_rbm: U must be finite");
  const Rows data(Batch::Zero(3, 2));
  Context with_data = context();
  with_data.train = &data;
  with_data.subject = "model classification_rbm";
  CHECK(error_of([&] { make_model("{name: classification_rbm, hidden: 2}", with_data); }) ==
        "model classification_rbm: classes: must be given, the data have no labels");
  CHECK(error_of([] { make_model("{name: classification_rbm, hidden: 2, classes: 3}"); }) ==
        "model classification_rbm: needs a data section");
}
