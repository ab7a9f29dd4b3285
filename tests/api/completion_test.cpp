#include <gibbsite/api/completion.hpp>

#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Parametric& parametric(EnergyModel& model) { return *model.capability<Parametric>(); }

// A deep machine with these layers and weights and biases that are large and irregular.
std::unique_ptr<EnergyModel> deep(const std::vector<Index>& sizes, const std::string& more = "") {
  std::string spec = "{name: deep_boltzmann_machine, visible: " + std::to_string(sizes[0]) +
                     ", hidden: [" + std::to_string(sizes[1]);
  for (std::size_t l = 2; l < sizes.size(); ++l) spec += ", " + std::to_string(sizes[l]);
  auto model = make_model(spec + "]" + more + "}");
  Parameters theta = parametric(*model).parameters();
  for (Index k = 0; k < theta.size(); ++k) theta(k) = 1.2 * std::sin(1 + 2.3 * double(k));
  parametric(*model).set_parameters(theta);
  return model;
}

const std::vector<std::vector<Index>> machines = {{6, 5, 4}, {5, 4, 3, 3}, {4, 3, 3, 2, 2}};

// Weights and biases by layer from the flat parameters.
struct Layers {
  std::vector<Eigen::MatrixXd> W;
  std::vector<Eigen::VectorXd> b;
  Layers(const std::vector<Index>& sizes, const Parameters& theta) {
    Index at = 0;
    for (std::size_t l = 0; l + 1 < sizes.size(); at += sizes[l] * sizes[l + 1], ++l)
      W.emplace_back(theta.segment(at, sizes[l] * sizes[l + 1])
                         .reshaped<Eigen::RowMajor>(sizes[l], sizes[l + 1]));
    for (const Index size : sizes) {
      b.emplace_back(theta.segment(at, size));
      at += size;
    }
  }
  Eigen::VectorXd input(const std::vector<Eigen::VectorXd>& units, std::size_t l) const {
    Eigen::VectorXd in = b[l];
    if (l > 0) in += W[l - 1].transpose() * units[l - 1];
    if (l < W.size()) in += W[l] * units[l + 1];
    return in;
  }
  double energy(const std::vector<Eigen::VectorXd>& units) const {
    double energy = 0;
    for (std::size_t l = 0; l < b.size(); ++l) energy -= b[l].dot(units[l]);
    for (std::size_t l = 0; l < W.size(); ++l) energy -= units[l].dot(W[l] * units[l + 1]);
    return energy;
  }
};

Eigen::VectorXd sigma(const Eigen::VectorXd& x) { return (1 + (-x.array()).exp()).inverse(); }

// The layers of a configuration of even ones, odd ones at their means given these.
std::vector<Eigen::VectorXd> all_layers(const Layers& layers, const BatchView& even) {
  std::vector<Eigen::VectorXd> units(layers.b.size());
  Index first = 0;
  for (std::size_t l = 0; l < units.size(); l += 2) {
    units[l] = even.col(0).segment(first, layers.b[l].size()).cast<double>();
    first += layers.b[l].size();
  }
  for (std::size_t l = 1; l < units.size(); l += 2) units[l] = sigma(layers.input(units, l));
  return units;
}

double entropy(const Eigen::VectorXd& p) {
  return -(p.array() * p.array().log() + (1 - p.array()) * (1 - p.array()).log()).sum();
}

// E_q[-E] + H(q) by its definition, q having the means of `even`.
double bound_of(const Layers& layers, const BatchView& even) {
  const auto units = all_layers(layers, even);
  double bound = -layers.energy(units);
  for (std::size_t l = 1; l < units.size(); ++l) bound += entropy(units[l]);
  return bound;
}

Batch visible_states(const std::vector<Index>& sizes) {
  return all_states(Domain::binary(sizes[0]));
}

const double tight = tolerance(1e-11, 1e-4);

}  // namespace

TEST_CASE("the mean field of every layer is its law given the means of its neighbours") {
  for (const auto& sizes : machines) {
    CAPTURE(sizes.size());
    const auto model = deep(sizes);
    const Layers layers(sizes, parametric(*model).parameters());
    const Batch v = visible_states(sizes);
    const Completion found = mean_field(*model, v, 100000, tolerance(1e-14, 1e-6));
    CHECK(found.unconverged == 0);
    CHECK(found.x.topRows(sizes[0]) == v);
    for (Index n = 0; n < v.cols(); ++n) {
      const auto units = all_layers(layers, found.x.col(n));
      for (std::size_t l = 1; l < units.size(); ++l)
        CHECK(distance(units[l], sigma(layers.input(units, l))) < tolerance(1e-12, 1e-5));
    }
  }
}

TEST_CASE("every sweep of the mean field raises the bound, which stays below the exact sum") {
  for (const auto& sizes : machines) {
    CAPTURE(sizes.size());
    const auto model = deep(sizes);
    const Layers layers(sizes, parametric(*model).parameters());
    const Batch v = visible_states(sizes);
    const Row exact = log_sum(*model, v);
    Row last = Row::Constant(v.cols(), -std::numeric_limits<double>::infinity());
    double rise = 0;
    for (const Index sweeps : {0, 1, 2, 4, 8, 100}) {
      const Batch x = mean_field(*model, v, sweeps, 0).x;
      for (Index n = 0; n < v.cols(); ++n) {
        const double bound = bound_of(layers, x.col(n));
        CHECK(bound >= last(n) - tight);
        CHECK(bound <= exact(n) + tight);
        if (sweeps > 0) rise = std::max(rise, bound - last(n));
        last(n) = bound;
      }
    }
    CHECK(rise > .01);
    CHECK(distance(log_sum_bound(*model, v), last) < tolerance(1e-6, 1e-4));
    CHECK((exact - last).maxCoeff() > .01);
  }
}

TEST_CASE("the sum over hidden coordinates is that over all states of all hidden layers") {
  for (const auto& sizes : machines) {
    CAPTURE(sizes.size());
    const auto model = deep(sizes);
    const Layers layers(sizes, parametric(*model).parameters());
    Index hidden = 0;
    for (std::size_t l = 1; l < sizes.size(); ++l) hidden += sizes[l];
    const Batch v = visible_states(sizes), h = all_states(Domain::binary(hidden));
    const Row sums = log_sum(*model, v);
    for (Index n = 0; n < v.cols(); n += 5) {
      Eigen::ArrayXd terms(h.cols());
      std::vector<Eigen::VectorXd> units(sizes.size());
      units[0] = v.col(n).cast<double>();
      for (Index m = 0; m < h.cols(); ++m) {
        Index first = 0;
        for (std::size_t l = 1; l < sizes.size(); first += sizes[l++])
          units[l] = h.col(m).segment(first, sizes[l]).cast<double>();
        terms(m) = -layers.energy(units);
      }
      CHECK(near(sums(n), log_sum_exp(terms), tight));
    }
    // ln p(v) adds up to 1.
    const double log_z = exact_sum(*model, workers(), false).log_partition;
    CHECK(near((sums - log_z).exp().sum(), 1, tight));
  }
}

TEST_CASE("gradients of the bound and of the exact sum are those of finite differences") {
  const double h = tolerance(1e-5, 1e-2), loose = tolerance(1e-7, 2e-2);
  for (const auto& sizes : machines) {
    CAPTURE(sizes.size());
    const auto model = deep(sizes);
    const Parameters theta = parametric(*model).parameters();
    const Batch v = visible_states(sizes).leftCols(6);
    const auto bounds = [&] {
      const Batch x = mean_field(*model, v, 100000, tolerance(1e-13, 1e-6)).x;
      const Layers layers(sizes, parametric(*model).parameters());
      double sum = 0;
      for (Index n = 0; n < v.cols(); ++n) sum += bound_of(layers, x.col(n));
      return sum;
    };
    Parameters of_bound = Parameters::Zero(theta.size()), of_sum = of_bound;
    parametric(*model).parameter_gradient(mean_field(*model, v, 100000, tolerance(1e-13, 1e-6)).x,
                                          Row::Constant(v.cols(), -1), of_bound);
    log_sum(*model, v, -1, &of_sum);
    CHECK((of_bound - of_sum).norm() > .01);
    for (int k = 0; k < 3; ++k) {
      Parameters direction(theta.size());
      for (Index i = 0; i < theta.size(); ++i)
        direction(i) = std::sin(double(1 + k) * double(i + 1));
      double bound[2], sum[2];
      for (const int side : {0, 1}) {
        parametric(*model).set_parameters(theta + (2 * side - 1) * h * direction);
        bound[side] = bounds();
        sum[side] = log_sum(*model, v).sum();
      }
      CHECK(near(of_bound.dot(direction), (bound[1] - bound[0]) / (2 * h), loose));
      CHECK(near(of_sum.dot(direction), (sum[1] - sum[0]) / (2 * h), loose));
      parametric(*model).set_parameters(theta);
    }
  }
}

TEST_CASE("what the limit of sweeps cuts short is counted, observation by observation") {
  const auto model = deep({6, 5, 4});
  const Batch v = visible_states({6});
  CHECK(mean_field(*model, v, 1, 1e-5).unconverged == v.cols());
  CHECK(mean_field(*model, v, 1000, 1e-5).unconverged == 0);
  Index alone = 0, together = mean_field(*model, v, 8, 1e-5).unconverged;
  for (Index n = 0; n < v.cols(); ++n) alone += mean_field(*model, v.col(n), 8, 1e-5).unconverged;
  CHECK(alone == together);
  CHECK(together > 0);
  CHECK(together < v.cols());
}

TEST_CASE("an observation is completed alike whatever batch it is in, to the last bit") {
  for (const std::string how : {", inference: mean_field", ", inference: gibbs"}) {
    CAPTURE(how);
    const auto model = deep({5, 4, 3, 3}, how);
    const Batch v = visible_states({5});
    const Batch all = complete(*model, v, Stream(3)).x, drawn = draw_hidden(*model, all, Stream(4));
    for (Index n = 0; n < v.cols(); n += 7) {
      const Batch one = complete(*model, v.col(n), Stream(3).chains_from(n)).x;
      CHECK(one == all.col(n));
      CHECK(draw_hidden(*model, one, Stream(4).chains_from(n)) == drawn.col(n));
    }
  }
}

TEST_CASE("block Gibbs with v held draws hidden coordinates from their law given v") {
  // Each frequency lies within 5 standard errors of the exact one, on 2 of 10^6 occasions not; what
  // 60 sweeps have not forgotten is less than that by far.
  const auto model = deep({6, 5, 4}, ", inference: gibbs, inference_steps: 60");
  constexpr Index draws = 20000;
  Vector v(6);
  v << 1, 0, 1, 1, 0, 1;
  const Batch x = complete(*model, v.replicate(1, draws), Stream(5)).x;
  CHECK(x.topRows(6) == v.replicate(1, draws));
  CHECK(draw_hidden(*model, x, Stream(6)) == x);
  const Batch h = all_states(Domain::binary(4));
  Batch whole(10, h.cols());
  whole << v.replicate(1, h.cols()), h;
  const Row energy = energies(*model, whole);
  const Row p = (-energy - log_sum_exp((-energy).transpose())).exp();
  for (Index s = 0; s < h.cols(); ++s) {
    Index count = 0;
    for (Index n = 0; n < draws; ++n) count += x.col(n).tail(4) == h.col(s) ? 1 : 0;
    CAPTURE(s);
    CHECK(std::abs(double(count) / draws - p(s)) < 5 * std::sqrt(p(s) * (1 - p(s)) / draws));
  }
}

TEST_CASE("hidden coordinates are drawn by their means, observed ones are left alone") {
  const auto model = deep({6, 5, 4});
  constexpr Index draws = 20000;
  Vector x(10);
  x << 1, 0, 1, 1, 0, 1, 0.125, 0.5, 0.9375, 1;
  const Batch drawn = draw_hidden(*model, x.replicate(1, draws), Stream(5));
  CHECK(drawn.topRows(6) == x.head(6).replicate(1, draws));
  CHECK_NOTHROW(require_inside(model->domain(), drawn));
  for (Index i = 6; i < 10; ++i) {
    const double p = double(x(i)), mean = drawn.row(i).cast<double>().mean();
    CHECK(std::abs(mean - p) <= 5 * std::sqrt(p * (1 - p) / draws));
  }
  const auto rbm = recipe_rbm(6, 5, 1);
  CHECK(draw_hidden(*rbm, x.head(6), Stream(5)) == x.head(6));
}

TEST_CASE("tempered machines are completed under their own law, sums that are not latent refuse") {
  const auto model = deep({6, 5, 4}), other = deep({6, 5, 4});
  const WeightedSum cold = WeightedSum::tempered(2, *model);
  const Batch v = visible_states({6});
  REQUIRE(cold.capability<PartlyObserved>() != nullptr);
  CHECK(cold.capability<PartlyObserved>()->observed() == 6);
  const Parameters theta = parametric(*model).parameters();
  const Row exact = log_sum(cold, v), bound = log_sum_bound(cold, v);
  parametric(*other).set_parameters(2 * theta);
  CHECK(distance(exact, log_sum(*other, v)) < tight);
  CHECK(distance(bound, log_sum_bound(*other, v)) < tight);
  const WeightedSum both({{1, model.get()}, {1, other.get()}});
  CHECK(both.capability<PartlyObserved>() == nullptr);
  const Clamped held(*model, {0}, Vector::Ones(1));
  CHECK(held.capability<PartlyObserved>() == nullptr);
  CHECK(error_of([&] { mean_field(both, v, 1, 1e-5); }) ==
        "the model has no coordinates that data may leave open");
}

TEST_CASE("completed data are whole configurations drawn anew under the present parameters") {
  const auto model = deep({6, 5, 4});
  const Rows v(visible_states({6}));
  const CompletedData data(v, *model);
  CHECK(data.size() == 64);
  CHECK(data.dim() == 10);
  CHECK(data.observed().dim() == 6);
  const Batch first = data.all(Stream(1)), second = data.all(Stream(2));
  CHECK(first.topRows(6) == v.x());
  CHECK(second.topRows(6) == v.x());
  CHECK(first != second);
  CHECK_NOTHROW(require_inside(model->domain(), first));
  // With biases that decide, the hidden coordinates do too.
  Parameters theta = Parameters::Zero(parametric(*model).parameters().size());
  theta.tail(4) << 60, -60, 60, -60;
  parametric(*model).set_parameters(theta);
  Vector decided(4);
  decided << 1, 0, 1, 0;
  CHECK(data.all(Stream(1)).bottomRows(4) == decided.replicate(1, 64));
  const Rows narrow(visible_states({5}));
  CHECK(error_of([&] { CompletedData(narrow, *model); }) ==
        "the model observes 6 coordinates, but the data have 5");
}
