// Coupled Gibbs chains: each follows its kernel, they meet as fast as maximal couplings let
// them, and what is made of them is unbiased.
#include <Eigen/LU>
#include <cmath>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Domain mixed_domain() {
  return {{{Domain::Kind::binary, 2, 2},
           {Domain::Kind::categorical, 1, 3},
           {Domain::Kind::spin, 1, 2}}};
}

// What H_k is made of: x, and x_i E[h_j | x] where there are hidden units.
Table features(const EnergyModel& model, const Batch& x) {
  const Latent* latent = model.capability<Latent>();
  if (latent == nullptr) return x.cast<double>().array();
  Batch natural;
  latent->hidden_natural(x, natural);
  const Index units = natural.rows();
  Table all(x.rows() * (1 + units), x.cols());
  all.topRows(x.rows()) = x.cast<double>().array();
  for (Index i = 0; i < x.rows(); ++i)
    for (Index j = 0; j < units; ++j)
      for (Index c = 0; c < x.cols(); ++c)
        all(x.rows() + i * units + j, c) = double(x(i, c)) * sigmoid(double(natural(j, c)));
  return all;
}

struct Meeting {
  Row time;        ///< τ
  Table at_k;      ///< features at X_k, per chain
  Table estimate;  ///< H_k of the features
};

// Runs every chain until it has met and for at least k steps.
Meeting run(EnergyModel& model, const Batch& start, Index k, const Stream& random) {
  const auto kernel = make_sampler("coupled", model);
  Chains chains = kernel->init(start);
  Meeting out;
  if (k == 0) out.estimate = out.at_k = features(model, start);
  for (Index t = 1;; ++t) {
    REQUIRE(t < 100000);
    kernel->step(chains, random.at(std::uint64_t(t)));
    if (t == k) out.estimate = out.at_k = features(model, chains.x);
    if (t > k)  // nothing is added from τ on
      out.estimate += features(model, chains.x) - features(model, chains.nested[0].x);
    out.time = chains.statistics.row(1);
    if (t >= k && (chains.statistics.row(0) == 1).all()) return out;
  }
}

// The joint law of a maximal coupling with independent rests, rows p, columns q.
Eigen::MatrixXd coupling(const Eigen::VectorXd& p, const Eigen::VectorXd& q) {
  const Eigen::VectorXd common = p.cwiseMin(q);
  const double apart = 1 - common.sum();
  Eigen::MatrixXd joint = common.asDiagonal();
  if (apart > 1e-14) joint += (p - common) * (q - common).transpose() / apart;
  return joint;
}

// Laws of independent units, one column per column of `natural`.
Eigen::MatrixXd unit_laws(const Domain& units, const Batch& natural) {
  const Batch all = all_states(units);
  Eigen::MatrixXd laws(all.cols(), natural.cols());
  for (Index c = 0; c < natural.cols(); ++c) {
    const Batch same = natural.col(c).replicate(1, all.cols());
    laws.col(c) = (natural_energy(units, same, all) - log_partition(units, same)).exp().transpose();
  }
  return laws;
}

// E τ from each start of both chains, by first-step analysis of the pair of chains.
Eigen::VectorXd mean_meeting_times(const EnergyModel& model) {
  const Latent& latent = *model.capability<Latent>();
  Batch natural;
  latent.hidden_natural(all_states(model.domain()), natural);
  const Eigen::MatrixXd up = unit_laws(latent.hidden(), natural);
  latent.visible_natural(all_states(latent.hidden()), natural);
  const Eigen::MatrixXd down = unit_laws(model.domain(), natural);
  const Index n = up.cols(), m = down.cols();
  Eigen::MatrixXd equations = Eigen::MatrixXd::Identity(n * n, n * n);
  Eigen::VectorXd ones = Eigen::VectorXd::Zero(n * n);
  for (Index x = 0; x < n; ++x)
    for (Index y = 0; y < n; ++y) {
      if (x == y) continue;  // has met: 0
      ones(x * n + y) = 1;
      const Eigen::MatrixXd layers = coupling(up.col(x), up.col(y));
      for (Index h = 0; h < m; ++h)
        for (Index g = 0; g < m; ++g)
          equations.row(x * n + y) -=
              layers(h, g) * coupling(down.col(h), down.col(g)).transpose().reshaped().transpose();
    }
  const Eigen::VectorXd to_go = equations.partialPivLu().solve(ones);
  const Eigen::MatrixXd alone = (down * up).transpose();  // the first step, of X alone
  Eigen::VectorXd all = Eigen::VectorXd::Ones(n);
  for (Index y = 0; y < n; ++y)
    for (Index x = 0; x < n; ++x) all(y) += alone(y, x) * to_go(x * n + y);
  return all;
}

double standard_error(const Row& row) {
  return std::sqrt((row - row.mean()).square().sum()) / double(row.size());
}

}  // namespace

TEST_CASE("the chain ahead is bit by bit the one that its kernel makes alone") {
  const auto rbm = recipe_rbm(5, 3, 2);
  const auto boltzmann = recipe_boltzmann(5, .5, true);
  TableModel rugged = TableModel::rugged(mixed_domain());
  for (const auto& [name, model] : {std::pair<std::string, EnergyModel*>{"block_gibbs", rbm.get()},
                                    {"gibbs", boltzmann.get()},
                                    {"gibbs", &rugged}}) {
    CAPTURE(name);
    const auto coupled = make_sampler("coupled", *model), plain = make_sampler(name, *model);
    Batch x(model->dim(), 40);
    Independent::uniform(model->domain()).draw(Stream(1), x);
    Chains one = coupled->init(x), two = plain->init(x);
    for (std::uint64_t n = 0; n < 30; ++n) {
      coupled->step(one, Stream(2).at(n));
      plain->step(two, Stream(2).at(n));
      REQUIRE(one.x == two.x);
    }
    CHECK(coupled->is_reversible() == plain->is_reversible());
  }
}

// χ² over all states, false-alarm rate 1e-6 each.
TEST_CASE("the chain behind has the law of its kernel too, one step later") {
  const auto rbm = recipe_rbm(4, 3, 2);
  const auto boltzmann = recipe_boltzmann(4, 1, true);
  TableModel rugged = TableModel::rugged(mixed_domain());
  const auto ising =
      make_model("{name: ising, sides: [2, 3], boundary: open, coupling: .4, field: [.2]}");
  for (const auto& [name, model] : {std::pair<std::string, EnergyModel*>{"block_gibbs", rbm.get()},
                                    {"gibbs", boltzmann.get()},
                                    {"gibbs", &rugged},
                                    {"gibbs", ising.get()}}) {
    CAPTURE(model->domain().text());
    const Eigen::MatrixXd K = transitions(sampler("{name: " + name + "}"), *model).probability;
    const Batch all = all_states(model->domain());
    const Index from = all.cols() / 3;
    const auto kernel = make_sampler("coupled", *model);
    Chains chains = kernel->init(all.col(from).replicate(1, 20000));
    Eigen::MatrixXd law = Eigen::MatrixXd::Identity(all.cols(), all.cols());
    for (std::uint64_t n = 0; n < 3; ++n) {
      kernel->step(chains, Stream(3).at(n));
      if (n > 0) law *= K;
      if (n == 0) {
        CHECK((chains.nested[0].x.colwise() - all.col(from)).isZero());
        continue;
      }
      Eigen::VectorXd counts = Eigen::VectorXd::Zero(all.cols());
      for (Index c = 0; c < 20000; ++c)
        counts(Index(state_number(model->domain(), chains.nested[0].x, c))) += 1;
      CHECK(chi_squared_p(counts, law.row(Index(from)).transpose()) > 1e-6);
    }
  }
}

TEST_CASE("chains that have met stay together, at the time that is reported") {
  const auto rbm = recipe_rbm(6, 4, 2);
  const auto kernel = make_sampler("coupled", *rbm);
  Chains chains = kernel->init(exact_draws(*rbm, 200, Stream(4)));
  Row first = Row::Zero(200);
  for (Index t = 1; t <= 60; ++t) {
    kernel->step(chains, Stream(5).at(std::uint64_t(t)));
    for (Index c = 0; c < 200; ++c) {
      const bool together = chains.x.col(c) == chains.nested[0].x.col(c);
      if (first(c) == 0 && together) first(c) = double(t);
      REQUIRE(together == (first(c) > 0));
      REQUIRE(chains.statistics(0, c) == (together ? 1 : 0));
      REQUIRE(chains.statistics(1, c) == first(c));
    }
  }
  CHECK((first > 0).all());
  CHECK((first > 1).any());
}

// 4.5 standard errors each: false-alarm rate 7e-6.
TEST_CASE("chains meet as fast as maximal couplings of the two layers can make them") {
  const auto rbm = recipe_rbm(3, 2, 3);
  const Eigen::VectorXd exact = mean_meeting_times(*rbm);
  CHECK(exact.maxCoeff() > 1.2 * exact.minCoeff());
  const Batch all = all_states(rbm->domain());
  for (Index from = 0; from < all.cols(); ++from) {
    const Row time = run(*rbm, all.col(from).replicate(1, 10000), 1, Stream(6)).time;
    CAPTURE(exact(from));
    CHECK(std::abs(time.mean() - exact(from)) < 4.5 * standard_error(time));
  }
}

// 56 means each; |z| > 5 for any of them at a rate of 3e-5.
TEST_CASE("H_k has the model's means, where X_k from one state is far from them") {
  const auto rbm = recipe_rbm(8, 6, 3);
  const Batch all = all_states(rbm->domain());
  const Eigen::VectorXd expected = features(*rbm, all).matrix() * probabilities(*rbm);
  const Batch start = all.col(170).replicate(1, 6000);
  const auto worst = [&](const Table& values) {
    double z = 0;
    for (Index i = 0; i < values.rows(); ++i) {
      const Row row = values.row(i);
      z = std::max(z, std::abs(row.mean() - expected(i)) / standard_error(row));
    }
    return z;
  };
  for (const Index k : {0, 1}) {
    CAPTURE(k);
    const Meeting met = run(*rbm, start, k, Stream(7 + std::uint64_t(k)));
    CHECK(worst(met.estimate) < 5);
    CHECK(worst(met.at_k) > 20);
  }
}

TEST_CASE("H_k is unbiased where coordinates are drawn one by one, too") {
  TableModel rugged = TableModel::rugged(mixed_domain());
  const Batch all = all_states(rugged.domain());
  const Eigen::VectorXd expected = all.cast<double>() * probabilities(rugged);
  const Meeting met = run(rugged, all.col(5).replicate(1, 5000), 1, Stream(11));
  for (Index i = 0; i < 4; ++i) {
    const Row row = met.estimate.row(i);
    CHECK(std::abs(row.mean() - expected(i)) < 4.5 * standard_error(row));
  }
}

TEST_CASE("coupled refuses models that it has no discrete conditional laws of") {
  Independent real = Independent::uniform(Domain::real(2));
  CHECK(error_of([&] { make_sampler("coupled", real); }) ==
        "sampler coupled: needs a model on discrete coordinates with discrete hidden units or "
        "conditional laws, got 2 real");
}
