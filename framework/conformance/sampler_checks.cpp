#include "gibbsite/conformance/sampler_checks.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "gibbsite/api/compose.hpp"
#include "gibbsite/conformance/counting.hpp"
#include "gibbsite/conformance/models.hpp"

namespace gibbsite {
namespace {

template <class A, class B>
bool same(const A& a, const B& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         ((a.array() == b.array()) || (a.array().isNaN() && b.array().isNaN())).all();
}

// Some steps, the first ones as warm-up; `from` steps have been made before.
constexpr Index warmup = 5, steps = 10;
void run(const Sampler& kernel, Chains& chains, Stream random, Index from, Index to) {
  for (Index n = from + 1; n <= to; ++n) {
    kernel.step(chains, random.at(std::uint64_t(n)));
    if (n <= warmup) kernel.adapt(chains, {n, warmup});
  }
}

Chains run(const Sampler& kernel, const Batch& x, Stream random) {
  Chains chains = kernel.init(x);
  run(kernel, chains, random, 0, steps);
  return chains;
}

bool same_chains(const Chains& a, const Chains& b) {
  return same(a.x, b.x) && same(a.statistics, b.statistics) && same(a.tuning, b.tuning);
}

std::string text(const Evaluations& e) {
  return std::to_string(e.energy) + " energies, " + std::to_string(e.gradient) + " gradients and " +
         std::to_string(e.site_updates) + " site updates";
}

void check_statistic(const Statistic& one, const Row& row, Sentences& wrong) {
  const auto require = [&](bool good, const std::string& rule) {
    if (!good) wrong.push_back("statistic " + one.name + " must be " + rule);
  };
  if (one.type == Statistic::Type::boolean) require((row == 0 || row == 1).all(), "0 or 1");
  if (one.type == Statistic::Type::integer) require((row == row.round()).all(), "an integer");
  if (one.name == "acceptance_rate" || one.name == "hop_distance")
    require((row >= 0 && row <= 1).all(), "in [0, 1]");
  if (one.name == "step_size") require((row > 0).all(), "> 0");
}

}  // namespace

Batch some_starts(const EnergyModel& model, Index count) {
  Batch x(model.dim(), count);
  Independent::uniform(model.domain()).draw(Stream(21), x);
  return x;
}

Sentences description_faults(const Entry& entry) {
  Sentences wrong;
  if (entry.summary.empty()) wrong.emplace_back("it has no summary (registry.add, second text)");
  if (entry.reference.empty()) wrong.emplace_back("it names no source (registry.add, third text)");
  Describer describer;
  entry.fields(describer);
  std::set<std::string> seen;
  for (const auto& item : describer.items()) {
    const std::string& name = item.field.name;
    if (!seen.insert(name).second) wrong.push_back("field " + name + " is declared twice");
    if (item.field.documentation.size() < 10)
      wrong.push_back("field " + name + " is not documented: say what it is, with its unit");
  }
  return wrong;
}

Sentences repeat_faults(const Sampler& kernel, const EnergyModel& model) {
  const Batch x = some_starts(model, 20);
  const Chains one = run(kernel, x, Stream(5)), two = run(kernel, x, Stream(5)),
               other = run(kernel, x, Stream(6));
  Sentences wrong;
  if (!same_chains(one, two)) {
    Index apart = 0;
    for (Index c = 0; c < x.cols(); ++c) apart += !same(one.x.col(c), two.x.col(c));
    wrong.push_back("state is kept between calls: the same seed and starts took " +
                    std::to_string(apart) +
                    " of 20 chains elsewhere the second time (a mutable member or a static; all "
                    "that changes belongs into Chains)");
  }
  if (same(one.x, other.x))
    wrong.emplace_back("another seed gave the same draws: random numbers must come from `random`");
  return wrong;
}

Sentences batch_faults(const Sampler& kernel, const EnergyModel& model) {
  const Batch x = some_starts(model, 5);
  const Chains together = run(kernel, x, Stream(7));
  Index apart = 0;
  for (Index c = 0; c < 5; ++c) {
    const Chains alone = run(kernel, x.col(c), Stream(7).chains_from(c));
    const bool alike = same(alone.x, together.x.col(c)) &&
                       same(alone.statistics, together.statistics.col(c)) &&
                       (together.tuning.size() == 0 || same(alone.tuning, together.tuning.col(c)));
    apart += alike ? 0 : 1;
  }
  if (apart == 0) return {};
  return {std::to_string(apart) +
          " of 5 chains move otherwise alone than in a batch: each must draw by its own column "
          "(whole batches, or random.chains_from(c)) and see no other chain"};
}

Sentences thread_faults(const Sampler& kernel, const EnergyModel& model, const Workers& workers) {
  constexpr Index blocks = 8, width = 4;
  const Batch x = some_starts(model, blocks * width);
  std::vector<Chains> serial(blocks), parallel(blocks);
  const auto block = [&](Index b) {
    return run(kernel, x.middleCols(b * width, width), Stream(15).chains_from(b * width));
  };
  for (Index b = 0; b < blocks; ++b) serial[std::size_t(b)] = block(b);
  workers.run(blocks, [&](Index b) { parallel[std::size_t(b)] = block(b); });
  Index apart = 0;
  for (std::size_t b = 0; b < serial.size(); ++b)
    apart += same_chains(serial[b], parallel[b]) ? 0 : 1;
  if (apart == 0) return {};
  return {std::to_string(apart) + " of 8 blocks of chains move otherwise when two threads step"};
}

Sentences resume_faults(const MakeSampler& make, EnergyModel& model) {
  const auto first = make(model), second = make(model);
  Chains whole = first->init(some_starts(model, 6));
  run(*first, whole, Stream(16), 0, 3);
  Chains stored = whole;
  run(*first, whole, Stream(16), 3, steps);
  run(*second, stored, Stream(16), 3, steps);
  if (same_chains(whole, stored)) return {};
  return {
      "a new object does not go on from stored chains as the old one would have: something that "
      "changes is in the object instead of in Chains"};
}

Sentences domain_faults(const Sampler& kernel, const EnergyModel& model) {
  const Chains chains = run(kernel, some_starts(model, 20), Stream(8));
  Sentences wrong;
  try {
    require_inside(model.domain(), chains.x);
  } catch (const Error& fault) {
    wrong.push_back(std::string("left the domain: ") + fault.what());
  }
  const auto declared = kernel.statistics();
  if (chains.statistics.rows() != Index(declared.size()) ||
      (!declared.empty() && chains.statistics.cols() != 20)) {
    wrong.push_back("declares " + std::to_string(declared.size()) + " statistics but reports " +
                    std::to_string(chains.statistics.rows()) + " rows of " +
                    std::to_string(chains.statistics.cols()));
    return wrong;
  }
  std::set<std::string> names;
  for (std::size_t k = 0; k < declared.size(); ++k) {
    if (!names.insert(declared[k].name).second)
      wrong.push_back("statistic " + declared[k].name + " is declared twice");
    check_statistic(declared[k], chains.statistics.row(Index(k)), wrong);
  }
  return wrong;
}

Sentences cache_faults(const Sampler& kernel, const EnergyModel& model) {
  const Chains chains = run(kernel, some_starts(model, 20), Stream(9));
  Chains again = chains;
  kernel.refresh(again);
  if (same(again.x, chains.x) && same(again.energy, chains.energy) &&
      same(again.gradient, chains.gradient))
    return {};
  return {
      "the energy or gradient that it keeps is not that of x after a step (or refresh moved x)"};
}

Sentences tuning_faults(const Sampler& kernel, const EnergyModel& model) {
  Chains chains = run(kernel, some_starts(model, 6), Stream(10));
  const Table tuning = chains.tuning;
  for (std::uint64_t n = 0; n < 10; ++n) kernel.step(chains, Stream(11).at(n));
  if (same(chains.tuning, tuning)) return {};
  return {"the tuning changes in step(): only adapt() may, or the law is not kept after warm-up"};
}

Sentences count_faults(const MakeSampler& make, EnergyModel& model, bool free_draws) {
  CountingModel counting(model);
  WeightedSum tempered = WeightedSum::tempered(0.6, counting);
  Sentences wrong;
  double moved = 0;
  for (EnergyModel* target :
       {static_cast<EnergyModel*>(&counting), static_cast<EnergyModel*>(&tempered)}) {
    std::unique_ptr<Sampler> kernel;
    try {
      kernel = make(*target);
    } catch (const Error&) {
      continue;  // not every kernel runs on tempered models
    }
    Chains chains = kernel->init(some_starts(model, 3));
    for (Index n = 1; n <= 4; ++n) {
      const Batch before = chains.x;
      kernel->step(chains, Stream(13).at(std::uint64_t(n)));
      kernel->adapt(chains, {n, 4});
      moved += double((chains.x.array() != before.array()).count());
    }
  }
  if (!(counting.evaluations() == counting.counted()))
    wrong.push_back("the evaluation counters say " + text(counting.evaluations()) +
                    ", but the model was asked for " + text(counting.counted()));
  const Evaluations spent = counting.counted();
  const double reach =
      double(spent.site_updates) + double(spent.energy + spent.gradient) * double(model.dim());
  // Gradients over parts of the data are counted as parts.
  const bool in_parts = free_draws || model.capability<Minibatch>() != nullptr;
  if (!in_parts && moved > reach)
    wrong.push_back("wrong evaluation count: " + number_text(moved) +
                    " coordinates were moved, but only " + text(spent) +
                    " are counted; a kernel that works on a graph of its own must call "
                    "count_site_updates() for every coordinate it looks at");
  return wrong;
}

Sentences nan_faults(const MakeSampler& make) {
  HalfNan model(2);
  std::unique_ptr<Sampler> kernel;
  try {
    kernel = make(model);
  } catch (const Error&) {
    return {};
  }
  Chains chains = kernel->init(Batch::Constant(2, 200, Real(-0.05)));
  for (Index n = 1; n <= 40; ++n) {
    kernel->step(chains, Stream(12).at(std::uint64_t(n)));
    if (n <= 20) kernel->adapt(chains, {n, 20});
    const Index inside =
        ((chains.x.row(0).array() > 0) || !chains.x.row(0).array().isFinite()).count();
    if (inside > 0)
      return {std::to_string(inside) +
              " of 200 chains entered a place where the energy is NaN by step " +
              std::to_string(n) +
              ": a comparison that a NaN passes accepted it (use metropolis() or accept())"};
    if (!chains.tuning.isFinite().all())
      return {"a NaN energy made the tuning NaN at step " + std::to_string(n)};
  }
  if ((chains.x.array() == Real(-0.05)).all())
    return {"no chain moved in 40 steps beside a place where the energy is NaN"};
  return {};
}

}  // namespace gibbsite
