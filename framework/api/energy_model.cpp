#include "gibbsite/api/energy_model.hpp"

#include <algorithm>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/parallel.hpp"

namespace gibbsite {
namespace {

void add(std::atomic<std::uint64_t>& counter, Index n) {
  counter.fetch_add(std::uint64_t(n), std::memory_order_relaxed);
}

// What a plugin has resized must have one column per configuration, or its readers run off its end.
void require_columns(const char* what, Index rows, Index least_rows, Index columns, Index chains) {
  if (columns == chains && rows >= least_rows) return;
  throw Error("the model returns " + std::string(what) + " of " + std::to_string(rows) + " x " +
              std::to_string(columns) + " for " + std::to_string(chains) +
              " configurations; it must have " + std::to_string(least_rows) +
              " rows at least and a column for each");
}

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::model:
      return "model";
    case Kind::sampler:
      return "sampler";
    case Kind::gradient:
      return "gradient";
    case Kind::evaluation:
      return "evaluation";
    case Kind::optimizer:
      return "optimizer";
    case Kind::dataset:
      break;
  }
  return "dataset";
}

Plugin::~Plugin() = default;

Evaluations Counted::evaluations() const {
  return {counters_.energy.load(), counters_.gradient.load(), counters_.parameter_gradient.load(),
          counters_.site_updates.load()};
}

void EnergyModel::energy(const BatchView& x, Row& energy) const {
  add(counters_.energy, x.cols());
  energy.resize(x.cols());
  do_energy(x, energy);
  require_columns("energies", 1, 1, energy.cols(), x.cols());
}

void EnergyModel::natural_from_energies(std::span<const Index> sites, const BatchView& x,
                                        Batch& natural) const {
  if (sites.size() != 1)
    throw Error("these coordinates depend on each other: ask for the law of one at a time");
  const Index site = sites[0];
  const Domain::Part unit = domain().site(site);
  const bool spin = unit.kind == Domain::Kind::spin;
  Table energies(unit.levels, x.cols());
  Batch moved = x;
  Row energy(x.cols());
  for (Index level = 0; level < unit.levels; ++level) {
    moved.row(site).setConstant(spin ? Real(2 * level - 1) : Real(level));
    do_energy(moved, energy);
    energies.row(level) = energy;
  }
  if (unit.kind == Domain::Kind::categorical)
    natural = (-energies).matrix().cast<Real>();
  else
    natural = ((energies.row(0) - energies.row(1)) * (spin ? 0.5 : 1.0)).matrix().cast<Real>();
}

void Differentiable::energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const {
  add(counters_.gradient, x.cols());
  energy.resize(x.cols());
  gradient.resize(x.rows(), x.cols());
  do_energy_and_gradient(x, energy, gradient);
  require_columns("energies", 1, 1, energy.cols(), x.cols());
  require_columns("a gradient", gradient.rows(), x.rows(), gradient.cols(), x.cols());
}

void Conditional::natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const {
  add(counters_.site_updates, Index(sites.size()) * x.cols());
  do_natural(sites, x, natural);
  require_columns("natural parameters", natural.rows(), Index(sites.size()), natural.cols(),
                  x.cols());
}

void Latent::hidden_natural(const BatchView& v, Batch& natural) const {
  add(counters_.site_updates, hidden().dim() * v.cols());
  do_hidden_natural(v, natural);
  require_columns("natural parameters", natural.rows(), hidden().dim(), natural.cols(), v.cols());
}

void Latent::visible_natural(const BatchView& h, Batch& natural) const {
  add(counters_.site_updates, dynamic_cast<const EnergyModel&>(*this).dim() * h.cols());
  do_visible_natural(h, natural);
  require_columns("natural parameters", natural.rows(), 1, natural.cols(), h.cols());
}

void Latent::free_energy_and_local_natural(const BatchView& v, Row& energy, Batch& natural) const {
  Batch eta;
  do_hidden_natural(v, eta);
  visible_energy(v, energy);
  energy -= gibbsite::log_partition(hidden(), eta);
  do_visible_natural(mean(hidden(), eta), natural);
}

void Parametric::parameter_gradient(const BatchView& x, const Row& weights, Parameters& out) const {
  add(counters_.parameter_gradient, x.cols());
  do_parameter_gradient(x, weights, out);
}

void Parametric::parameter_gradient(const BatchView& x, const Row& weights, const Workers& workers,
                                    Parameters& out, Row* energy) const {
  if (do_gradient_on_workers(x, weights, workers, out, energy)) {
    add(counters_.parameter_gradient, x.cols());
    if (energy != nullptr) add(counters_.energy, x.cols());
    return;
  }
  if (energy != nullptr) energy->resize(x.cols());
  const Index width = block_width(x.cols()), blocks = block_count(x.cols());
  std::vector<Parameters> parts(static_cast<std::size_t>(blocks));
  workers.run(blocks, [&](Index b) {
    const Index first = b * width, count = std::min(width, x.cols() - first);
    const auto block = x.middleCols(first, count);
    Parameters& part = parts[std::size_t(b)];
    part.setZero(out.size());
    parameter_gradient(block, weights.segment(first, count), part);
    if (energy == nullptr) return;
    Row own;
    dynamic_cast<const EnergyModel&>(*this).energy(block, own);
    energy->segment(first, count) = own;
  });
  for (const Parameters& part : parts) out += part;
}

bool Parametric::do_gradient_on_workers(const BatchView&, const Row&, const Workers&, Parameters&,
                                        Row*) const {
  return false;
}

}  // namespace gibbsite
