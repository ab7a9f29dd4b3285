#include "gibbsite/api/sampler.hpp"

#include <cmath>

#include "gibbsite/core/choice.hpp"

namespace gibbsite {

Chains Sampler::init(Batch x) const {
  Chains chains;
  chains.x = std::move(x);
  chains.statistics = Table::Zero(Index(statistics().size()), chains.x.cols());
  do_init(chains);
  do_refresh(chains);
  return chains;
}

namespace {

// Calls visit(array of whole, array of part) for the arrays that have columns.
template <class Visit>
void each_array(auto& whole, auto& part, Visit visit) {
  visit(whole.x, part.x);
  visit(whole.energy, part.energy);
  visit(whole.gradient, part.gradient);
  visit(whole.aux, part.aux);
  visit(whole.tuning, part.tuning);
  visit(whole.statistics, part.statistics);
}

}  // namespace

Chains columns(const Chains& chains, Index first, Index count) {
  Chains part;
  each_array(chains, part, [&](const auto& from, auto& to) {
    if (from.size() > 0) to = from.middleCols(first, count);
  });
  for (const Chains& inner : chains.nested) {
    const Index each = inner.x.cols() / chains.x.cols();
    part.nested.push_back(columns(inner, first * each, count * each));
  }
  return part;
}

void set_columns(Chains& chains, Index first, const Chains& part) {
  each_array(chains, part, [&](auto& to, const auto& from) {
    if (from.size() > 0) to.middleCols(first, from.cols()) = from;
  });
  for (std::size_t k = 0; k < chains.nested.size(); ++k) {
    const Index each = chains.nested[k].x.cols() / chains.x.cols();
    set_columns(chains.nested[k], first * each, part.nested[k]);
  }
}

Row metropolis(Chains& now, const Chains& proposal, const Row& log_ratio, Stream& random) {
  Row accepted = Row::Zero(now.x.cols());
  for (Index c = 0; c < now.x.cols(); ++c) {
    Stream own = random.chains_from(c);
    if (!accept(log_ratio(c), own)) continue;
    accepted(c) = 1;
    now.x.col(c) = proposal.x.col(c);
    if (now.energy.size() > 0) now.energy(c) = proposal.energy(c);
    if (now.gradient.size() > 0) now.gradient.col(c) = proposal.gradient.col(c);
  }
  random.skip();
  return accepted;
}

void DualAveraging::init(Table& tuning, double step_size) const {
  tuning.row(row_).setConstant(step_size);
  tuning.row(row_ + 1).setConstant(std::log(step_size));
  tuning.row(row_ + 2).setZero();
  tuning.row(row_ + 3).setConstant(std::log(10 * step_size));
  tuning.row(row_ + 4).setZero();
}

void DualAveraging::adapt(Table& tuning, const Row& acceptance, Warmup at) const {
  constexpr double gamma = 0.05, t0 = 10, kappa = 0.75;
  for (Index c = 0; c < tuning.cols(); ++c) {
    double& mean_log = tuning(row_ + 1, c);
    double& error = tuning(row_ + 2, c);
    const double t = ++tuning(row_ + 4, c);
    const double accepted = std::isfinite(acceptance(c)) ? acceptance(c) : 0;
    error += (target_ - accepted - error) / (t + t0);
    const double log_step = tuning(row_ + 3, c) - std::sqrt(t) / gamma * error;
    const double weight = std::pow(t, -kappa);
    mean_log = weight * log_step + (1 - weight) * mean_log;
    tuning(row_, c) = std::exp(at.done == at.total ? mean_log : log_step);
  }
}

void DualAveraging::restart(Table& tuning) const {
  tuning.row(row_ + 1) = tuning.row(row_).log();
  tuning.row(row_ + 2).setZero();
  tuning.row(row_ + 3) = (10 * tuning.row(row_)).log();
  tuning.row(row_ + 4).setZero();
}

namespace {

enum class Phase { outside, inside, closing };

// Where step `at.done` (from 1) lies in the schedule of windows.
Phase phase(Warmup at) {
  Index first = 75, last = 50, size = 25;
  if (at.total < first + last + size) {
    first = at.total * 15 / 100;
    last = at.total / 10;
    size = at.total - first - last;
  }
  const Index end = at.total - last;
  if (at.total < 20 || at.done <= first || at.done > end) return Phase::outside;
  for (Index begin = first; begin < end;) {
    // A window that would leave too little for the next one, twice as long, runs to the end.
    const Index close = begin + 3 * size > end ? end : begin + size;
    if (at.done <= close) return at.done == close ? Phase::closing : Phase::inside;
    begin = close;
    size *= 2;
  }
  return Phase::outside;
}

}  // namespace

void MassAdaptation::init(Table& tuning) const {
  tuning.middleRows(row_, dim_).setOnes();
  tuning.middleRows(row_ + dim_, 2 * dim_ + 1).setZero();
}

bool MassAdaptation::adapt(Table& tuning, const Batch& x, Warmup at) const {
  const Phase now = phase(at);
  if (now == Phase::outside) return false;
  auto mean = tuning.middleRows(row_ + dim_, dim_);
  auto squares = tuning.middleRows(row_ + 2 * dim_, dim_);
  auto count = tuning.row(row_ + 3 * dim_);
  count += 1;
  const Table step = x.cast<double>().array() - mean;
  mean += step.rowwise() / count;
  squares += step * (x.cast<double>().array() - mean);
  if (now != Phase::closing) return false;
  const double n = count(0);
  if (n > 1) tuning.middleRows(row_, dim_) = squares / (n - 1) * (n / (n + 5)) + 1e-3 * 5 / (n + 5);
  tuning.middleRows(row_ + dim_, 2 * dim_ + 1).setZero();
  return n > 1;
}

}  // namespace gibbsite
