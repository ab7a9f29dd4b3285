#include "gibbsite/api/energy_path.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/api/annealing.hpp"
#include "gibbsite/api/nested_kernels.hpp"

namespace gibbsite {

void Ladder::fields(Fields& f) {
  f.integer("temperatures", temperatures, "number K of inverse temperatures, β_1 = 1 among them",
            {.minimum = 2, .unset = "8, or as many as in ladder"});
  f.real(
      "lowest", lowest, "lowest inverse temperature β_K; those between are spaced geometrically",
      {.minimum = 0, .maximum = 1, .above_minimum = true, .unset = "0.1, or the last in ladder"});
  f.reals("ladder", ladder, "all inverse temperatures from 1 downwards, in place of the two above",
          {.minimum = 0, .maximum = 1});
}

std::vector<double> Ladder::resolve(const std::string& subject, bool proper_at_0) const {
  if (ladder.empty()) {
    const Index count = temperatures.value_or(8);
    const double last = lowest.value_or(.1);
    if (last == 1) throw Error(subject + ": lowest: must be < 1, got 1");
    std::vector<double> betas;
    for (Index k = 0; k < count; ++k)
      betas.push_back(std::pow(last, double(k) / double(count - 1)));
    return betas;
  }
  if (temperatures || lowest)
    throw Error(subject + ": ladder: must not stand beside temperatures or lowest");
  std::vector<std::string> given;
  bool falls = ladder.size() >= 2 && ladder[0] == 1;
  for (std::size_t k = 0; k < ladder.size(); ++k) {
    given.push_back(number_text(ladder[k]));
    falls = falls && (k == 0 || ladder[k] < ladder[k - 1]);
  }
  if (!falls) throw Error(subject + ": ladder: must fall from 1, got [" + join(given) + "]");
  if (ladder.back() == 0 && !proper_at_0)
    throw Error(subject +
                ": ladder: must stay > 0 where there is no base and a coordinate is not "
                "discrete, got 0");
  return ladder;
}

Eigen::ArrayXd Ladder::equalised(const Eigen::ArrayXd& betas, const Eigen::ArrayXd& rejection) {
  const Index last = betas.size() - 1;
  Eigen::ArrayXd barrier = Eigen::ArrayXd::Zero(last + 1), fresh = betas;
  for (Index k = 0; k < last; ++k) barrier(k + 1) = barrier(k) + std::max(1e-3, rejection(k));
  for (Index k = 1, j = 0; k < last; ++k) {
    const double wanted = barrier(last) * double(k) / double(last);
    while (barrier(j + 1) < wanted) ++j;
    const double part = (wanted - barrier(j)) / (barrier(j + 1) - barrier(j));
    fresh(k) = betas(j) + part * (betas(j + 1) - betas(j));
  }
  return fresh;
}

// What is set to a β: energies, and a kernel bound to them.
struct EnergyPath::Station {
  Station(std::vector<WeightedSum::Part> parts, const Context& context, const PluginSpec& spec)
      : path(std::move(parts)), kernel(context.sampler(spec, &path)) {}
  WeightedSum path;
  std::unique_ptr<Sampler> kernel;
};

void EnergyPath::Params::fields(Fields& f, std::vector<std::string> bases) {
  f.choice("base", base, std::move(bases),
           "law at β = 0 of the path (1-β) E_base + β E: uniform units (real ones N(0, 1)), or "
           "units by their law in the training data; none: the path is β E");
  f.positive("smoothing", smoothing, "base data: pseudo-counts of each state per training row");
  f.plugin("sampler", sampler, Kind::sampler, "the Markov kernel at every temperature");
}

EnergyPath::EnergyPath(const Params& params, const Context& context)
    : params_(params), context_(context) {
  if (context.model == nullptr) throw Error(context.subject + ": needs a model");
  if (params.base != "none") base_ = annealing_base(params.base, params.smoothing, context);
  target_kernel_ = context.sampler(params.sampler);
  idle_.push_back(build());
}

EnergyPath::~EnergyPath() = default;

std::unique_ptr<EnergyPath::Station> EnergyPath::build() const {
  std::vector<WeightedSum::Part> parts = {{1, context_.model}};
  if (base_) parts.insert(parts.begin(), {0, base_.get()});
  return std::make_unique<Station>(std::move(parts), context_, params_.sampler);
}

bool EnergyPath::proper_at_0() const {
  return base_ != nullptr || context_.model->domain().is_discrete();
}

double EnergyPath::log_partition_at_0() const {
  WeightedSum path = WeightedSum::path(*base_, *context_.model, 0);
  Batch x(base_->dim(), 1);
  base_->draw(Stream(0), x);
  Row whole, alone;
  path.energy(x, whole);
  base_->energy(x, alone);
  return *base_->log_partition(1) - (whole(0) - alone(0));
}

void EnergyPath::require_reversible(const std::string& subject) const {
  if (target_kernel_->is_reversible()) return;
  const std::string& name = params_.sampler.name;
  throw Error(subject + ": sampler: must be a reversible kernel" +
              (name == "gibbs" ? " ({name: gibbs, scan: palindromic} is one)" : "") + ", got " +
              to_flow(params_.sampler.node));
}

std::vector<Statistic> EnergyPath::statistics() const {
  return prefixed(params_.sampler.name, target_kernel_->statistics());
}

namespace {

std::vector<double> weights(bool has_base, double beta) {
  return has_base ? std::vector{1 - beta, beta} : std::vector{beta};
}

}  // namespace

EnergyPath::Walk::Walk(const EnergyPath& path) : path_(path) {
  const std::lock_guard guard(path.lock_);
  if (path.idle_.empty()) {
    station_ = path.build();
  } else {
    station_ = std::move(path.idle_.back());
    path.idle_.pop_back();
  }
}

EnergyPath::Walk::~Walk() {
  const std::lock_guard guard(path_.lock_);
  path_.idle_.push_back(std::move(station_));
}

const Sampler& EnergyPath::Walk::kernel(double beta) {
  if (beta == 1) return *path_.target_kernel_;
  station_->path.set_weights(weights(path_.base_ != nullptr, beta));
  return *station_->kernel;
}

void EnergyPath::Walk::move(double beta, Chains& inner, const Batch& x, const Stream& random) {
  const Sampler& at = kernel(beta);
  inner.x = x;
  at.refresh(inner);
  at.step(inner, random);
}

Row EnergyPath::Walk::difference(const BatchView& x, double from, double to) const {
  const bool has_base = path_.base_ != nullptr;
  return station_->path.energy_difference(x, weights(has_base, from), weights(has_base, to));
}

namespace {

bool is_one_value(const Row& row) { return (row == row(0)).all(); }

}  // namespace

Row EnergyPath::Walk::difference(const BatchView& x, const Row& from, const Row& to) const {
  if (is_one_value(from) && is_one_value(to)) return difference(x, from(0), to(0));
  Row all(x.cols());
  for (Index c = 0; c < x.cols(); ++c) all(c) = difference(x.col(c), from(c), to(c))(0);
  return all;
}

void EnergyPath::Walk::each(const Row& beta, Chains& inner, const Action& action) {
  if (is_one_value(beta)) return action(kernel(beta(0)), inner, 0);
  for (Index c = 0; c < beta.size(); ++c) {
    Chains one = columns(inner, c);
    action(kernel(beta(c)), one, c);
    set_columns(inner, c, one);
  }
}

}  // namespace gibbsite
