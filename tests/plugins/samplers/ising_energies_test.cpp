// Discrete kernels on the 16 x 16 Ising torus, whose energy Kaufman's formula gives.
#include <gibbsite/core/diagnostics.hpp>
#include <numbers>

#include "support/make.hpp"
#include "support/stationarity.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const double critical = .5 * std::log(1 + std::numbers::sqrt2);

std::unique_ptr<EnergyModel> torus(Index side, double coupling) {
  return make_model("{name: ising, sides: [" + std::to_string(side) +
                    "], coupling: " + number_text(coupling) + "}");
}

// -Σ s s' / N after each step, draws x chains, from all spins up.
Eigen::ArrayXXd energies_per_site(const std::string& yaml, EnergyModel& model, double coupling,
                                  Index chains, Index warmup, Index draws) {
  const auto kernel = make_sampler(yaml, model);
  Eigen::ArrayXXd out(draws, chains);
  workers().run(chains, [&](Index c) {
    const Stream random = Stream(17).chains_from(c);
    Chains chain = kernel->init(Batch::Ones(model.dim(), 1));
    Row energy;
    for (Index n = 0; n < warmup + draws; ++n) {
      kernel->step(chain, random.at(std::uint64_t(n)));
      if (n < warmup) continue;
      model.energy(chain.x, energy);
      out(n - warmup, c) = energy(0) / (coupling * double(model.dim()));
    }
  });
  return out;
}

// Steps per independent draw of the energy, 1 + 2 Σ ρ_t, as the mean of chains, and its error.
struct Inefficiency {
  double value = 0, error = 0;
};
Inefficiency inefficiency(const std::string& yaml, Index side, Index chains, Index draws) {
  const auto model = torus(side, critical);
  const Eigen::ArrayXXd energy =
      energies_per_site(yaml, *model, critical, chains, draws / 20, draws);
  Moments each;
  for (Index c = 0; c < chains; ++c) each.add(double(draws) / ess_basic(energy.col(c)));
  return {each.mean, std::sqrt(each.variance() / double(chains))};
}

}  // namespace

TEST_SUITE("slow") {
  // 18 comparisons, each off by 4 errors with probability 6e-5.
  TEST_CASE("discrete kernels have Kaufman's energy of the 16 x 16 torus within 4 errors") {
    struct Line {
      double coupling, energy;
    };
    for (const auto& [coupling, expected] :
         {Line{.3, -.704532671}, Line{.4, -1.131317984}, Line{critical, -1.453064853},
          Line{.5, -1.745530669}}) {
      const auto model = torus(16, coupling);
      for (const auto& [yaml, draws] : {std::pair<std::string, Index>{"gibbs", 5000},
                                        {"metropolis", 2500},
                                        {"swendsen_wang", 2500},
                                        {"{name: wolff, clusters: 5}", 2500},
                                        {"perfect", 100}}) {
        if (yaml == "perfect" && coupling > .41) continue;
        const Index warmup = yaml == "perfect" ? 0 : 200;
        const Eigen::ArrayXXd energy = energies_per_site(yaml, *model, coupling, 8, warmup, draws);
        INFO(yaml << " at K = " << coupling << ": " << energy.mean() << " +- "
                  << mcse_mean(energy));
        CHECK(mcse_mean(energy) < .01);
        CHECK(std::abs(energy.mean() - expected) < 4 * mcse_mean(energy));
      }
    }
  }

  // The time per independent energy grows as L^z: z = 2.17 for local updates (Nightingale & Blöte
  // 1996, Phys. Rev. Lett. 76:4548) and about .25 for Swendsen-Wang (Baillie & Coddington 1991,
  // Phys. Rev. B 43:10617), so that on large lattices each doubling of L multiplies the advantage
  // by 3.8. From L = 8 to 16 Swendsen-Wang still has the .35 of its first paper, and local updates
  // have less than 2.17, by how much no source says: so the test asks only that the advantage is
  // there and grows, by more than 4 standard errors. Each check fails by chance with probability
  // below 1e-4.
  TEST_CASE("at K_c Swendsen-Wang slows down as its paper says, and its advantage grows with L") {
    const auto [few, few_error] = inefficiency("swendsen_wang", 8, 16, 6000);
    const auto [many, many_error] = inefficiency("swendsen_wang", 16, 16, 6000);
    const auto [local_few, local_few_error] = inefficiency("gibbs", 8, 16, 12000);
    const auto [local_many, local_many_error] = inefficiency("gibbs", 16, 16, 12000);
    INFO("draws per independent energy: Swendsen-Wang " << few << " and " << many << ", Gibbs "
                                                        << local_few << " and " << local_many);
    const double z = std::log2(many / few);
    const double error = std::hypot(many_error / many, few_error / few) / std::numbers::ln2;
    CHECK(error < .1);
    CHECK(std::abs(z - .35) < 4 * error);
    const double local = std::log2(local_many / local_few);
    const double local_error =
        std::hypot(local_many_error / local_many, local_few_error / local_few) / std::numbers::ln2;
    CHECK(local_error < .15);
    CHECK(local - z > 4 * std::hypot(error, local_error));
    CHECK(local_many - many > 4 * std::hypot(local_many_error, many_error));
  }
}
