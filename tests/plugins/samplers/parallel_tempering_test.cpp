// Parallel tempering: its product law exactly, its exchanges against closed forms, its ladder.
#include <boost/math/special_functions/beta.hpp>
#include <cmath>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// max |π K - π| over the states of all replicas together, π their product law on the ladder, for
// the first step of the kernel and for the second (whose pairs are the others).
double product_defect(const std::string& spec, EnergyModel& model, EnergyModel* base,
                      const std::vector<double>& ladder, bool second_step) {
  const auto kernel = make_sampler(spec, model);
  const Batch all = all_states(model.domain());
  std::vector<Eigen::VectorXd> laws;
  Index states = 1;
  for (const double beta : ladder) {
    const WeightedSum path = base == nullptr ? WeightedSum::tempered(beta, model)
                                             : WeightedSum::path(*base, model, beta);
    laws.push_back(probabilities(path));
    states *= all.cols();
  }
  Chains begun = kernel->init(all.col(0));
  if (second_step) kernel->step(begun, Stream(1));
  Eigen::VectorXd law(states), flow = Eigen::VectorXd::Zero(states);
  for (Index from = 0; from < states; ++from) {
    law(from) = 1;
    Index rest = from;
    for (std::size_t k = 0; k < ladder.size(); ++k, rest /= all.cols()) {
      begun.nested[k].x = all.col(rest % all.cols());
      law(from) *= laws[k](rest % all.cols());
    }
    begun.x = begun.nested[0].x;
    kernel->refresh(begun);
    Chains chain;
    Outcomes::walk(
        [&] {
          chain = begun;
          kernel->step(chain, Stream(2));
        },
        [&](double probability) {
          Index to = 0;
          for (std::size_t k = ladder.size(); k-- > 0;)
            to = to * all.cols() + Index(state_number(model.domain(), chain.nested[k].x, 0));
          flow(to) += law(from) * probability;
        });
  }
  return (flow - law).cwiseAbs().maxCoeff();
}

// Chains at exact draws of N(0, I/β_k).
Chains gaussian_start(const Sampler& kernel, const std::vector<double>& ladder, Index dim,
                      Index count, std::uint64_t seed) {
  Chains chains = kernel.init(Batch::Zero(dim, count));
  for (std::size_t k = 0; k < ladder.size(); ++k) {
    Stream random = Stream(seed).split(k);
    random.normal(chains.nested[k].x);
    chains.nested[k].x /= Real(std::sqrt(ladder[k]));
  }
  chains.x = chains.nested[0].x;
  kernel.refresh(chains);
  return chains;
}

// Mean acceptance of an exchange between N(0, I/a) and N(0, I/b) in d dimensions.
double exchange_rate(double a, double b, double d) {
  return 2 * boost::math::ibeta(d / 2, d / 2, b / (a + b));
}

Row statistic(const Sampler& kernel, const Chains& chains, const std::string& name) {
  const auto all = kernel.statistics();
  for (std::size_t k = 0; k < all.size(); ++k)
    if (all[k].name == name) return chains.statistics.row(Index(k));
  FAIL("no statistic " << name);
  return {};
}

double standard_error(const Row& row) {
  return std::sqrt((row - row.mean()).square().sum()) / double(row.size());
}

}  // namespace

TEST_CASE("the product law of all replicas is left invariant to 1e-12") {
  const double limit = tolerance(1e-12, 1e-6);
  const auto boltzmann = recipe_boltzmann(3, 1, true);
  CHECK(product_defect("{name: parallel_tempering, ladder: [1, .4], sampler: gibbs}", *boltzmann,
                       nullptr, {1, .4}, false) < limit);
  Independent base = Independent::uniform(boltzmann->domain());
  CHECK(product_defect("{name: parallel_tempering, ladder: [1, 0], base: uniform, sampler: gibbs}",
                       *boltzmann, &base, {1, 0}, false) < limit);
}

TEST_CASE("a latent model's replicas are tempered in the joint energy, and exchanged by it") {
  const double limit = tolerance(1e-12, 1e-6);
  const auto rbm = recipe_rbm(2, 1, 3);
  Independent base = Independent::uniform(rbm->domain());
  for (const bool second_step : {false, true}) {
    CHECK(product_defect("{name: parallel_tempering, ladder: [1, .5, .1]}", *rbm, nullptr,
                         {1, .5, .1}, second_step) < limit);
    CHECK(product_defect("{name: parallel_tempering, ladder: [1, .5, 0], base: uniform}", *rbm,
                         &base, {1, .5, 0}, second_step) < limit);
  }
}

// 4.5 standard errors: false-alarm rate 7e-6 each.
TEST_CASE(
    "exchanges of normal replicas are accepted as often as the incomplete beta function says") {
  CHECK(std::abs(exchange_rate(1, .5, 10) - .28969) < 5e-6);
  CHECK(std::abs(exchange_rate(1, .8, 100) - .26623) < 5e-6);
  for (const auto& [dim, ratio] : {std::pair<Index, double>{10, .5}, {100, .8}}) {
    const auto model = make_model("{name: gaussian, units: " + std::to_string(dim) + "}");
    const auto kernel = make_sampler(
        "{name: parallel_tempering, ladder: [1, " + number_text(ratio) + "], sampler: random_walk}",
        *model);
    Chains chains = gaussian_start(*kernel, {1, ratio}, dim, 20000, 3);
    kernel->step(chains, Stream(4));
    const Row rate = statistic(*kernel, chains, "swap_rate_1");
    CHECK(std::abs(rate.mean() - exchange_rate(1, ratio, double(dim))) <
          4.5 * standard_error(rate));
    CHECK((chains.x == chains.nested[0].x));
    const Row second = statistic(*kernel, chains, "replica");
    CHECK(std::abs(second.mean() - rate.mean()) < 4.5 * std::sqrt(.25 / 20000));
  }
}

TEST_CASE("the barrier is the sum of the mean rejections, estimated pair by pair") {
  const auto model = make_model("{name: gaussian, units: 10}");
  const auto kernel =
      make_sampler("{name: parallel_tempering, ladder: [1, .5, .25], sampler: mala}", *model);
  Chains chains = gaussian_start(*kernel, {1, .5, .25}, 10, 20000, 5);
  for (std::uint64_t n = 0; n < 2; ++n) kernel->step(chains, Stream(6).at(n));
  const Row barrier = statistic(*kernel, chains, "barrier");
  CHECK(std::abs(barrier.mean() - 2 * (1 - exchange_rate(1, .5, 10))) <
        4.5 * standard_error(barrier));
}

TEST_CASE("replicas of a flat energy always trade places, and their round trips are counted") {
  Independent flat = Independent::uniform(Domain::binary(3));
  const auto kernel =
      make_sampler("{name: parallel_tempering, ladder: [1, .5], sampler: gibbs}", flat);
  Chains chains = kernel->init(Batch::Zero(3, 4));
  for (std::uint64_t n = 0; n < 11; ++n) {
    kernel->step(chains, Stream(7).at(n));
    // Trades in steps 0, 2, 4 …; whoever comes up in step 2 or later has been at the bottom.
    CHECK((statistic(*kernel, chains, "replica") == double((n / 2 + 1) % 2)).all());
    CHECK((statistic(*kernel, chains, "round_trips") == double(n / 2)).all());
    CHECK((statistic(*kernel, chains, "barrier") == 0).all());
  }
}

// From one mode alone; the share of the other after 400 steps of 400 chains, 5 standard errors.
TEST_CASE("replicas carry a chain between modes that Langevin steps do not leave") {
  const auto model = make_model(
      "{name: gaussian_mixture, weights: [.3, .7], means: [-6, 6], standard_deviations: [1, 1]}");
  const auto share = [&](const std::string& spec) {
    const auto kernel = make_sampler(spec, *model);
    Chains chains = kernel->init(Batch::Constant(1, 400, Real(6)));
    for (std::uint64_t n = 0; n < 400; ++n) kernel->step(chains, Stream(8).at(n));
    return double((chains.x.array() < 0).count()) / 400;
  };
  const std::string mala = "{name: mala, step_size: 1, adapt: false}";
  CHECK(share(mala) == 0);
  CHECK(std::abs(share("{name: parallel_tempering, temperatures: 5, lowest: .03, steps: 3, "
                       "sampler: " +
                       mala + "}") -
                 .3) < 5 * std::sqrt(.21 / 400));
}

TEST_CASE(
    "warm-up makes all pairs reject alike, chain by chain, and then leaves the ladder alone") {
  const auto model = make_model("{name: gaussian, units: 20}");
  const std::string spec =
      "{name: parallel_tempering, ladder: [1, .95, .9, .8, .1], sampler: {name: hmc, step_size: "
      ".4, steps: 4}, adapt: ";
  const auto kernel = make_sampler(spec + "true}", *model);
  const auto warmed = [&](const Batch& x, Stream random) {
    Chains chains = kernel->init(x);
    for (Index n = 1; n <= 1200; ++n) {
      kernel->step(chains, random.at(std::uint64_t(n)));
      kernel->adapt(chains, {n, 1200});
    }
    return chains;
  };
  Chains chains = warmed(Batch::Ones(20, 4), Stream(9));
  const Table ladder = chains.tuning;
  CHECK((ladder.row(1) == 1).all());
  CHECK((ladder.row(5) == .1).all());
  for (Index k = 1; k < 5; ++k) {
    CHECK((ladder.row(k + 1) < ladder.row(k)).all());
    // On a normal law equal rejections need equal ratios.
    CHECK((ladder.row(k + 1) / ladder.row(k) - std::pow(.1, .25)).abs().maxCoeff() < .1);
  }
  CHECK((ladder.col(0) != ladder.col(1)).any());
  const Chains alone = warmed(Batch::Ones(20, 1), Stream(9).chains_from(2));
  CHECK((alone.tuning == ladder.col(2)).all());
  CHECK(alone.x == chains.x.col(2));
  for (std::uint64_t n = 0; n < 50; ++n) kernel->step(chains, Stream(10).at(n));
  CHECK((chains.tuning == ladder).all());
  const auto fixed = make_sampler(spec + "false}", *model);
  Chains still = fixed->init(Batch::Ones(20, 2));
  const Table given = still.tuning;
  for (Index n = 1; n <= 100; ++n) {
    fixed->step(still, Stream(11).at(std::uint64_t(n)));
    fixed->adapt(still, {n, 100});
  }
  CHECK((still.tuning == given).all());
}

TEST_CASE("chains with ladders of their own keep the product law") {
  const auto model = make_model("{name: gaussian, units: 10}");
  const auto kernel = make_sampler(
      "{name: parallel_tempering, temperatures: 4, lowest: .2, sampler: {name: mala, step_size: "
      ".4}}",
      *model);
  Chains chains = kernel->init(Batch::Zero(10, 500));
  for (Index n = 1; n <= 100; ++n) {
    kernel->step(chains, Stream(12).at(std::uint64_t(n)));
    kernel->adapt(chains, {n, 100});
  }
  CHECK((chains.tuning.row(2) != chains.tuning(2, 0)).any());
  for (std::size_t k = 0; k < 4; ++k) {  // exact draws at each chain's own β
    Stream random = Stream(13).split(k);
    random.normal(chains.nested[k].x);
    chains.nested[k].x.array().rowwise() /= chains.tuning.row(1 + Index(k)).sqrt().cast<Real>();
  }
  chains.x = chains.nested[0].x;
  kernel->refresh(chains);
  for (std::uint64_t n = 0; n < 10; ++n) kernel->step(chains, Stream(14).at(n));
  for (std::size_t k = 0; k < 4; ++k) {
    const Row beta = chains.tuning.row(1 + Index(k));
    const double scaled =
        (chains.nested[k].x.cast<double>().colwise().squaredNorm().array() * beta).sum();
    CHECK(std::abs(scaled / 5000 - 1) < 5 * std::sqrt(2 / 5000.));  // χ² with 5000 degrees
  }
}

TEST_CASE("parallel tempering refuses a ladder that is none") {
  const auto model = make_model("{name: gaussian, units: 2}");
  const auto refusal = [&](const std::string& fields) {
    return error_of([&] { make_sampler("{name: parallel_tempering, " + fields + "}", *model); });
  };
  CHECK(refusal("ladder: [1, .5, .5]") ==
        "sampler parallel_tempering: ladder: must fall from 1, got [1, 0.5, 0.5]");
  CHECK(refusal("ladder: [.9, .5]").find("must fall from 1") != std::string::npos);
  CHECK(refusal("ladder: [1]").find("must fall from 1") != std::string::npos);
  CHECK(refusal("ladder: [1, 0]").find("must stay > 0 where there is no base") !=
        std::string::npos);
  CHECK(refusal("ladder: [1, 0], base: uniform").empty());
  CHECK(refusal("lowest: 1").find("lowest: must be < 1, got 1") != std::string::npos);
  CHECK(refusal("lowest: 0").find("must be in") != std::string::npos);
  CHECK(refusal("temperatures: 1").find("must be >= 2") != std::string::npos);
  CHECK(refusal("base: data").find("needs a data section") != std::string::npos);
  CHECK(refusal("sampler: gibbs_").find("unknown") != std::string::npos);
}

// False-alarm rate 1e-6. Tables of exact draws that were kept from another β would have its law.
TEST_CASE("replicas that are drawn exactly have the law of their own temperature each") {
  const auto model = recipe_boltzmann(5, 1, true);
  const std::vector<double> ladder = {1, .5, .1};
  const auto kernel = make_sampler(
      "{name: parallel_tempering, ladder: [1, .5, .1], adapt: false, sampler: exact}", *model);
  constexpr Index chains = 4000;
  Chains now = kernel->init(Batch::Zero(5, chains));
  for (std::uint64_t n = 1; n <= 3; ++n) kernel->step(now, Stream(31).at(n));
  for (std::size_t k = 0; k < ladder.size(); ++k) {
    CAPTURE(ladder[k]);
    Eigen::VectorXd counts = Eigen::VectorXd::Zero(32);
    for (Index c = 0; c < chains; ++c)
      ++counts(Index(state_number(model->domain(), now.nested[k].x, c)));
    const WeightedSum tempered = WeightedSum::tempered(ladder[k], *model);
    CHECK(chi_squared_p(counts, probabilities(tempered)) > 1e-6);
  }
}
