#include "gibbsite/api/flat_walk.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/api/independent.hpp"
#include "gibbsite/core/choice.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

constexpr Index most_levels = 2000;
constexpr double impossible = 1e300;  // the level of states of probability 0
constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

const Conditional& conditional_of(const EnergyModel& model, const std::string& subject) {
  const auto* conditional = model.capability<Conditional>();
  if (conditional == nullptr) throw Error(subject + ": needs a model with conditional laws");
  return *conditional;
}

}  // namespace

FlatWalk::FlatWalk(const EnergyModel& model, std::optional<double> bin_width,
                   const std::string& subject)
    : model_(model),
      conditional_(conditional_of(model, subject)),
      bin_width_(bin_width),
      changes_(model.domain(), subject) {}

Chains FlatWalk::start(Stream random) const {
  Chains now;
  now.x.resize(model_.dim(), 1);
  Independent::uniform(model_.domain()).draw(random, now.x);
  now.tuning.resize(level_rows, 0);
  now.statistics = Table::Zero(schedule_rows, 1);
  return now;
}

// How far apart energies of one level may be.
double FlatWalk::same(double E) const {
  if (bin_width_ && E < impossible) return *bin_width_ / 2;
  return std::sqrt(double(Eigen::NumTraits<Real>::epsilon())) * (1 + std::abs(E));
}

double FlatWalk::key(double E) const {
  if (E == -minus_infinity) return impossible;
  return bin_width_ ? std::floor(E / *bin_width_) * *bin_width_ : E;
}

// The first level that is not below `key`.
Index FlatWalk::place(const Table& levels, double key) const {
  const auto row = levels.row(energy);
  return std::lower_bound(row.begin(), row.end(), key - same(key)) - row.begin();
}

bool FlatWalk::has(const Table& levels, Index place, double key) const {
  return place < levels.cols() && levels(energy, place) <= key + same(key);
}

// The column of an energy; a new level is thought as rare as the rarest, and starts the schedule.
Index FlatWalk::level(Chains& now, double E) const {
  Table& levels = now.tuning;
  const Index at = place(levels, key(E)), count = levels.cols();
  if (has(levels, at, key(E))) return at;
  if (count == most_levels)
    throw Error("more than " + std::to_string(most_levels) +
                " levels of energy: a bin_width makes them fewer");
  const double rarest = count == 0 ? 0 : levels.row(log_g).minCoeff();
  const Table above = levels.rightCols(count - at);
  levels.conservativeResize(Eigen::NoChange, count + 1);
  levels.rightCols(count - at) = above;
  levels.col(at) << key(E), rarest, 0, minus_infinity;
  forget(levels);
  now.statistics.col(0).head(produces) << 1, 0, 0;
  return at;
}

void FlatWalk::forget(Table& levels) {
  levels.row(visits).setZero();
  levels.row(log_weight).setConstant(minus_infinity);
}

void FlatWalk::produce(Chains& now) {
  now.statistics(produces, 0) = 1;
  forget(now.tuning);
}

void FlatWalk::sweep(Chains& now, Stream random) const {
  model_.energy(now.x, now.energy);  // so that rounding does not add up
  if (now.energy.isNaN().any()) throw Diverged("the energy of a configuration is NaN");
  for (Index n = 0; n < changes_.sites(); ++n) {
    step(now, random);
    const Index at = level(now, now.energy(0));
    Table& levels = now.tuning;
    if (now.statistics(produces, 0) == 0) levels(log_g, at) += now.statistics(log_f, 0);
    levels(visits, at) += 1;
    double& sum = levels(log_weight, at);
    const double high = std::max(sum, -now.energy(0)), low = std::min(sum, -now.energy(0));
    sum = high == minus_infinity ? high : high + std::log1p(std::exp(low - high));
  }
  if (now.statistics(produces, 0) == 1) return;
  Table& levels = now.tuning;
  double& f = now.statistics(log_f, 0);
  now.statistics(steps, 0) += double(changes_.sites());
  const double by_time = double(levels.cols()) / now.statistics(steps, 0);  // 1/t
  if (now.statistics(is_last, 0) == 1) {
    f = by_time;
  } else if (levels.row(visits).minCoeff() > 0) {
    f = std::max(f / 2, by_time);
    now.statistics(is_last, 0) = f == by_time ? 1 : 0;
    forget(levels);
  }
}

// Offers one coordinate another state.
void FlatWalk::step(Chains& now, Stream& random) const {
  const Index site = random.below(changes_.sites(), 1)(0), first = changes_.first(site);
  const Index levels = changes_.levels(site), further = random.below(levels - 1, 1)(0);
  const Real old = now.x(site, 0);
  const Real fresh =
      changes_.value(first + (changes_.pair(site, old) - first + 1 + further) % levels);
  Batch natural;
  conditional_.natural({&site, 1}, now.x, natural);
  const auto log_p = [&](Real x) {
    return double(changes_.is_category(site) ? natural(Index(x), 0) : natural(0, 0) * x);
  };
  Row there = now.energy + log_p(old) - log_p(fresh);
  now.x(site, 0) = fresh;
  if (!std::isfinite(there(0))) model_.energy(now.x, there);
  if (std::isnan(there(0))) throw Diverged("the energy of a configuration is NaN");
  level(now, there(0));  // before the other is looked up, which may move
  const double log_here = now.tuning(log_g, level(now, now.energy(0)));
  const double log_there = now.tuning(log_g, level(now, there(0)));
  if (accept(log_here - log_there, random))
    now.energy = there;
  else
    now.x(site, 0) = old;
}

FlatWalk::Found FlatWalk::found(const Chains& now) const {
  const Table& levels = now.tuning;
  Found out{.energy = levels.row(energy).transpose(),
            .log_density = levels.row(log_g).transpose(),
            .visits = levels.row(visits).transpose(),
            .log_f = now.statistics(log_f, 0)};
  if (now.statistics(produces, 0) == 1) out.log_density += out.visits.log();
  out.log_density += model_.domain().log_states() - log_sum_exp(out.log_density);
  const Eigen::ArrayXd log_mean = levels.row(log_weight).transpose() - out.visits.max(1.).log();
  out.log_partition = log_sum_exp(out.log_density + (out.visits > 0).select(log_mean, -out.energy));
  return out;
}

FlatWalk::Found FlatWalk::together(const std::vector<Chains>& walks) const {
  std::vector<double> energies;
  for (const Chains& walk : walks)
    energies.insert(energies.end(), walk.tuning.row(energy).begin(), walk.tuning.row(energy).end());
  std::sort(energies.begin(), energies.end());
  const auto last = std::unique(energies.begin(), energies.end(),
                                [&](double a, double b) { return b <= a + 1.5 * same(a); });
  Found out;
  out.energy = Eigen::Map<const Eigen::ArrayXd>(energies.data(), last - energies.begin());
  Eigen::ArrayXXd densities(out.energy.size(), Index(walks.size()));
  out.visits = Eigen::ArrayXd::Zero(out.energy.size());
  out.log_f = 0;
  for (std::size_t r = 0; r < walks.size(); ++r) {
    const Found one = found(walks[r]);
    out.log_f = std::max(out.log_f, one.log_f);
    for (Index k = 0; k < out.energy.size(); ++k) {
      const Index at = place(walks[r].tuning, out.energy(k));
      const bool known = has(walks[r].tuning, at, out.energy(k));
      densities(k, Index(r)) = known ? one.log_density(at) : minus_infinity;
      if (known) out.visits(k) += one.visits(at);
    }
  }
  out.log_density.resize(out.energy.size());
  for (Index k = 0; k < out.energy.size(); ++k)
    out.log_density(k) = log_mean_exp(densities.row(k).transpose());
  out.log_partition = std::numeric_limits<double>::quiet_NaN();
  return out;
}

}  // namespace gibbsite
