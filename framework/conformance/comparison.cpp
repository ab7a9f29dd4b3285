#include "gibbsite/conformance/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <type_traits>

namespace gibbsite {

double tolerance_of(double in_double, double in_single) {
  return std::is_same_v<Real, double> ? in_double : in_single;
}

double distance_of(const Eigen::Ref<const Table>& a, const Eigen::Ref<const Table>& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return std::numeric_limits<double>::quiet_NaN();
  double worst = 0;
  for (Index j = 0; j < b.cols(); ++j)
    for (Index i = 0; i < b.rows(); ++i) {
      const double apart =
          a(i, j) == b(i, j) ? 0 : std::abs(a(i, j) - b(i, j)) / std::max(1.0, std::abs(b(i, j)));
      if (std::isnan(apart)) return apart;
      worst = std::max(worst, apart);
    }
  return worst;
}

double distance_of_batches(const Batch& a, const Batch& b) {
  return distance_of(Table(a.array().cast<double>()), Table(b.array().cast<double>()));
}

void compare(const std::string& what, const Table& got, const std::string& with,
             const Table& wanted, double tolerance, std::vector<std::string>& wrong) {
  const double apart = distance_of(got, wanted);
  if (apart < tolerance) return;
  if (std::isnan(apart)) {
    wrong.push_back(what + " are NaN or of the wrong shape");
    return;
  }
  // The factor that brings one closest to the other.
  const double factor = (got * wanted).sum() / wanted.square().sum();
  if (std::abs(factor - 1) > 0.01 && distance_of(got, Table(factor * wanted)) < 100 * tolerance) {
    wrong.push_back(what + ": " + shown(factor) + " times what " + with +
                    " say: a factor is lost or too much");
    return;
  }
  Index row = 0, column = 0;
  (got - wanted).abs().maxCoeff(&row, &column);
  wrong.push_back(what + ": differs from " + with + " by " + shown(apart) + ", most at row " +
                  std::to_string(row) + ": " + shown(got(row, column)) + " instead of " +
                  shown(wanted(row, column)));
}

Row energies_of(const EnergyModel& model, const BatchView& x) {
  Row energy;
  model.energy(x, energy);
  return energy;
}

std::string shown(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

}  // namespace gibbsite
