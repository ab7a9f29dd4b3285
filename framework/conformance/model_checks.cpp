#include "gibbsite/conformance/model_checks.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "gibbsite/api/enumerate.hpp"
#include "gibbsite/api/independent.hpp"
#include "gibbsite/api/quadrature.hpp"
#include "gibbsite/conformance/comparison.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

bool identical(const Table& a, const Table& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && (a == b).all();
}

std::vector<std::vector<Index>> sets_of(const Conditional& conditional, Index dim) {
  auto sets = conditional.independent_sets();
  if (sets.empty())
    for (Index i = 0; i < dim; ++i) sets.push_back({i});
  return sets;
}

// x with coordinate i of every column set to `value`.
Batch with(const Batch& x, Index i, double value) {
  Batch out = x;
  out.row(i).setConstant(Real(value));
  return out;
}

// The natural parameters of coordinate i that the energies imply, for the kinds of domain.hpp.
Table natural_from_energies(const EnergyModel& model, Index i, const Batch& x) {
  const Domain::Part part = model.domain().site(i);
  const auto at = [&](double value) { return energies_of(model, with(x, i, value)); };
  if (part.kind == Domain::Kind::binary) return Row(at(0) - at(1));
  if (part.kind == Domain::Kind::spin) return Row(.5 * (at(-1) - at(1)));
  if (!part.is_discrete()) {  // E = const - η x + p x²/2, also on x >= 0
    Table natural(2, x.cols());
    natural.row(1) = at(2) + at(0) - 2 * at(1);
    natural.row(0) = at(0) - at(1) + natural.row(1) / 2;
    return natural;
  }
  Table natural(part.levels, x.cols());
  for (Index k = 0; k < part.levels; ++k) natural.row(k) = at(0) - at(double(k));
  return natural;
}

// Categorical log weights are the same law when a number is added to all.
Table standard(const Domain::Part& part, const Batch& natural) {
  Table out = natural.array().cast<double>();
  if (part.kind == Domain::Kind::categorical) out.rowwise() -= Row(out.row(0));
  return out;
}

void set_faults(const Conditional& conditional, const EnergyModel& model, const Batch& x,
                Sentences& wrong) {
  std::set<Index> seen;
  for (const auto& sites : sets_of(conditional, model.dim())) {
    for (const Index i : sites)
      if (!seen.insert(i).second)
        wrong.push_back("coordinate " + std::to_string(i) + " is in two independent sets");
    Batch natural, other_natural, other = x;
    conditional.natural(sites, x, natural);
    for (const Index i : sites) other.row(i) = x.row(i).reverse();
    conditional.natural(sites, other, other_natural);
    if (natural.rows() != natural_rows(model.domain().select(sites)))
      wrong.push_back("conditionals of " + std::to_string(sites.size()) + " coordinates have " +
                      std::to_string(natural.rows()) + " rows");
    else if (!(distance_of_batches(other_natural, natural) < tolerance_of(1e-12, 1e-4)))
      wrong.push_back("a set that is called independent is not: its conditionals change by " +
                      shown(distance_of_batches(other_natural, natural)) +
                      " with its own coordinates");
  }
  if (Index(seen.size()) != model.dim())
    wrong.push_back("independent sets cover " + std::to_string(seen.size()) + " of " +
                    std::to_string(model.dim()) + " coordinates");
}

}  // namespace

Table everything(const EnergyModel& model, const Batch& x) {
  std::vector<Table> parts{energies_of(model, x)};
  Batch batch;
  Row row;
  const auto take = [&](bool with_energy) {
    if (with_energy) parts.emplace_back(row);
    parts.emplace_back(batch.array().cast<double>());
  };
  if (const auto* differentiable = model.capability<Differentiable>()) {
    differentiable->energy_and_gradient(x, row, batch);
    take(true);
  }
  if (const auto* conditional = model.capability<Conditional>())
    for (const auto& sites : sets_of(*conditional, model.dim())) {
      conditional->natural(sites, x, batch);
      take(false);
    }
  if (const auto* discrete = model.capability<DiscreteGradient>()) {
    discrete->energy_and_local_natural(x, row, batch);
    take(true);
  }
  if (const auto* minibatch = model.capability<Minibatch>()) {
    minibatch->minibatch_gradient(x, 3, Stream(14), batch);
    take(false);
  }
  if (const auto* latent = model.capability<Latent>()) {
    latent->visible_energy(x, row);
    latent->hidden_natural(x, batch);
    take(true);
    Batch h(latent->hidden().dim(), x.cols());
    Stream random(12);
    sample(latent->hidden(), Batch(batch), random, h);
    latent->visible_natural(h, batch);
    take(false);
  }
  Index rows = 0;
  for (const Table& part : parts) rows += part.rows();
  Table all(rows, x.cols());
  rows = 0;
  for (const Table& part : parts) {
    all.middleRows(rows, part.rows()) = part;
    rows += part.rows();
  }
  return all;
}

Sentences model_batch_faults(const EnergyModel& model, const Batch& x) {
  const Table all = everything(model, x);
  Sentences wrong;
  if (!all.isFinite().all())
    wrong.push_back(std::to_string((!all.isFinite()).count()) +
                    " numbers of ordinary configurations are infinite or NaN");
  const Row energy = energies_of(model, x);
  bool alike = identical(everything(model, x.leftCols(9)), all.leftCols(9));
  for (Index n = 0; n < x.cols(); ++n)
    alike = alike && identical(energies_of(model, x.col(n)), energy.col(n));
  // A view that starts elsewhere in memory: alignment must not matter either.
  Row shifted;
  model.energy(x.middleCols(1, 13), shifted);
  if (wrong.empty() && !(alike && identical(shifted, energy.middleCols(1, 13))))
    wrong.emplace_back(
        "a configuration's numbers depend on the batch it is in (sum each column in one fixed "
        "order)");
  return wrong;
}

Sentences model_thread_faults(const EnergyModel& model, const Batch& x, const Workers& workers) {
  const Table truth = everything(model, x);
  std::vector<int> same(40, 0);
  workers.run(Index(same.size()), [&](Index t) {
    same[std::size_t(t)] = identical(everything(model, x), truth) ? 1 : 0;
  });
  const auto apart = std::count(same.begin(), same.end(), 0);
  if (apart == 0) return {};
  return {std::to_string(apart) +
          " of 40 calls from two threads gave other numbers: const calls "
          "must not share what they write"};
}

Sentences gradient_faults(const EnergyModel& model, const Batch& x) {
  const auto* differentiable = model.capability<Differentiable>();
  if (differentiable == nullptr) return {};
  if (!model.domain().all(Domain::Kind::real))
    return {"it offers a gradient, but not all its coordinates are real"};
  Row energy;
  Batch gradient;
  differentiable->energy_and_gradient(x, energy, gradient);
  Sentences wrong;
  if (!(distance_of(energy, energies_of(model, x)) < tolerance_of(1e-13, 1e-5)))
    wrong.emplace_back("the energy that comes with the gradient is not the energy");
  const double h = tolerance_of(1e-4, 1e-2);
  Table slope(x.rows(), x.cols());
  for (Index i = 0; i < model.dim(); ++i) {
    Batch up = x, down = x;
    up.row(i).array() += Real(h);
    down.row(i).array() -= Real(h);
    slope.row(i) = (energies_of(model, up) - energies_of(model, down)) / (2 * h);
  }
  compare("the gradient", Table(gradient.array().cast<double>()),
          "central differences of the energy", slope, tolerance_of(1e-6, 1e-2), wrong);
  return wrong;
}

Sentences conditional_faults(const EnergyModel& model, const Batch& x) {
  const auto* conditional = model.capability<Conditional>();
  if (conditional == nullptr) return {};
  Sentences wrong;
  std::vector<Table> got, wanted;
  Index rows = 0;
  for (Index i = 0; i < model.dim(); ++i) {
    const Index site[] = {i};
    Batch natural;
    conditional->natural(site, x, natural);
    got.push_back(standard(model.domain().site(i), natural));
    wanted.push_back(natural_from_energies(model, i, x));
    rows += wanted.back().rows();
    if (got.back().rows() != wanted.back().rows())
      return {"conditionals of coordinate " + std::to_string(i) + " have " +
              std::to_string(got.back().rows()) + " rows instead of " +
              std::to_string(wanted.back().rows())};
  }
  Table all(rows, x.cols()), all_wanted(rows, x.cols());
  rows = 0;
  for (std::size_t i = 0; i < got.size(); rows += got[i].rows(), ++i) {
    all.middleRows(rows, got[i].rows()) = got[i];
    all_wanted.middleRows(rows, got[i].rows()) = wanted[i];
  }
  compare("conditionals", all, "differences of the energy", all_wanted, tolerance_of(1e-11, 1e-3),
          wrong);
  set_faults(*conditional, model, x, wrong);
  return wrong;
}

}  // namespace gibbsite
