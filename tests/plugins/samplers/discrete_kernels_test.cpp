// What the kernels on discrete coordinates share: what they refuse, where they never go, and that
// they run inside training and annealing.
#include "support/discrete_models.hpp"
#include "support/rows.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const std::vector<std::string> kernel_specs = {
    "{name: gibbs_with_gradients, updates: 6}",
    "{name: locally_balanced, updates: 6}",
    "{name: locally_balanced, balancing: barker, ratios: gradient, updates: 6}",
    "{name: discrete_langevin, step_size: .5, updates: 4}",
    "{name: path_auxiliary, updates: 4}",
    "{name: path_auxiliary, gradient: every_change, updates: 4}",
    "{name: hamming_ball, block: 3, radius: 2, updates: 4}"};

// Data of the small rbm below: rows of 0s, of 1s, and one in between.
Batch data() {
  Batch x = Batch::Zero(6, 60);
  for (Index n = 0; n < 60; ++n) x.col(n).head(n % 7).setOnes();
  return x;
}

}  // namespace

TEST_CASE("kernels on discrete coordinates refuse a model on real coordinates") {
  const auto gaussian = make_model("{name: gaussian, units: 2}");
  for (const std::string& yaml : kernel_specs) {
    INFO(yaml);
    CHECK_THROWS_AS(make_sampler(yaml, *gaussian), Error);
  }
  CHECK_THROWS_WITH_AS(
      make_sampler("{name: locally_balanced}", *gaussian),
      "sampler locally_balanced: needs a model on discrete coordinates, got 2 real", Error);
  CHECK_THROWS_WITH_AS(make_sampler("{name: hamming_ball}", *gaussian),
                       "sampler hamming_ball: needs a model on discrete coordinates, got 2 real",
                       Error);
}

TEST_CASE("no kernel enters a state whose energy is NaN or infinite, of either sign") {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double value : {std::numeric_limits<double>::quiet_NaN(), infinity, -infinity}) {
    RoughTable model = RoughTable::mixed(value);
    std::vector<std::string> all = kernel_specs;
    all.emplace_back("{name: discrete_langevin, step_size: .5, adjust: false}");
    for (const std::string& yaml : all) {
      INFO(yaml << " with " << value);
      const auto kernel = make_sampler(yaml, model);
      Chains chains =
          kernel->init(Batch::Zero(4, 100).colwise() + Eigen::Vector4d(0, 0, 0, -1).cast<Real>());
      for (std::uint64_t n = 0; n < 40; ++n) kernel->step(chains, Stream(1).at(n));
      Row energy;
      model.energy(chains.x, energy);
      CHECK(energy.isFinite().all());
      if (value != -infinity)  // it draws every proposal
        CHECK((chains.x.row(0).array() == 1).any());
      CHECK((chains.statistics >= 0).all());
    }
  }
}

// 27 t tests of 39 degrees for each of 7 kernels: a false alarm in 1 of 10000 runs.
TEST_CASE("persistent CD on an rbm is unbiased with every kernel (|t| < 6)") {
  const auto model = recipe_rbm(6, 3, 1);
  const Rows rows(data());
  const Context context = context_with(*model, &rows);
  Saved none;
  const Parameters exact =
      make_gradient("{name: exact}", context)->estimate(rows.x(), none, Stream(1)).ascent;
  for (const std::string& yaml : kernel_specs) {
    INFO(yaml);
    const auto pcd = make_gradient(
        "{name: contrastive_divergence, persistent: true, chains: 100, steps: 8, sampler: " + yaml +
            "}",
        context);
    Saved saved = pcd->init(Stream(3));
    std::vector<Moments> moments(std::size_t(exact.size()));
    for (std::uint64_t call = 0; call < 42; ++call) {
      const Parameters draw = pcd->estimate(rows.x(), saved, Stream(6).at(call)).ascent;
      for (Index i = 0; i < draw.size() && call >= 2; ++i) moments[std::size_t(i)].add(draw(i));
    }
    double largest = 0;
    for (Index i = 0; i < exact.size(); ++i) {
      const Moments& m = moments[std::size_t(i)];
      largest = std::max(largest, std::abs(m.mean - exact(i)) / std::sqrt(m.variance() / 40));
    }
    INFO("largest |t| = " << largest);
    CHECK(largest < 6);
  }
}

// False-alarm rate 6e-7 per kernel, were the estimate normal.
TEST_CASE("annealing finds ln Z of an rbm with every kernel within 5 standard errors") {
  const auto model = recipe_rbm(6, 3, 1);
  const double exact = exact_sum(*model, workers(), false).log_partition;
  for (const std::string& yaml : kernel_specs) {
    INFO(yaml);
    const Result result = evaluate(
        *make_evaluation("{name: annealed_importance_sampling, temperatures: 50, runs: 200, "
                         "sampler: " +
                             yaml + "}",
                         context_with(*model, nullptr)),
        4);
    const double found = value_of(result, "log_partition"),
                 error = value_of(result, "standard_error");
    INFO("ln Z = " << found << " +- " << error << ", exact " << exact);
    CHECK(std::abs(found - exact) < 5 * error);
    CHECK(error < .05);
    CHECK(std::get<bool>(result.attributes.at("reliable")));
  }
}
