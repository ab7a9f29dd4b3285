// What random_walk, mala and hmc share: a proposal that is accepted or not, and an adapted step.
#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("a chain moves to its proposal or stays, energy and gradient with it") {
  const auto model = make_model("{name: gaussian_mixture, units: 2, means: [-1, 0, 1, 1]}");
  for (const std::string yaml : {"{name: random_walk, step_size: 2}", "{name: mala, step_size: 2}",
                                 "{name: hmc, step_size: 1.4, steps: 3}"}) {
    INFO(yaml);
    WatchedModel watched(*model);
    const auto kernel = make_sampler(yaml, watched);
    Chains chains = kernel->init(exact_draws(*model, 300, Stream(1)));
    const Batch before = chains.x;
    kernel->step(chains, Stream(2));
    Index moved = 0;
    for (Index c = 0; c < 300; ++c) {
      const bool at_proposal = chains.x.col(c) == watched.asked().back().col(c);
      CHECK(at_proposal != (chains.x.col(c) == before.col(c)));
      moved += at_proposal;
    }
    CHECK(moved > 30);
    CHECK(moved < 290);
    Chains again = chains;
    kernel->refresh(again);
    CHECK((again.energy == chains.energy).all());
    CHECK(again.gradient == chains.gradient);
  }
}

TEST_CASE("a proposal of NaN energy has acceptance 0 and leaves its chain in place") {
  HalfNan model(2);
  for (const std::string yaml : {"{name: random_walk, step_size: 1}", "{name: mala, step_size: 1}",
                                 "{name: hmc, step_size: 0.5, steps: 3}"}) {
    INFO(yaml);
    WatchedModel watched(model);
    const auto kernel = make_sampler(yaml, watched);
    Chains chains = kernel->init(Batch::Constant(2, 300, Real(-0.2)));
    kernel->step(chains, Stream(1));
    const Batch& proposal = watched.asked().back();
    Index refused = 0;
    for (Index c = 0; c < 300; ++c) {
      if (proposal(0, c) <= 0) continue;  // written so that NaN counts as outside
      ++refused;
      CHECK(chains.statistics(0, c) == 0);
      CHECK((chains.x.col(c).array() == Real(-0.2)).all());
    }
    CHECK(refused > 50);
  }
}

TEST_CASE("a kernel told not to adapt keeps its step size through warm-up") {
  const auto model = make_model("{name: gaussian, units: 3}");
  for (const std::string name : {"random_walk", "mala", "hmc"}) {
    const auto kernel = make_sampler("{name: " + name + ", step_size: 0.7, adapt: false}", *model);
    Chains chains = kernel->init(Batch::Zero(3, 4));
    const Table tuning = chains.tuning;
    for (Index n = 1; n <= 10; ++n) {
      kernel->step(chains, Stream(2).at(std::uint64_t(n)));
      kernel->adapt(chains, {n, 10});
    }
    CHECK((chains.tuning == tuning).all());
    CHECK((tuning.row(0) == 0.7).all());
  }
}

TEST_CASE("kernels on real coordinates refuse a model on discrete coordinates") {
  Independent model = Independent::uniform(Domain::binary(2));
  for (const std::string name : {"random_walk", "ula", "mala", "hmc"})
    CHECK_THROWS_AS(make_sampler("{name: " + name + "}", model), Error);
}
