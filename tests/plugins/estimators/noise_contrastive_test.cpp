// Noise-contrastive estimation, plain and conditional.
#include <cmath>
#include <gibbsite/api/exact_draws.hpp>
#include <numbers>

#include "support/population.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const std::string coins = "{name: bernoulli, probabilities: [0.5, 0.5, 0.5, 0.5, 0.5]}";
constexpr double machine_log_z = 4.157814045832;  // of recipe_boltzmann(5, 1, true)

std::unique_ptr<GradientEstimator> made(const std::string& yaml, EnergyModel& model,
                                        const Dataset* train = nullptr) {
  return make_gradient(yaml, context_with(model, train));
}

std::string nce(const std::string& noise, double log_partition) {
  return "{name: noise_contrastive_estimation, noise: " + noise +
         ", log_partition: " + number_text(log_partition) + "}";
}

// The mean over all discrete random choices, the data having the law of the model.
GradientEstimate expected(const std::string& yaml, EnergyModel& model) {
  const Workers one(1);
  Context context = context_with(model, nullptr, nullptr, one);
  const auto estimator = make_gradient(yaml, context);
  const Batch x = all_states(model.domain());
  const Row p = law(model);
  GradientEstimate sum, at_hand;
  sum.objective = 0;
  sum.ascent.setZero(model.capability<Parametric>()->parameters().size());
  for (Index n = 0; n < x.cols(); ++n)
    Outcomes::walk(
        [&] {
          Saved saved;
          at_hand = estimator->estimate(x.col(n), saved, Stream(3));
        },
        [&](double probability) {
          sum.objective += p(n) * probability * at_hand.objective;
          sum.ascent += p(n) * probability * at_hand.ascent;
        });
  return sum;
}

// The t statistics of the objective, the parameters and the statistics over calls on fresh data,
// against `truth`.
double largest_t(const GradientEstimator& estimator, const Exact& data, Index dim, Index size,
                 const Eigen::VectorXd& truth) {
  std::vector<Moments> moments(std::size_t(truth.size()));
  constexpr int calls = 40;
  Batch x(dim, size);
  for (std::uint64_t call = 0; call < calls; ++call) {
    data.draw(Stream(5).at(call), x);
    Saved saved;
    const GradientEstimate found = estimator.estimate(x, saved, Stream(6).at(call));
    moments[0].add(found.objective);
    for (Index i = 0; i < found.ascent.size(); ++i)
      moments[std::size_t(i) + 1].add(found.ascent(i));
    const std::size_t at = std::size_t(found.ascent.size()) + 1;
    if (at < moments.size()) moments[at].add(found.statistics[0]);
  }
  double largest = 0;
  for (std::size_t i = 0; i < moments.size(); ++i)
    largest = std::max(largest, std::abs(moments[i].mean - truth(Index(i))) /
                                    std::sqrt(moments[i].variance() / calls));
  return largest;
}

// E = λ x²/2 at x >= 0.
class HalfNormal final : public EnergyModel, public Parametric, public Exact {
 public:
  const Domain& domain() const override { return domain_; }
  std::vector<ParameterBlock> blocks() const override { return {{"lambda", {}, {}}}; }
  Parameters parameters() const override { return Parameters::Constant(1, lambda_); }
  void set_parameters(const Parameters& theta) override { lambda_ = theta(0); }
  void draw(Stream random, Eigen::Ref<Batch> x) const override {
    random.normal(x);
    x = x.cwiseAbs().eval() / Real(std::sqrt(lambda_));
  }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    for (Index n = 0; n < x.cols(); ++n)
      energy(n) = x(0, n) < 0 ? std::numeric_limits<double>::infinity()
                              : lambda_ / 2 * double(x(0, n) * x(0, n));
  }
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    for (Index n = 0; n < x.cols(); ++n) out(0) += weights(n) / 2 * double(x(0, n) * x(0, n));
  }
  Domain domain_ = Domain::rectified(1);
  double lambda_ = 1;
};

}  // namespace

TEST_CASE("with uniform noise NCE has its known value at the truth, and no gradient there") {
  const auto model = recipe_boltzmann(5, 1, true);
  const GradientEstimate found = expected(nce(coins, machine_log_z), *model);
  CHECK(std::abs(found.objective + 1.0585004838) < 1e-9);
  CHECK(found.ascent.cwiseAbs().maxCoeff() < 1e-10);
  // Of all log Z the true one is best.
  for (const double step : {-.01, .01})
    CHECK(expected(nce(coins, machine_log_z + step), *model).objective < found.objective - 1e-6);
}

TEST_CASE("NCE with two draws of uneven noise per observation is its sum over all states") {
  const auto model = recipe_boltzmann(3, 1, true);
  const auto noise = make_model("{name: bernoulli, probabilities: [0.2, 0.5, 0.7]}");
  const Row p = law(*model), q = law(*noise);
  const double truth =
      (p * (p / (p + 2 * q)).log()).sum() + 2 * (q * (2 * q / (p + 2 * q)).log()).sum();
  const GradientEstimate found = expected(
      "{name: noise_contrastive_estimation, noise: {name: bernoulli, probabilities: [0.2, "
      "0.5, 0.7]}, noise_ratio: 2, log_partition: " +
          number_text(log_sum_over_states(*model)) + "}",
      *model);
  CHECK(std::abs(found.objective - truth) < 1e-12);
  CHECK(found.ascent.cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("NCE solves for the log Z that makes its objective largest") {
  const auto model = recipe_boltzmann(5, 1, true);
  Batch data(5, 60);
  ExactDraws(*model).draw(Stream(4), data);
  for (const std::string more : {"", ", noise_ratio: 7"}) {
    const auto estimator =
        made("{name: noise_contrastive_estimation, noise: " + coins + more + "}", *model);
    CHECK(estimator->statistics() == std::vector<std::string>{"log_partition", "accuracy"});
    Saved saved;
    const GradientEstimate solved = estimator->estimate(data, saved, Stream(2));
    const double log_z = solved.statistics[0];
    CHECK(std::abs(log_z - machine_log_z) < 2);
    const auto fixed = [&](double value) {
      const auto other = made("{name: noise_contrastive_estimation, noise: " + coins + more +
                                  ", log_partition: " + number_text(value) + "}",
                              *model);
      return other->estimate(data, saved, Stream(2));
    };
    CHECK(near(fixed(log_z).objective, solved.objective, 1e-13));
    CHECK(distance(fixed(log_z).ascent, solved.ascent) < 1e-13);
    CHECK(std::abs((fixed(log_z + 1e-4).objective - fixed(log_z - 1e-4).objective) / 2e-4) < 1e-9);
    CHECK(fixed(log_z + .1).objective < solved.objective - 1e-4);
    check_ascent(*estimator, *model, data, 1e-8);
    CHECK(fixed(log_z).statistics[1] == solved.statistics[1]);
    CHECK(solved.statistics[1] > .5);
    CHECK(solved.statistics[1] < 1);
  }
}

// Two parameters, the objective and log Z: a false alarm in 1 of 10^4 runs at |t| > 5 of 39
// degrees.
TEST_CASE("NCE tells N(0, 1) from N(0, 4) with the log Z and the loss of quadrature") {
  const auto model = make_model("{name: gaussian, units: 1, precision: [1]}");
  const auto estimator = made(
      "{name: noise_contrastive_estimation, noise: {name: gaussian, units: "
      "1, precision: [0.25]}}",
      *model);
  const double log_z = .5 * std::log(2 * std::numbers::pi);
  Eigen::VectorXd truth(4);
  truth << -1.200825, 0, 0, log_z;
  CHECK(largest_t(*estimator, *model->capability<Exact>(), 1, 4000, truth) < 5);
  // The same away from the truth does not pass.
  const auto wide = make_model("{name: gaussian, units: 1, precision: [0.8]}");
  CHECK(largest_t(*made("{name: noise_contrastive_estimation, noise: {name: gaussian, units: 1, "
                        "precision: [0.25]}}",
                        *wide),
                  *model->capability<Exact>(), 1, 4000, truth) > 8);
}

TEST_CASE("without a noise model NCE takes the rates of the training data") {
  const auto model = make_model("{name: boltzmann_machine, units: 3}");
  Batch data(3, 6);
  data << 1, 1, 1, 0, 1, 0,  //
      0, 0, 0, 1, 0, 0,      //
      1, 1, 0, 0, 1, 0;
  const Rows train(data);
  Saved saved;
  // One pseudo-observation of each state: (4 + 1)/8, (1 + 1)/8, (3 + 1)/8.
  const GradientEstimate own = made("noise_contrastive_estimation", *model, &train)
                                   ->estimate(data, saved, Stream(2)),
                         same = made(
                                    "{name: noise_contrastive_estimation, noise: {name: "
                                    "bernoulli, probabilities: [0.625, 0.25, 0.5]}}",
                                    *model)
                                    ->estimate(data, saved, Stream(2));
  CHECK(near(own.objective, same.objective, 1e-12));
  CHECK(distance(own.ascent, same.ascent) < 1e-12);
}

TEST_CASE("NCE refuses noise on another domain, noise without log Z, and no noise without data") {
  const auto model = make_model("{name: gaussian, units: 1}");
  const auto refusal = [&](const std::string& noise) {
    return error_of(
        [&] { made("{name: noise_contrastive_estimation, noise: " + noise + "}", *model); });
  };
  CHECK(refusal("{name: gaussian, units: 2}") ==
        "gradient noise_contrastive_estimation: noise: must be on 1 real, got 2 real");
  CHECK(refusal("{name: mlp, units: 1}") ==
        "gradient noise_contrastive_estimation: noise: must have a known log Z and exact draws");
  CHECK(error_of([&] { made("noise_contrastive_estimation", *model); }).find("data") !=
        std::string::npos);
}

TEST_CASE("NCE stops where the noise does not reach the data, and not where data are impossible") {
  const auto model = make_model("{name: gaussian, units: 1}");
  const auto estimator = made(
      "{name: noise_contrastive_estimation, noise: {name: gaussian, units: "
      "1}}",
      *model);
  Saved saved;
  CHECK_THROWS_AS(estimator->estimate(Batch::Constant(1, 2, std::numeric_limits<Real>::infinity()),
                                      saved, Stream(1)),
                  Diverged);
  // Where data and noise are far apart they are told with certainty: J is nearly 0, and finite.
  const auto distant = make_model("{name: gaussian, mean: [30], precision: [100]}");
  const GradientEstimate far = made(
                                   "{name: noise_contrastive_estimation, noise: {name: gaussian, "
                                   "units: 1}}",
                                   *distant)
                                   ->estimate(Batch::Constant(1, 5, 30), saved, Stream(1));
  CHECK(std::abs(far.objective) < 1e-9);
  CHECK(far.ascent.allFinite());
  CHECK(far.statistics[1] == 1);
}

TEST_CASE("conditional NCE compares every pair once by the law of its noise, with no gradient") {
  for (const std::string spec :
       {"{name: boltzmann_machine, units: 3, weight_scale: 1}",
        "{name: ising, lattice: chain, sides: [3], coupling: 0.4, field: [0.3]}",
        "{name: discrete_boltzmann, units: 2, levels: 3, interaction: potts, weight_scale: 1}"}) {
    CAPTURE(spec);
    const auto model = make_model(spec);
    const Batch x = all_states(model->domain());
    const Row p = law(*model), energy = energies(*model, x);
    const double flip = .3, levels = double(model->domain().site(0).levels);
    double truth = 0;
    for (Index n = 0; n < x.cols(); ++n)
      for (Index m = 0; m < x.cols(); ++m) {
        const double changes = double((x.col(n).array() != x.col(m).array()).count());
        const double q =
            std::pow(1 - flip, double(x.rows()) - changes) * std::pow(flip / (levels - 1), changes);
        truth -= 2 * p(n) * q * softplus(energy(n) - energy(m));
      }
    const GradientEstimate found =
        expected("{name: conditional_noise_contrastive, flip_probability: 0.3}", *model);
    CHECK(std::abs(found.objective - truth) < 1e-12);
    CHECK(found.ascent.cwiseAbs().maxCoeff() < 1e-12);
  }
}

// Six means in all: a false alarm in 1 of 10^4 runs at |t| > 5 of 39 degrees.
TEST_CASE("conditional NCE with normal noise has no gradient under the model's own law") {
  const auto normal = make_model("{name: gaussian, mean: [0.5], precision: [2]}");
  HalfNormal half;
  for (EnergyModel* model : std::vector<EnergyModel*>{normal.get(), &half})
    for (const std::string yaml :
         {"{name: conditional_noise_contrastive, noise_scale: 1}",
          "{name: conditional_noise_contrastive, noise_scale: 0.5, neighbors: 5}"}) {
      CAPTURE(yaml);
      const auto estimator = made(yaml, *model);
      const auto t = [&](double lambda) {
        Batch x(1, 4000);
        auto& parametric = *model->capability<Parametric>();
        Parameters theta = parametric.parameters();
        std::vector<Moments> moments(std::size_t(theta.size()));
        for (std::uint64_t call = 0; call < 40; ++call) {
          model->capability<Exact>()->draw(Stream(5).at(call), x);
          Parameters other = theta;
          other(theta.size() - 1) *= lambda;
          parametric.set_parameters(other);
          Saved saved;
          const Parameters ascent = estimator->estimate(x, saved, Stream(6).at(call)).ascent;
          parametric.set_parameters(theta);
          for (Index i = 0; i < theta.size(); ++i) moments[std::size_t(i)].add(ascent(i));
        }
        double largest = 0;
        for (const Moments& m : moments)
          largest = std::max(largest, std::abs(m.mean) / std::sqrt(m.variance() / 40));
        return largest;
      };
      CHECK(t(1) < 5);
      CHECK(t(1.2) > 8);
      Batch x(1, 30);
      model->capability<Exact>()->draw(Stream(7), x);
      check_ascent(*estimator, *model, x, 1e-8);
    }
}

TEST_CASE("conditional NCE cannot tell what little noise has moved, and asks for every neighbor") {
  const auto model = make_model("{name: gaussian, units: 2}");
  const Batch x = Batch::Constant(2, 6, 1);
  const auto estimate = [&](const std::string& more) {
    Saved saved;
    return made("{name: conditional_noise_contrastive, " + more + "}", *model)
        ->estimate(x, saved, Stream(1))
        .objective;
  };
  CHECK(std::abs(estimate("noise_scale: 1e-9") + 2 * std::log(2)) < 1e-7);
  CHECK(std::abs(estimate("noise_scale: 1") + 2 * std::log(2)) > .01);
  const Evaluations before = model->evaluations();
  estimate("neighbors: 4");
  CHECK(model->evaluations() - before == Evaluations{.energy = 30, .parameter_gradient = 30});
}

TEST_CASE("conditional NCE takes noise for the coordinates that there are") {
  const auto normal = make_model("{name: gaussian, units: 2}"),
             machine = make_model("{name: boltzmann_machine, units: 3}");
  const auto refusal = [](const std::string& more, EnergyModel& model) {
    return error_of([&] { made("{name: conditional_noise_contrastive, " + more + "}", model); });
  };
  CHECK(refusal("flip_probability: 0.2", *normal) ==
        "gradient conditional_noise_contrastive: flip_probability: must go with discrete "
        "coordinates, got 2 real");
  CHECK(refusal("noise_scale: 0.2", *machine) ==
        "gradient conditional_noise_contrastive: noise_scale: must go with real coordinates, got "
        "3 binary");
  CHECK(refusal("noise_scale: 0.2", *normal).empty());
  CHECK(refusal("flip_probability: 1", *machine).empty());
}
