// Answers by brute force, and how close to them a computation has to come.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <type_traits>
#include <vector>

namespace gibbsite::test {

/// The tolerance for numbers that a build computes in Real: as given in double precision.
inline double tolerance(double in_double, double in_single) {
  return std::is_same_v<Real, double> ? in_double : in_single;
}

/// Whether `a` is `b` but for `tolerance`, relative where |b| > 1.
inline bool near(double a, double b, double tolerance) {
  return a == b || std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b));
}

/// The largest of |a - b| / max(1, |b|) over all entries; NaN where an entry is NaN.
template <class A, class B>
double distance(const A& a, const B& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  double worst = 0;
  for (Index j = 0; j < b.cols(); ++j)
    for (Index i = 0; i < b.rows(); ++i) {
      const double x = double(a(i, j)), y = double(b(i, j));
      const double apart = x == y ? 0 : std::abs(x - y) / std::max(1.0, std::abs(y));
      if (std::isnan(apart)) return apart;
      worst = std::max(worst, apart);
    }
  return worst;
}

/// Every state of a small discrete domain, one per column.
inline Batch all_states(const Domain& domain) {
  return states(domain, 0, Index(std::llround(std::exp(domain.log_states()))));
}

inline Row energies(const EnergyModel& model, const BatchView& x) {
  Row energy;
  model.energy(x, energy);
  return energy;
}

/// ln Σ_x e^{-E(x)}, one state after the other.
inline double log_sum_over_states(const EnergyModel& model) {
  return log_sum_exp((-energies(model, all_states(model.domain()))).transpose());
}

/// p(x) of every state.
inline Row law(const EnergyModel& model) {
  const Row energy = energies(model, all_states(model.domain()));
  return (-energy - log_sum_exp((-energy).transpose())).exp();
}

/// Σ_x p(x) ∂E(x)/∂θ over every state.
inline Parameters mean_gradient_over_states(const EnergyModel& model) {
  const auto& parametric = *model.capability<Parametric>();
  Parameters out = Parameters::Zero(parametric.parameters().size());
  parametric.parameter_gradient(all_states(model.domain()), law(model), out);
  return out;
}

/// An RBM's -vᵀW h - bᵀv - cᵀh, from its flat parameters.
inline double rbm_energy(const Parameters& theta, const BatchView& v, const BatchView& h) {
  const Index D = v.rows(), M = h.rows();
  double energy = 0;
  for (Index i = 0; i < D; ++i) {
    energy -= theta(D * M + i) * double(v(i, 0));
    for (Index j = 0; j < M; ++j) energy -= theta(i * M + j) * double(v(i, 0)) * double(h(j, 0));
  }
  for (Index j = 0; j < M; ++j) energy -= theta(D * M + D + j) * double(h(j, 0));
  return energy;
}

/// The text of the Error that `action` throws; empty where it throws none.
template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// ∫ f over [-reach, reach]^d for d = 1 or 2 by the trapezoidal rule, which converges faster than
/// any power of the step for smooth f that vanish at the ends. f maps a Batch to a Row.
template <class Function>
double integral(Index dim, double reach, double step, Function f) {
  const Index points = Index(2 * reach / step) + 1;
  double sum = 0;
  Batch x(dim, points);
  for (Index k = 0; k < points; ++k) x(0, k) = Real(-reach + double(k) * step);
  for (Index outer = 0; outer < (dim == 2 ? points : 1); ++outer) {
    if (dim == 2) x.row(1).setConstant(Real(-reach + double(outer) * step));
    sum += Row(f(x)).sum();
  }
  return sum * std::pow(step, double(dim));
}

}  // namespace gibbsite::test
