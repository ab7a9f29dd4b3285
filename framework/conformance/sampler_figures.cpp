#include "gibbsite/conformance/sampler_figures.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/api/enumerate.hpp"
#include "gibbsite/conformance/comparison.hpp"
#include "gibbsite/conformance/models.hpp"
#include "gibbsite/core/diagnostics.hpp"

namespace gibbsite {

Index forgetting_steps(const Sampler& kernel, EnergyModel& model, const Table& tuning,
                       const Workers& workers) {
  const Batch start = exact_draws(model, 200, Stream(41));
  for (Index steps = 2; steps < 64; steps *= 2) {
    Batch x = start;
    step_all(kernel, x, steps, Stream(42), workers, tuning);
    double most = 0;
    for (Index i = 0; i < x.rows(); ++i) {
      const Row a = start.row(i).cast<double>().array() - double(start.row(i).mean()),
                b = x.row(i).cast<double>().array() - double(x.row(i).mean());
      most = std::max(most, (a * b).sum() / std::sqrt(a.square().sum() * b.square().sum()));
    }
    if (!(most > 0.5)) return steps;
  }
  return 64;
}

Table warmed_up_tuning(const Sampler& kernel, EnergyModel& model) {
  Chains chains = kernel.init(exact_draws(model, 1, Stream(43)));
  if (chains.tuning.size() == 0) return {};
  for (Index n = 1; n <= 200; ++n) {
    kernel.step(chains, Stream(44).at(std::uint64_t(n)));
    kernel.adapt(chains, {n, 200});
  }
  return chains.tuning;
}

double seconds_per_step(const Sampler& kernel, EnergyModel& model, Index chains) {
  constexpr std::uint64_t some = 10;
  Chains now = kernel.init(exact_draws(model, chains, Stream(50)));
  const double began = processor_seconds();
  for (std::uint64_t n = 0; n < some; ++n) kernel.step(now, Stream(51).at(n));
  return std::max(1e-9, (processor_seconds() - began) / double(some));
}

Speed speed_of(const Sampler& kernel, EnergyModel& model) {
  constexpr Index chains = 4;
  const Index draws =
      std::clamp<Index>(Index(0.8 / seconds_per_step(kernel, model, chains)), 50, 500);
  const Index warmup = 3 * draws / 5;
  Chains now = kernel.init(exact_draws(model, chains, Stream(45)));
  for (Index n = 1; n <= warmup; ++n) {
    kernel.step(now, Stream(46).at(std::uint64_t(n)));
    kernel.adapt(now, {n, warmup});
  }
  std::vector<Eigen::ArrayXXd> x(std::size_t(model.dim()), Eigen::ArrayXXd(draws, chains));
  const Evaluations before = model.evaluations();
  const double began = processor_seconds();
  for (Index n = 0; n < draws; ++n) {
    kernel.step(now, Stream(47).at(std::uint64_t(n)));
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i].row(n) = now.x.row(Index(i)).cast<double>().array();
  }
  const double seconds = processor_seconds() - began;
  const Evaluations spent = model.evaluations() - before;
  double worst = HUGE_VAL;
  for (const auto& one : x) worst = std::min(worst, ess_basic(one));
  return {worst / double(spent.energy + spent.gradient + spent.site_updates), worst / seconds};
}

namespace {

std::string rival_of(const Entry& entry, const EnergyModel& model) {
  const auto needs = [&](std::string_view ability) {
    return std::find(entry.needs.begin(), entry.needs.end(), ability) != entry.needs.end();
  };
  if (!model.domain().is_discrete()) return needs(Differentiable::name) ? "mala" : "random_walk";
  if (needs(Latent::name)) return "block_gibbs";
  if (needs(DiscreteGradient::name)) return "gibbs_with_gradients";
  return needs(Conditional::name) ? "gibbs" : "metropolis";
}

}  // namespace

std::string efficiency_of(const Sampler& kernel, EnergyModel& model, const Entry& entry,
                          const Context& context) {
  const std::string rival = rival_of(entry, model);
  try {
    const auto other = sampler_of("{name: " + rival + "}", model, context);
    const Speed mine = speed_of(kernel, model), theirs = speed_of(*other, model);
    return shown(mine.per_evaluation) + " effective draws per evaluation and " +
           shown(mine.per_second) + " per second; " + rival + " has " +
           shown(theirs.per_evaluation) + " and " + shown(theirs.per_second);
  } catch (const Error&) {
    return "";
  }
}

Index affordable_starts(const Sampler& kernel, EnergyModel& model, const Starts& starts,
                        const Workers& workers, const Affordable& limits) {
  constexpr Index some = 100;
  Batch x = exact_draws(model, some, Stream(48));
  const double began = processor_seconds();
  step_all(kernel, x, starts.steps, Stream(49), workers, starts.tuning);
  const double each = (processor_seconds() - began) / double(some);
  const double most = limits.seconds / std::max(each, 1e-9);
  return most >= double(limits.most) ? limits.most : std::max(limits.least, Index(most));
}

}  // namespace gibbsite
