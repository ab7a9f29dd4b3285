#include "gibbsite/api/quadrature.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gibbsite/api/abilities.hpp"
#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

constexpr Index block = 1024;
constexpr double infinity = std::numeric_limits<double>::infinity();

struct Range {
  double low = 0, high = 0;
};

// The largest term of a sum, the sum in units of it, and the part of the sum at the ends of the
// ranges.
struct Sum {
  double highest = -infinity, sum = 0, ends = 0;

  void add(const Sum& other) {
    if (std::isinf(other.highest)) return;
    const double top = std::max(highest, other.highest);
    const double mine = std::exp(highest - top), theirs = std::exp(other.highest - top);
    *this = {top, sum * mine + other.sum * theirs, ends * mine + other.ends * theirs};
  }
};

// `points` midpoints per axis of a box in t.
class Grid {
 public:
  Grid(const EnergyModel& model, std::vector<Range> box, Index points)
      : model_(model), box_(std::move(box)), points_(points), count_(1) {
    for (std::size_t axis = 0; axis < box_.size(); ++axis) count_ *= points;
  }

  Index count() const { return count_; }
  Index place(Index number, std::size_t axis) const {
    return axis == 0 ? number % points_ : number / points_;
  }
  double step(std::size_t axis) const {
    return (box_[axis].high - box_[axis].low) / double(points_);
  }

  // ln of the integrand in t at points first … first + count - 1.
  Eigen::ArrayXd log_terms(Index first, Index count) const {
    Batch x(Index(box_.size()), count);
    Eigen::ArrayXd log_terms = Eigen::ArrayXd::Zero(count);
    for (std::size_t axis = 0; axis < box_.size(); ++axis)
      for (Index n = 0; n < count; ++n) {
        const double t = box_[axis].low + (double(place(first + n, axis)) + .5) * step(axis);
        if (model_.domain().site(Index(axis)).kind == Domain::Kind::real) {
          x(Index(axis), n) = Real(std::sinh(t));
          log_terms(n) += std::log(std::cosh(t));
        } else {
          x(Index(axis), n) = Real(std::exp(t - std::exp(-t)));
          log_terms(n) += t - std::exp(-t) + std::log1p(std::exp(-t));
        }
      }
    Row energy;
    model_.energy(x, energy);
    if (energy.isNaN().any() || (energy == -infinity).any())
      throw Diverged("an energy is NaN or -infinite in the quadrature");
    return log_terms - energy.transpose();
  }

  Sum sum(const Workers& workers) const {
    std::vector<Sum> parts(std::size_t((count_ + block - 1) / block));
    workers.run(Index(parts.size()), [&](Index b) {
      const Index first = b * block, count = std::min(block, count_ - first);
      const Eigen::ArrayXd terms = log_terms(first, count);
      Sum& part = parts[std::size_t(b)];
      part.highest = terms.maxCoeff();
      if (std::isinf(part.highest)) return;
      const Eigen::ArrayXd scaled = (terms - part.highest).exp();
      part.sum = scaled.sum();
      for (Index n = 0; n < count; ++n)
        if (at_end(first + n)) part.ends += scaled(n);
    });
    Sum total;
    for (const Sum& part : parts) total.add(part);
    return total;
  }

 private:
  bool at_end(Index number) const {
    for (std::size_t axis = 0; axis < box_.size(); ++axis)
      if (place(number, axis) == 0 || place(number, axis) == points_ - 1) return true;
    return false;
  }

  const EnergyModel& model_;
  std::vector<Range> box_;
  Index points_, count_;
};

// The part of all space where the integrand is not below e^{-60} of its largest value on a first
// grid, and two steps more on every side.
std::vector<Range> significant_box(const EnergyModel& model, const Workers& workers) {
  std::vector<Range> whole;
  for (const Index i : all_sites(model.dim()))
    whole.push_back(model.domain().site(i).kind == Domain::Kind::real ? Range{-17, 17}
                                                                      : Range{-5, 17});
  const Grid grid(model, whole, whole.size() == 1 ? 1 << 14 : 1 << 9);
  Eigen::ArrayXd terms(grid.count());
  workers.run(grid.count() / block,
              [&](Index b) { terms.segment(b * block, block) = grid.log_terms(b * block, block); });
  const double least = terms.maxCoeff() - 60;
  if (std::isinf(least)) throw Diverged("every energy is infinite in the quadrature");
  std::vector<Range> box(whole.size(), {infinity, -infinity});
  for (Index n = 0; n < grid.count(); ++n)
    for (std::size_t axis = 0; axis < box.size() && terms(n) > least; ++axis) {
      const double t = whole[axis].low + (double(grid.place(n, axis)) + .5) * grid.step(axis);
      box[axis].low = std::min(box[axis].low, std::max(t - 2 * grid.step(axis), whole[axis].low));
      box[axis].high =
          std::max(box[axis].high, std::min(t + 2 * grid.step(axis), whole[axis].high));
    }
  return box;
}

}  // namespace

bool can_integrate(const EnergyModel& model) {
  if (model.dim() > 2) return false;
  for (const Domain::Part& part : model.domain().parts)
    if (part.is_discrete()) return false;
  return true;
}

Quadrature integrate(const EnergyModel& model, const Workers& workers, double tolerance,
                     double max_log2_points) {
  const std::vector<Range> box = significant_box(model, workers);
  Quadrature result{std::numeric_limits<double>::quiet_NaN(), infinity, 0};
  double previous = infinity;
  // Odd numbers: halved steps would meet a jump of the integrand with the same error again.
  for (Index points = box.size() == 1 ? 1023 : 127;; points = 2 * points + 1) {
    const Grid grid(model, box, points);
    const double log2_points = std::log2(double(grid.count()));
    if (log2_points > std::max(max_log2_points, 16.)) return result;
    const Sum sum = grid.sum(workers);
    double log_integral = sum.highest + std::log(sum.sum), least_step = infinity;
    for (std::size_t axis = 0; axis < box.size(); ++axis) {
      log_integral += std::log(grid.step(axis));
      least_step = std::min(least_step, grid.step(axis));
    }
    const double change = std::abs(log_integral - result.log_integral);
    const double tail = sum.ends / sum.sum / least_step;
    result = {log_integral, std::isnan(change) ? infinity : std::max(change, previous) + tail,
              log2_points};
    if (!std::isnan(change)) previous = change;
    if (result.error <= tolerance) return result;
  }
}

}  // namespace gibbsite
