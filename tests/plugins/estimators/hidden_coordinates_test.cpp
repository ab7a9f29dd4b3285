// Estimators on data that cover the visible layer of a deep machine alone.
#include <cmath>
#include <gibbsite/api/completion.hpp>

#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Parametric& parametric(EnergyModel& model) { return *model.capability<Parametric>(); }

// Deep machine 6-5-4 of large, irregular weights.
std::unique_ptr<EnergyModel> deep(const std::string& more = "") {
  auto model = make_model("{name: deep_boltzmann_machine, visible: 6, hidden: [5, 4]" + more + "}");
  Parameters theta = parametric(*model).parameters();
  for (Index k = 0; k < theta.size(); ++k) theta(k) = 1.2 * std::sin(1 + 2.3 * double(k));
  parametric(*model).set_parameters(theta);
  return model;
}

Batch some_rows() {
  Batch v(6, 5);
  v << 1, 0, 1, 0, 0,  //
      0, 1, 1, 0, 1,   //
      1, 1, 0, 0, 1,   //
      0, 0, 1, 0, 1,   //
      1, 0, 0, 1, 0,   //
      1, 1, 1, 1, 0;
  return v;
}

// ln p(v) by adding up e^{-F} over all states.
Row log_likelihoods(const EnergyModel& model, const Batch& v) {
  const double log_z = log_sum_over_states(model);
  const Batch h = all_states(Domain::binary(model.dim() - v.rows()));
  Row out(v.cols());
  for (Index n = 0; n < v.cols(); ++n) {
    Batch x(model.dim(), h.cols());
    x << v.col(n).replicate(1, h.cols()), h;
    out(n) = log_sum_exp((-energies(model, x)).transpose()) - log_z;
  }
  return out;
}

// The law of block Gibbs particles after one step from each state, by enumeration.
Eigen::MatrixXd block_gibbs_kernel(const EnergyModel& model, const Batch& from) {
  const auto& latent = *model.capability<Latent>();
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
  const Batch h = all_states(latent.hidden());
  Batch eta, xi;
  latent.hidden_natural(from, eta);
  latent.visible_natural(h, xi);
  return law(eta, h) * law(xi, all_states(model.domain()));
}

// E[CD-1], particles starting at draws of the mean field `x` of the data, or at the means.
Parameters expected_cd(EnergyModel& model, const Batch& x, Index observed, bool at_means) {
  const Batch all = all_states(model.domain());
  Row particles;
  if (at_means) {
    particles = block_gibbs_kernel(model, x).colwise().mean().array();
  } else {
    Row start = Row::Zero(all.cols());
    for (Index n = 0; n < x.cols(); ++n)
      for (Index s = 0; s < all.cols(); ++s) {
        if (all.col(s).head(observed) != x.col(n).head(observed)) continue;
        double p = 1 / double(x.cols());
        for (Index i = observed; i < all.rows(); ++i)
          p *= all(i, s) > 0 ? double(x(i, n)) : 1 - double(x(i, n));
        start(s) += p;
      }
    particles = (start.matrix() * block_gibbs_kernel(model, all)).array();
  }
  Parameters out = Parameters::Zero(parametric(model).parameters().size());
  parametric(model).parameter_gradient(all, particles, out);
  parametric(model).parameter_gradient(x, Row::Constant(x.cols(), -1 / double(x.cols())), out);
  return out;
}

}  // namespace

TEST_CASE("log-likelihoods of v alone are those with every hidden layer summed out") {
  const auto model = deep();
  const Rows v(some_rows());
  const CompletedData train(v, *model);
  const Row truth = log_likelihoods(*model, v.x());
  const Result result =
      evaluate(*make_evaluation("exact_log_partition", context_with(*model, &train)), 1);
  CHECK(near(value_of(result, "mean_log_likelihood_train"), truth.mean(), 1e-11));
  CHECK(std::get<std::string>(result.attributes.at("likelihood_train")) == "exact");
  CHECK(std::get<std::string>(result.attributes.at("bound")) == "exact");
  const auto& each = values_of(result, "log_likelihood");
  for (Index n = 0; n < 5; ++n) CHECK(near(each[std::size_t(n)], truth(n), 1e-11));
  const Result ais = evaluate(
      *make_evaluation("{name: annealed_importance_sampling, base: data, temperatures: 300}",
                       context_with(*model, &train)),
      1);
  CHECK(std::get<std::string>(ais.attributes.at("likelihood_train")) == "exact");
  // The error is that of ln Z alone; 5 standard errors, to be missed once in 10^6 runs.
  CHECK(std::abs(value_of(ais, "mean_log_likelihood_train") - truth.mean()) <
        5 * value_of(ais, "mean_log_likelihood_train_standard_error"));
  CHECK(value_of(ais, "mean_log_likelihood_train_standard_error") < .1);
}

TEST_CASE("what cannot be summed is bounded, and called a bound by name and attribute") {
  // 21 units in the second hidden layer, 3 in the first: ln Z and, with v held, ln p(v) are sums
  // over the first; sums over the second are out of reach.
  const auto model =
      make_model("{name: deep_boltzmann_machine, visible: 4, hidden: [3, 21], weight_scale: 1}");
  const Rows v(all_states(Domain::binary(4)));
  const CompletedData train(v, *model);
  const Result result =
      evaluate(*make_evaluation("{name: exact_log_partition}", context_with(*model, &train)), 1);
  CHECK(std::get<std::string>(result.attributes.at("likelihood_train")) ==
        "variational_lower_bound");
  for (const Variable& variable : result.variables) {
    CHECK(variable.name != "mean_log_likelihood_train");
    CHECK(variable.name != "log_likelihood");
  }
  const auto& bound = values_of(result, "log_likelihood_bound");
  const double log_z = value_of(result, "log_partition");
  double mean = 0, gap = 0;
  for (Index n = 0; n < 16; ++n) {
    const Clamped held(*model, {0, 1, 2, 3}, v.x().col(n));
    const double exact = exact_sum(held, workers(), false).log_partition - log_z;
    CHECK(bound[std::size_t(n)] <= exact + 1e-12);
    gap = std::max(gap, exact - bound[std::size_t(n)]);
    mean += bound[std::size_t(n)] / 16;
  }
  CHECK(gap > .01);
  CHECK(gap < 3);
  CHECK(near(value_of(result, "mean_log_likelihood_bound_train"), mean, 1e-12));
  const std::string refusal =
      ": the data leave open hidden coordinates with 2^21 states, and sums over at most 2^20 are "
      "exact (contrastive_divergence trains without such sums)";
  CHECK(error_of([&] { make_gradient("exact", context_with(*model, &train)); }) ==
        "gradient exact" + refusal);
  CHECK(error_of([&] {
          make_evaluation("{name: gradient_error, gradient: contrastive_divergence}",
                          context_with(*model, &train));
        }) == "evaluation gradient_error" + refusal);
}

TEST_CASE("the exact gradient on v alone is the derivative of mean ln p(v)") {
  const auto model = deep();
  const Rows v(some_rows());
  const CompletedData train(v, *model);
  const auto exact = make_gradient("exact", context_with(*model, &train));
  CHECK(exact->takes() == HiddenCoordinates::none);
  Saved saved;
  const Parameters gradient = exact->estimate(v.x(), saved, Stream(1)).ascent;
  const Parameters theta = parametric(*model).parameters();
  for (Index i = 0; i < theta.size(); i += 6) {
    constexpr double step = 1e-5;
    Parameters moved = theta;
    moved(i) += step;
    parametric(*model).set_parameters(moved);
    const double up = log_likelihoods(*model, v.x()).mean();
    moved(i) -= 2 * step;
    parametric(*model).set_parameters(moved);
    CHECK(std::abs((up - log_likelihoods(*model, v.x()).mean()) / (2 * step) - gradient(i)) < 1e-8);
  }
  parametric(*model).set_parameters(theta);
  const Result check =
      evaluate(*make_evaluation("{name: gradient_error, repeats: 3, gradient: exact}",
                                context_with(*model, &train)),
               1);
  CHECK(value_of(check, "bias_norm") < 1e-12);
  CHECK(near(value_of(check, "exact_norm"), gradient.norm(), 1e-12));
}

TEST_CASE(
    "CD-1 takes the mean field on the data's side and starts particles at states drawn by it") {
  // The t statistic of 40 calls exceeds 5.6 with probability 1.8e-6, for 65 parameters.
  const auto model = deep();
  const Batch v = some_rows();
  const Rows rows(v);
  const CompletedData train(rows, *model);
  const auto cd = make_gradient("contrastive_divergence", context_with(*model, &train));
  REQUIRE(cd->takes() == HiddenCoordinates::means);
  const Batch x = rows_for(*cd, *model, v, workers(), Stream(1)).x;
  CHECK(x == mean_field(*model, v, 50, 1e-5).x);
  const Parameters expected = expected_cd(*model, x, 6, false),
                   from_means = expected_cd(*model, x, 6, true);
  std::vector<Moments> moments(std::size_t(expected.size()));
  Saved saved;
  for (std::uint64_t call = 0; call < 40; ++call) {
    const Parameters draw = cd->estimate(x.replicate(1, 800), saved, Stream(6).at(call)).ascent;
    for (Index i = 0; i < draw.size(); ++i) moments[std::size_t(i)].add(draw(i));
  }
  double worst = 0;
  for (Index i = 0; i < expected.size(); ++i) {
    const Moments& m = moments[std::size_t(i)];
    const double error = std::sqrt(m.variance() / 40);
    CAPTURE(i);
    CHECK(std::abs(m.mean - expected(i)) <= 5.6 * error + 1e-12);
    worst = std::max(worst, std::abs(m.mean - from_means(i)) / (error + 1e-12));
  }
  CHECK(worst > 10);  // particles that started at the means would be noticed
}

TEST_CASE("estimators that say nothing of hidden coordinates are given states") {
  class Plain final : public GradientEstimator {
    GradientEstimate estimate(const BatchView&, Saved&, Stream) const override { return {}; }
  };
  const auto model = deep();
  const Batch v = some_rows();
  const Completion rows = rows_for(Plain(), *model, v, workers(), Stream(1));
  CHECK(rows.x.topRows(6) == v);
  CHECK_NOTHROW(require_inside(model->domain(), rows.x));
  CHECK(rows.x != rows_for(Plain(), *model, v, workers(), Stream(2)).x);
  CHECK(rows_for(Plain(), *model, rows.x, workers(), Stream(3)).x == rows.x);  // whole already
}

TEST_CASE("training on v alone, by mean field or Gibbs and PCD, raises the exact log-likelihood") {
  // Four patterns of six pixels: independent pixels reach -6 ln 2 = -4.16 nats, and the best
  // possible is -ln 4 = -1.39.
  Batch v(6, 4);
  v << 1, 1, 0, 0,  //
      1, 1, 0, 0,   //
      1, 0, 1, 0,   //
      0, 1, 0, 1,   //
      0, 0, 1, 1,   //
      0, 0, 1, 1;
  const Rows rows(v);
  for (const std::string machine : {"hidden: [5, 4], inference: mean_field",
                                    "hidden: [5, 4], inference: gibbs, inference_steps: 10",
                                    "hidden: [5, 4, 3], inference: mean_field"}) {
    CAPTURE(machine);
    const auto model = make_model("{name: deep_boltzmann_machine, visible: 6, weight_scale: 0.3, " +
                                  machine + "}");
    const CompletedData train(rows, *model);
    const auto pcd =
        make_gradient("{name: contrastive_divergence, persistent: true, chains: 200, steps: 5}",
                      context_with(*model, &train));
    const auto optimizer = make_optimizer("{name: sgd, step_size: 0.1}");
    Saved saved = pcd->init(Stream(3));
    for (const Chains& block : saved.chains)
      CHECK_NOTHROW(require_inside(model->domain(), block.x));
    const double before = log_likelihoods(*model, v).mean();
    Slots slots;
    Parameters theta = parametric(*model).parameters();
    for (std::uint64_t n = 0; n < 1500; ++n) {
      const Completion data = rows_for(*pcd, *model, v, workers(), Stream(4).at(n));
      optimizer->update(theta, pcd->estimate(data.x, saved, Stream(6).at(n)).ascent, slots, n);
      parametric(*model).set_parameters(theta);
    }
    const double after = log_likelihoods(*model, v).mean();
    CHECK(before < -3.9);
    CHECK(after > -4.16 + 1);
  }
}
