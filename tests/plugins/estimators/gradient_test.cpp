// The exact gradient and contrastive divergence against enumeration; persistent chains have a file
// of their own.
#include <cmath>

#include "support/gradients.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;

namespace {

double mean_log_likelihood(EnergyModel& model, const Batch& data) {
  const test::Rows rows(data);
  const auto evaluation =
      test::make_evaluation("{name: exact_log_partition}", test::context_with(model, &rows));
  return test::value_of(test::evaluate(*evaluation, 1), "mean_log_likelihood_train");
}

// The expectation of CD-k over all random numbers: the data's law moved k times by the block-Gibbs
// transition matrix on v, by enumeration.
enum class Start { data, noise };
Parameters expected_cd(EnergyModel& model, const Batch& data, int steps,
                       Start start = Start::data) {
  const auto& latent = *model.capability<Latent>();
  const Batch v = states(model.domain(), 0, Index{1} << model.dim());
  const Batch h = states(latent.hidden(), 0, Index{1} << latent.hidden().dim());
  const auto law = [](const Batch& natural, const Batch& of) {
    Eigen::MatrixXd p(natural.cols(), of.cols());
    for (Index c = 0; c < natural.cols(); ++c)
      for (Index s = 0; s < of.cols(); ++s) {
        double log_p = 0;
        for (Index i = 0; i < natural.rows(); ++i)
          log_p -= softplus(of(i, s) > 0 ? -double(natural(i, c)) : double(natural(i, c)));
        p(c, s) = std::exp(log_p);
      }
    return p;
  };
  Batch eta, xi;
  latent.hidden_natural(v, eta);
  latent.visible_natural(h, xi);
  const Eigen::MatrixXd kernel = law(eta, h) * law(xi, v);
  Row particles = Row::Zero(v.cols());
  for (Index n = 0; n < data.cols(); ++n)
    for (Index s = 0; s < v.cols(); ++s)
      if (v.col(s) == data.col(n)) particles(s) += 1 / double(data.cols());
  Row weights = -particles;
  if (start == Start::noise) particles.setConstant(1 / double(v.cols()));
  for (int k = 0; k < steps; ++k) particles = (particles.matrix() * kernel).array().eval();
  weights += particles;
  const auto& parametric = *model.capability<Parametric>();
  Parameters out = Parameters::Zero(parametric.parameters().size());
  parametric.parameter_gradient(v, weights, out);
  return out;
}

double cosine(const Parameters& a, const Parameters& b) { return a.dot(b) / (a.norm() * b.norm()); }

struct TableRow {
  double scale, log_likelihood, gradient;
  std::vector<double> relative_bias, cosine;  // k = 1, 2, 5, 10
};
const std::vector<TableRow> table = {
    {.5, -5.7964489695, .559427, {.118956, .015758, .000038, 0}, {.999066, .999984, 1, 1}},
    {1,
     -6.6471602110,
     1.375870,
     {.309096, .103025, .004239, .000023},
     {.994597, .999479, .999999, 1}},
    {3,
     -15.6213696777,
     3.094393,
     {.433254, .219597, .049953, .004454},
     {.973778, .993469, .999661, .999997}},
    {6,
     -31.6927547883,
     3.461666,
     {.504704, .338788, .181753, .064513},
     {.921041, .965559, .991388, .998991}},
};
constexpr int table_steps[] = {1, 2, 5, 10};

}  // namespace

TEST_CASE("exact gradient and log-likelihood agree with the CD-bias table to its last digit") {
  for (const TableRow& row : table) {
    CAPTURE(row.scale);
    const auto model = test::recipe_rbm(8, 6, row.scale);
    CHECK(std::abs(mean_log_likelihood(*model, test::two_of_four()) - row.log_likelihood) < 1e-9);
    CHECK(std::abs(test::exact_gradient(*model, test::two_of_four()).norm() - row.gradient) < 1e-6);
  }
}

TEST_CASE("the exact gradient is the derivative of the mean log-likelihood") {
  const auto model = test::recipe_rbm(8, 6, 1);
  auto& parametric = *model->capability<Parametric>();
  const Parameters theta = parametric.parameters();
  const Parameters gradient = test::exact_gradient(*model, test::two_of_four());
  for (Index i = 0; i < theta.size(); i += 7) {
    constexpr double step = 1e-5;
    Parameters moved = theta;
    moved(i) += step;
    parametric.set_parameters(moved);
    const double up = mean_log_likelihood(*model, test::two_of_four());
    moved(i) -= 2 * step;
    parametric.set_parameters(moved);
    const double down = mean_log_likelihood(*model, test::two_of_four());
    CHECK(std::abs((up - down) / (2 * step) - gradient(i)) < 1e-8);
  }
}

TEST_CASE("the enumerated expectation of CD-k has the tabulated bias and cosine") {
  for (const TableRow& row : table) {
    const auto model = test::recipe_rbm(8, 6, row.scale);
    const Parameters exact = test::exact_gradient(*model, test::two_of_four());
    for (std::size_t k = 0; k < 4; ++k) {
      const Parameters mean = expected_cd(*model, test::two_of_four(), table_steps[k]);
      CAPTURE(row.scale);
      CAPTURE(table_steps[k]);
      CHECK(std::abs((mean - exact).norm() / exact.norm() - row.relative_bias[k]) < 1.01e-6);
      CHECK(std::abs(cosine(mean, exact) - row.cosine[k]) < 1.01e-6);
    }
  }
}

TEST_CASE("CD-k has its enumerated expectation in every parameter (|t| < 5.6 over 16 x 62 means)") {
  // Data are 80 copies of the six rows, so that one call averages 80 independent estimates. The
  // t statistic of 40 calls exceeds 5.6 with probability 1.8e-6: 2 false alarms in 1000 runs.
  const Batch data = test::two_of_four().replicate(1, 80);
  for (const TableRow& row : table) {
    const auto model = test::recipe_rbm(8, 6, row.scale);
    for (const int steps : table_steps) {
      const auto cd = test::make_gradient(
          "{name: contrastive_divergence, steps: " + std::to_string(steps) + "}",
          test::context_with(*model, nullptr));
      const Parameters expected = expected_cd(*model, test::two_of_four(), steps);
      std::vector<Moments> moments(std::size_t(expected.size()));
      Saved saved;
      for (std::uint64_t call = 0; call < 40; ++call) {
        const Parameters draw = cd->estimate(data, saved, Stream(11).at(call)).ascent;
        for (Index i = 0; i < draw.size(); ++i) moments[std::size_t(i)].add(draw(i));
      }
      double largest = 0;
      for (std::size_t i = 0; i < moments.size(); ++i)
        largest = std::max(largest, std::abs(moments[i].mean - expected(Index(i))) /
                                        std::sqrt(moments[i].variance() / 40));
      CAPTURE(row.scale);
      CAPTURE(steps);
      CHECK(largest < 5.6);
    }
  }
}

// As for CD-k above, over 62 means for each of two k.
TEST_CASE("short-run chains from noise have their enumerated expectation") {
  const Batch data = test::two_of_four().replicate(1, 80);
  const auto model = test::recipe_rbm(8, 6, 3);
  for (const int steps : {1, 3}) {
    const auto short_run = test::make_gradient(
        "{name: contrastive_divergence, start: noise, steps: " + std::to_string(steps) + "}",
        test::context_with(*model, nullptr));
    const Parameters expected = expected_cd(*model, test::two_of_four(), steps, Start::noise);
    CHECK((expected - expected_cd(*model, test::two_of_four(), steps)).norm() > .02);
    std::vector<Moments> moments(std::size_t(expected.size()));
    Saved saved;
    for (std::uint64_t call = 0; call < 40; ++call) {
      const GradientEstimate draw = short_run->estimate(data, saved, Stream(12).at(call));
      CHECK(draw.mean_chain_age == steps);
      CHECK(draw.max_chain_age == steps);
      for (Index i = 0; i < expected.size(); ++i) moments[std::size_t(i)].add(draw.ascent(i));
    }
    CAPTURE(steps);
    for (std::size_t i = 0; i < moments.size(); ++i)
      CHECK(std::abs(moments[i].mean - expected(Index(i))) <
            5.6 * std::sqrt(moments[i].variance() / 40));
  }
}

TEST_CASE("CD differs between updates, and is the same for one thread as for two") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const Workers one(1);
  const test::Rows rows(test::two_of_four().replicate(1, 20));
  for (const std::string yaml :
       {"{name: contrastive_divergence, steps: 2}",
        "{name: contrastive_divergence, steps: 2, start: noise}",
        "{name: contrastive_divergence, persistent: true, chains: 37}",
        "{name: contrastive_divergence, persistent: true, chains: 137, buffer_size: 200, "
        "reinitialization_rate: 0.3}"}) {
    const auto single = test::make_gradient(yaml, test::context_with(*model, &rows, nullptr, one));
    const auto both = test::make_gradient(yaml, test::context_with(*model, &rows));
    Saved a = single->init(Stream(3)), b = both->init(Stream(3));
    Parameters last = Parameters::Zero(62);
    for (std::uint64_t call = 0; call < 3; ++call) {
      const GradientEstimate x = single->estimate(rows.x(), a, Stream(5).at(call));
      const GradientEstimate y = both->estimate(rows.x(), b, Stream(5).at(call));
      CHECK(x.ascent == y.ascent);
      CHECK(x.energy_gap == y.energy_gap);
      CHECK(x.ascent != last);
      last = x.ascent;
    }
  }
}

TEST_CASE("the energy gap of CD is mean E(data) minus mean E(particles)") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows rows(test::two_of_four());
  const auto pcd =
      test::make_gradient("{name: contrastive_divergence, persistent: true, chains: 50}",
                          test::context_with(*model, &rows));
  Saved saved = pcd->init(Stream(3));
  const double gap = pcd->estimate(rows.x(), saved, Stream(4)).energy_gap;
  Row energy;
  model->energy(rows.x(), energy);
  double expected = energy.mean();
  for (const Chains& block : saved.chains) {
    model->energy(block.x, energy);
    expected -= energy.sum() / 50;
  }
  CHECK(gap == doctest::Approx(expected).epsilon(1e-12));
}

TEST_CASE("the exact gradient of a model with 2^40 states is refused when it is built") {
  const auto model = test::make_model("{name: rbm, visible: 40, hidden: 40}");
  CHECK_THROWS_AS(test::make_gradient("{name: exact}", test::context_with(*model, nullptr)), Error);
  CHECK_THROWS_AS(
      test::make_evaluation("{name: exact_log_partition}", test::context_with(*model, nullptr)),
      Error);
}

TEST_CASE(
    "with energy_magnitude α the ascent is that of the likelihood less α (mean E² + mean E²)") {
  const auto model = test::make_model("{name: mlp, units: 2, hidden: [5], weight_scale: 2}");
  const auto& parametric = *model->capability<Parametric>();
  Batch data(2, 30);
  Stream(1).normal(data);
  const auto make = [&](const std::string& more) {
    return test::make_gradient(
        "{name: contrastive_divergence, persistent: true, chains: 40, start: "
        "noise, sampler: {name: ula, step_size: 0.1}" +
            more + "}",
        test::context_with(*model, nullptr));
  };
  const auto plain = make(""), held = make(", energy_magnitude: 0.3"),
             quiet = make(", energy_magnitude: 0.3, energy_gap: false");
  Saved one = plain->init(Stream(2)), two = one, three = one;
  const GradientEstimate without = plain->estimate(data, one, Stream(3)),
                         with = held->estimate(data, two, Stream(3));
  CHECK(with.energy_gap ==
        doctest::Approx(without.energy_gap).epsilon(1e-12));  // sums in another order
  Parameters penalty = Parameters::Zero(without.ascent.size());
  for (const Batch& x : {data, one.chains[0].x}) {
    Row energy;
    model->energy(x, energy);
    parametric.parameter_gradient(x, 2 * energy / double(x.cols()), penalty);
  }
  CHECK((without.ascent - .3 * penalty - with.ascent).norm() < 1e-13 * penalty.norm());
  CHECK(penalty.norm() > .1);
  const GradientEstimate unheard = quiet->estimate(data, three, Stream(3));
  CHECK(unheard.ascent == with.ascent);
  CHECK(std::isnan(unheard.energy_gap));
}
