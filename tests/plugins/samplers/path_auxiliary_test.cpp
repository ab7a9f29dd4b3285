// Path auxiliary proposals (PAFS and PAS), by their transition matrix.
#include <functional>

#include "support/discrete_models.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::string spec(int radius, const std::string& more = "") {
  return "{name: path_auxiliary, radius: " + std::to_string(radius) + more + "}";
}

// PAFS of fixed length on pair interactions of two-state units: every ordered path, its own
// acceptance, from the table of probabilities alone.
Eigen::MatrixXd paths_of(const EnergyModel& model, Index length) {
  const Eigen::VectorXd law = probabilities(model);
  const Index dim = model.dim();
  const auto weight = [&](Index x, Index i) { return std::sqrt(law(x ^ (1 << i)) / law(x)); };
  const auto path_probability = [&](Index x, const std::vector<Index>& path) {
    double p = 1;
    std::vector<bool> used(std::size_t(dim), false);
    for (const Index i : path) {
      double total = 0;
      for (Index j = 0; j < dim; ++j)
        if (!used[std::size_t(j)]) total += weight(x, j);
      p *= weight(x, i) / total;
      used[std::size_t(i)] = true;
    }
    return p;
  };
  Eigen::MatrixXd K = Eigen::MatrixXd::Zero(law.size(), law.size());
  std::vector<Index> path;
  const std::function<void(Index)> extend = [&](Index x) {
    if (Index(path.size()) == length) {
      Index y = x;
      for (const Index i : path) y ^= 1 << i;
      const double there = path_probability(x, path),
                   back = path_probability(y, {path.rbegin(), path.rend()}),
                   accepted = std::min(1.0, law(y) * back / (law(x) * there));
      K(x, y) += there * accepted;
      K(x, x) += there * (1 - accepted);
      return;
    }
    for (Index i = 0; i < dim; ++i) {
      if (std::find(path.begin(), path.end(), i) != path.end()) continue;
      path.push_back(i);
      extend(x);
      path.pop_back();
    }
  };
  for (Index x = 0; x < law.size(); ++x) extend(x);
  return K;
}

Chains warm_up(const Sampler& kernel, const Batch& x, Index warmup) {
  Chains chains = kernel.init(x);
  for (Index n = 1; n <= warmup; ++n) {
    kernel.step(chains, Stream(2).at(std::uint64_t(n)));
    kernel.adapt(chains, {n, warmup});
  }
  return chains;
}

}  // namespace

TEST_CASE("path auxiliary proposals keep every discrete law reversibly to 1e-12") {
  discrete_models().check_kept(spec(2));
  discrete_models().check_kept(spec(2, ", length: fixed"));
  discrete_models().check_kept(spec(2, ", length: fixed, gradient: every_change"));
  discrete_models().check_kept(spec(2, ", gradient: every_change"));
}

TEST_CASE("a fast path draws without replacement, and its reverse begins with its end") {
  const auto model = recipe_boltzmann(4, 1.5, true);
  for (const int length : {1, 2, 3, 4})
    CHECK(largest_difference(matrix_of(spec(length, ", length: fixed"), *model),
                             paths_of(*model, length)) < 1e-12);
}

TEST_CASE("a path of random length is a mixture over 1 ... 2R - 1, at most the coordinates") {
  const auto model = recipe_boltzmann(4, 1, true);
  Eigen::MatrixXd mixture = Eigen::MatrixXd::Zero(16, 16);
  for (const int length : {1, 2, 3, 4}) {
    mixture += matrix_of(spec(length, ", length: fixed"), *model);
    if (length == 3) CHECK(largest_difference(matrix_of(spec(2), *model), mixture / 3) < 1e-12);
  }
  CHECK(largest_difference(matrix_of(spec(9), *model), mixture / 4) < 1e-12);
}

TEST_CASE("a path of one change is Gibbs with gradients, wherever its gradients are taken") {
  const auto model = recipe_rbm(4, 3, 2);
  const Eigen::MatrixXd K = matrix_of("{name: gibbs_with_gradients}", *model);
  CHECK(largest_difference(matrix_of(spec(1), *model), K) < 1e-15);
  CHECK(largest_difference(matrix_of(spec(1, ", gradient: every_change"), *model), K) < 1e-15);
}

// On independent units with two states alike PAS walks at random: two changes lead back to the
// start with probability 1/4 and to each of 6 others with 1/8.
TEST_CASE("a slow path may come back to a coordinate that it has changed") {
  Independent model = Independent::uniform(Domain::binary(4));
  const Eigen::MatrixXd K = matrix_of(spec(2, ", length: fixed, gradient: every_change"), model);
  CHECK((K.diagonal().array() - 1.0 / 4).abs().maxCoeff() < 1e-12);
  CHECK(K(0, 3) == doctest::Approx(1.0 / 8));
  CHECK(matrix_of(spec(2, ", length: fixed"), model)(0, 3) == doctest::Approx(1.0 / 6));
}

TEST_CASE("the matrix of a strongly coupled machine of six units is reversible to 1e-12") {
  for (const double scale : {.5, 1.5}) {
    const auto model = recipe_boltzmann(6, scale, true);
    const Eigen::MatrixXd K = matrix_of(spec(2), *model);
    CHECK(invariance_defect(K, *model) < 1e-12);
    CHECK(reversibility_defect(K, *model) < 1e-12);
  }
}

TEST_CASE("warm-up brings paths to acceptance .574 and leaves the radius alone afterwards") {
  const auto model = make_model("{name: ising, sides: [10, 10], coupling: .3}");
  const auto kernel = make_sampler(spec(1), *model);
  Batch x(100, 10);
  Independent::uniform(model->domain()).draw(Stream(1), x);
  Chains chains = warm_up(*kernel, x, 600);
  const Table tuning = chains.tuning;
  double acceptance = 0, length = 0;
  for (Index n = 0; n < 400; ++n) {
    kernel->step(chains, Stream(3).at(std::uint64_t(n)));
    acceptance += chains.statistics.row(0).mean() / 400;
    length += chains.statistics.row(2).mean() / 400;
  }
  CHECK(std::abs(acceptance - .574) < .08);  // of whole lengths
  CHECK((chains.tuning == tuning).all());
  CHECK(length == doctest::Approx(tuning.row(0).round().mean()).epsilon(.02));
  CHECK(tuning.row(0).minCoeff() > 3);
}

TEST_CASE("the radius stays between 1 and the number of coordinates") {
  Independent easy = Independent::uniform(Domain::binary(3));
  CHECK((warm_up(*make_sampler(spec(1), easy), Batch::Zero(3, 4), 300).tuning.row(0) == 3).all());
  const auto hard = recipe_boltzmann(6, 8, true);
  const auto kernel = make_sampler(spec(6, ", length: fixed"), *hard);
  CHECK((warm_up(*kernel, Batch::Zero(6, 4), 300).tuning.row(0) >= 1).all());
}

TEST_CASE("told not to adapt, paths keep their radius through warm-up") {
  const auto model = recipe_boltzmann(6, .5, true);
  const auto kernel = make_sampler(spec(2, ", adapt: false, length: fixed"), *model);
  const Chains chains = warm_up(*kernel, Batch::Zero(6, 4), 50);
  CHECK((chains.tuning.row(0) == 2).all());
  CHECK((chains.statistics.row(2) == 2).all());
}

TEST_CASE("a fast path takes one gradient, a slow one a gradient per change") {
  const auto model = recipe_rbm(5, 3, 1);
  for (const auto& [more, gradients] :
       {std::pair{"", 2}, std::pair{", gradient: every_change", 2 * 3}}) {
    const auto kernel =
        make_sampler(spec(3, ", length: fixed, updates: 2" + std::string(more)), *model);
    const Evaluations before = model->evaluations();
    Chains chains = kernel->init(Batch::Zero(5, 7));
    for (std::uint64_t n = 0; n < 3; ++n) kernel->step(chains, Stream(1).at(n));
    CHECK(model->evaluations() - before ==
          Evaluations{.gradient = std::uint64_t(7 * (1 + 3 * gradients))});
  }
}
